"""Long columns of mostly different texts: one text that holds all cells, and the places of the cells in it.

A text of its own for each cell would take four times the memory of a timestamp in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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

    def __init__(self, text: str, begins: Array, lengths: Array) -> None:
        self._text = text  # of all cells
        self._begins, self._lengths = begins, lengths  # of each cell in it; -1: an empty cell, (n,)

    @classmethod
    def of_lengths(cls, text: str, lengths: Array) -> PackedTexts:
        """The cells that follow each other in a text, of these lengths, -1 where a cell is empty, (n,)."""
        kind = np.uint32 if len(text) < 2**32 else np.int64
        begins = np.zeros(len(lengths), kind)
        np.cumsum(np.maximum(lengths[:-1], 0), out=begins[1:], dtype=kind)
        return cls(text, begins, lengths)

    @classmethod
    def _from_sequence(cls, scalars: Iterable[Any], *, dtype: Any = None, copy: bool = False) -> PackedTexts:
        cells = [None if pd.isna(cell) else str(cell) for cell in scalars]
        lengths = np.array([-1 if cell is None else len(cell) for cell in cells], np.int32)
        return cls.of_lengths("".join(filter(None, cells)), lengths)

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
        return len(self._text) + self._begins.nbytes + self._lengths.nbytes

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, (int, np.integer)):
            begin, length = int(self._begins[item]), int(self._lengths[item])
            return None if length < 0 else self._text[begin : begin + length]
        rows = pd.api.indexers.check_array_indexer(self, item)
        return PackedTexts(self._text, self._begins[rows], self._lengths[rows])

    def __setitem__(self, key: Any, value: Any) -> None:
        if value is not None:
            raise NotImplementedError("packed texts can only be emptied")
        self._lengths[pd.api.indexers.check_array_indexer(self, key)] = -1

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
        return self._lengths < 0

    def isin(self, values: Any) -> Array:
        """Whether each cell is one of some values; only cells that are as long as one of them are compared."""
        wanted = {None if pd.isna(value) else value for value in values}
        lengths = [-1 if value is None else len(value) for value in wanted if value is None or isinstance(value, str)]
        found = np.isin(self._lengths, lengths)
        found[found] = [cell in wanted for cell in self[found]]
        return found

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> PackedTexts:
        begins = take(self._begins, indices, fill_value=0, allow_fill=allow_fill)
        lengths = take(self._lengths, indices, fill_value=-1, allow_fill=allow_fill)
        return PackedTexts(self._text, np.asarray(begins), np.asarray(lengths))

    def copy(self) -> PackedTexts:
        return PackedTexts(self._text, self._begins, self._lengths.copy())

    def _texts(self, rows: slice) -> list[str | None]:
        text, begins, lengths = self._text, self._begins[rows].tolist(), self._lengths[rows].tolist()
        return [None if n < 0 else text[k : k + n] for k, n in zip(begins, lengths, strict=True)]


class TextPacker:
    """Texts that are packed part by part."""

    def __init__(self, rows: int) -> None:
        self._parts: list[str] = []
        self._lengths, self.filled = np.empty(rows, np.int32), 0

    def add_texts(self, cells: Sequence[str]) -> None:
        """Add cells, which are "" where they are empty."""
        self._parts.append("".join(cells))
        lengths = np.fromiter(map(len, cells), np.int32, len(cells))
        self._lengths[self.filled : self.filled + len(cells)] = np.where(lengths, lengths, -1)
        self.filled += len(cells)

    def finish(self) -> PackedTexts:
        """All cells; nothing can be added to them."""
        text = "".join(self._parts)
        self._parts.clear()
        return PackedTexts.of_lengths(text, self._lengths)


def pieces_of(column: pd.Series) -> Iterator[pd.Series]:
    """A column of texts in pieces, which are objects if the texts are packed."""
    for start in range(0, max(len(column), 1), CELLS_AT_ONCE):
        piece = column.iloc[start : start + CELLS_AT_ONCE]
        yield piece.astype(object) if isinstance(piece.array, PackedTexts) else piece


def by_pieces(column: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """A function of texts, each of which counts by itself, of a column."""
    found = [function(piece) for piece in pieces_of(column)]
    return found[0] if len(found) == 1 else pd.concat(found)
