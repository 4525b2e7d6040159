"""Frequencies: the meaning of the timestamps of a table, and conversion to ordinals and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from unrolled.series.frequency import DAY, HOUR, MINUTE, SECOND, Frequency
from unrolled.series.open_phases import WEEKDAYS


def dates(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[ns]")


def every(alias: str, rows: int = 30, start: str = "2020-01-01") -> np.ndarray:
    return pd.date_range(start, periods=rows, freq=alias).to_numpy("datetime64[ns]")


def infer(*series: np.ndarray) -> Frequency:
    """The frequency of these series, one below the other."""
    firsts = np.cumsum([0, *(len(s) for s in series[:-1])])
    return Frequency.infer(np.concatenate(series), firsts)


# stamps as pandas makes them → unit, step, name, season, season of MASE
KINDS = {
    "MS": ("month", 1, "monthly", 12, 12),
    "ME": ("month", 1, "monthly", 12, 12),
    "2MS": ("month", 2, "every 2 months", 6, 6),
    "QS": ("month", 3, "quarterly", 4, 4),
    "QE": ("month", 3, "quarterly", 4, 4),
    "5MS": ("month", 5, "every 5 months", 1, 1),
    "YS": ("month", 12, "yearly", 1, 1),
    "YE": ("month", 12, "yearly", 1, 1),
    "2YS": ("month", 24, "every 2 years", 1, 1),
    "BME": ("month", 1, "monthly", 12, 12),
    "BMS": ("month", 1, "monthly", 12, 12),
    "BQE": ("month", 3, "quarterly", 4, 4),
    "BQS": ("month", 3, "quarterly", 4, 4),
    "BYE": ("month", 12, "yearly", 1, 1),
    "SMS": ("month", 1, "half-monthly", 24, 24),
    "SMS-16": ("month", 1, "half-monthly", 24, 24),
    "SME": ("month", 1, "half-monthly", 24, 24),
    "SME-10": ("month", 1, "half-monthly", 24, 24),
    "WOM-3FRI": ("month", 1, "monthly", 12, 12),
    "3WOM-1MON": ("month", 3, "quarterly", 4, 4),
    "B": ("fixed", DAY, "business days", 5, 1),
    "W": ("fixed", 7 * DAY, "weekly", 52, 1),
    "W-WED": ("fixed", 7 * DAY, "weekly", 52, 1),
    "2W": ("fixed", 14 * DAY, "every 14 days", 1, 1),
    "D": ("fixed", DAY, "daily", 7, 1),
    "2D": ("fixed", 2 * DAY, "every 2 days", 182, 1),
    "h": ("fixed", HOUR, "hourly", 24, 24),
    "30min": ("fixed", 30 * MINUTE, "every 30 minutes", 48, 48),
    "7min": ("fixed", 7 * MINUTE, "every 7 minutes", 1, 1),  # no whole number of them makes a day
    "min": ("fixed", MINUTE, "every minute", 60, 60),
    "9s": ("fixed", 9 * SECOND, "every 9 seconds", 400, 400),
    "s": ("fixed", SECOND, "every second", 3600, 3600),
    "250ms": ("fixed", SECOND // 4, "every 0.25 seconds", 14400, 14400),
}
EVERY_KIND = pytest.mark.parametrize("alias", KINDS)


@EVERY_KIND
def test_the_frequency_of_regular_timestamps_is_inferred(alias):
    frequency = infer(every(alias))
    assert (frequency.unit, frequency.step, frequency.name) == KINDS[alias][:3]
    assert frequency.month_end == (alias.endswith("E") and alias != "SME")


@EVERY_KIND
def test_seasons_are_those_of_the_calendar_and_of_the_m4_competition(alias):
    frequency = infer(every(alias))
    assert (frequency.season, frequency.mase_season) == KINDS[alias][3:]


@EVERY_KIND
def test_gaps_do_not_hide_the_frequency(alias):
    stamps = every(alias)
    assert infer(np.delete(stamps, [2, 11, 12, 20])) == infer(stamps)


@EVERY_KIND
def test_series_with_different_starts_share_one_frequency(alias):
    stamps = every(alias)
    assert infer(stamps[8:], stamps[:5], stamps[20:]) == infer(stamps[8:])


@EVERY_KIND
def test_the_alias_agrees_with_the_timestamps(alias):
    stamps = every(alias)
    assert Frequency.named(alias, stamps[0]) == infer(stamps)


@EVERY_KIND
def test_the_next_stamps_are_those_of_pandas(alias):
    stamps = every(alias, rows=40)
    frequency = infer(stamps[:30])
    ordinals, on_grid = frequency.ordinals(stamps)
    assert ordinals.tolist() == list(range(40))
    assert on_grid.all()
    np.testing.assert_array_equal(frequency.stamps(np.arange(30, 40)), stamps[30:])


# --- months -----------------------------------------------------------------------------------------


def test_months_may_be_stamped_in_their_middle():
    stamps = every("MS") + np.timedelta64(14, "D")
    frequency = infer(stamps)
    assert (frequency.unit, frequency.step, frequency.month_end) == ("month", 1, False)
    np.testing.assert_array_equal(frequency.stamps(np.arange(30)), stamps)


def test_ends_of_months_are_recognised_although_their_days_differ():
    frequency = infer(dates("2023-11-30", "2023-12-31", "2024-01-31"))
    assert frequency.month_end
    np.testing.assert_array_equal(frequency.stamps(np.array([3, 4])), dates("2024-02-29", "2024-03-31"))


def test_ends_of_months_that_all_have_31_days_are_ends_of_months():
    assert infer(dates("2023-05-31", "2023-07-31", "2023-08-31", "2023-10-31", "2023-12-31")).month_end


@pytest.mark.parametrize("alias", ["MS", "ME", "QE", "BME"])
def test_a_last_stamp_inside_its_month_does_not_hide_the_months(alias):
    stamps = every(alias, rows=12)
    partial = np.append(stamps, stamps[-1] + np.timedelta64(11, "D"))
    assert infer(partial, partial) == infer(stamps)


@pytest.mark.parametrize(
    ("days", "name", "season", "following"),
    [
        ((1, 11, 21), "dekadal", 36, ["2023-01-01", "2023-01-11", "2023-01-21"]),
        ((10, 20, 31), "dekadal", 36, ["2023-01-10", "2023-01-20", "2023-01-31"]),
        ((15, 31), "half-monthly", 24, ["2023-01-15", "2023-01-31", "2023-02-15"]),
        ((15, 30), "half-monthly", 24, ["2023-01-15", "2023-01-30", "2023-02-15"]),
        ((1, 8, 15, 22), "4 times a month", 48, ["2023-01-01", "2023-01-08", "2023-01-15"]),
    ],
)
def test_the_same_days_of_each_month_are_a_frequency(days, name, season, following):
    months = pd.period_range("2021-01", "2022-12", freq="M")
    stamps = dates(*(f"{month}-{min(day, month.days_in_month):02}" for month in months for day in days))
    frequency = infer(stamps)
    assert (frequency.days, frequency.name, frequency.season) == (days, name, season)
    ordinals, on_grid = frequency.ordinals(stamps)
    assert on_grid.all()
    assert ordinals.tolist() == list(range(len(stamps)))
    np.testing.assert_array_equal(frequency.stamps(len(stamps) + np.arange(3)), dates(*following))
    between, on_grid = frequency.ordinals(stamps + np.timedelta64(1, "D"))
    assert between.tolist() == ordinals.tolist()
    assert not on_grid.any()
    assert infer(np.delete(stamps, [3, 4, 9, 20])) == frequency


def test_weeks_that_skip_some_are_no_days_of_the_month():
    assert infer(np.delete(every("14D", rows=60), [3, 17, 18])).name == "every 14 days"
    assert infer(np.delete(every("28D", rows=60), [3, 17, 18])).name == "every 28 days"


def test_the_last_friday_of_each_month():
    stamps = dates("2024-01-26", "2024-02-23", "2024-03-29", "2024-04-26", "2024-05-31", "2024-06-28")
    frequency = infer(stamps)
    assert frequency.weekday == (-1, 4)
    np.testing.assert_array_equal(frequency.stamps(np.arange(6, 8)), dates("2024-07-26", "2024-08-30"))


def test_the_28th_of_months_is_not_four_weeks():
    stamps = every("MS", start="2021-01-01", rows=24) + np.timedelta64(27, "D")
    assert infer(stamps).name == "monthly"


def test_four_weeks_are_not_months():
    assert infer(every("28D")).name == "every 28 days"
    assert infer(dates("2024-01-01", "2024-01-31")).name == "every 30 days"


def test_the_time_of_day_is_kept():
    for alias in ("MS", "ME", "B"):
        stamps = every(alias) + np.timedelta64(16, "h")
        np.testing.assert_array_equal(infer(stamps[:20]).stamps(np.arange(30)), stamps)


def test_business_month_ends_come_before_weekends():
    stamps = dates("2024-05-31", "2024-06-28", "2024-07-31", "2024-08-30")
    frequency = infer(stamps)
    assert (frequency.month_end, frequency.business) == (True, True)
    np.testing.assert_array_equal(frequency.stamps(np.array([4, 6])), dates("2024-09-30", "2024-11-29"))
    assert frequency.ordinals(dates("2024-08-31"))[1].tolist() == [False]


# --- days and business days -------------------------------------------------------------------------


def test_business_days_are_recognised_by_missing_weekends():
    monday_to_friday = every("D", 5, start="2024-01-01")
    assert infer(monday_to_friday, monday_to_friday + np.timedelta64(7, "D")).name == "daily"
    assert infer(every("B", 6, start="2024-01-01")).name == "business days"


def test_weekends_make_the_frequency_daily_unless_they_are_rare():
    assert infer(np.append(every("B", 10, start="2024-01-01"), dates("2024-01-13"))).name == "daily"
    assert infer(np.sort(np.append(every("B", 100, start="2024-01-01"), dates("2024-01-13")))).name == "business days"


def test_days_that_short_months_lack_are_clipped_to_their_end():
    stamps = dates("2023-02-28", "2023-03-30", "2023-04-30", "2023-05-30", "2023-06-30")
    frequency = infer(stamps)
    assert frequency.name == "monthly"
    ordinals, on_grid = frequency.ordinals(stamps)
    assert on_grid.all()
    assert frequency.stamps(ordinals).tolist() == stamps.tolist()
    following = frequency.stamps(ordinals[-1] + np.arange(7, 10)).astype("datetime64[D]")
    assert following.astype(str).tolist() == ["2024-01-30", "2024-02-29", "2024-03-30"]


def test_a_weekend_is_no_gap_between_business_days():
    friday_monday = dates("2024-01-05", "2024-01-08")
    ordinals, on_grid = Frequency.named("B", friday_monday[0]).ordinals(friday_monday)
    assert ordinals.tolist() == [0, 1]
    assert on_grid.all()
    _, on_grid = Frequency.named("B", friday_monday[0]).ordinals(dates("2024-01-06"))
    assert not on_grid.any()


# --- whole numbers ----------------------------------------------------------------------------------


def test_whole_numbers_count_by_their_commonest_distance():
    assert infer(np.array([1990, 1991, 1992, 1995])).name == "numbered"
    frequency = infer(np.array([10, 20, 30, 50, 60, 65]))
    assert (frequency.unit, frequency.step, frequency.name) == ("integer", 10, "numbered by 10")
    assert (frequency.season, frequency.mase_season) == (1, 1)
    ordinals, on_grid = frequency.ordinals(np.array([-10, 10, 60, 65]))
    assert ordinals.tolist() == [-2, 0, 5, 5]
    assert on_grid.tolist() == [True, True, True, False]
    assert frequency.stamps(np.array([-2, 0, 5])).tolist() == [-10, 10, 60]


# --- round trip -------------------------------------------------------------------------------------

FREQUENCIES = st.one_of(
    st.builds(Frequency, st.just("integer"), st.integers(1, 10**6), st.integers(-(10**9), 10**9)),
    st.builds(Frequency, st.just("fixed"), st.integers(1, 400 * DAY), st.integers(0, 10**18)),
    st.builds(Frequency, st.just("month"), st.integers(1, 12), st.integers(0, 27).map(lambda d: d * DAY + HOUR)),
    st.builds(Frequency, st.just("month"), st.integers(1, 12), st.just(30 * DAY), st.just(True)),
    st.builds(Frequency, st.just("month"), st.integers(1, 12), st.just(30 * DAY), st.booleans(), st.just(True)),
    st.builds(
        Frequency,
        st.just("fixed"),
        st.integers(1, 10).map(lambda n: n * DAY),
        st.integers(0, 10**18),
        open=st.sampled_from(["1111100", "1111110", "0000001"]),
    ),
    st.builds(
        Frequency,
        st.just("fixed"),
        st.sampled_from([HOUR, 2 * HOUR]),
        st.integers(0, 10**18),
        open=st.just(("0" * 8 + "1" * 12 + "0" * 4) * 6 + "0" * 24),
    ),
)


@given(FREQUENCIES, st.lists(st.integers(-100, 100), min_size=1))  # datetime64[ns] ends in 2262
def test_ordinals_survive_timestamps(frequency, ordinals):
    wanted = np.array(ordinals)
    found, on_grid = frequency.ordinals(frequency.stamps(wanted))
    np.testing.assert_array_equal(found, wanted)
    assert on_grid.all()


@given(FREQUENCIES)
def test_stamps_rise_with_their_ordinals(frequency):
    stamps = frequency.stamps(np.arange(-100, 100))
    assert (stamps[1:] > stamps[:-1]).all()


@given(st.sampled_from(sorted(KINDS)), st.dates(pd.Timestamp("1700-01-01").date(), pd.Timestamp("2150-01-01").date()))
def test_what_is_inferred_from_the_stamps_of_a_frequency_is_that_frequency(alias, start):
    stamps = every(alias, start=str(start))
    frequency = infer(stamps)
    assert frequency == Frequency.named(alias, stamps[0])
    np.testing.assert_array_equal(frequency.stamps(np.arange(len(stamps))), stamps)


# --- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stamps", [dates("2024-01-01"), np.array([5, 5])])
def test_a_single_timestamp_has_no_frequency(stamps):
    with pytest.raises(un.DataError, match=r"no series has two different timestamps, so .* Give it \(`freq`\)"):
        infer(stamps)
    with pytest.raises(un.DataError, match="no series has two different timestamps"):
        infer(stamps[:1], stamps[:1] + 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fortnight", "is not a known frequency; use an alias such as D, B, W, SMS, MS"),
        ("", "is not a known frequency; use an alias such as D, B, W, SMS, MS"),
        (1.5, "is not a known frequency; use an alias such as D, B, W, SMS, MS"),
        ("bh", "has no fixed length; use an alias such as D, B, W, SMS, MS"),
        ("-1D", "is not a positive step; use an alias such as D, B, W, SMS, MS"),
        ("0D", "is not a positive step; use an alias such as D, B, W, SMS, MS"),
        (7, "does not fit timestamps that are dates; use an alias such as D or MS"),
    ],
)
def test_names_that_are_no_frequency_of_dates_are_refused(name, message):
    with pytest.raises(un.InputError, match=message) as error:
        Frequency.named(name, dates("2024-01-01")[0])
    assert repr(name) in str(error.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("D", "`freq='D'` does not fit timestamps that are whole numbers; use a whole number, such as 1"),
        (0, "`freq` must be ≥ 1; got 0"),
        (-3, "`freq` must be ≥ 1; got -3"),
    ],
)
def test_names_that_are_no_frequency_of_numbers_are_refused(name, message):
    with pytest.raises(un.InputError, match=message):
        Frequency.named(name, np.int64(3))


def test_a_step_between_whole_numbers_can_be_given():
    assert Frequency.named(5, np.int64(3)) == Frequency("integer", 5, 3)


# --- damaged files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frequency",
    [
        Frequency("integer", 3, -7),
        Frequency("fixed", DAY, 0, open=WEEKDAYS),
        Frequency("fixed", 2 * DAY, 0, open=WEEKDAYS),
        Frequency("fixed", DAY // 24, 0, open="0" * 8 + "1" * 160, zone="Europe/Berlin"),
        Frequency("month", 3, 0, month_end=True),
        Frequency("month", 1, 0, days=(1, 11, 21)),
        Frequency("month", 1, 0, weekday=(3, 4)),
    ],
)
def test_frequencies_that_occur_pass_all_checks(frequency):
    frequency.check()
    frequency.check_range(-50, 700)
    with pytest.raises(un.InputError, match="periods 0 to 4611686018427387904 of its frequency have no timestamps"):
        frequency.check_range(0, 2**62)


@pytest.mark.parametrize(
    ("frequency", "message"),
    [
        (Frequency("fixed", DAY, 0, open="11"), "are not a mask: '11'"),
        (Frequency("fixed", DAY, 0, open="0000000"), "are not a mask"),
        (Frequency("fixed", DAY, 0, open="111x111"), "are not a mask"),
        (Frequency("fixed", DAY // 2, 0, open=WEEKDAYS), "are not a mask"),
        (Frequency("month", 1, 0, open=WEEKDAYS), "are not a mask"),
        (Frequency("fixed", DAY, 0, open="1" * 70_000), "are not a mask"),
        (Frequency("fixed", DAY, 0, weekday=(1, 1)), "counts days of months"),
        (Frequency("month", 1, 0, days=(1, 1)), "do not rise"),
        (Frequency("integer", 1, 0, zone="UTC"), "counts whole numbers"),
        (Frequency("fixed", DAY, 0, zone="Mars"), "not a known time zone"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(frequency, message):
    with pytest.raises(un.InputError, match=message):
        frequency.check()
