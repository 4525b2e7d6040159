"""Features of the calendar: worked by hand, on circles, the same for a timestamp in any series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from unrolled.forecasting.inputs.calendar import calendar_features
from unrolled.series.frequency import DAY, Frequency

DAY_OF_WEEK, DAY_OF_YEAR = ["week sine", "week cosine"], ["year sine", "year cosine"]
NAMES = {
    "min": ["day sine", "day cosine", *DAY_OF_WEEK, "weekend", *DAY_OF_YEAR],
    "h": ["day sine", "day cosine", *DAY_OF_WEEK, "weekend", *DAY_OF_YEAR],
    "36h": ["day sine", "day cosine", *DAY_OF_WEEK, "weekend", "month sine", "month cosine", *DAY_OF_YEAR],
    "D": [*DAY_OF_WEEK, "weekend", "month sine", "month cosine", *DAY_OF_YEAR],
    "B": [*DAY_OF_WEEK, "month sine", "month cosine", *DAY_OF_YEAR],
    "W": DAY_OF_YEAR,
    "MS": DAY_OF_YEAR,
    "BME": DAY_OF_YEAR,
    "QE": DAY_OF_YEAR,
    "YS": [],
    "200D": [],
}


def frequency(alias: str, start: str = "2024-01-01") -> Frequency:
    first = pd.date_range(start, periods=1, freq=alias).to_numpy("datetime64[ns]")[0]
    return Frequency.named(alias, first)


@pytest.mark.parametrize("alias", NAMES)
def test_each_frequency_has_its_features_bounded_and_on_circles(alias):
    names, values = calendar_features(frequency(alias), np.arange(-300, 700))
    assert names == NAMES[alias]
    assert values.shape == (1000, len(names))
    for k, name in enumerate(names):
        if name.endswith("sine") and not name.endswith("cosine"):
            np.testing.assert_allclose(np.hypot(values[:, k], values[:, k + 1]), 1, atol=4 * np.finfo(float).eps)
    assert set(values[:, names.index("weekend")]) == {0, 1} if "weekend" in names else True


def column(values, names, name):
    return values[:, names.index(name)]


def test_features_of_hours_by_hand():
    names, values = calendar_features(frequency("h"), np.array([0, 6, 12, 18, 24 * 5, -1]))  # a Monday's midnight
    np.testing.assert_allclose(column(values, names, "day sine")[:4], [0, 1, 0, -1], atol=1e-15)
    np.testing.assert_allclose(column(values, names, "day cosine")[:4], [1, 0, -1, 0], atol=1e-15)
    assert column(values, names, "weekend").tolist() == [0, 0, 0, 0, 1, 1]
    assert column(values, names, "year sine")[0] == 0


def test_features_of_days_by_hand():
    names, values = calendar_features(frequency("D"), np.array([0, 1, 31 + 29 - 1, 366, -1]))
    np.testing.assert_allclose(column(values, names, "week sine")[:2], np.sin([0, 2 * np.pi / 7]))
    # the last of February 2024 is the 29th of 29 days
    np.testing.assert_allclose(column(values, names, "month sine")[2], np.sin(2 * np.pi * 28 / 29))
    np.testing.assert_allclose(
        column(values, names, "year sine"), np.sin(2 * np.pi * np.array([0, 1 / 366, 59 / 366, 0, 364 / 365]))
    )


def test_month_ends_have_the_features_of_their_months():
    for alias in ("MS", "ME", "BME"):
        names, values = calendar_features(frequency(alias), np.arange(12))
        np.testing.assert_allclose(column(values, names, "year sine"), np.sin(2 * np.pi * np.arange(12) / 12))


def test_whole_numbers_have_features_of_a_season_if_there_is_one():
    numbered = Frequency("integer", 1, 100)
    names, values = calendar_features(numbered, np.array([0, 1, 2, 3, 4, -1]), season=4)
    assert names == ["season sine", "season cosine"]
    np.testing.assert_allclose(values[:, 0], [0, 1, 0, -1, 0, -1], atol=1e-15)
    for season in (None, 1):
        names, values = calendar_features(numbered, np.arange(5), season)
        assert (names, values.shape) == ([], (5, 0))


@pytest.mark.parametrize("alias", NAMES)
def test_a_timestamp_has_the_same_features_in_any_series(alias):
    freq = frequency(alias)
    ordinals = np.array(
        [7, -200, 7, 90, 0, 9000 if freq.step < 100 * DAY and alias not in ("MS", "BME", "QE") else 100]
    )
    _, together = calendar_features(freq, ordinals)
    for k, ordinal in enumerate(ordinals):
        np.testing.assert_array_equal(calendar_features(freq, np.array([ordinal]))[1][0], together[k])
    _, dense = calendar_features(freq, np.arange(-200, 101))
    np.testing.assert_array_equal(dense[[207, 0, 207, 290, 200]], together[:5])
    assert calendar_features(freq, ordinals[:0])[1].shape == (0, len(NAMES[alias]))
