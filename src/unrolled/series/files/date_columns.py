"""A column of dates in numbers and words: which number is the day, and the century, language and zone of all."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import InputError
from ..date_words import months_of
from ..stamps import FIRST_YEAR, LAST_YEAR, Times
from ..zones import checked_zone, offset_name, to_local, to_utc
from .dates import AMBIGUOUS_ZONES, MINUTE, ZONES, DateParts, parse_date
from .parsed_stamps import ParsedStamps, with_offsets
from .unread_dates import no_year

ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
FIELDS = {"dmy": [2, 1, 0], "mdy": [2, 0, 1], "ymd": [0, 1, 2]}  # where dates have year, month and day, by `dates`


def parse_parts(texts: pd.Series, dates: str | None) -> ParsedStamps:
    """Dates in numbers and words; `dates` is the option of `ReadOptions`."""
    parts = [parse_date(text) for text in texts]
    months_only = [bool(re.fullmatch(r"\d{4}[-/.]\d{1,2}", text)) for text in texts]
    if 2 * sum(months_only) < len(months_only):  # among days, a month alone is a date that was cut off
        parts = [None if cut else part for part, cut in zip(parts, months_only, strict=True)]
    if dates is None and (refusal := _swapped_days(texts, parts)):
        return ParsedStamps(_assemble(np.zeros((len(parts), 3), np.int64), parts), [], refusal=refusal)
    parts = _in_language(parts)
    orders = np.array(["" if part is None else part.order for part in parts])
    if not (orders != "").any():
        return ParsedStamps(pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]"), [])
    notes: list[str] = []
    fields = np.array([part[:3] if part else (0, 0, 0) for part in parts], np.int64)  # (n, 3)
    ambiguous = orders == "ambiguous"
    if ambiguous.any():
        order = _day_or_month_first(fields[ambiguous], texts[ambiguous], dates)
        if order is None:
            refusal = (
                f"dates such as {texts[ambiguous].iloc[0]!r} can be read day first or month first, and no date tells "
                "which. Choose one with `dates='dmy'` or `dates='mdy'`, or write them as 2024-12-31."
            )
            return ParsedStamps(_assemble(fields, parts), [], refusal=refusal)
        dates, notes = order
        fields[ambiguous] = fields[ambiguous][:, FIELDS[dates]]
    if (orders == "short year").any():
        if texts.str.fullmatch(r"\d{1,2}-\d{2}").all() and (orders == "").any():
            return ParsedStamps(_assemble(fields, parts), [], refusal=no_year(texts.iloc[0]))
        notes += _complete_short_years(fields, orders == "short year")
    digits = np.array([part.digits if part else 4 for part in parts])
    if (digits == 2).any():
        notes += _complete_centuries(fields, digits == 2)
    local = _assemble(fields, parts)
    zoned = np.array([part is not None and (part.zone is not None or part.place is not None) for part in parts])
    order_found = dates if ambiguous.any() else None
    if not zoned.any():
        return ParsedStamps(local, notes, order=order_found)
    without = ~zoned & (orders != "")
    if without.any():
        refusal = (
            f"{texts[without].iloc[0]!r} has no time zone, but {texts[zoned].iloc[0]!r} has one. Write all "
            "timestamps with their offset from UTC, such as 2024-12-31T18:00+01:00, or all of them without."
        )
        return ParsedStamps(local, [], refusal=refusal, refused=int(without.argmax()))
    return replace(_with_zones(local, parts, notes + _zone_notes(texts)), order=order_found)


def _in_language(parts: list[DateParts | None]) -> list[DateParts | None]:
    """The parts of dates with the months of the language that knows all their names; None of those left unclear."""
    months = months_of({part.month_name for part in parts if part and part.month_name})

    def located(part: DateParts | None) -> DateParts | None:
        if part is None or part.month_name is None:
            return part
        return part._replace(second=months[part.month_name]) if part.month_name in months else None

    return [located(part) for part in parts]


def _swapped_days(texts: pd.Series, parts: list[DateParts | None]) -> str | None:
    """Why dates can't be read of which a spreadsheet of another country took those with a possible month."""
    iso = [k for k, part in enumerate(parts) if part and part.order == "ymd" and ISO.match(texts.iloc[k])]
    other = [k for k, part in enumerate(parts) if part and part.order == "ambiguous"]
    if not iso or not other:
        return None
    days = {part.third for k in iso if (part := parts[k])}
    if max(days) > 12 or any(max(part[:2]) <= 12 for k in other if (part := parts[k])):
        return None
    return (
        f"dates such as {texts.iloc[iso[0]]!r} and {texts.iloc[other[0]]!r} are mixed, and no day of the "
        "former exceeds 12: a spreadsheet seems to have taken the day for the month wherever that was possible. "
        "Export the dates again as 2024-12-31, or read them as they are written with `dates='dmy'` or `dates='mdy'`."
    )


def _with_zones(local: pd.Series, parts: list[DateParts | None], notes: list[str]) -> ParsedStamps:
    zones = np.array([np.nan if part is None or part.zone is None else part.zone for part in parts], float)
    places = pd.Series([part.place if part else None for part in parts], dtype=object)
    try:
        known = {place: checked_zone(place) for place in places.dropna().unique()}
    except InputError:
        known = {}
    utc = local - pd.to_timedelta(zones, unit="min")  # timestamps without a zone can't be compared with the others
    for place, zone in known.items():
        own = ((places == place) & utc.isna() & local.notna()).to_numpy()
        utc[own] = to_utc(local[own].to_numpy(), zone)
    local = local.where(utc.notna())
    if local.notna().all() and len(known) == 1 and places.notna().all():
        instants, zone = utc.to_numpy(), next(iter(known.values()))
        return ParsedStamps(local, notes, Times(to_local(instants, zone), instants, zone))
    return replace(with_offsets(local, utc), notes=notes)


def _zone_notes(texts: pd.Series) -> list[str]:
    """Notes on abbreviations of time zones that have several meanings."""
    notes = []
    for name in texts.str.extract(r"\b([A-Za-z]{3})\)?$")[0].dropna().unique():
        if meanings := AMBIGUOUS_ZONES.get(name.lower()):
            offset = offset_name(ZONES[name.lower()] * MINUTE * 10**9)
            notes.append(
                f"time zone {name!r} read as {offset} ({meanings[0]}, not {meanings[1]}); write offsets such as "
                "+02:00 if that is wrong"
            )
    return notes


def _day_or_month_first(fields: Array, texts: pd.Series, dates: str | None) -> tuple[str, list[str]] | None:
    """The order of the fields (n, 3) of ambiguous dates, a key of `FIELDS`, and notes; None if undecided."""
    if dates in FIELDS:
        return dates, []
    first, second, _ = fields.T
    day_first, month_first = (second <= 12).all(), (first <= 12).all()
    dotted = re.match(r"\D*\d{1,2}\.\d", texts.iloc[0]) is not None
    if day_first and month_first and not dotted and not (first == second).all():
        return None
    if not day_first and not month_first:  # the order that fits more dates; the others are reported later
        day_first = (second <= 12).sum() >= (first <= 12).sum()
    decisive = texts[(first if day_first else second) > 12]
    order, other = ("day", "mdy") if day_first else ("month", "dmy")
    notes = []
    if len(decisive) and not dotted:
        example = decisive.iloc[0]
        notes = [f"dates read {order} first, as {example!r} allows nothing else; change with `dates={other!r}`"]
    return "dmy" if day_first else "mdy", notes


def _complete_short_years(fields: Array, short: Array) -> list[str]:
    """Add 2000 to years such as 1 in 1-01, 1-02, whose century is unknown, in place; notes."""
    years = fields[short, 0]
    if years.max() > 99:
        return []
    fields[short, 0] += 2000
    return [f"years {years.min()} to {years.max()} read as {2000 + years.min()} to {2000 + years.max()}"]


def _complete_centuries(fields: Array, short: Array) -> list[str]:
    """Complete years of two digits to consecutive years, the last of them before 2050, in place; notes."""
    years = np.unique(fields[short, 0])
    steps = np.diff(np.r_[years, years[0] + 100])
    last = years[steps.argmax()]  # the year before the widest gap, counted in a circle of 100 years
    end = last + (2000 if last < 50 else 1900)
    full = fields[short, 0] + end - last
    fields[short, 0] = np.where(fields[short, 0] > last, full - 100, full)
    low, high = fields[short, 0].min(), fields[short, 0].max()
    return [f"years of two digits read as {low} to {high}" if low < high else f"a year of two digits read as {low}"]


def _assemble(fields: Array, parts: list[DateParts | None]) -> pd.Series:
    """Timestamps from year, month, day (n, 3) and the times of day, NaT where there is no such day."""
    year, month, day = fields.T
    good = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0)
    good &= days.astype("datetime64[M]") == months  # false for days such as the 30th of February
    seconds = np.array([part.second_of_day if part else 0.0 for part in parts])
    stamps = days.astype("datetime64[ns]") + np.round(seconds * 1e6).astype("timedelta64[us]")
    return pd.Series(np.where(good, stamps, np.datetime64("NaT")))
