"""The names of the columns of a long table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class Columns:
    """The names of the columns of a long table that are used. A table without the id column is one series.

    Attributes:
        id, time, target: the columns of series ids, of timestamps, and of the values to forecast.
        rows: the number of each row in messages, such as its line in a file; None: its position.
        past: covariates whose values are known up to the present only.
        future: covariates whose future values are known in advance, such as prices and holidays.
        static: columns with one value per series; numbers or texts.
        weight: a column with one value per series: its weight in the loss.

    Raises:
        InputError: a column is named twice.
    """

    id: str = "unique_id"
    time: str = "ds"
    target: str = "y"
    rows: Sequence[int] | None = None
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    weight: str | None = None

    def __post_init__(self) -> None:
        for part in ("past", "future", "static"):
            object.__setattr__(self, part, _list_of_names(part, getattr(self, part)))
        others = [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]
        for k, name in enumerate(others):
            if name in (self.id, self.time, self.target) or name in others[:k]:
                raise InputError(
                    f"column {name!r} is named twice. Each column can have only one of the roles id, time, target, "
                    "past, future, static and weight."
                )

    def row(self, k: Any) -> int:
        """The number of row k of the table in messages."""
        return int(k if self.rows is None else self.rows[k])


def _list_of_names(parameter: str, names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise InputError(f"{parameter} must be a list of column names; got {names!r}. Write [{names!r}].")
    return tuple(names)


def named_columns(
    id_col: str,
    time_col: str,
    target_col: str,
    past_cols: Iterable[str],
    future_cols: Iterable[str],
    static_cols: Iterable[str],
    weight_col: str | None,
) -> Columns:
    """The columns that the arguments of a forecaster name."""
    past, future = _list_of_names("past_cols", past_cols), _list_of_names("future_cols", future_cols)
    static = _list_of_names("static_cols", static_cols)
    return Columns(id_col, time_col, target_col, past=past, future=future, static=static, weight=weight_col)
