"""What a reader of a table may say about it: each of these overrules a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...errors import InputError

AGGREGATES = ("sum", "mean", "last", "count")
ORDERS = ("dmy", "mdy", "ymd", "number")


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table; what is None is found out.

    Attributes:
        id, time, target: the columns of these roles; several with commas between. Several ids or parts of the time
            are joined; of several targets each becomes a series.
        wide: whether every column of numbers is a series; None: where their names differ in a number only.
        na: what counts as missing, with commas between, such as "-200,9999".
        aggregate: how several rows of one period become one: "sum", "mean", "last" or "count".
        freq: the period, such as "D" or "MS"; it also numbers the rows of a table without stamps.
        start: the first stamp of a table without stamps.
        dates: "dmy", "mdy", "ymd", "number", or a format such as "%d.%m.%Y".
        decimal: "," or ".".
        delimiter: between cells; "tab" and "space" are understood.
        encoding: of the file, such as "cp1252".
        header: rows that name the columns; 0: none do.

    Raises:
        InputError: an option has no such value.
    """

    id: str | None = None
    time: str | None = None
    target: str | None = None
    wide: bool | None = None
    na: str | None = None
    aggregate: str | None = None
    freq: str | int | None = None
    start: str | None = None
    dates: str | None = None
    decimal: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: int | None = None

    def __post_init__(self) -> None:
        _refuse("aggregate", self.aggregate, AGGREGATES)
        _refuse("decimal", self.decimal, (",", "."))
        if self.dates is not None and "%" not in self.dates:
            _refuse("dates", self.dates, (*ORDERS, "a format such as %d.%m.%Y"))
        if self.header is not None and (isinstance(self.header, bool) or not 0 <= self.header <= 10):
            raise InputError(f"--header takes the number of header rows, 0 to 10; got {self.header!r}.")
        words = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", words.get(self.delimiter, self.delimiter))
            if len(self.delimiter) != 1 or self.delimiter in '"\n\r':
                raise InputError(f"--delimiter takes one character, tab or space; got {self.delimiter!r}.")

    @property
    def missing(self) -> frozenset[str]:
        """Texts that count as missing."""
        return frozenset(part.strip() for part in (self.na or "").split(",") if part.strip())

    @property
    def told(self) -> dict[str, Any]:
        """What was said, by name.

        >>> ReadOptions(target="sold", na="-200").told
        {'target': 'sold', 'na': '-200'}
        """
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    @property
    def words(self) -> list[str]:
        """What was said, as words of a command line.

        >>> ReadOptions(target="CO", na="-200", wide=True).words
        ['--target', 'CO', '--wide', '--na=-200']
        """
        words = []
        for name, value in self.told.items():
            if isinstance(value, bool):
                words.append(f"--{name}" if value else f"--no-{name}")
            else:
                words += [f"--{name}={value}"] if str(value).startswith("-") else [f"--{name}", str(value)]
        return words

    def after(self, earlier: Mapping[str, Any]) -> ReadOptions:
        """This, and where it says nothing what an earlier reading was told.

        >>> ReadOptions(na="?").after({"na": "-200", "freq": "D"}).told
        {'na': '?', 'freq': 'D'}

        Raises:
            InputError: the earlier one was told what is no option here.
        """
        told = self.told
        unknown = sorted(earlier.keys() - {f.name for f in fields(self)})
        if unknown:
            raise InputError(
                f"the table of the training was read with {', '.join(unknown)}, which this unrolled does not know. "
                "Upgrade: pip install --upgrade unrolled"
            )
        return replace(self, **{name: value for name, value in earlier.items() if name not in told})

    def refuse_start_alone(self) -> None:
        """Raise an `InputError` where rows are to be numbered and nothing says how."""
        if self.start is not None and self.freq is None:
            raise InputError(
                "--start numbers the rows of a table without stamps, and needs --freq, such as --freq D."
            )


def _refuse(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InputError(f"--{name} takes {', '.join(known[:-1])} or {known[-1]}; got {value!r}.")


@dataclass(frozen=True)
class CovariateColumns:
    """The columns that are named beside id, time and target.

    Attributes:
        past, future, static, weight: as in `Columns`.
        kinds: whether a column holds texts, for those whose kind a training has decided.
    """

    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    weight: str | None = None
    kinds: Mapping[str, bool] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]


def number_or_name(freq: str | int | None) -> str | int | None:
    """A frequency as `Frequency` takes it: whole numbers as such.

    Raises:
        InputError: the number is below 1.
    """
    if freq is None or isinstance(freq, int):
        return freq
    text = freq.strip()
    if text.lstrip("-").isdigit():
        if int(text) < 1:
            raise InputError(f"--freq must be ≥ 1 where it counts; got {text}.")
        return int(text)
    return text
