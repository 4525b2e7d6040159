"""Messages about texts that are no timestamps."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import unrolled as un
from tables import SALES, daily
from unrolled.series.files import read_file


@pytest.mark.parametrize("stamp", ["9999-12-31", "0001-01-01"])
def test_years_too_far_away_are_refused(file, stamp):
    with pytest.raises(un.DataError, match=f"column 'date', line 22: '{stamp}' lies outside the years 1678 to 2261"):
        read_file(file(*daily(range(20)), f"{stamp};5"))


def test_a_bad_stamp_is_named_with_its_line(refused):
    bad = ("2024-01-04,4", "2024-02-30,5")
    refused(
        *SALES,
        *bad,
        message="column 'date', line 6: '2024-02-30' does not exist: that month has 29 days. Correct it",
        time="date",
    )
    refused(
        *SALES,
        ",4",
        message="column 'date', line 5: the timestamp is missing .* .* To leave out this line, use `skip_rows='5'`",
    )
    refused("time,y", "1e300,1", "2,2", message="column 'time', line 2: '1e300' is not a date")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["2021-W51", "2021-W52", "2021-W53"],
            "line 4: '2021-W53' does not exist: the weeks of 2021 are numbered 1 to 52",
        ),
        (["2023-02-28", "2023-02-29"], "line 3: '2023-02-29' does not exist: that month has 28 days"),
        (["W1", "W2"], "dates such as 'W1' have no year. Add it, or number the rows with `freq='W'`"),
        (["Q1", "Q2"], "dates such as 'Q1' have no year. Add it, or number the rows with `freq='QS'`"),
        (["Mon", "Tue"], "dates such as 'Mon' have no year. Add it, or number the rows with `freq='D'`"),
        (
            ["08:00:00", "08:01:00"],
            "times such as '08:00:00' have no date. Add it, or number the rows with `freq='h'`",
        ),
        (["01.01.", "02.01."], "dates such as '01.01.' have no year"),
        (["01-11", "01-12", "01-13"], "dates such as '01-11' have no year"),
        (
            ["2023-01-01T00:00Z", "2023-01-01T01:00"],
            "line 3: '2023-01-01T01:00' has no time zone, but '2023-01-01T00:00Z'",
        ),
        (["1.67253E+12", "1.67254E+12"], "line 2: '1.67253E+12' has lost its last digits"),
        (
            ["2019", "2020", "2019 Q1", "2019 JAN"],
            "mixes years ('2019'), quarters ('2019 Q1') and months ('2019 JAN')",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_messages_say_what_is_wrong_with_dates(refused, texts, message):
    refused("date;y", *(f"{text};1" for text in texts), message=re.escape(message))


@pytest.mark.parametrize(("format_", "periods"), [("%b-%d", 365), ("%b-%d", 31), ("%b %d", 60)])
def test_days_of_a_year_are_no_months_of_many_years(refused, format_, periods):
    days = pd.date_range("2023-01-01", periods=periods)
    refused("date;y", *(f"{day:{format_}};1" for day in days), message="have no year")
