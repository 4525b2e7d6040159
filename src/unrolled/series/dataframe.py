"""Columns of tables of any library as arrays: ids, stamps, numbers and texts, each cell checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .frequency import Frequency

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

from collections.abc import Iterable
from typing import NamedTuple

from .covariates import CovariateSpec
from .frequency import DAY


class Cells(NamedTuple):
    """A column of covariates: numbers, or places in a tuple of texts; NaN where missing, (n,)."""

    name: str
    values: Array
    texts: tuple[str, ...] | None

    def take(self, rows: Array) -> Cells:
        return self._replace(values=self.values[rows])


def open_table(frame: IntoDataFrame, columns: Columns, needed: Iterable[str]) -> Any:
    """The table as narwhals sees it, if it has the needed columns and the id column where that was named."""
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"a table is a data frame of pandas, polars or Arrow; got {type(frame).__name__}. "
            "Wrap your data: pd.DataFrame({'ds': ..., 'y': ...})."
        ) from error
    ids = [columns.id] if columns.id != Columns.id else []
    for name in (*needed, *ids):
        if name not in table.columns:
            raise DataError(f"there is no column {name!r}; the table has: {', '.join(map(repr, table.columns))}.")
    if not len(table):
        raise DataError("the table has no rows.")
    return table


# --- ids --------------------------------------------------------------------------------------------


def read_ids(table: Any, columns: Columns) -> tuple[Array, list[Any]]:
    """The number of each row's series, in the order in which they come, (n,); and their ids, or [None]."""
    if columns.id not in table.columns:
        return np.zeros(len(table), np.int64), [None]
    codes, names = _factorize(table[columns.id])
    if (codes < 0).any():
        row = columns.row(int((codes < 0).argmax()))
        raise DataError(f"column {columns.id!r}, row {row}: the id is missing. Fill it in or drop the row.")
    return codes, names


def _factorize(column: Any) -> tuple[Array, list[Any]]:
    """The place of each cell among the different ones, -1 where missing, (n,); and those."""
    import narwhals as nw

    if column.implementation.is_pandas():
        codes, names = pd.factorize(column.to_native())
    elif not isinstance(column.dtype, (nw.String, nw.Categorical, nw.Enum)):
        codes, names = pd.factorize(column.to_numpy())
    else:  # Arrow's own encoding makes no Python object of each cell
        encoded = column.cast(nw.String).to_arrow().dictionary_encode()
        encoded = encoded.combine_chunks() if hasattr(encoded, "combine_chunks") else encoded
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        names = encoded.dictionary.to_pylist()
    return codes, list(names)


# --- stamps -----------------------------------------------------------------------------------------


def read_stamps(column: Any, columns: Columns, frequency: Frequency | None = None) -> Array:
    """Stamps as int64 or datetime64[ns].

    Dates with a time zone: where all have the same time of day on the clock of their zone, they count days or months,
    and that clock's time is taken; else UTC. A frequency that is known decides.
    """
    name = columns.time
    missing = column.is_null().to_numpy()
    if missing.any():
        row = int(missing.argmax())
        raise DataError(f"column {name!r}, row {columns.row(row)}: the stamp is missing. Fill it in or drop the row.")
    if column.dtype.is_integer():
        return np.asarray(column.to_numpy(), np.int64)
    stamps = _without_zone(column, frequency)
    if column.dtype.is_numeric():
        return _whole_numbers(stamps.to_numpy(float), columns)
    if not pd.api.types.is_datetime64_any_dtype(stamps):
        stamps = _parse_dates(stamps, columns)
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    outside = ~stamps.between(pd.Timestamp.min, pd.Timestamp.max).to_numpy()
    if outside.any():
        row = int(outside.argmax())
        raise DataError(
            f"column {name!r}, row {columns.row(row)}: {stamps[row]} lies outside the years 1678 to 2261. Correct it."
        )
    return stamps.to_numpy("datetime64[ns]")


def _without_zone(column: Any, frequency: Frequency | None) -> pd.Series:
    native = column.to_native()
    # narwhals does not know the zones of pandas that have an underscore
    if isinstance(getattr(native, "dtype", None), pd.DatetimeTZDtype):
        clock, utc = native.dt.tz_localize(None), native.dt.tz_convert("UTC").dt.tz_localize(None)
    elif getattr(column.dtype, "time_zone", None) is not None:
        clock = column.dt.replace_time_zone(None)
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    else:
        return pd.Series(column.to_numpy())
    times = clock.to_numpy().astype("datetime64[ns]").view(np.int64) % DAY
    by_clock = bool((times == times[0]).all()) if frequency is None else frequency.counts_days
    return pd.Series((clock if by_clock else utc).to_numpy())


def _whole_numbers(values: Array, columns: Columns) -> Array:
    # beyond 2^53 a float64 has no ones; NaN is not below it
    bad = ~((np.abs(values) < 2**53) & (values == np.round(values)))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"column {columns.time!r}, row {columns.row(row)}: {values[row]:g} is not a whole number or a date."
        )
    return values.astype(np.int64)


def _parse_dates(stamps: pd.Series, columns: Columns) -> pd.Series:
    codes, texts = pd.factorize(stamps)  # long tables repeat their stamps, and parsing is slow
    # errors="coerce" so that the message can name the row
    parsed = pd.to_datetime(pd.Series(texts).astype(str), errors="coerce", format="ISO8601")
    if parsed.isna().any():
        row = int(parsed.isna().to_numpy()[codes].argmax())
        place = f"column {columns.time!r}, row {columns.row(row)}"
        if _beyond_nanoseconds(str(stamps[row])):  # pandas before 3 reads no such stamp
            raise DataError(f"{place}: {stamps[row]} lies outside the years 1678 to 2261. Correct it.")
        raise DataError(f"{place}: {stamps[row]!r} is not a date. Write dates as 2024-12-31.")
    return parsed.take(codes).reset_index(drop=True)


def _beyond_nanoseconds(text: str) -> bool:
    """Whether a text is a date too far away to be counted in nanoseconds."""
    try:
        pd.to_datetime([text], format="ISO8601")
    except pd.errors.OutOfBoundsDatetime:
        return True
    except ValueError:
        return False
    return False


def format_stamp(stamp: Any) -> str:
    """A stamp in a message: without a time of day where that is midnight."""
    if isinstance(stamp, np.datetime64):
        return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00")
    return str(stamp)


# --- numbers and texts ------------------------------------------------------------------------------


def read_target(column: Any, columns: Columns) -> Array:
    """The target, float64, NaN where missing, (n,)."""
    name = columns.target
    if not _holds_numbers(column):
        cells = pd.Series(column.to_numpy())
        _refuse_texts(cells, name, columns)
        raise DataError(f"column {name!r} holds text; convert it to numbers first.")
    values = _numbers(column, name, columns)
    if np.isnan(values).all():
        raise DataError(f"column {name!r} has no values: all {len(values)} are missing.")
    return values


def read_cells(column: Any, columns: Columns, feature: CovariateSpec | None = None) -> Cells:
    """A column of covariates; of the kind that a feature of the same name had in training, if one is given."""
    name = column.name
    if _holds_numbers(column):
        values = _numbers(column, name, columns)
        if feature is None or feature.texts is None:
            return Cells(name, values, None)
        if not np.isnan(values).all():
            row = int((~np.isnan(values)).argmax())
            raise DataError(
                f"column {name!r}, row {columns.row(row)}: {values[row]:g} is a number; in training the column held "
                "text. Convert it to text."
            )
        return Cells(name, values, ())
    if column.dtype.is_temporal():
        raise DataError(
            f"column {name!r} holds dates; covariates are numbers, truths or texts. Convert it, such as to the days "
            "since a date."
        )
    if not (feature is not None and feature.texts is None) and _holds_texts(column):
        codes, texts = _factorize(column)
        return Cells(name, np.where(codes < 0, np.nan, codes), tuple(map(str, texts)))
    cells = pd.Series(column.to_numpy(), dtype=object)
    seen = cells[cells.notna()]
    if not seen.map(lambda cell: isinstance(cell, (bool, int, float, np.number, np.bool_))).all():
        _refuse_texts(cells, name, columns)
        raise DataError(f"column {name!r} holds text; convert it to numbers first.")
    # truths or numbers with None among them, or nothing at all
    values = _finite(cells.astype(float).to_numpy(float), name, columns)
    return Cells(name, values, () if feature is not None and feature.texts is not None else None)


def _holds_texts(column: Any) -> bool:
    import narwhals as nw

    return isinstance(column.dtype, (nw.String, nw.Categorical, nw.Enum)) and not column.is_null().all()


def _holds_numbers(column: Any) -> bool:
    return bool(column.dtype.is_numeric() or str(column.dtype) == "Boolean")


def _numbers(column: Any, name: str, columns: Columns) -> Array:
    import narwhals as nw

    return _finite(np.array(column.cast(nw.Float64).to_numpy(), np.float64), name, columns)


def _finite(values: Array, name: str, columns: Columns) -> Array:
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise DataError(
            f"column {name!r}, row {columns.row(row)}: the value is infinite. Correct it, or leave it empty."
        )
    return values


def _refuse_texts(cells: pd.Series, name: str, columns: Columns) -> None:
    """Raise where a cell is no number."""
    bad = (pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"column {name!r}, row {columns.row(row)}: {cells[row]!r} is not a number.")


def library_of(frame: IntoDataFrame) -> str:
    """The library a table comes from, as narwhals names it: "pandas", "polars", "pyarrow", ..."""
    import narwhals as nw

    return str(nw.from_native(frame, eager_only=True).implementation.value)


def in_library(data: Mapping[str, Array], library: Any) -> Any:
    """Columns as a table of this library."""
    import narwhals as nw

    return pd.DataFrame(data) if library == "pandas" else nw.from_dict(data, backend=library).to_native()
