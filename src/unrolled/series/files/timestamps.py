"""A column of texts as timestamps: dates of ISO 8601, in a code or in words, or whole numbers."""

import functools
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import InputError
from ..date_codes import choose_reading, known_share
from ..frequency import LIKELY_YEARS
from ..packed_texts import by_pieces, pieces_of
from ..stamps import OFFSET, Times
from ..zones import UTC
from .date_columns import ISO, parse_parts
from .dates import parse_date
from .numbers import missing, spread
from .parsed_stamps import ParsedStamps, with_offsets
from .texts import as_objects, distinct_texts, each_text
from .unread_dates import no_year

MONTH_LENGTH = len("2024-12")
LENGTHS_WITHOUT_OFFSET = {MONTH_LENGTH, *map(len, ("2024-12-31", "2024-12-31 18:00", "2024-12-31 18:00:00"))}
MAX_WHOLE_NUMBER = 2**53  # float64 can't represent every larger whole number
MIN_DATES_SHARE = 0.9  # of cells that can be read, or of periods that have one
MIN_CODES = 5  # distinct numbers that show that they are dates
CHANGE_TO_NUMBERS = "change with `dates='number'`"
DIGITS = {"dmy": "%d%m%Y", "mdy": "%m%d%Y", "ymd": "%Y%m%d"}  # dates without separators, by `dates`


def read_stamps(column: pd.Series, dates: str | None = None) -> tuple[ParsedStamps, Array]:
    """The timestamps of a column's distinct texts, and the position among them of each cell, -1 where missing, (n,).

    `dates` is the option of `ReadOptions`.
    """
    absent = missing(column)
    codes, unique = distinct_texts(column.where(~absent, None) if absent.any() else column)
    coded = None if dates is not None or not len(unique) else _parse_codes(unique, str(column.name or ""))
    return coded or _read_unique(unique, dates), codes


def dates_share(column: pd.Series) -> float:
    """The share of dates in a sample of a column's cells that are not empty; numbers alone are no dates."""
    present = np.flatnonzero(column.notna())
    if not len(present):
        return 0.0
    sample = column.iloc[present[spread(len(present))]]
    return float(np.mean([parse_date(str(text)) is not None for text in sample]))


def fits_dates(column: pd.Series, dates: str) -> bool:
    """Whether nearly all cells of a sample are dates as `dates`, the option of `ReadOptions`, says."""
    _, sample = distinct_texts(column)
    if not len(sample):
        return False
    found = _read_unique(sample.iloc[spread(len(sample))].reset_index(drop=True), dates)
    return found.values.dtype.kind == "M" and bool(found.values.notna().mean() >= MIN_DATES_SHARE)


def code_of_dates(column: pd.Series) -> str | None:
    """The meaning of a column of numbers that are dates in a code, without gaps and in order; None for others."""
    _, texts = distinct_texts(column)
    if len(texts) < MIN_CODES:
        return None
    found = choose_reading(texts, str(column.name), lambda: whole_numbers(texts))
    if found is None or found.code is None or not found.code.has_year:
        return None
    return found.code.meaning if found.known_share >= MIN_DATES_SHARE else None


def holds_years(column: pd.Series) -> bool:
    """Whether a column holds consecutive years."""
    years = whole_numbers(distinct_texts(column)[1])
    likely = len(years) >= MIN_CODES and bool(years.between(*LIKELY_YEARS).all())
    return likely and known_share(years.astype(np.int64)) >= MIN_DATES_SHARE


def whole_numbers(column: pd.Series) -> pd.Series:
    """A column as whole numbers, NaN for everything else."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return each_text(column, whole_numbers).astype(float)
    numbers = by_pieces(column, lambda piece: pd.to_numeric(piece, errors="coerce"))
    return numbers.where((numbers == np.round(numbers)) & (numbers.abs() < MAX_WHOLE_NUMBER))


def _read_unique(texts: pd.Series, dates: str | None) -> ParsedStamps:
    if not len(texts):
        return ParsedStamps(pd.Series([], dtype="datetime64[ns]"), [])
    if dates is not None and "%" in dates:
        try:
            form: dict[str, Any] = {"format": dates, "errors": "coerce", "utc": "%z" in dates}
            parsed = by_pieces(texts, lambda piece: pd.to_datetime(piece, **form))
        except ValueError as error:
            raise InputError(
                f"`dates={dates!r}` is not a format of dates: {str(error).rstrip('.')}. Use one such as %d.%m.%Y."
            ) from error
        if parsed.dt.tz is None:
            return ParsedStamps(parsed, [])
        utc = parsed.dt.tz_localize(None)
        return with_offsets(utc + by_pieces(texts, lambda piece: _offsets(piece, dates)), utc)
    if dates in DIGITS and all(piece.str.fullmatch(r"\d{5,8}").all() for piece in pieces_of(texts)):
        return _read_digits(texts, dates)
    if dates != "number":
        sample = texts.iloc[spread(len(texts))]
        parsed_iso = _parse_iso(texts) if all(map(ISO.fullmatch, sample)) else None
        if parsed_iso is not None:
            return parsed_iso
    whole = whole_numbers(texts)
    if whole.notna().all() and not any(piece.str.contains("E+", regex=False).any() for piece in pieces_of(texts)):
        return ParsedStamps(whole.astype(np.int64), [])
    return parse_parts(as_objects(texts), dates)


def _read_digits(texts: pd.Series, dates: str) -> ParsedStamps:
    """Dates without separators, such as 31122024 and 1012024, whose first zero a spreadsheet has removed."""
    long = max(map(len, texts)) > len("311224")
    form = DIGITS[dates] if long else DIGITS[dates].replace("%Y", "%y")
    width = 8 if long else 6
    read = by_pieces(texts, lambda piece: pd.to_datetime(piece.str.zfill(width), format=form, errors="coerce"))
    return ParsedStamps(read, [])


def _offsets(texts: pd.Series, form: str) -> pd.Series:
    """The offset from UTC of each text of a format with an offset; 0 where a text does not fit it."""

    def offset(text: str) -> timedelta:
        try:
            return datetime.strptime(text, form).utcoffset() or timedelta()
        except ValueError:
            return timedelta()

    return pd.to_timedelta(texts.map(offset))


def _parse_iso(texts: pd.Series) -> ParsedStamps | None:
    """ISO 8601 dates, all at once; None if some are not, or only some have a day or an offset."""
    lengths = {length for piece in pieces_of(texts) for length in set(map(len, piece.to_numpy(object)))}
    if MONTH_LENGTH in lengths and len(lengths) > 1:
        return None
    zoned = [] if lengths <= LENGTHS_WITHOUT_OFFSET else [piece.str.contains(OFFSET) for piece in pieces_of(texts)]
    has_zone = any(piece.any() for piece in zoned)
    if has_zone and not all(piece.all() for piece in zoned):
        return None
    utc = by_pieces(texts, _iso_in_utc)
    if utc.isna().any():
        return None
    if not has_zone:
        return ParsedStamps(utc, [])
    local = by_pieces(texts, lambda piece: _iso_in_utc(piece.str.replace(OFFSET, "", regex=True)))
    return with_offsets(local, utc)


def _iso_in_utc(texts: pd.Series) -> pd.Series:
    """ISO 8601 dates as instants without a time zone, NaT where a text is none."""
    found = pd.to_datetime(texts.to_numpy(object), format="ISO8601", errors="coerce", utc=True, cache=False)
    return pd.Series(found.tz_localize(None), index=texts.index)


def _parse_codes(texts: pd.Series, name: str) -> ParsedStamps | None:
    """Texts that may be dates in a code, in the best reading; None if they fit no code."""

    @functools.cache
    def plain() -> ParsedStamps:
        return _read_unique(texts, None)

    found = choose_reading(texts, name, lambda: plain().values)
    if found is None:
        return None
    if found.code is None:
        return plain()
    change = CHANGE_TO_NUMBERS if texts.iloc[0].isdigit() else "change with `dates`"
    note = f"{texts.iloc[0]!r} read as {found.code.meaning}; {change}"
    instants = found.stamps.to_numpy()
    return ParsedStamps(
        found.stamps,
        [note],
        Times(instants, instants, UTC, epoch=True) if found.code.epoch else None,
        refusal=None if found.code.has_year else no_year(texts.iloc[0]),
    )
