"""The names of the columns of a long table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..argument_types import check_type
from ..errors import InputError


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
    label: str | None = None  # a timestamp as the table writes it, if these are labels of fiscal years: 2015/16

    @property
    def keys(self) -> tuple[str, str, str]:
        """The columns of ids, timestamps and the target."""
        return self.id, self.time, self.target

    def __post_init__(self) -> None:
        for part in ("past", "future", "static"):
            object.__setattr__(self, part, list_of_names(part, getattr(self, part)))
        others = [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]
        for k, name in enumerate(others):
            if name in self.keys or name in others[:k]:
                raise InputError(
                    f"column {name!r} is named twice. Each column can have only one of the roles id, time, target, "
                    "past, future, static and weight."
                )

    def row(self, k: Any) -> int:
        """The number of row k of the table in messages."""
        return int(k if self.rows is None else self.rows[k])

    def place(self, name: str, k: Any) -> str:
        """A column and a row of the table in messages."""
        return f"column {name!r}, row {self.row(k)}"


def series_name(series_id: Any) -> str:
    """A series in messages; its id is None if it is the only one."""
    return "the series" if series_id is None else f"series {str(series_id)!r}"


def plain_id(series_id: Any) -> Any:
    """An id as Python's own number if it is one of NumPy's."""
    return series_id.item() if isinstance(series_id, np.generic) else series_id


def list_of_names(parameter: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names of columns that a parameter takes."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputError(f"{parameter} must be a list of column names; got {names!r}. Write [{names!r}].")
    check_type(parameter, names, Iterable[str])
    for name in (listed := tuple(names)):
        check_type(f"each name in {parameter}", name, str)
    return listed


def named_columns(
    id_col: str,
    time_col: str,
    target_col: str,
    past_cols: Iterable[str] = (),
    future_cols: Iterable[str] = (),
    static_cols: Iterable[str] = (),
    weight_col: str | None = None,
) -> Columns:
    """The columns that the arguments of a forecaster name."""
    for parameter, name in (("id_col", id_col), ("time_col", time_col), ("target_col", target_col)):
        check_type(f"`{parameter}`", name, str)
    check_type("`weight_col`", weight_col, str | None)
    past, future = list_of_names("past_cols", past_cols), list_of_names("future_cols", future_cols)
    static = list_of_names("static_cols", static_cols)
    return Columns(id_col, time_col, target_col, past=past, future=future, static=static, weight=weight_col)
