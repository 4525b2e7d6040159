"""The names of the columns of a long table."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..argument_types import check_type
from ..errors import InputError
from ..plurals import counted

MAX_LISTED_PLACES = 4  # of a timestamp that occurs more often


@dataclass(frozen=True)
class Columns:
    """The names of the columns of a long table that are used. A table without the id column is one series.

    Raises:
        InputError: a column is named twice.
    """

    id: str = "unique_id"  # series ids
    time: str = "ds"  # timestamps
    target: str = "y"  # the values to forecast
    rows: Sequence[int] | None = None  # the number of each row in messages, such as its line; None: its position
    past: tuple[str, ...] = ()  # covariates whose values are known up to the present only
    future: tuple[str, ...] = ()  # covariates whose future values are known in advance, such as prices and holidays
    static: tuple[str, ...] = ()  # columns with one value per series; numbers or texts
    weight: str | None = None  # a column with one value per series: its weight in the loss
    label: str | None = None  # a timestamp as the table writes it, if these are labels of years, such as 2015/16
    targets: str | None = None  # the columns of a file that became series, in words; None: the target is a column
    of_file: bool = False  # whether the numbers of rows are those of a file's lines

    @classmethod
    def without_target(cls, id: str, time: str) -> Columns:
        """The columns of a table whose target does not matter, and is called differently from the others."""
        return cls(id, time, free_name(cls.target, (id, time)))

    @property
    def keys(self) -> tuple[str, str, str]:
        """The columns of ids, timestamps and the target."""
        return self.id, self.time, self.target

    def __post_init__(self) -> None:
        for part in ("past", "future", "static"):
            object.__setattr__(self, part, list_of_names(part, getattr(self, part)))
        roles = [("id", self.id), ("time", self.time), ("target", self.target)]
        roles += [(part, name) for part in ("past", "future", "static") for name in getattr(self, part)]
        roles += [] if self.weight is None else [("weight", self.weight)]
        first: dict[str, str] = {}  # the role of each name
        for role, name in roles:
            if name in first:
                again = "again " if first[name] == role else ""
                raise InputError(
                    f"column {name!r} is named twice, as {first[name]} and {again}as {role}. Each column can have "
                    "one role only: id, time, target, past, future, static or weight."
                )
            first[name] = role

    @property
    def shown_target(self) -> str:
        """The target in messages: the column, or the columns of a file that became series."""
        return repr(self.target) if self.targets is None else self.targets

    @property
    def counts(self) -> str:
        """What the numbers of rows in messages count."""
        return "line" if self.of_file and self.rows is not None else "row"

    def row(self, k: Any) -> int:
        """The number of row k of the table in messages."""
        return int(k if self.rows is None else self.rows[k])

    def place(self, name: str, k: Any) -> str:
        """A column and a row of the table in messages."""
        shown = self.shown_target if name == self.target else repr(name)
        return f"column {shown}, {self.counts} {self.row(k)}"


def free_name(name: str, taken: Container[str]) -> str:
    """A name like this one for a column that a table lacks, different from its columns.

    >>> free_name("y", ["ds"]), free_name("y", ["y"])
    ('y', 'y_')
    """
    while name in taken:
        name += "_"
    return name


def occurs(kind: str, numbers: Iterable[int], count: int) -> str:
    """That a timestamp occurs in several places of this kind, such as rows, and how many timestamps do so.

    >>> occurs("row", [2, 5], 1), occurs("line", [2, 2, 2], 3)
    ('occurs twice, in rows 2 and 5 (1 such timestamp)', 'occurs 3 times, in line 2 (3 such timestamps)')
    """
    places = list(numbers)
    *others, last = map(str, dict.fromkeys(places))
    more = f"{', '.join(others[:MAX_LISTED_PLACES])}{', ...' if len(others) > MAX_LISTED_PLACES else ''} and "
    times = "twice" if len(places) == 2 else f"{len(places)} times"
    where = f"{kind}s {more}{last}" if others else f"{kind} {last}"
    return f"occurs {times}, in {where} ({counted(count, 'such timestamp')})"


def series_name(series_id: Any) -> str:
    """A series in messages; its id is None if it is the only one."""
    return "the series" if series_id is None else f"series {str(series_id)!r}"


def plain_id(series_id: Any) -> Any:
    """An id as Python's own number if it is one of NumPy's."""
    return series_id.item() if isinstance(series_id, np.generic) else series_id


def list_of_names(parameter: str, names: Iterable[str | int]) -> tuple[str, ...]:
    """The names of columns that a parameter takes, as texts."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputError(f"{parameter} must be a list of column names; got {names!r}. Write [{names!r}].")
    check_type(parameter, names, Iterable[str])
    listed = tuple(names)
    for name in listed:
        check_type(f"each name in {parameter}", name, str | int)
    return tuple(map(str, listed))


def named_columns(
    id_col: str | int,
    time_col: str | int,
    target_col: str | int,
    past_cols: Iterable[str | int] = (),
    future_cols: Iterable[str | int] = (),
    static_cols: Iterable[str | int] = (),
    weight_col: str | int | None = None,
) -> Columns:
    """The columns that the arguments of a forecaster name; names that are whole numbers become texts."""
    for parameter, name in (("id_col", id_col), ("time_col", time_col), ("target_col", target_col)):
        check_type(f"`{parameter}`", name, str | int)
    check_type("`weight_col`", weight_col, str | int | None)
    past, future = list_of_names("past_cols", past_cols), list_of_names("future_cols", future_cols)
    static = list_of_names("static_cols", static_cols)
    weight = None if weight_col is None else str(weight_col)
    return Columns(
        str(id_col), str(time_col), str(target_col), past=past, future=future, static=static, weight=weight
    )
