"""Open phases: what is closed is found in the data or named, and chance gaps close nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.open_phases import (
    DAY,
    MONDAY,
    WEEK,
    WEEKDAYS,
    OpenWeek,
    describe_open,
    find_open,
    find_open_of_each,
    parse_open,
    phase_numbers,
)

SHOP = "mon-fri 08:00-20:00, sat 09:00-14:00"


def kept(mask: str, weeks: int) -> np.ndarray:
    """The numbers of the open phases of some weeks."""
    return np.flatnonzero(np.tile([k == "1" for k in mask], weeks))


def found(*series: np.ndarray, phases: int = 7) -> str:
    return find_open(np.concatenate(series), np.cumsum([0, *map(len, series[:-1])]), phases)


def stamped(numbers: np.ndarray, hours: int = 24) -> pd.DataFrame:
    """One row for each phase of so many hours since a Monday."""
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(numbers * hours, unit="h")
    return pd.DataFrame({"ds": stamps, "y": np.arange(len(numbers), dtype=float)})


# --- found in the data ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["mon-sat", "mon-fri", "tue-sun", "fri, sat"])
def test_days_without_values_are_closed(text):
    mask = parse_open(text, 7)
    assert found(kept(mask, 8)) == mask


@pytest.mark.parametrize("text", ["08:00-20:00", "mon-sat", "mon-fri 08:00-20:00", SHOP])
@pytest.mark.parametrize("phases", [168, 336])
def test_hours_without_values_are_closed(text, phases):
    mask = parse_open(text, phases)
    assert found(kept(mask, 8), phases=phases) == mask


def test_a_night_is_closed_after_a_few_days_and_a_weekend_after_one():
    night = np.flatnonzero(np.arange(72) % 24 >= 8)
    assert describe_open(found(night, phases=168)) == "08:00 to 24:00"
    assert found(np.array([0, 1, 2, 3, 4, 7])) == WEEKDAYS


def test_one_missing_sunday_or_two_weeks_with_an_outage_close_nothing():
    assert found(np.delete(np.arange(14), 6)) == ""
    assert found(np.delete(np.arange(14 * 24), np.s_[40:100]), phases=168) == ""


def test_rare_values_in_a_closed_phase_do_not_open_it():
    saturdays = np.array([5, 75])
    assert found(np.sort(np.append(kept(WEEKDAYS, 30), saturdays))) == WEEKDAYS
    many = np.arange(30) * 7 + 5
    assert found(np.sort(np.append(kept(WEEKDAYS, 30), many[::4]))) == "1111110"


def test_an_outage_of_all_series_at_once_is_the_evidence_of_one():
    week = np.delete(np.arange(14), [6])
    assert found(*[week] * 50) == ""


def test_a_phase_that_is_open_for_many_series_is_open_for_all():
    assert found(kept("1111110", 10), np.arange(70)) == ""


@given(
    st.sampled_from([(7, 4), (7, 60), (168, 3), (168, 12)]), st.sampled_from([0.01, 0.05, 0.2]), st.integers(0, 2**32)
)
def test_gaps_that_come_at_random_are_rarely_taken_for_closed_phases(size, share, seed):
    phases, weeks = size
    rng = np.random.default_rng(seed)
    masks = [found(np.flatnonzero(rng.random(phases * weeks) >= share), phases=phases) for _ in range(20)]
    assert np.count_nonzero(masks) <= 4  # one of 20 is expected at most


# --- named ------------------------------------------------------------------------------------------


def test_days_and_hours_are_named():
    assert parse_open("mon-sat", 7) == "1111110"
    assert parse_open("Saturday-Monday, wed", 7) == "1010011"
    assert parse_open("all", 7) == parse_open("mon-sun", 168) == ""
    hours = np.array(list(parse_open(SHOP, 168)), int).reshape(7, 24)
    assert hours.sum(axis=1).tolist() == [12] * 5 + [5, 0]
    assert np.flatnonzero(hours[5]).tolist() == [9, 10, 11, 12, 13]
    night = np.array(list(parse_open("22-6", 168)), int).reshape(7, 24)
    assert np.flatnonzero(night[3]).tolist() == [0, 1, 2, 3, 4, 5, 22, 23]


@pytest.mark.parametrize(
    ("text", "phases", "message"),
    [
        ("sometimes", 7, "`open='sometimes'` is not understood at 'sometimes'; use all, or days and hours such as"),
        ("mon-fri, foo 8-20", 168, "not understood at 'foo 8-20'"),
        ("08:00-25:00", 168, "not understood at '08:00-25:00'"),
        ("", 7, "not understood at ''"),
        ("8-20", 7, "names hours, but the series are daily. Name days, such as mon-sat"),
        ("8-8:10", 168, None),
    ],
)
def test_what_names_no_days_or_hours_is_refused(text, phases, message):
    if message is None:
        assert parse_open(text, phases).count("1") == 7
        return
    with pytest.raises(un.InputError, match=message):
        parse_open(text, phases)


@pytest.mark.parametrize("text", ["mon-sat", "08:00-20:00", SHOP])
def test_the_words_of_a_mask_name_it_again(text):
    mask = parse_open(text, 168)
    assert parse_open(describe_open(mask).replace(" to ", "-"), 168) == mask


# --- numbers of phases ------------------------------------------------------------------------------


@given(st.sampled_from(["mon-sat", SHOP, "22:00-06:00"]), st.integers(-(10**18), 10**18), st.integers(-5000, 5000))
def test_open_phases_are_numbered_without_closed_ones(text, origin, first):
    week = OpenWeek(parse_open(text, 168), origin)
    times = week.times(np.arange(first, first + 400))
    assert (np.diff(times) > 0).all()
    numbers, is_open = week.number(times)
    np.testing.assert_array_equal(numbers, np.arange(first, first + 400))
    assert is_open.all()
    assert not week.is_closed(times).any()
    assert np.unique((times - origin) % (WEEK // 168)).tolist() == [0]


def test_a_day_is_numbered_at_any_hour_and_an_hour_at_its_minute():
    assert phase_numbers(np.array([MONDAY, MONDAY + DAY - 1]), MONDAY + 7, 7)[0].tolist() == [0, 0]
    half_past = MONDAY + DAY // 48
    numbers, on_grid = phase_numbers(np.array([MONDAY, half_past, half_past + DAY // 24]), half_past, 168)
    assert numbers.tolist() == [-1, 0, 1]
    assert on_grid.tolist() == [False, True, True]


# --- found in each series ---------------------------------------------------------------------------


def found_of_each(*series: np.ndarray, phases: int = 7) -> list[str]:
    return find_open_of_each(np.concatenate(series), np.cumsum([0, *map(len, series[:-1])]), phases)


def test_series_are_closed_at_times_of_their_own():
    masks = ["1111110", "0111111", "1111111", "1111110"]
    found = found_of_each(*(kept(mask, 20) for mask in masks))
    assert found == [mask if "0" in mask else "" for mask in masks]
    shop, kiosk = parse_open(SHOP, 168), parse_open("06:00-20:00", 168)
    assert found_of_each(kept(kiosk, 12), kept(shop, 12), phases=168) == [kiosk, shop]


def test_series_that_are_closed_at_the_same_times_have_the_mask_that_all_of_them_show():
    many = [kept("1111110", 20)] * 30
    assert set(found_of_each(*many)) == {find_open(np.concatenate(many), np.arange(30) * 120, 7)} == {"1111110"}
    # too short to show a day by itself
    assert set(found_of_each(*[kept("1111110", 2)] * 3, kept("1111110", 40))) == {"1111110"}


def test_a_short_series_has_the_tightest_mask_that_leaves_out_none_of_its_values():
    whole, six, five = (kept(mask, 20) for mask in ("1111111", "1111110", "1111100"))
    short = [numbers[:14] for numbers in (whole, six, five)]
    assert found_of_each(whole, six, five, *short) == ["", "1111110", "1111100"] * 2
    sparse = kept("1111111", 20)[::13]  # no value in most of its days, Sundays among the others
    assert found_of_each(six, six, sparse) == ["1111110", "1111110", ""]


def test_few_or_short_series_have_no_mask_of_their_own():
    usual = [kept("1111110", 20)] * 11
    assert found_of_each(*usual, kept("1011110", 20)) == ["1111110"] * 12
    hours = [kept(parse_open(f"{a}:00-{a + 6}:00", 168), 8) for a in range(12)]  # all different
    assert len(set(found_of_each(*hours, phases=168))) == 1
    assert found_of_each(*usual[:2], kept("0111110", 6)) == ["1111110"] * 3
    assert found_of_each(*usual[:2], kept("1111111", 6)) == ["1111110"] * 3  # too short for networks of its own


@given(share=st.floats(0.3, 0.9), count=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_gaps_at_random_rarely_give_a_series_a_mask_of_its_own(share, count, seed):
    rng = np.random.default_rng(seed)
    series = [np.flatnonzero(rng.uniform(size=210) < share) for _ in range(count)]
    assert set(found_of_each(*series)) == {""}


# --- tables -----------------------------------------------------------------------------------------


def test_closed_days_are_no_gaps_and_are_not_forecast():
    frame = stamped(kept("1111110", 20))
    panel = read_panel(frame, Columns())
    assert panel.observed.all()
    assert panel.frequency.name == "daily (Monday to Saturday)"
    assert panel.frequency.season == 6
    assert panel.notes == (
        "daily (Monday to Saturday): other times are no gaps, and are not forecast; change with `open`",
    )
    fc = un.Forecaster(horizon=8, steps=10, ensemble=1, verbose=0).fit(frame)
    ahead = fc.predict()["ds"]
    assert ahead.dt.day_name().tolist()[:6] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    assert ahead.iloc[6].day_name() == "Monday"
    assert (fc.cross_validation(frame, n_windows=3)["ds"].dt.dayofweek < 6).all()
    assert fc.held_out_.example["ds"].dt.dayofweek.max() == 5


def test_rows_without_values_and_covariates_of_closed_days_are_left_out():
    frame = stamped(np.arange(140)).assign(price=np.arange(140.0))
    sunday = frame["ds"].dt.dayofweek == 6
    frame.loc[sunday, "y"] = np.nan
    panel = read_panel(frame, Columns(future=("price",)))
    assert panel.frequency.open == "1111110"
    assert panel.lengths.tolist() == [120]
    assert panel.covariates.values[:, -1].tolist() == frame["price"][~sunday].tolist()


def test_hours_of_opening_make_the_season():
    for text, season in (("08:00-20:00", 12), ("mon-sat 9-17", 8), (SHOP, 65)):
        mask = parse_open(text, 168)
        panel = read_panel(stamped(kept(mask, 12), hours=1), Columns())
        assert (panel.frequency.open, panel.frequency.season) == (mask, season)


def test_given_days_replace_those_that_are_found():
    frame = stamped(kept("1111110", 20))
    whole = read_panel(frame, Columns(), opened="all")
    assert whole.frequency.name == "daily"
    assert (~whole.observed).sum() == 19
    weekdays = read_panel(frame, Columns(), opened="mon-fri")
    assert weekdays.frequency.name == "business days"
    assert weekdays.notes == ("20 values outside Monday to Friday left out; `open='all'` keeps them",)
    assert read_panel(frame, Columns(), "D").frequency.open == "1111110"


def test_days_can_not_be_closed_for_months_or_numbers():
    monthly = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=20, freq="MS"), "y": np.arange(20.0)})
    with pytest.raises(
        un.InputError, match="`open='mon-fri'` applies to days and parts of a day, but the series are"
    ):
        read_panel(monthly, Columns(), opened="mon-fri")
    read_panel(monthly, Columns(), opened="all")
    with pytest.raises(un.InputError, match=r"no timestamp lies within Sunday \(`open`\)"):
        read_panel(stamped(kept("1111110", 20)), Columns(), opened="sun")


def test_a_newer_table_is_read_with_the_open_days_of_the_model():
    fc = un.Forecaster(horizon=3, steps=10, ensemble=1, verbose=0).fit(stamped(kept("1111110", 20)))
    newer = stamped(np.arange(150))  # with a value on every Sunday
    forecast = fc.predict(newer)
    assert forecast["ds"].dt.dayofweek.tolist() == [3, 4, 5]
    note = "21 values outside Monday to Saturday left out; the model was trained without such values"
    assert list(fc.predict_notes_) == [note]


def test_hours_are_closed_in_local_time():
    local = pd.date_range("2024-03-01", "2024-11-30 23:00", freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"ds": local[(local.hour >= 8) & (local.hour < 20)]})
    frame["y"] = np.arange(len(frame), dtype=float)
    panel = read_panel(frame, Columns())
    assert panel.frequency.name == "hourly (08:00 to 20:00)"
    assert panel.observed.all()
    fc = un.Forecaster(horizon=13, steps=5, ensemble=1, window=24, verbose=0).fit(frame)
    hours = fc.predict()["ds"].dt.hour.tolist()
    assert hours == [*range(8, 20), 8]
    night = frame.assign(ds=local[(local.hour < 12)])  # the hour that occurs twice can't be told apart
    assert read_panel(night, Columns()).frequency.open == ""
