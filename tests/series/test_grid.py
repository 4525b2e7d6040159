"""Grids: how gaps are filled, which last rows are dropped, and timestamps that no grid holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from tables import table
from unrolled.series.by_frequency import read_panels
from unrolled.series.columns import Columns
from unrolled.series.frequency import Frequency
from unrolled.series.from_frame import read_panel
from unrolled.series.grid import fill_gaps
from unrolled.series.panel import Panel

nan = np.nan


def read(frame, columns: Columns | None = None, **options) -> Panel:
    return read_panel(frame, columns or Columns(), **options)


def refused(frame, message: str, columns: Columns | None = None, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns or Columns(), **options)


# --- gaps -------------------------------------------------------------------------------------------


def test_gaps_are_filled_from_one_season_before_else_from_the_row_before():
    y = np.arange(20.0)
    frame = table(y).drop([3, 9, 16])  # rows that are not there
    frame.loc[12, "y"] = nan  # a row without a value
    panel = read(frame)
    missing = [3, 9, 12, 16]
    expected = y.copy()
    expected[missing] = [2, 2, 5, 2]  # row 16 is filled from row 9, which is filled from row 2
    assert panel.y.tolist() == expected.tolist()
    assert np.flatnonzero(~panel.observed).tolist() == missing
    assert panel.notes == (
        "4 gaps filled with the value one season before (1 in the first season with the value before), and left out "
        "of every score",
    )


def test_a_given_season_fills_gaps_too():
    assert read(table(np.arange(20.0)).drop(9), season=2).y[9] == 7


@pytest.mark.parametrize("season", [1, 10])
def test_a_note_tells_with_which_value_gaps_are_filled(season):
    """A series without a season repeats the last value, and so does a gap in the first season."""
    panel = read(table(np.arange(20.0)).drop(9), season=season)
    assert panel.y[9] == 8
    assert panel.notes == ("1 gap filled with the value before, and left out of every score",)


@given(st.data())
def test_later_values_never_change_earlier_filled_gaps(data):
    """The poison test: all values after a cut are replaced by others, missing or present."""
    values = st.one_of(st.just(nan), st.floats(-1e6, 1e6))
    y = np.array([1.0, *data.draw(st.lists(values, min_size=2, max_size=40))])
    cut = data.draw(st.integers(1, len(y)))
    season = data.draw(st.integers(1, 12))
    poisoned = np.concatenate([y[:cut], data.draw(st.lists(values, min_size=len(y) - cut, max_size=len(y) - cut))])
    np.testing.assert_array_equal(fill_gaps(y, season)[:cut], fill_gaps(poisoned, season)[:cut])
    panels = [read(table(np.append(v, 0.0)), season=season, opened="all") for v in (y, poisoned)]
    np.testing.assert_array_equal(panels[0].y[:cut], panels[1].y[:cut])
    np.testing.assert_array_equal(panels[0].observed[:cut], panels[1].observed[:cut])
    assert not np.isnan(panels[0].y).any()


@given(st.data())
def test_gaps_of_many_series_are_filled_as_in_each_alone(data):
    values = st.one_of(st.just(nan), st.floats(-1e6, 1e6))
    series = [np.array([0.5, *data.draw(st.lists(values, max_size=12))]) for _ in range(data.draw(st.integers(1, 4)))]
    season = data.draw(st.integers(1, 6))
    expected = []
    for y in series:
        y = y.copy()
        for at in np.flatnonzero(np.isnan(y)):
            y[at] = y[at - season] if at >= season else y[at - 1]
        expected.append(y)
    offsets = np.cumsum([0, *map(len, series)])
    np.testing.assert_array_equal(fill_gaps(np.concatenate(series), season, offsets), np.concatenate(expected))


# --- incomplete last periods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freq", "days", "name"),
    [("W", 3, "weekly"), ("D", 0.5, "daily"), ("MS", 14, "monthly"), ("ME", 15, "monthly"), ("QE", 40, "quarterly")],
)
def test_an_incomplete_last_period_is_dropped_with_a_note(freq, days, name):
    whole = pd.concat([table(np.arange(8.0), freq=freq, unique_id=key) for key in ("a", "b")])
    last = whole.iloc[[7]].assign(ds=whole["ds"].iloc[7] + pd.Timedelta(days=days), y=0.3)
    panel = read(pd.concat([whole, last]))
    assert panel.frequency.name == name
    assert panel.lengths.tolist() == [8, 8]
    assert panel.y[7] == 7
    assert panel.notes == (f"1 last row dropped, as the {name} period is incomplete",)


def test_a_stamp_between_two_others_is_not_an_incomplete_last_period():
    frame = pd.concat([table(np.arange(8.0), freq="W"), table([0.3], start="2024-01-17")])
    with pytest.raises(
        un.DataError, match=r"row 8: the timestamp 2024-01-17 does not lie on the weekly grid .* \(1 of 9"
    ):
        read(frame)


# --- timestamps that no grid holds ------------------------------------------------------------------


def test_duplicates_are_named_with_their_rows():
    frame = pd.concat([table([1.0, 2.0, 3.0]), table([4.0], start="2024-01-02")])
    message = r"column 'ds': the timestamp 2024-01-02 occurs twice, in rows 1 and 3 \(1 such timestamp\)\. "
    refused(frame, message + "If the table holds several series, name the column")
    refused(
        frame.assign(unique_id="a"),
        r"the timestamp 2024-01-02 of series 'a' occurs twice, in rows 1 and 3 .* Keep one row per timestamp\.",
    )


def test_all_rows_of_a_timestamp_are_named_once():
    frame = pd.concat([table([1.0, 2.0, 3.0]), *[table([4.0], start=f"2024-01-0{day}") for day in (2, 3, 2)]])
    refused(frame, r"2024-01-02 occurs 3 times, in rows 1, 3 and 5 \(2 such timestamps\)")


def test_timestamps_are_named_on_the_clock_of_the_table():
    stamps = pd.date_range("2024-07-01", periods=48, freq="h", tz="America/New_York")
    frame = pd.DataFrame({"ds": stamps.append(stamps[5:6]), "y": 1.0})
    refused(frame, r"the timestamp 2024-07-01 05:00:00-04:00 occurs twice, in rows 5 and 48")


@pytest.mark.parametrize(
    ("freq", "message"),
    [
        ("MS", r"row 1: .* does not lie on the monthly grid of `freq='MS'` \(7 of 8 .* or give another frequency"),
        ("min", r"row 1: .* 9 rows would become 11521 periods\. Correct the timestamp, or give another frequency"),
    ],
)
def test_a_given_frequency_that_does_not_fit_is_named(freq, message):
    refused(table(np.arange(9.0)), message, freq=freq)


def test_stamps_off_the_grid_are_named():
    frame = table(np.arange(9.0)).assign(unique_id="a")
    frame.loc[4, "ds"] += pd.Timedelta(hours=5)
    refused(
        frame, r"row 4: the timestamp 2024-01-05 05:00:00 of series 'a' does not lie on the daily grid .* \(1 of 9 do"
    )


def test_series_of_different_frequencies_are_not_taken_for_gaps():
    months = table(np.arange(36.0), start="2020-01-01", freq="MS", unique_id="m")
    quarters = table(np.arange(12.0), start="2020-01-01", freq="QS", unique_id="q")
    both = pd.concat([months, quarters])
    refused(
        both, r"series 'q' has a value only every 3 periods of the monthly grid .* \(1 of 2 series are like this\)"
    )
    assert (~read_panel(both, Columns(), "MS").observed).sum() == 22  # with a given frequency, gaps are allowed
    gaps = months.iloc[[0, 2, 5, 6, 9, 13, 14, 17]].assign(unique_id="g")
    assert read_panel(pd.concat([months, gaps]), Columns()).lengths.tolist() == [36, 18]


def test_two_stamps_in_one_period_are_named():
    frame = pd.DataFrame({"ds": ["2024-01-01 08:00", "2024-01-01 17:00", "2024-01-02 08:00"], "y": [1, 2, 3]})
    refused(frame, "rows 0 and 1: two timestamps lie in one period of the business days grid", freq="B")


def test_a_stamp_that_would_make_a_table_of_gaps_is_named():
    frame = pd.DataFrame({"ds": [1, 2, 3, 10**12], "y": [1, 2, 3, 4]})
    refused(frame, r"column 'ds', row 3: 1000000000000 comes 999999999997 periods after .* Correct the timestamp")


@pytest.mark.parametrize(
    ("freq", "stamps", "message"),
    [
        (Frequency("integer", 1, 0), ["2024-01-01", "2024-01-02"], "holds dates; timestamps must be whole numbers"),
        (Frequency("month", 1, 0), [1, 2], "holds whole numbers; timestamps must be dates"),
    ],
)
def test_stamps_of_another_kind_than_in_the_training_are_refused(freq, stamps, message):
    refused(pd.DataFrame({"ds": stamps, "y": [1, 2]}), f"column 'ds' {message} as in training", freq=freq)


# --- weekends ---------------------------------------------------------------------------------------


def test_a_rare_session_on_a_weekend_is_left_out_of_business_days():
    frame = table(np.arange(100.0), freq="B")
    saturday = pd.DataFrame({"ds": [pd.Timestamp("2024-02-10")], "y": [1000.0]})
    panel = read(pd.concat([frame, saturday]).sort_values("ds"))
    assert panel.frequency.name == "business days"
    assert panel.y.tolist() == frame["y"].tolist()
    assert panel.notes == ("1 value outside Monday to Friday left out; `open='all'` keeps them",)
    daily = read(pd.concat([frame, saturday]), opened="all")
    assert daily.observed.sum() == 101


def test_many_weekends_among_business_days_are_refused():
    refused(table(np.arange(30.0)), "does not lie on the business days grid", freq="B")


# --- a few series off the grid of many --------------------------------------------------------------


def many(count=30, freq="MS", n=36):
    return pd.concat([table(np.arange(n) % 12 + 1.0, "2020-01-01", freq, unique_id=f"s{k}") for k in range(count)])


def test_a_series_off_the_grid_is_left_out_of_many_with_a_note():
    frame = many().reset_index(drop=True)
    row = int(frame.index[frame["unique_id"] == "s7"][5])
    frame.loc[row, "ds"] += pd.Timedelta(6, "D")
    (panel,) = read_panels(frame, Columns())
    assert (len(panel.ids), "s7" in panel.ids, panel.frequency.name) == (29, False, "monthly")
    told = f"its timestamp 2020-06-07 in row {row} does not lie on the monthly grid of the others"
    assert f"series 's7' left out, as {told}" in panel.notes
    assert read_panel(frame, Columns(), panel.frequency).ids == panel.ids  # a newer table, too
    assert read_panel(frame, Columns(), "MS").ids == panel.ids
    alone = many()[lambda rows: rows["unique_id"] != "s7"]
    np.testing.assert_array_equal(read_panel(alone, Columns()).y, panel.y)


def test_several_series_off_the_grid_are_counted_and_too_many_are_refused():
    frame = many().reset_index(drop=True)
    wrong = frame["unique_id"].isin(["s1", "s2", "s3"]) & (frame["ds"].dt.month == 6)
    frame.loc[wrong, "ds"] += pd.Timedelta(6, "D")
    (panel,) = read_panels(frame, Columns())
    assert len(panel.ids) == 27
    told = (
        "series 's1', series 's2', series 's3' left out, as timestamps such as 2020-06-07 of series 's1' in row 41 do"
    )
    assert any(note.startswith(told) for note in panel.notes)
    frame.loc[frame["unique_id"].eq("s4") & (frame["ds"].dt.month == 6), "ds"] += pd.Timedelta(6, "D")
    refused(
        frame, r"of series 's1' does not lie on the monthly grid .* \(12 of 1080 do not\)\. Correct or drop such rows"
    )


def test_a_series_with_a_frequency_of_its_own_is_not_left_out():
    weeks = table(np.arange(60.0), "2020-01-06", "7D", unique_id="weeks")
    panels = read_panels(pd.concat([many(), weeks]), Columns())
    assert [(panel.frequency.name, len(panel.ids)) for panel in panels] == [("monthly", 30), ("weekly", 1)]


def test_a_series_off_the_grid_is_left_out_beside_others_with_different_closed_days():
    days = pd.date_range("2022-01-01", periods=300)
    parts = [(f"all {k}", days) for k in range(12)] + [(f"six {k}", days[days.dayofweek < 6]) for k in range(12)]
    frame = pd.concat([pd.DataFrame({"unique_id": name, "ds": own, "y": 1.0}) for name, own in parts])
    bad = pd.DataFrame({"unique_id": "bad", "ds": days + pd.to_timedelta(1 * (np.arange(300) == 40), "h"), "y": 1.0})
    panels = read_panels(pd.concat([frame, bad]), Columns())
    assert [(p.frequency.name, len(p.ids)) for p in panels] == [("daily", 12), ("daily (Monday to Saturday)", 12)]
    assert sum("'bad' left out" in note for panel in panels for note in panel.notes) == 1


@pytest.mark.parametrize("at", [0, 17])
@pytest.mark.parametrize(("freq", "name"), [("h", "hourly"), ("MS", "monthly"), ("ME", "monthly"), ("W", "weekly")])
def test_a_wrong_timestamp_of_a_single_series_is_named_with_a_remedy(freq, name, at):
    frame = table(np.arange(60.0), freq=freq)
    frame.loc[at, "ds"] += pd.Timedelta(7, "min" if freq == "h" else "D") if freq != "W" else pd.Timedelta(2, "D")
    refused(frame, rf"row {at}: .* does not lie on the {name} grid .* \(1 of 60 do not\)\. Correct or drop such rows")


def test_wrong_lines_of_a_file_are_listed_in_the_option_that_drops_them():
    frame = table(np.arange(60.0), freq="h")
    frame.loc[[5, 9], "ds"] += pd.Timedelta(7, "min")
    columns = Columns(rows=range(2, 62), of_file=True)
    with pytest.raises(un.DataError, match=r"\(2 of 60 do not, in lines 7, 11\)\. .* \(`skip_rows='7,11'`\)"):
        read_panel(frame, columns)
