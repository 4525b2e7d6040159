"""Time zones: timestamps as instants (UTC) and as local time, both without a zone in memory, datetime64[ns]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import InputError

UTC = "UTC"
OFFSET_SIGNS = "+-"  # with which zones begin that are only an offset
# Zones in which clocks change, the most populous of each rule. The zone of timestamps that have offsets only, or are
# local midnights in UTC, is the first of these that agrees with all of them.
KNOWN_ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Halifax", "America/St_Johns", "America/Anchorage", "America/Santiago",
    "America/Sao_Paulo", "America/Mexico_City", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland",
    "Asia/Jerusalem", "Asia/Beirut", "Asia/Tehran", "Africa/Cairo", "Africa/Casablanca", "Europe/Moscow",
)  # fmt: skip


def checked_zone(zone: Any) -> str:
    """The name of a zone such as "Europe/Berlin", "UTC" or "+01:00"; an `InputError` if there is none."""
    try:
        if not isinstance(zone, str) or not zone.strip():
            raise ValueError
        return zone_name(pd.Timestamp(0, tz=UTC).tz_convert(zone).tzinfo)
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        # which of these an unknown name raises depends on the platform and the version of pandas
        raise InputError(
            f"`zone={zone!r}` is not a known time zone. Use a name such as Europe/Berlin, America/New_York or UTC, "
            "or an offset such as +01:00."
        ) from error


def zone_name(zone: Any) -> str:
    """The name of a `tzinfo`, or its offset if it has none."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if name is None:  # dateutil's zones have a path only
        found = re.search(r"zoneinfo/([\w/+-]+)", str(pd.Timestamp(0, tz="UTC").tz_convert(zone).tzinfo))
        name = found[1] if found else None
    if name is None:
        offset = zone.utcoffset(None)
        name = UTC if offset is None else offset_name(int(offset.total_seconds()) * 10**9)
    return str(name)


def offset_name(offset: int) -> str:
    """An offset in nanoseconds as the name of a zone.

    >>> offset_name(-5400 * 10**9), offset_name(0)
    ('-01:30', 'UTC')
    """
    minutes = abs(offset) // (60 * 10**9)
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}" if offset else UTC


def to_local(utc: Array, zone: str) -> Array:
    """Instants as local time, of any shape."""
    stamps = pd.DatetimeIndex(utc.ravel()).tz_localize(UTC).tz_convert(zone).tz_localize(None)
    return stamps.to_numpy("datetime64[ns]").reshape(utc.shape)


def to_utc(local: Array, zone: str) -> Array:
    """Local times of any shape as instants: the first of two, and the next one where a time does not exist."""
    return _located(local, zone, first=True, missing="shift_forward")


def localized(local: Array, codes: Array, zone: str) -> Array:
    """Local times of the series `codes` as instants; of times that occur twice, in order of appearance.

    Tables may be sorted from the newest row to the oldest. Times that do not exist are NaT.
    """
    first, second = (_located(local, zone, first=early, missing="NaT") for early in (True, False))
    doubled = (first != second) & ~np.isnat(first)
    if not doubled.any():
        return first
    same = codes[1:] == codes[:-1]
    steps = np.diff(local.astype(np.int64))[same]
    backwards = np.count_nonzero(steps < 0) > np.count_nonzero(steps > 0)
    groups = pd.DataFrame({"series": codes[doubled], "stamp": local[doubled]}).groupby(["series", "stamp"])
    number, count = groups.cumcount().to_numpy(), groups["stamp"].transform("size").to_numpy()
    later = (number == 0) & (count > 1) if backwards else number > 0
    first[np.flatnonzero(doubled)[later]] = second[doubled][later]
    return first


def _located(local: Array, zone: str, first: bool, missing: Any) -> Array:
    stamps = pd.DatetimeIndex(local.ravel())
    ambiguous = np.full(len(stamps), first)
    whole = stamps.tz_localize(zone, ambiguous=ambiguous, nonexistent=missing)
    return whole.tz_convert(UTC).tz_localize(None).to_numpy("datetime64[ns]").reshape(local.shape)


def zone_of_offsets(utc: Array, local: Array) -> str | None:
    """The zone of local times with offsets: a single offset, or a known zone that agrees with all; else None."""
    offsets = np.unique((local - utc).astype("timedelta64[ns]").astype(np.int64))
    if len(offsets) == 1:
        return offset_name(int(offsets[0]))
    return next((zone for zone, own in _in_known_zones(utc) if np.array_equal(own, local)), None)


def common_zone(zone: str, known: Array, own: str | None, utc: Array, local: Array) -> str:
    """A zone that agrees with an offset at the instants `known` and with newer local times; the offset if none does.

    `zone` is the offset; a name is kept. `own` is the zone of the newer times if they have one, and preferred.
    """
    if zone[0] not in OFFSET_SIGNS:
        return zone
    before = to_local(known, zone)
    if own is not None and own[0] not in OFFSET_SIGNS and np.array_equal(to_local(known, own), before):
        return own
    return zone_of_offsets(np.concatenate((known, utc)), np.concatenate((before, local))) or zone


def zone_of_midnights(utc: Array) -> str | None:
    """The known zone in which all these instants are midnight, if clocks changed among them; else None."""
    days = utc.astype("datetime64[D]").astype("datetime64[ns]")
    if not 1 < len(np.unique(utc - days)) <= 3:  # of a single time of day, the zone is unknown
        return None
    return next((zone for zone, own in _in_known_zones(utc) if np.array_equal(own, midnights(own, zone))), None)


def midnights(local: Array, zone: str) -> Array:
    """The first moment of each local day: midnight, or an hour later where clocks are set forward at midnight."""
    days = local.astype("datetime64[D]").astype("datetime64[ns]")
    return to_local(to_utc(days, zone), zone)


def _in_known_zones(utc: Array) -> Iterator[tuple[str, Array]]:
    distinct, places = np.unique(utc, return_inverse=True)
    return ((zone, to_local(distinct, zone)[places]) for zone in KNOWN_ZONES)
