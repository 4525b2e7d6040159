"""What commands share that take a saved forecaster: loading it, and reading a newer table as its training did."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, ModelFileError
from . import model_options as opt
from .table_options import arguments_of

if TYPE_CHECKING:
    from ..forecaster import Forecaster
    from ..series.files import FileTable, ReadOptions


def load_forecaster(path: Path) -> Forecaster:
    """The forecaster of a model file.

    Raises:
        ModelFileError: the file can't be read, or holds a network alone.
    """
    from ..forecaster import Forecaster
    from ..loading import load

    fc = load(path)
    if not isinstance(fc, Forecaster):
        raise ModelFileError(f"{path} holds a network, not a forecaster: it can't forecast tables by itself.")
    return fc


def read_newer(fc: Forecaster, file: Path, reading: ReadOptions) -> FileTable:
    """A table of the form that the training's had, read by the same options where none are given.

    Raises:
        DataError: it can't be read so.
    """
    from ..series.files import CovariateColumns, read_file

    own = fc.columns_
    beside = CovariateColumns(own.past, own.future, own.static, kinds=opt.kinds([one.tail_ for one in fc.parts]))
    kept = reading_kept(fc, reading)
    words = shlex.join(arguments_of(kept))
    try:
        table = read_file(str(file), reading.with_defaults(fc.reading_), beside, prefer=own)
    except DataError as error:
        if not words:
            raise
        raise DataError(f"{error} It was read as in training, by {words}; options given here overrule.") from error
    notes = [f"read as in training: {words}; options given here overrule"] if words else []
    notes += _note_on_numbers(fc, table) if kept.freq is not None and reading.start is None else []
    return replace(table, notes=(*notes, *table.notes))


def reading_kept(fc: Forecaster, reading: ReadOptions) -> ReadOptions:
    """Those options of the training that this reading says nothing about."""
    from ..series.files import ReadOptions

    whole, said = reading.with_defaults(fc.reading_), reading.given
    return ReadOptions(**{name: value for name, value in whole.given.items() if name not in said})


def _note_on_numbers(fc: Forecaster, table: FileTable) -> list[str]:
    """Rows without stamps are numbered as in training; what is too short to begin where that began is pointed out."""
    import numpy as np

    from ..series.dataframe import format_stamp

    if "time" in table.roles.values():
        return []
    tail = fc.parts[0].tail_  # what is numbered has one frequency
    ends = tail.first + tail.lengths
    last, following = tail.frequency.stamps(ends.max() - np.array([1, 0]))
    end = np.max(np.asarray(table.frame[table.columns.time]))
    if end >= last:
        return []
    return [
        f"the rows are numbered from where the training's began, and end at {format_stamp(end)}, before its last, "
        f"{format_stamp(last)}. If they follow it, say --start {format_stamp(following)}"
    ]
