"""Timestamps with a time zone: they are counted on the clock of their frequency, and forecasts have the same zone."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import unrolled as un
from tables import LIBRARIES
from unrolled.series.columns import Columns
from unrolled.series.frequency import Frequency
from unrolled.series.from_frame import read_panel
from unrolled.series.stamps import local_time

EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOURS = pd.date_range("2024-01-01", periods=9, freq="h")
MONTHS = pd.date_range("2023-04-01", periods=9, freq="MS")


def read(stamps, **options):
    return read_panel(pd.DataFrame({"ds": stamps, "y": np.arange(float(len(stamps)))}), Columns(), **options)


def hours(zone: str | None = BERLIN) -> pd.DatetimeIndex:
    """Three weeks around the end of summer time."""
    return pd.date_range("2024-10-15", periods=21 * 24, freq="h", tz=zone)


def fitted(stamps, horizon: int = 4, **options) -> un.Forecaster:
    fc = un.Forecaster(horizon=horizon, steps=2, ensemble=1, hidden=2, verbose=0, **options)
    return fc.fit(pd.DataFrame({"ds": stamps, "y": np.arange(len(stamps)) % 24 + 1.0}))


def ahead(stamps: pd.DatetimeIndex, steps: int, freq: str) -> list[pd.Timestamp]:
    return pd.date_range(stamps[-1], periods=steps + 1, freq=freq)[1:].tolist()


# --- what comes in zoned goes out zoned --------------------------------------------------------------


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, "UTC", "+05:30"])
@pytest.mark.parametrize(
    ("freq", "periods"), [("h", 500), ("D", 400), ("MS", 60), ("W", 80), ("B", 300), ("SMS", 60), ("WOM-3FRI", 50)]
)
def test_forecasts_have_the_zone_of_the_table(zone, freq, periods, tmp_path):
    stamps = pd.date_range("2021-01-04", periods=periods, freq=freq, tz=zone)
    fc = fitted(stamps)
    assert fc.panel_.observed.all()
    found = fc.predict()["ds"]
    assert str(found.dtype.tz) in (zone, f"UTC{zone}")
    assert found.tolist() == ahead(stamps, 4, freq)
    fc.save(tmp_path / "m.safetensors")
    assert un.load(tmp_path / "m.safetensors").predict().equals(fc.predict())


@pytest.mark.parametrize("library", [name for name in LIBRARIES if name != "pandas"])
def test_other_libraries_have_columns_with_the_zone(library):
    frame = LIBRARIES[library]({"ds": hours().to_pydatetime().tolist(), "y": [1.0, 2.0, 3.0] * 168})
    if library == "polars":
        frame = frame.with_columns(pl.col("ds").dt.convert_time_zone(NEW_YORK))
    else:
        column = pa.array(hours().tz_convert(NEW_YORK).to_pydatetime().tolist(), pa.timestamp("us", NEW_YORK))
        frame = frame.set_column(0, "ds", column)
    found = un.Forecaster(horizon=2, steps=2, ensemble=1, verbose=0).fit(frame).predict()["ds"]
    assert NEW_YORK in str(found.dtype if library == "polars" else found.type)
    assert found.to_pandas().tolist() == ahead(hours().tz_convert(NEW_YORK), 2, "h")


def test_cross_validation_has_the_zone():
    fc = un.Forecaster(horizon=3, steps=2, ensemble=1, verbose=0)
    rows = fc.cross_validation(pd.DataFrame({"ds": hours(), "y": np.arange(504.0)}), n_windows=2, refit=False)
    assert rows["ds"].tolist() == hours()[-6:].tolist()
    assert rows["cutoff"].unique().tolist() == hours()[[-7, -4]].tolist()


def test_several_frequencies_have_one_zone():
    days = pd.date_range("2024-08-01", periods=80, tz=BERLIN)
    table = pd.concat(
        [
            pd.DataFrame({"unique_id": "h", "ds": hours(), "y": np.arange(504.0)}),
            pd.DataFrame({"unique_id": "d", "ds": days, "y": np.arange(80.0)}),
        ]
    )
    found = un.Forecaster(horizon=2, steps=2, ensemble=1, verbose=0).fit(table).predict()
    assert found["ds"].tolist() == [*ahead(hours(), 2, "h"), *ahead(days, 2, "D")]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_days_of_utc_beside_hours_of_a_zone_are_written_in_that_zone(library):
    days = pd.date_range("2024-03-01", periods=80, tz="UTC").tz_convert(BERLIN)
    parts = [pd.DataFrame({"unique_id": k, "ds": s, "y": 1.0}) for k, s in (("h", hours()), ("d", days))]
    table = pd.concat(parts, ignore_index=True)
    fc = un.Forecaster(horizon=1, steps=2, ensemble=1, verbose=0)
    found = fc.fit(table if library == "pandas" else pl.from_pandas(table)).predict()["ds"]
    assert [pd.Timestamp(stamp) for stamp in found.to_list()] == [*ahead(hours(), 1, "h"), *ahead(days, 1, "24h")]
    assert fc.fitted.forecast([]).frame["ds"].dt.tz is not None


# --- the clock --------------------------------------------------------------------------------------


def test_months_of_new_york_kept_in_utc_are_local_months():
    stamps = pd.date_range("2018-01-01", periods=72, freq="MS", tz=NEW_YORK)
    fc = fitted(stamps.tz_convert("UTC"), horizon=12)
    assert fc.predict()["ds"].tolist() == ahead(stamps, 12, "MS")
    assert any("midnight in America/New_York read as local days; change with `zone`" in note for note in fc.notes_)


@pytest.mark.parametrize("texts", [False, True])
def test_utc_stamps_of_local_midnights_are_days_of_the_following_date(texts):
    stamps = pd.date_range("2023-01-01", periods=400, tz=BERLIN).tz_convert("UTC")
    assert set(stamps.hour) == {22, 23}
    panel = read(stamps.strftime("%Y-%m-%dT%H:%M:%SZ") if texts else stamps)
    assert panel.frequency.name == "daily"
    assert panel.stamps(0)[0] == np.datetime64("2023-01-01")
    known = read(stamps, zone=BERLIN)
    assert known.notes == ()
    np.testing.assert_array_equal(known.stamps(0), panel.stamps(0))
    with pytest.raises(un.DataError, match="daily grid"):
        read(stamps, zone="UTC")


def test_days_of_utc_in_another_zone_stay_days_of_utc():
    stamps = pd.date_range("2023-01-01", periods=400, tz="UTC").tz_convert(BERLIN)
    panel = read(stamps)
    assert (panel.frequency.name, panel.frequency.zone, len(panel.y)) == ("daily", "UTC", 400)


def test_a_last_row_at_another_time_does_not_make_days_hours():
    stamps = pd.date_range("2024-05-01", periods=100, tz=BERLIN)
    panel = read(stamps[:-1].append(stamps[-1:] - pd.Timedelta(hours=9)))
    assert (panel.frequency.name, len(panel.y)) == ("daily", 99)


def test_changing_offsets_are_a_local_clock():
    days = pd.date_range("2024-08-01", periods=120, tz=BERLIN)
    texts = [stamp.isoformat() for stamp in days]
    panel = read(texts)
    np.testing.assert_array_equal(panel.stamps(0), days.tz_localize(None).to_numpy("datetime64[ns]"))
    assert panel.frequency.zone == BERLIN
    odd = pd.date_range("2024-01-01", periods=40)
    unknown = read([f"{day:%Y-%m-%d}T00:00:00+{k % 3:02}:00" for k, day in enumerate(odd)])
    assert unknown.frequency.zone is None  # clocks change so in no known zone
    np.testing.assert_array_equal(unknown.stamps(0), odd.to_numpy("datetime64[ns]"))


def test_only_some_timestamps_with_an_offset_are_refused():
    with pytest.raises(
        un.DataError, match="row 1: only some timestamps have an offset from UTC, unlike '2024-01-02'"
    ):
        read(["2024-01-01T00:00+01:00", "2024-01-02", "2024-01-03"])


def test_whole_numbers_beyond_64_bits_are_refused():
    with pytest.raises(un.DataError, match="row 1: 18446744073709551615 exceeds the range of 64-bit whole numbers"):
        read(np.array([1, 2**64 - 1], np.uint64))


# --- tables without a zone --------------------------------------------------------------------------


def test_local_hours_with_a_zone_given_have_no_gap_and_no_double():
    panel = read(hours().tz_localize(None), zone=BERLIN)
    assert panel.observed.all()
    assert len(panel.y) == 504
    spring = pd.date_range("2024-03-25", periods=240, freq="h", tz=BERLIN)
    assert read(spring.tz_localize(None), zone=BERLIN).observed.all()
    fc = fitted(hours().tz_localize(None), zone=BERLIN)
    assert fc.predict()["ds"].tolist() == ahead(hours(), 4, "h")


def test_a_local_time_that_does_not_exist_is_refused_unless_it_has_no_value():
    stamps = pd.date_range("2024-03-25", periods=240, freq="h")
    with pytest.raises(un.DataError, match=r"row 146: 2024-03-31 02:00:00 does not exist in Europe/Berlin.*`zone`"):
        read(stamps, zone=BERLIN)
    frame = pd.DataFrame({"ds": stamps, "y": np.where(np.arange(240) == 146, np.nan, 1.0)})
    assert len(read_panel(frame, Columns(), zone=BERLIN).y) == 239


def test_newer_tables_are_read_by_the_clock_of_the_model():
    fc = fitted(hours())
    one = pd.DataFrame({"ds": hours().append(hours()[-1:] + pd.Timedelta(hours=1)), "y": 2.0})
    expected = ahead(hours(), 5, "h")[1:]
    assert fc.predict(one)["ds"].tolist() == expected
    assert fc.predict(one.assign(ds=one["ds"].dt.tz_convert("UTC")))["ds"].tolist() == expected
    assert fc.predict(one.assign(ds=one["ds"].dt.tz_localize(None)))["ds"].tolist() == expected
    assert "timestamps without a time zone read as local time of Europe/Berlin, as in training" in fc.predict_notes_
    naive = fitted(hours(None))
    assert naive.predict(one)["ds"].dt.tz is None
    assert any("timestamps with a time zone read as UTC" in note for note in naive.predict_notes_)


def test_the_calendar_is_local():
    from unrolled.forecasting.inputs.calendar import calendar_features

    frequency = read(hours()).frequency
    _, values = calendar_features(frequency, np.array([0, 24 * 20]))  # midnights before and after clocks change
    _, naive = calendar_features(read(hours(None)).frequency, np.array([0, 24 * 20 - 1]))
    np.testing.assert_allclose(values[:, :2], naive[:, :2])


def test_columns_are_shown_in_local_time():
    np.testing.assert_array_equal(local_time(pd.Series(hours())), hours().tz_localize(None).to_numpy())


# --- dates in a code -------------------------------------------------------------------------------


@EVERY_LIBRARY
@pytest.mark.parametrize(
    ("numbers", "stamps", "note"),
    [
        ([1704067200 + 3600 * k for k in range(9)], HOURS, "1704067200 read as seconds since 1970; .*`freq=3600`"),
        ([1704067200000.0 + 3600000 * k for k in range(9)], HOURS, "milliseconds since 1970; .*`freq=3600000`"),
        ([*range(202304, 202313)], MONTHS, "202304 read as year and month; change with `freq=1`"),
        ([2023.25 + k / 12 + 0.001 for k in range(9)], MONTHS, "years with decimals; convert the column to dates"),
        ([f"{stamp:%Y%m%d%H%M}" for stamp in HOURS], HOURS, "'2024.*' read as date and time of day; convert"),
    ],
)
def test_dates_in_a_code_are_read_as_in_files(library, numbers, stamps, note):
    panel = read_panel(LIBRARIES[library]({"ds": numbers[::-1], "y": [1.0] * 9}), Columns())
    assert panel.frequency.stamps(panel.first[0] + np.arange(9)).tolist() == stamps.to_numpy().tolist()
    assert re.search(f"column 'ds': .*{note}", panel.notes[0])


@pytest.mark.parametrize("freq", [1, Frequency("integer", 1, 0)])
def test_a_step_between_numbers_keeps_them(freq):
    panel = read(range(202304, 202313), freq=freq)
    assert panel.frequency.stamps(panel.first)[0] == 202304


@pytest.mark.parametrize("numbers", [range(5), range(1950, 2010), range(45000, 45060), range(100001, 100050)])
def test_other_whole_numbers_stay_numbers(numbers):
    panel = read(numbers)
    assert (panel.frequency.unit, panel.notes) == ("integer", ())
    assert panel.frequency.stamps(panel.first)[0] == numbers[0]


def test_years_are_dates_for_a_frequency_of_dates():
    panel = read(range(1990, 2010), freq="YS")
    assert panel.frequency.stamps(panel.first)[0] == np.datetime64("1990-01-01")
    assert read(range(2000, 2010), freq=panel.frequency).frequency == panel.frequency


def test_seconds_since_1970_are_instants():
    hours = [1704067200 + 3600 * k for k in range(9)]
    assert read(hours, zone=BERLIN).frequency.zone == BERLIN
    assert read(hours).frequency.zone == "UTC"
    days = [1704067200 + 86400 * k for k in range(40)]
    assert read(days).frequency.zone is None
    fc = fitted(days)
    assert fc.predict()["ds"][0] == pd.Timestamp("2024-02-10")
    newer = pd.DataFrame({"ds": [*days, 1704067200 + 86400 * 40], "y": 1.0})
    assert fc.predict(newer)["ds"][0] == pd.Timestamp("2024-02-11")
    assert not any("time zone" in note for note in fc.predict_notes_)


def test_a_model_reads_its_codes_of_dates_again():
    numbers = [int(f"{stamp:%Y%m}") for stamp in pd.date_range("2020-01-01", periods=40, freq="MS")]
    fc = fitted(numbers)
    assert fc.predict()["ds"][0] == pd.Timestamp("2023-05-01")
    newer = pd.DataFrame({"ds": [*numbers, 202305], "y": 1.0})
    assert fc.predict(newer)["ds"][0] == pd.Timestamp("2023-06-01")
