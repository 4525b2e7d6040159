"""Options of reading a file: each of them replaces something that is detected otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

from ...argument_types import Between, check_fields, fits
from ...errors import InputError
from ..zones import checked_zone

AGGREGATES = ("sum", "mean", "last", "count")
DATE_ORDERS = ("dmy", "mdy", "ymd", "number")
DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
MAX_HEADER_ROWS = 10
MAX_BYTES = 2 << 30  # of a table, unless an option allows more


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table; whatever is None is detected.

    The columns of id, time and target are separated by commas if there are several. Several ids, or parts of the
    time, are joined; each of several targets becomes a series.

    Raises:
        InputError: an option has an invalid value.
    """

    id: str | None = None
    time: str | None = None
    target: str | None = None
    wide: bool | None = None  # whether each numeric column is a series; None: only if names differ in a number alone
    na: str | None = None  # texts and numbers that count as missing, separated by commas, such as "-200,9999"
    aggregate: str | None = None  # how several rows of one period are combined: "sum", "mean", "last" or "count"
    freq: str | int | None = None  # the period, such as "D" or "MS"; also numbers rows without timestamps
    open: str | None = (
        None  # open days and hours, such as "mon-sat" or "08:00-20:00"; "all": there are no closed ones
    )
    start: str | None = None  # the first timestamp of a table without timestamps
    zone: str | None = None  # the time zone, such as "Europe/Berlin"; timestamps without one are local time of it
    dates: str | None = None  # "dmy", "mdy", "ymd", "number", or a format such as "%d.%m.%Y"
    decimal: str | None = None  # "," or "."
    delimiter: str | None = None  # between cells: one character, or "tab", "space", "comma", "semicolon"
    encoding: str | None = None  # of the file, such as "cp1252"
    sheet: str | None = None  # of a workbook: its name or number
    header: int | None = None  # the number of rows that name the columns; 0: none
    skip_rows: str | None = None  # numbers and ranges of lines to leave out, as an editor shows them: "1-4,14"
    max_bytes: Annotated[int, Between(1)] | None = None  # the largest size of the file, also unpacked; None: 2 GiB

    def __post_init__(self) -> None:
        if self.header is not None and not (fits(self.header, int) and 0 <= self.header <= MAX_HEADER_ROWS):
            raise InputError(
                f"`header` must be the number of header rows, 0 to {MAX_HEADER_ROWS}; got {self.header!r}."
            )
        check_fields(self, "`{}`")
        _check_choice("aggregate", self.aggregate, AGGREGATES)
        _check_choice("decimal", self.decimal, (",", "."))
        if self.zone is not None:
            object.__setattr__(self, "zone", checked_zone(self.zone))
        if self.dates is not None and "%" not in self.dates:
            _check_choice("dates", self.dates, (*DATE_ORDERS, "a format such as %d.%m.%Y"))
        self.skipped_lines  # noqa: B018  # raises if one is invalid
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", DELIMITER_NAMES.get(self.delimiter, self.delimiter))
            if len(self.delimiter) != 1 or self.delimiter in '"\n\r':
                raise InputError(f"`delimiter` must be one character, tab or space; got {self.delimiter!r}.")

    @property
    def size_limit(self) -> int:
        """The largest size of the file, in bytes."""
        return MAX_BYTES if self.max_bytes is None else self.max_bytes

    @property
    def missing(self) -> frozenset[str]:
        """The texts of `na`."""
        return frozenset(part.strip() for part in (self.na or "").split(",") if part.strip())

    @property
    def skipped_lines(self) -> list[range]:
        """The numbers of the lines in `skip_rows`.

        >>> ReadOptions(skip_rows="1-4, 14").skipped_lines
        [range(1, 5), range(14, 15)]
        """
        found = [re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip()) for part in (self.skip_rows or "").split(",")]
        ranges = [range(int(part[1]), int(part[2] or part[1]) + 1) for part in found if part]
        if self.skip_rows is not None and (None in found or not all(part.start and part for part in ranges)):
            raise InputError(
                f"`skip_rows` takes numbers of lines and ranges of them, such as 1-4,14; got {self.skip_rows!r}."
            )
        return ranges

    @property
    def given(self) -> dict[str, Any]:
        """The options that are not None, by name.

        >>> ReadOptions(target="sold", na="-200").given
        {'target': 'sold', 'na': '-200'}
        """
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    def with_defaults(self, earlier: Mapping[str, Any]) -> ReadOptions:
        """These options, completed by those with which the training table was read.

        >>> ReadOptions(na="?").with_defaults({"na": "-200", "freq": "D"}).given
        {'na': '?', 'freq': 'D'}
        """
        unknown = sorted(earlier.keys() - {f.name for f in fields(self)})
        if unknown:
            raise InputError(
                f"the training table was read with the options {', '.join(unknown)}, which this version of unrolled "
                "does not have. Upgrade: pip install --upgrade unrolled"
            )
        return replace(self, **{**earlier, **self.given})

    def refuse_start_alone(self) -> None:
        """Raise an `InputError` if rows are to be numbered from a start but no frequency is given."""
        if self.start is not None and self.freq is None:
            raise InputError(
                "`start` numbers the rows of a table without timestamps, and needs `freq`, such as `freq='D'`."
            )


def is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise InputError(f"`{name}` must be {', '.join(choices[:-1])} or {choices[-1]}; got {value!r}.")


@dataclass(frozen=True)
class CovariateColumns:
    """The columns that are read besides id, time and target, by roles as in `Columns`."""

    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    weight: str | None = None
    kinds: Mapping[str, bool] = field(default_factory=dict)  # whether a column held texts in training, by name

    @property
    def names(self) -> list[str]:
        return [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]


def number_or_name(freq: str | int | None) -> str | int | None:
    """A frequency as `Frequency` takes it: texts of whole numbers become numbers, which must be ≥ 1."""
    if not isinstance(freq, str):
        return freq
    text = freq.strip()
    if not text.lstrip("-").isdigit():
        return text
    if int(text) < 1:
        raise InputError(f"`freq` must be ≥ 1 if it is a number; got {text}.")
    return int(text)
