"""Texts that can be read as timestamps in several ways: the reading that leaves the fewest gaps is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.series.date_codes import CODES, choose_reading, known_share
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

YEARS = pd.date_range("2000-01-01", periods=24, freq="YS")
MONTHS = pd.date_range("2015-01-01", periods=40, freq="MS")
DAYS = pd.date_range("2022-09-01", periods=400)
HOURS = pd.date_range("2024-01-01", periods=400, freq="h")
WEEKS = pd.date_range("2019-01-07", periods=110, freq="7D")
QUARTERS = pd.date_range("2015-01-01", periods=28, freq="QS")
INSTANTS = HOURS.tz_localize("UTC")
NANOSECONDS = HOURS.as_unit("ns").astype("int64")

# the name of the column, its texts, the timestamps that they are, and the name of their frequency
READINGS = {
    "fiscal years": ("year", [f"{d.year}-{(d.year + 1) % 100:02}" for d in YEARS], YEARS, "yearly"),
    "months": ("year", [f"{d:%Y-%m}" for d in MONTHS], MONTHS, "monthly"),
    "months before years": ("period", [f"{d:%-m-%Y}" for d in MONTHS], MONTHS, "monthly"),
    "quarters before years": ("period", [f"{d.quarter}-{d.year}" for d in QUARTERS], QUARTERS, "quarterly"),
    "four quarters": ("quarter", [f"{d.quarter}/{d.year}" for d in QUARTERS[:4]], QUARTERS[:4], "quarterly"),
    "four months": ("month", [f"{d.month}/{d.year}" for d in MONTHS[:4]], MONTHS[:4], "monthly"),
    "yyyymmdd": ("date", [f"{d:%Y%m%d}" for d in DAYS], DAYS, "daily"),
    "yyyymm": ("month", [f"{d:%Y%m}" for d in MONTHS], MONTHS, "monthly"),
    "yyyymm as floats": ("month", [f"{d:%Y%m}.0" for d in MONTHS], MONTHS, "monthly"),
    "yyyyddd": ("date", [f"{d:%Y%j}" for d in DAYS], DAYS, "daily"),
    "yyyy-ddd": ("date", [f"{d:%Y-%j}" for d in DAYS], DAYS, "daily"),
    "yyyyww": ("week", [f"{d:%G%V}" for d in WEEKS], WEEKS, "weekly"),
    "yyyyww, within one year": ("week", [f"{d:%G%V}" for d in WEEKS[:30]], WEEKS[:30], "weekly"),
    "yyyyww, another name": ("period", [f"{d:%G%V}" for d in WEEKS], WEEKS, "weekly"),
    "yyyy-ww": ("week", [f"{d:%G-%V}" for d in WEEKS], WEEKS, "weekly"),
    "yyyy/w": ("date", [f"{d:%G}/{d.isocalendar().week}" for d in WEEKS], WEEKS, "weekly"),
    "yyyy/w, within one year": ("Vecka", [f"{d:%G}/{d.isocalendar().week}" for d in WEEKS[:9]], WEEKS[:9], "weekly"),
    "w/yyyy": ("Uge", [f"{d.isocalendar().week}/{d:%G}" for d in WEEKS], WEEKS, "weekly"),
    "ww.yyyy": ("Woche", [f"{d:%V.%G}" for d in WEEKS], WEEKS, "weekly"),
    "yyyymmddhh": ("time", [f"{d:%Y%m%d%H}" for d in HOURS], HOURS, "hourly"),
    "yyyymmddhhmm": ("time", [f"{d:%Y%m%d%H%M}" for d in HOURS], HOURS, "hourly"),
    "yyyymmddhhmmss": ("time", [f"{d:%Y%m%d%H%M%S}" for d in HOURS], HOURS, "hourly"),
    "seconds": ("time", [str(n // 10**9) for n in NANOSECONDS], INSTANTS, "hourly"),
    "seconds as floats": ("time", [f"{n / 1e9:.1f}" for n in NANOSECONDS], INSTANTS, "hourly"),
    "milliseconds": ("time", [str(n // 10**6) for n in NANOSECONDS], INSTANTS, "hourly"),
    "milliseconds as floats": ("time", [f"{n / 1e6:.1f}" for n in NANOSECONDS], INSTANTS, "hourly"),
    "microseconds": ("time", [str(n // 10**3) for n in NANOSECONDS], INSTANTS, "hourly"),
    "nanoseconds": ("time", [str(n) for n in NANOSECONDS], INSTANTS, "hourly"),
    "Excel's days": ("date", [str(45000 + k) for k in range(90)], pd.date_range("2023-03-15", periods=90), "daily"),
    "Excel's hours": (
        "datetime",
        [f"{45000 + k / 24:.6f}" for k in range(90)],
        pd.date_range("2023-03-15", periods=90, freq="h"),
        "hourly",
    ),
    "years with decimals": ("time", [f"{d.year + (d.month - 1) / 12:.4f}" for d in MONTHS], MONTHS, "monthly"),
    "middles of months": ("time", [f"{d.year + (d.month - 0.5) / 12:.4f}" for d in MONTHS], MONTHS, "monthly"),
    "days with decimals": (
        "time",
        [f"{d.year + (d.dayofyear - 1) / (365 + d.is_leap_year):.5f}" for d in DAYS],
        DAYS,
        "daily",
    ),
    "quarters with decimals": (
        "time",
        [f"{d.year + (d.quarter - 1) / 4:.2f}" for d in QUARTERS],
        QUARTERS,
        "quarterly",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READINGS)
def test_codes_of_dates_are_read(file, case):
    name, texts, stamps, frequency = READINGS[case]
    table = read_file(file(f"{name},sales", *(f"{text},{k}" for k, text in enumerate(texts))))
    assert table.frame[name].tolist() == list(stamps)
    assert read_panel(table.frame, table.columns).frequency.name == frequency


def test_days_that_count_from_1970_have_a_zone_only_if_they_are_local_midnights(file):
    for zone, known in (("UTC", None), ("Europe/Berlin", "Europe/Berlin")):
        days = pd.date_range("2024-01-01", periods=200, tz=zone)
        path = file("a,b", *(f"{int(day.timestamp())},{k % 7}" for k, day in enumerate(days)))
        for options in (ReadOptions(), ReadOptions(time="a")):
            table = read_file(path, options)
            found = table.frame["a"].dt
            assert (found.tz_localize(None).tolist(), found.tz and str(found.tz)) == (
                days.tz_localize(None).tolist(),
                known,
            )
            assert read_panel(table.frame, table.columns).frequency.name == "daily"


@pytest.mark.parametrize("case", ["yyyyddd", "seconds", "Excel's days", "yyyyww"])
def test_a_note_names_the_code_and_numbers_stay_on_request(file, case):
    name, texts, *_ = READINGS[case]
    path = file(f"{name},sales", *(f"{text},{k}" for k, text in enumerate(texts)))
    assert any(note.startswith(f"'{texts[0]}' read as ") for note in read_file(path).notes)
    table = read_file(path, ReadOptions(dates="number"))
    assert table.frame[name].tolist() == [int(text) for text in texts]
    panel = read_panel(table.frame, table.columns, table.options.freq)
    assert (panel.frequency.unit, panel.frequency.stamps(panel.first)[0]) == ("integer", int(texts[0]))


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("period", range(1990, 2024)),
        ("time", range(45000, 45090)),
        ("period", range(201401, 201431)),
        ("time", range(100001, 100050)),
        ("time", range(2_000_000, 2_000_400)),
    ],
    ids=["years", "Excel's days without a name of dates", "30 periods", "six digits", "seven digits"],
)
def test_other_numbers_stay_numbers(file, name, numbers):
    table = read_file(file(f"{name},sales", *(f"{n},1" for n in numbers)))
    assert table.frame[name].tolist() == list(numbers)


@pytest.mark.parametrize("form", ["%d-%b", "%b %d", "%d. %B", "%-d %b"])
def test_days_without_a_year_are_refused(file, form):
    path = file("date,sales", *(f"{day:{form}},{k}" for k, day in enumerate(DAYS[:90])))
    with pytest.raises(un.DataError, match=r"have no year\. Add it, or number the rows with `freq='D'` and `start="):
        read_file(path)


def test_months_and_years_of_two_digits_are_no_days(file):
    table = read_file(file("date,sales", *(f"{day:%b-%y},{k}" for k, day in enumerate(MONTHS))))
    assert table.frame["date"].tolist() == list(MONTHS)


@pytest.mark.parametrize("code", [code for codes in CODES for code in codes], ids=lambda code: code.meaning)
def test_texts_that_a_code_can_not_mean_are_none(code):
    for text in ("2023366", "99999999", "202313", "2021-53", "2024013125", "2000-02", "31 Feb", "5-2015", "9" * 13):
        stamps = (
            code.read(pd.Series([text], dtype=object)) if pd.Series([text]).str.fullmatch(code.pattern).all() else []
        )
        assert all(pd.isna(stamp) or 1700 <= stamp.year <= 2261 for stamp in stamps)
    assert choose_reading(pd.Series(["a", "b"], dtype=object), "date", lambda: pd.Series([1, 2])) is None


def test_the_known_share_falls_with_gaps_disorder_and_unreadable_texts():
    days = pd.Series(DAYS)
    assert known_share(days) == 1
    assert known_share(days[days.dt.day != 7]) == pytest.approx(1 - 13 / 400, abs=1e-9)
    assert known_share(days.where(days.dt.day > 15)) < 0.5
    assert known_share(days.iloc[np.random.default_rng(0).permutation(400)]) < 0.6
    assert known_share(days.iloc[::-1]) == 1
    assert known_share(days[:1]) == 1
    assert known_share(pd.Series([pd.NaT, pd.NaT])) == 0
