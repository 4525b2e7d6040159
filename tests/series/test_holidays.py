"""Public holidays as columns of numbers."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from unrolled.errors import InputError
from unrolled.series.frequency import Frequency
from unrolled.series.holidays import _days_of, checked_country, holiday_columns, holiday_names


def daily(first: str) -> Frequency:
    return Frequency.named("D", np.datetime64(first))


def test_moving_feasts_move():
    names = ["Easter Monday", "Good Friday"]
    for first, friday in (("2023-04-01", 6), ("2024-03-25", 4)):
        columns = holiday_columns("DE", names, daily(first), np.arange(10))
        assert columns[:, 0].argmax() == friday + 3
        assert columns[:, 1].argmax() == friday
        assert columns[friday - 1, 2] == columns[friday + 1, 3] == 1


def test_all_hours_of_a_local_day_belong_to_its_holiday():
    hourly = Frequency.named("h", np.datetime64("2024-12-24T20:00"))
    columns = holiday_columns("DE", ["Christmas Day"], hourly, np.arange(30))
    np.testing.assert_array_equal(np.flatnonzero(columns[:, 0]), np.arange(4, 28))
    assert (columns[:4, 1] == 1).all()  # Christmas Eve is no holiday, but the day before one


def test_longer_periods_count_their_holidays():
    monthly = Frequency.named("MS", np.datetime64("2024-11-01"))
    columns = holiday_columns("DE", ["Christmas Day", "New Year's Day"], monthly, np.arange(3))
    np.testing.assert_array_equal(columns, [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]])


def test_names_are_those_of_the_periods_and_the_country():
    found = holiday_names("DE", daily("2024-12-20"), np.arange(20))
    assert found == ("Christmas Day", "New Year's Day", "Second Day of Christmas")
    assert "Epiphany" in holiday_names("DE-BY", daily("2024-12-20"), np.arange(20))
    assert holiday_names("DE", daily("2024-11-01"), np.arange(20)) == ()


def test_a_day_with_two_names_has_both():
    days, names = _days_of("DE", 2008, 2008)  # Ascension Day was on the first of May
    first = [name for day, name in zip(days, names, strict=True) if day == np.datetime64("2008-05-01")]
    assert len(first) == 2


@pytest.mark.parametrize(
    ("country", "message"),
    [
        ("XX", "`holidays` has no country 'XX'. Use a code of two letters"),
        ("Ger", "has no country 'Ger'"),
        ("DE-QQ", "Known subdivisions: BB, BE"),
        ("", "has no country ''"),
        (7, "`holidays` must be a text"),
    ],
)
def test_unknown_countries_are_refused(country, message):
    with pytest.raises(InputError) as error:
        checked_country(country)
    assert message in str(error.value)


def test_whole_numbers_have_no_holidays():
    with pytest.raises(InputError, match="timestamps are whole numbers"):
        holiday_names("DE", Frequency("integer", 1, 0), np.arange(5))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    _days_of.cache_clear()
    with pytest.raises(InputError, match=r"pip install 'unrolled\[holidays\]'"):
        checked_country("DE")
