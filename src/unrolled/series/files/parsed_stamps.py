"""The distinct texts of a column as timestamps, and the clock on which these are counted."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ...arrays import Array
from ..stamps import Times, in_zone
from ..zones import OFFSET_SIGNS, UTC, to_local, to_utc, zone_of_offsets


@dataclass
class ParsedStamps:
    """The distinct texts of a column as timestamps."""

    values: pd.Series  # datetime64[ns] or int64 of each distinct text, NaT where it can't be read
    notes: list[str]  # what was inferred
    times: Times | None = None  # of each distinct text, if all can be read and have a time zone
    refusal: str | None = None  # why the column can't be read, with a remedy; None if that depends on the text
    refused: int | None = None  # the position of the distinct text that shows it; None: all of them
    zone: str | None = None  # of the values
    days: bool = False  # whether the values count days, and are in local time; otherwise they are in UTC

    @property
    def bad(self) -> Array:
        """Where a distinct text can't be read, bool."""
        return self.values.isna().to_numpy()


def on_clock(found: ParsedStamps, zone: str | None, freq: str | int | None) -> ParsedStamps:
    """Timestamps on the clock of a frequency, None to infer it, in the given time zone or their own."""
    times = found.times
    if times is None or times.utc is None:
        return found
    if zone is not None:
        times = Times(to_local(times.utc, zone), times.utc, zone, fixed=True)
    values, zone, notes = times.counted(freq if isinstance(freq, str) else None, np.zeros(len(times.local), np.int64))
    if zone is None:
        return replace(found, values=pd.Series(values))
    days = values is not times.utc
    if not days and times.zone is None:
        notes = ["timestamps with changing offsets are converted to UTC; give their time zone with `zone`"]
    elif not days and zone != UTC:
        how = f"the offsets of all timestamps are those of {zone}; hours are counted in UTC"
        if times.fixed:
            how = f"timestamps with time zones are converted to {zone}; hours are counted in UTC"
        elif str(zone)[0] in OFFSET_SIGNS:
            how = f"all timestamps have the offset {zone}; if clocks change there, give their time zone with `zone`"
        notes = [how]
    return replace(found, values=pd.Series(values), zone=zone, days=days, notes=[*found.notes, *notes])


def with_zone(stamps: pd.Series, zone: str | None, days: bool) -> pd.Series:
    """Timestamps on a clock, local time if it counts `days`, as a column with this time zone if there is one."""
    values = stamps.to_numpy()
    return stamps if zone is None else in_zone(to_utc(values, zone) if days else values, zone)


def with_offsets(local: pd.Series, utc: pd.Series) -> ParsedStamps:
    """Timestamps with time zones, NaT where a text can't be read."""
    if local.isna().any():
        return ParsedStamps(local, [])
    own, instants = local.to_numpy("datetime64[ns]"), utc.to_numpy("datetime64[ns]")
    return ParsedStamps(local, [], Times(own, instants, zone_of_offsets(instants, own)))
