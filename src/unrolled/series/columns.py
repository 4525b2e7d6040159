"""The names of the columns of a long table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class Columns:
    """The names that matter in a long table. A table without the id column is one series.

    Attributes:
        id, time, target: what tells series apart, the stamp, what is forecast.
        rows: what each row is called in messages, such as its line in a file.
        past: covariates known up to the present only.
        future: covariates known ahead, such as prices and holidays.
        static: columns with one value a series; numbers or texts.
        weight: a column with one value a series: how much the series counts in the loss.

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
            names = getattr(self, part)
            if isinstance(names, str):
                raise InputError(f"{part} must be a list of column names; got {names!r}. Write [{names!r}].")
            object.__setattr__(self, part, tuple(names))
        others = [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]
        for k, name in enumerate(others):
            if name in (self.id, self.time, self.target) or name in others[:k]:
                raise InputError(
                    f"column {name!r} is named twice. Id, time, target, past, future, static and weight are "
                    "different columns; leave it out of one of them."
                )

    def row(self, k: Any) -> int:
        """What row k of the table is called in messages."""
        return int(k if self.rows is None else self.rows[k])


def named_columns(
    id_col: str,
    time_col: str,
    target_col: str,
    past_cols: Iterable[str],
    future_cols: Iterable[str],
    static_cols: Iterable[str],
    weight_col: str | None,
) -> Columns:
    """Columns as the arguments of a forecaster name them."""
    beside = {"past_cols": past_cols, "future_cols": future_cols, "static_cols": static_cols}
    for name, columns in beside.items():
        if isinstance(columns, str):
            raise InputError(f"{name} must be a list of column names; got {columns!r}. Write [{columns!r}].")
    past, future, static = map(tuple, beside.values())
    return Columns(id_col, time_col, target_col, None, past, future, static, weight_col)
