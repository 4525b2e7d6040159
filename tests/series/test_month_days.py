"""Days of months: business days, weekdays, short months, and the rules that are recognised."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.series.month_days import business_day_of, common_days, day_of, rule_of_days, weekday_of

MONTHS = np.arange("2024-01", "2024-07", dtype="datetime64[M]")


def days(*texts) -> list[str]:
    return [f"2024-{text}" for text in texts]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (day_of(MONTHS, 30), days("01-31", "02-29", "03-31", "04-30", "05-31", "06-30")),
        (business_day_of(MONTHS, last=True), days("01-31", "02-29", "03-29", "04-30", "05-31", "06-28")),
        (business_day_of(MONTHS, last=False), days("01-01", "02-01", "03-01", "04-01", "05-01", "06-03")),
        (weekday_of(MONTHS, 3, 4), days("01-19", "02-16", "03-15", "04-19", "05-17", "06-21")),
        (weekday_of(MONTHS, -1, 0), days("01-29", "02-26", "03-25", "04-29", "05-27", "06-24")),
    ],
    ids=["31st", "last business day", "first business day", "third Friday", "last Monday"],
)
def test_days_of_months(found, expected):
    assert found.astype(str).tolist() == expected


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (day_of(MONTHS, 30), {"month_end": True}),
        (day_of(MONTHS, 29), {"day": 29}),
        (business_day_of(MONTHS, last=True), {"month_end": True, "business": True}),
        (business_day_of(MONTHS, last=False), {"month_end": False, "business": True}),
        (weekday_of(MONTHS, 3, 4), {"weekday": (3, 4)}),
        (day_of(MONTHS, np.array([3, 9, 1, 7, 2, 8])), None),
    ],
)
def test_the_rule_of_days_is_recognised(found, rule):
    assert rule_of_days(found, np.diff(found).astype(int)) == rule


def test_a_few_days_of_each_month_are_recognised():
    def dates(*places):
        return np.sort(np.concatenate([day_of(MONTHS, place) for place in places]))

    assert common_days(dates(0, 14)) == (1, 15)
    assert common_days(dates(14, 30)) == (15, 31)  # the last day
    assert common_days(dates(0, 10, 20)) == (1, 11, 21)
    assert common_days(dates(4)) == ()
    assert common_days(dates(0, 6, 12, 18, 24)) == ()
