"""Tables of several frequencies become a table for each."""

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import LIBRARIES, table
from unrolled.series.by_frequency import frequency_note, merge_notes, read_panels, series_counts
from unrolled.series.columns import Columns


@pytest.fixture
def mixed(rng) -> pd.DataFrame:
    """Months, quarters and days, their rows shuffled; and a series of one row, which is not at the end of a month."""
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


def test_each_table_can_be_forecast(mixed):
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
        ([SKIPPING, QUARTERS], {"monthly": {"m", "skips"}, "quarterly": {"q"}}),  # gaps do not make a frequency
        ([QUARTERS[:4]], {"monthly": {"m", "q"}}),  # too few to tell
        ([QUARTERS[:5]], {"monthly": {"m"}, "quarterly": {"q"}}),
        (  # weekends are not gaps between days, nor are weeks gaps between months
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


# --- panels -----------------------------------------------------------------------------------------


def test_a_table_of_several_frequencies_becomes_a_panel_for_each(mixed):
    panels = read_panels(mixed[mixed["unique_id"] != "lonely"], Columns())
    assert [(panel.frequency.name, set(panel.ids)) for panel in panels] == [
        ("monthly", {"month end", "another"}),
        ("daily", {"day"}),
        ("quarterly", {"quarter"}),
    ]
    assert all(panel.observed.all() for panel in panels)
    assert series_counts(panels) == "2 series monthly, 1 daily, 1 quarterly"
    assert frequency_note(panels) == [f"{series_counts(panels)}: each frequency gets its own networks"]
    with pytest.raises(un.InputError, match="`season=4` can't apply to all series: the table has 2 series monthly"):
        read_panels(mixed, Columns(), season=4)


def test_a_table_that_fits_one_grid_or_has_a_given_frequency_becomes_one_panel():
    (months,) = read_panels(pd.concat([MONTHS, SKIPPING]), Columns())
    assert (months.frequency.name, frequency_note([months])) == ("monthly", [])
    (given,) = read_panels(pd.concat([MONTHS, QUARTERS]), Columns(), freq="MS")
    assert given.lengths.tolist() == [48, 58]
    wrong = table(np.arange(48.0))
    wrong.loc[7, "ds"] += pd.Timedelta("5h")
    with pytest.raises(
        un.DataError, match=r"row 7: the timestamp 2024-01-08 05:00:00 does not .* \(1 of 48 do not\)"
    ):
        read_panels(wrong, Columns())


def test_time_zones_are_decided_for_each_frequency():
    zone = "Europe/Berlin"
    hours = pd.DataFrame(
        {"unique_id": "h", "ds": pd.date_range("2024-03-29", periods=96, freq="h", tz=zone), "y": 1.0}
    )
    days = pd.DataFrame(
        {"unique_id": "d", "ds": pd.date_range("2024-03-01", periods=60, freq="D", tz=zone), "y": 1.0}
    )
    found = {panel.frequency.name: panel for panel in read_panels(pd.concat([hours, days]), Columns())}
    assert found["hourly"].stamps(0)[0] == np.datetime64("2024-03-28T23:00")  # in UTC
    assert found["daily"].stamps(0)[0] == np.datetime64("2024-03-01")  # in local time


def test_months_are_not_taken_for_business_days_with_gaps():
    days = table(np.arange(500.0), freq="B", unique_id="d")
    months = table(np.arange(24.0), start="2023-01-01", freq="MS", unique_id="m")
    panels = read_panels(pd.concat([days, months]), Columns())
    assert [(p.frequency.name, p.ids) for p in panels] == [("business days", ["d"]), ("monthly", ["m"])]
    assert all(p.observed.all() for p in panels)


def test_open_days_and_hours_apply_to_the_frequencies_that_have_them():
    days = table(np.arange(100.0), unique_id="d")
    months = table(np.arange(24.0), start="2023-01-01", freq="MS", unique_id="m")
    hours = table(np.arange(200.0), freq="h", unique_id="h")
    for opened, expected in (("mon-sat", "daily (Monday to Saturday)"), ("all", "daily")):
        panels = read_panels(pd.concat([days, months]), Columns(), opened=opened)
        assert [panel.frequency.name for panel in panels] == [expected, "monthly"]
        assert panels[1].observed.all()
    panels = read_panels(pd.concat([hours, days, months]), Columns(), opened="mon-fri 8-20")
    names = ["hourly (Monday to Friday 08:00 to 20:00)", "daily", "monthly"]
    assert [panel.frequency.name for panel in panels] == names
    quarters = table(np.arange(20.0), freq="QS", unique_id="q")
    with pytest.raises(
        un.InputError, match=r"`open='mon-fri'` applies to days .*, but the series are monthly, quart"
    ):
        read_panels(pd.concat([months, quarters]), Columns(), opened="mon-fri")
    with pytest.raises(un.InputError, match="`open='8-20'` names hours, but the series are daily"):
        read_panels(pd.concat([days, months]), Columns(), opened="8-20")


def test_series_that_are_closed_on_different_days_get_panels_of_their_own():
    whole = pd.concat([table(np.arange(140.0), unique_id=name) for name in "abc"])
    closed = {"a": 6, "b": 0, "c": -1}
    frame = whole[whole["ds"].dt.dayofweek != whole["unique_id"].map(closed)]
    gaps = whole.assign(y=whole["y"].where(whole["ds"].dt.dayofweek != whole["unique_id"].map(closed)))
    for one in (frame, gaps):
        panels = {panel.frequency.name: panel for panel in read_panels(one, Columns())}
        assert {name: panel.ids for name, panel in panels.items()} == {
            "daily": ["c"],
            "daily (Monday to Saturday)": ["a"],
            "daily (Tuesday to Sunday)": ["b"],
        }
        assert all(panel.observed.all() for panel in panels.values())
        assert [len(panels[name].y) for name in sorted(panels)] == [140, 120, 120]
    for options in ({"season": 7}, {"freq": "D"}, {"opened": "all"}):
        (panel,) = read_panels(frame, Columns(), **options)
        assert (panel.frequency.name, panel.ids) == ("daily", ["a", "b", "c"])


def test_values_of_a_few_open_series_are_kept_where_all_others_are_closed():
    frame = pd.concat([table(np.arange(140.0), unique_id=name) for name in range(10)])
    frame = frame[(frame["ds"].dt.dayofweek < 6) | (frame["unique_id"] == 3)]
    panels = read_panels(frame, Columns())
    assert [(p.frequency.name, len(p.ids)) for p in panels] == [("daily (Monday to Saturday)", 9), ("daily", 1)]
    assert panels[1].lengths.tolist() == [140]


def test_rows_are_named_by_their_position_in_the_whole_table(mixed):
    rows = np.arange(100, 100 + len(mixed))
    at = int(np.flatnonzero(mixed["unique_id"] == "day")[10])
    mixed.loc[at, "ds"] += pd.Timedelta("5h")
    with pytest.raises(un.DataError, match=f"row {100 + at}: the timestamp .* does not lie on the daily grid"):
        read_panels(mixed, Columns(rows=rows))


def test_notes_of_all_parts_are_merged():
    assert merge_notes({"monthly": ["a", "b"], "daily": ["b"], "yearly": ["b", "a"]}) == ["monthly, yearly: a", "b"]
    assert merge_notes({"daily": ["daily: a", "b"], "weekly": []}) == ["daily: a", "daily: b"]


DAYS = pd.date_range("2023-01-01", periods=400)


def open_on(days: range) -> pd.DataFrame:
    own = DAYS[DAYS.dayofweek.isin(days)]
    return pd.DataFrame({"unique_id": f"{days}", "ds": own, "y": np.arange(len(own)) % 7 + 1.0})


@pytest.mark.parametrize("form", ["rows", "empty cells", "text"])
def test_a_split_by_hand_knows_closed_days_as_the_forecaster_does(form):
    frame = pd.concat(map(open_on, (range(7), range(6), range(5), range(1, 7))), ignore_index=True)
    if form == "empty cells":
        frame = frame.pivot(index="ds", columns="unique_id", values="y").reset_index().melt("ds", value_name="y")
    if form == "text":
        frame["ds"] = frame["ds"].astype(str)
    found = un.by_frequency(frame)
    assert set(found) == {"daily", "daily (Tuesday to Sunday)", "daily (Monday to Saturday)", "business days"}
    panels = read_panels(frame, Columns())
    assert sorted((p.frequency.name, p.ids) for p in panels) == sorted(
        (name, part["unique_id"].unique().tolist()) for name, part in found.items()
    )
    assert list(un.by_frequency(frame.rename(columns={"y": "sales"}), target_col="sales")) == list(found)


def test_closed_hours_of_a_split_by_hand_are_local():
    hours = pd.date_range("2024-02-01", "2024-05-01", freq="h", tz="Europe/Berlin")
    day = hours[(hours.hour >= 8) & (hours.hour < 20)]
    frame = pd.concat([pd.DataFrame({"unique_id": str(len(h)), "ds": h, "y": 1.0}) for h in (hours, day)])
    assert list(un.by_frequency(frame)) == ["hourly", "hourly (08:00 to 20:00)"]
    assert [panel.frequency.name for panel in read_panels(frame, Columns())] == list(un.by_frequency(frame))
