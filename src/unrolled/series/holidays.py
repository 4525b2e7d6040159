"""Public holidays of countries, from the package `holidays`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np

from ..argument_types import check_type
from ..arrays import Array
from ..errors import InputError
from .frequency import DAY, Frequency

NEIGHBORS = ("day before", "day after")  # of any holiday, where periods are days or shorter
ONE_DAY = np.timedelta64(1, "D")


def checked_country(country: Any) -> str:
    """The code of a country, with or without a subdivision, such as "DE" or "DE-BY", or an `InputError`."""
    check_type("`holidays`", country, str)
    _days_of(country, 2000, 2000)
    return str(country)


def holiday_names(country: str, frequency: Frequency, ordinals: Array) -> tuple[str, ...]:
    """The holidays of a country that lie in some periods, sorted."""
    if frequency.unit == "integer":
        raise InputError("`holidays` needs dates, but the timestamps are whole numbers. Leave it out.")
    begins, ends = _days(frequency, ordinals)
    days, names = _holidays(country, begins, ends)
    inside = (days >= begins.min()) & (days < ends.max())
    return tuple(sorted({name for name, here in zip(names, inside.tolist(), strict=True) if here}))


def holiday_columns(country: str, names: Sequence[str], frequency: Frequency, ordinals: Array) -> Array:
    """How many days of each period are these holidays, and whether a day lies before or after any, (n, names + 2).

    Args:
        country: as in `checked_country`.
        names: of holidays; those that are not among them have no columns.
        frequency: of the periods.
        ordinals: the periods, (n,).

    >>> daily = Frequency.named("D", np.datetime64("2024-12-24"))
    >>> holiday_columns("DE", ["Christmas Day"], daily, np.arange(3)).tolist()
    [[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    begins, ends = _days(frequency, ordinals)
    days, found = _holidays(country, begins, ends)
    columns = np.zeros((len(ordinals), len(names) + len(NEIGHBORS)))
    for k, name in enumerate(names):
        own = days[[n == name for n in found]]
        columns[:, k] = np.searchsorted(own, ends) - np.searchsorted(own, begins)
    if frequency.unit == "fixed" and frequency.step <= DAY:
        columns[:, -2] = np.isin(begins + ONE_DAY, days)
        columns[:, -1] = np.isin(begins - ONE_DAY, days)
    return columns


def _days(frequency: Frequency, ordinals: Array) -> tuple[Array, Array]:
    """The first day of each period, and the day after its last one, (n,) each."""
    begins = frequency.local_stamps(ordinals).astype("datetime64[D]")
    if frequency.unit == "fixed" and frequency.step <= DAY:
        return begins, begins + ONE_DAY
    return begins, frequency.local_stamps(ordinals + 1).astype("datetime64[D]")


def _holidays(country: str, begins: Array, ends: Array) -> tuple[Array, list[str]]:
    """Sorted days and the names of the holidays of a country around some periods."""
    years = (begins.min() - ONE_DAY, ends.max() + ONE_DAY)
    return _days_of(country, *(int(str(day.astype("datetime64[Y]"))) for day in years))


@lru_cache(maxsize=16)
def _days_of(country: str, first: int, last: int) -> tuple[Array, list[str]]:
    """Sorted days and the names of the holidays of a country in these years; a day with two names comes twice."""
    try:
        import holidays
    except ImportError as error:
        raise InputError(
            "`holidays` needs the package holidays: `pip install 'unrolled[holidays]'`, or leave it out."
        ) from error
    code, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=range(first, last + 1), language="en_US")
    except NotImplementedError as error:
        known = holidays.list_supported_countries()
        if code not in known:
            close = get_close_matches(code, known, 3) or ["DE", "FR", "US"]
            remedy = f"Use a code of two letters, such as {', '.join(close)}"
        else:
            remedy = f"Known subdivisions: {', '.join(known[code]) or 'none'}"
        raise InputError(f"`holidays` has no country {country!r}. {remedy}.") from error
    pairs = sorted((day, name) for day, names in found.items() for name in names.split("; "))
    return np.array([day for day, _ in pairs], "datetime64[D]"), [name for _, name in pairs]
