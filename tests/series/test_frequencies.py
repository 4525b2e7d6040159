"""Tables of several frequencies become a table for each."""

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import LIBRARIES, table


@pytest.fixture
def mixed(rng) -> pd.DataFrame:
    """Months, quarters and days, their rows shuffled; and a series of one row, on no end of a month."""
    parts = [
        table(np.arange(48.0), start="2018-01-31", freq="ME", unique_id="month end"),
        table(np.arange(36.0), start="2019-01-31", freq="ME", unique_id="another"),
        table(np.arange(30.0), start="2014-03-31", freq="QE", unique_id="quarter"),
        table(np.arange(60.0), start="2020-01-01", freq="D", unique_id="day"),
        table(np.arange(1.0), start="2020-01-01", freq="D", unique_id="lonely"),
    ]
    return pd.concat(parts).iloc[rng.permutation(175)].reset_index(drop=True)


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_frequency_gets_a_table_in_the_same_library(library, mixed):
    found = un.by_frequency(LIBRARIES[library](mixed))
    assert list(found) == ["monthly", "daily", "quarterly"]
    for part, ids in zip(found.values(), ({"month end", "another"}, {"day", "lonely"}, {"quarter"}), strict=True):
        assert type(part) is type(LIBRARIES[library](mixed))
        expected = mixed[mixed["unique_id"].isin(ids)]
        assert part["y"].to_numpy().tolist() == expected["y"].tolist()


def test_each_can_be_forecast_then(mixed):
    whole = mixed[mixed["unique_id"] != "lonely"]
    for part in un.by_frequency(whole).values():
        forecast = un.Forecaster(3, steps=2, ensemble=1, verbose=0).fit(part).predict()
        assert len(forecast) == 3 * part["unique_id"].nunique()


def test_a_table_of_one_frequency_is_given_back(mixed):
    days = mixed[mixed["unique_id"] == "day"]
    (found,) = un.by_frequency(days.drop(columns="unique_id")).values()
    pd.testing.assert_frame_equal(found, days.drop(columns="unique_id"))


def test_whole_numbers_have_frequencies_too():
    frame = pd.DataFrame({"id": ["a"] * 6 + ["b"] * 5, "t": [0, 1, 2, 3, 4, 5, 0, 10, 20, 30, 40], "y": 1.0})
    assert {k: len(v) for k, v in un.by_frequency(frame, "id", "t").items()} == {"numbered": 6, "numbered by 10": 5}


SKIPPING = table(np.arange(16.0), start="2018-01-01", freq="MS", unique_id="skips").iloc[[0, 2, 4, 5, 7, 9, 12, 15]]
MONTHS = table(np.arange(48.0), start="2018-01-01", freq="MS", unique_id="m")
QUARTERS = table(np.arange(20.0), start="2015-01-01", freq="QS", unique_id="q")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([SKIPPING, QUARTERS], {"monthly": {"m", "skips"}, "quarterly": {"q"}}),  # gaps make no frequency
        ([QUARTERS[:4]], {"monthly": {"m", "q"}}),  # too few to tell
        ([QUARTERS[:5]], {"monthly": {"m"}, "quarterly": {"q"}}),
        (  # weekends are no gaps of days, nor weeks gaps of months
            [
                table(np.arange(90.0), freq="B", unique_id="b"),
                table(np.arange(50.0), start="2018-01-07", freq="W", unique_id="w"),
            ],
            {"business days": {"b"}, "weekly": {"w"}, "monthly": {"m"}},
        ),
        ([table(np.arange(2.0), start="2018-01-06", freq="17D", unique_id="two")], {"monthly": {"m", "two"}}),
    ],
)
def test_a_series_has_a_frequency_of_its_own_if_it_is_even(others, expected):
    found = un.by_frequency(pd.concat([MONTHS, *others]))
    assert {name: set(part["unique_id"]) for name, part in found.items()} == expected
