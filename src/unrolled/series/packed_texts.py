"""Long columns of mostly different texts: a few texts that hold all cells, and the places of the cells in them.

A text of its own for each cell would take four times the memory of a timestamp in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, take

from ..arrays import Array

CELLS_AT_ONCE = 20_000  # that are texts of their own at the same time


class PackedType(ExtensionDtype):
    """The type of columns of packed texts in pandas."""

    name = "packed text"
    na_value = None
    type = str

    @classmethod
    def construct_array_type(cls) -> Any:
        return PackedTexts


class PackedTexts(ExtensionArray):
    """Texts of a column of pandas, None where a cell is empty, (n,)."""

    def __init__(self, parts: Sequence[str], bounds: Array, begins: Array, ends: Array) -> None:
        self._parts = parts  # texts whose cells follow each other
        self._bounds = bounds  # where they begin in the text that they would be together
        self._begins, self._ends = begins, ends  # of each cell in that text, the same for an empty one, (n,)

    @classmethod
    def of_lengths(cls, parts: Sequence[str], lengths: Array) -> PackedTexts:
        """The cells that follow each other in some texts, of these lengths after a first 0, (n + 1,) of 32 bits.

        The array becomes that of their places, if these have 32 bits, too.
        """
        bounds = np.cumsum([0, *map(len, parts)])
        small = bounds[-1] < 2**32
        places = np.cumsum(lengths, out=lengths) if small else np.cumsum(lengths, dtype=np.int64)
        return cls(parts, bounds[:-1], places[:-1], places[1:])

    @classmethod
    def _from_sequence(cls, scalars: Iterable[Any], *, dtype: Any = None, copy: bool = False) -> PackedTexts:
        cells = [None if pd.isna(cell) else str(cell) for cell in scalars]
        lengths = np.array([0, *(len(cell or "") for cell in cells)], np.uint32)
        return cls.of_lengths(["".join(filter(None, cells))], lengths)

    @classmethod
    def _from_factorized(cls, values: Any, original: PackedTexts) -> PackedTexts:
        return cls._from_sequence(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[PackedTexts]) -> PackedTexts:
        return cls._from_sequence(cell for part in to_concat for cell in part)

    @property
    def dtype(self) -> PackedType:
        return PackedType()

    @property
    def nbytes(self) -> int:
        return sum(map(len, self._parts)) + self._begins.nbytes

    def __len__(self) -> int:
        return len(self._begins)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, (int, np.integer)):
            row = range(len(self))[item]
            return self._texts(slice(row, row + 1))[0]
        rows = pd.api.indexers.check_array_indexer(self, item)
        return self._of(self._begins[rows], self._ends[rows])

    def __setitem__(self, key: Any, value: Any) -> None:
        if value is not None:
            raise NotImplementedError("packed texts can only be emptied")
        rows = pd.api.indexers.check_array_indexer(self, key)
        self._ends = self._ends.copy()  # as it may share its memory with the begins of the next cells
        self._ends[rows] = self._begins[rows]

    def __iter__(self) -> Iterator[str | None]:
        for start in range(0, len(self), CELLS_AT_ONCE):
            yield from self._texts(slice(start, start + CELLS_AT_ONCE))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        cells = np.empty(len(self), object)
        for start in range(0, len(self), CELLS_AT_ONCE):
            rows = slice(start, start + CELLS_AT_ONCE)
            cells[rows] = self._texts(rows)
        return cells if dtype is None else cells.astype(dtype, copy=False)

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        return np.asarray(np.asarray(self) == (np.asarray(other) if isinstance(other, PackedTexts) else other))

    def isna(self) -> Array:
        return np.asarray(self._ends == self._begins)

    def isin(self, values: Any) -> Array:
        """Whether each cell is one of some values; only cells that are as long as one of them are compared."""
        wanted = {None if pd.isna(value) else value for value in values}
        lengths = [0 if value is None else len(value) for value in wanted if value is None or isinstance(value, str)]
        found = np.isin(self._ends - self._begins, lengths)
        found[found] = [cell in wanted for cell in self[found]]
        return found

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> PackedTexts:
        begins = take(self._begins, indices, fill_value=0, allow_fill=allow_fill)
        ends = take(self._ends, indices, fill_value=0, allow_fill=allow_fill)
        return self._of(np.asarray(begins), np.asarray(ends))

    def copy(self) -> PackedTexts:
        return self._of(self._begins, self._ends)

    def _of(self, begins: Array, ends: Array) -> PackedTexts:
        return PackedTexts(self._parts, self._bounds, begins, ends)

    def _texts(self, rows: slice) -> list[str | None]:
        begins, parts = self._begins[rows], self._parts
        lengths = (self._ends[rows] - begins).tolist()
        of_part = np.searchsorted(self._bounds, begins, side="right") - 1
        within = (begins - self._bounds[of_part]).tolist()
        cells = zip(of_part.tolist(), within, lengths, strict=True)
        return [parts[p][k : k + n] or None for p, k, n in cells]


class TextPacker:
    """Texts that are packed part by part."""

    def __init__(self, rows: int) -> None:
        self._parts: list[str] = []
        self._lengths, self.filled = np.zeros(rows + 1, np.uint32), 0

    def add_texts(self, cells: Sequence[str]) -> None:
        """Add cells, which are "" where they are empty."""
        self._parts.append("".join(cells))
        self._lengths[self.filled + 1 : self.filled + 1 + len(cells)] = [*map(len, cells)]
        self.filled += len(cells)

    def finish(self) -> PackedTexts:
        """All cells; nothing can be added to them."""
        return PackedTexts.of_lengths(self._parts, self._lengths)


def pieces_of(column: pd.Series) -> Iterator[pd.Series]:
    """A column of texts in pieces, which are objects if the texts are packed."""
    for start in range(0, max(len(column), 1), CELLS_AT_ONCE):
        piece = column.iloc[start : start + CELLS_AT_ONCE]
        piece = piece.astype(object) if isinstance(piece.array, PackedTexts) else piece
        yield piece
        vars(piece).pop("str", None)  # refers to the piece, and would keep it until the next search for garbage


def by_pieces(column: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """A function of texts, each of which counts by itself, of a column."""
    found = map(function, pieces_of(column))
    first = next(found)
    if len(first) == len(column) or not isinstance(first.dtype, np.dtype):
        return pd.concat([first, *found]) if len(first) < len(column) else first
    values, filled = np.empty(len(column), first.dtype), 0
    for piece in chain([first], found):
        if piece.dtype != values.dtype:  # whole numbers, and others
            values = values.astype(np.result_type(values, piece.to_numpy()))
        values[filled : filled + len(piece)] = piece
        filled += len(piece)
    return pd.Series(values, index=column.index, name=column.name, copy=False)
