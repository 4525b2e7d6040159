"""Timestamps as texts in messages and reports: dates, times with their offset from UTC, labels of years."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from .zones import UTC

YEAR = re.compile(r"((?:FY[ -]?'?)?)(\d{4}|\d\d)(?:([-/–])(\d{4}|\d\d))?", re.IGNORECASE)


def format_stamp(stamp: Any, zone: str | None = None, label: str | None = None) -> str:
    """A timestamp without the time of day where it is midnight; an instant of a zone with its offset from UTC.

    With a `label` of a year, it has the form of this label.
    """
    if label is not None:
        return label_in_form(pd.Timestamp(stamp).year, label)
    if zone is not None:
        return str(pd.Timestamp(stamp, tz=UTC).tz_convert(zone))
    if isinstance(stamp, np.datetime64):
        return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00")
    return str(stamp)


def label_in_form(year: int, example: str) -> str:
    """The label of a year, in the form of another label of a year.

    >>> label_in_form(2016, "1999/00"), label_in_form(2016, "FY99"), label_in_form(2016, "1999")
    ('2016/17', 'FY16', '2016')
    """
    found = YEAR.fullmatch(example)
    if found is None:
        raise ValueError(f"{example!r} is not the label of a year")
    before, own, between, following = found.groups(default="")
    return before + _last_digits(year, len(own)) + between + _last_digits(year + 1, len(following))


def _last_digits(year: int, count: int) -> str:
    return f"{year:04}"[4 - count :]
