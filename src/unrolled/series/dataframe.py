"""Columns of data frames of any library as arrays: ids, timestamps, numbers and texts, each cell checked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariates import CovariateSpec
from .stamps import cells_of
from .zones import UTC

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


MAX_ABSOLUTE_VALUE = 1e36  # networks compute in 32 bits
LIKELY_SERIES = 1000  # in a table
MIN_ABSOLUTE_VALUE = 1e-36  # numbers nearer to 0 are 0
MAX_TYPE_BYTES = 64  # of a cell; types of pandas are smaller, but NumPy has texts of any fixed length


class ColumnValues(NamedTuple):
    """A column of covariates: numbers, or positions in a tuple of texts; NaN where missing, (n,)."""

    name: str
    values: Array
    texts: tuple[str, ...] | None

    def take(self, rows: Array) -> ColumnValues:
        return self._replace(values=self.values[rows])


def with_text_names(frame: IntoDataFrame) -> Any:
    """A table whose columns are called by texts; in pandas, names may be numbers."""
    if not isinstance(frame, pd.DataFrame) or all(isinstance(name, str) for name in frame.columns):
        return frame
    return frame.set_axis([name if isinstance(name, tuple) else str(name) for name in frame.columns], axis=1)


def open_frame(frame: IntoDataFrame, called: str = "the table") -> Any:
    """A table as a narwhals data frame, whose columns have different names."""
    import narwhals as nw

    try:
        frame = with_text_names(frame)
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        remedy = "Call its `.collect()`." if hasattr(frame, "collect") else "Use pd.DataFrame({'ds': ..., 'y': ...})."
        whose = "a table" if called == "the table" else called
        if isinstance(frame, (str, PathLike)):
            remedy = f"Read it with `un.read_table({str(frame)!r})`."
        raise DataError(
            f"{whose} must be a data frame of pandas, polars or Arrow; got {type(frame).__name__}. {remedy}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        names = pd.Index(getattr(frame, "column_names", None) or frame.columns)  # of Arrow, or of pandas
        raise DataError(f"{called} has two columns {names[names.duplicated()][0]!r}. Rename or drop one.") from error
    if not len(table):
        raise DataError(f"{called} has no rows.")
    return table


def open_table(frame: IntoDataFrame, columns: Columns, needed: Iterable[str]) -> Any:
    """The table as a narwhals data frame, which must have the needed columns, and the id column if one is named."""
    table = open_frame(frame)
    ids = [columns.id] if columns.id != Columns.id else []
    parameters = {columns.id: "id_col", columns.time: "time_col", columns.target: "target_col"}
    for name in (*needed, *ids):
        if name not in table.columns:
            remedy = f" Rename one, or name it with `{parameters[name]}`." if name in parameters else ""
            has = ", ".join(map(repr, table.columns))
            index = getattr(table.to_native(), "index", None)
            if index is not None and (name in index.names or isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex))):
                remedy = " Call `.reset_index()` if the index holds it." + remedy
            raise DataError(f"there is no column {name!r}; the table has: {has}.{remedy}")
    return table


class Library(NamedTuple):
    """The library of a table and the types of its columns, which tables of forecasts have, too."""

    name: str = "pandas"  # as narwhals calls it
    types: Mapping[str, str] = {}  # of the columns of ids and timestamps, by their names


PANDAS = Library()
REFUSALS = (  # of conversions, by any library
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NotImplementedError, TypeError,
    ValueError,
)  # fmt: skip


def library_of(frame: IntoDataFrame, names: Sequence[str] = ()) -> Library:
    """The library of a data frame, with the types of those of these columns that it has."""
    import narwhals as nw

    table = nw.from_native(with_text_names(frame), eager_only=True)
    own = {name: _type_name(table[name]) for name in names if name in table.columns}
    return Library(str(table.implementation.value), own)


def _type_name(column: Any) -> str:
    """The type of a column: as pandas names it, or, in other libraries, as narwhals does."""
    if column.implementation.is_pandas():
        dtype = column.to_native().dtype
        return repr(dtype) if isinstance(dtype, pd.StringDtype) else str(dtype)
    unit = getattr(column.dtype, "time_unit", None)
    return type(column.dtype).__name__ + ("" if unit is None else f"[{unit}]")


def in_library(data: Mapping[str, Array], library: Library, zone: str | None = None) -> Any:
    """Columns as a data frame of this library; with a zone, dates are instants in UTC, and are shown in it."""
    import narwhals as nw

    dates = [name for name, values in data.items() if zone is not None and values.dtype.kind == "M"]
    if library.name == "pandas":
        frame = pd.DataFrame(data)
        frame = frame.assign(**{name: frame[name].dt.tz_localize(UTC).dt.tz_convert(zone) for name in dates})
        return frame.assign(**{c: _as_in_pandas(frame[c], kind) for c, kind in library.types.items() if c in frame})
    if library.name == "polars" and zone is not None and zone[0] in "+-":  # polars knows no fixed offsets
        zone = UTC
    located = [nw.col(name).dt.replace_time_zone(UTC).dt.convert_time_zone(str(zone)) for name in dates]
    backend: Any = library.name
    table = nw.from_dict(data, backend=backend).with_columns(*located)
    own = [_as_elsewhere(table[c], kind) for c, kind in library.types.items() if c in table.columns]
    return table.with_columns(*own).to_native()


def _as_in_pandas(column: pd.Series, kind: str) -> pd.Series:
    """A column of ids or timestamps as this type of pandas, or as it is if that can't hold its values."""
    try:
        if column.dtype.kind != "M":
            if getattr(pd.api.types.pandas_dtype(kind), "itemsize", 0) > MAX_TYPE_BYTES:
                return column
            other = column.astype(kind)  # type: ignore[call-overload]
        elif kind.startswith("period["):
            other = column.dt.to_period(kind[7:-1])
        else:
            unit = re.match(r"datetime64\[(s|ms|us|ns)\b", kind)
            return column.dt.as_unit(unit[1]) if unit else column
        return other if [*map(str, other)] == [*map(str, column)] or column.dtype.kind == "M" else column
    except (TypeError, ValueError, OverflowError):
        return column


def _as_elsewhere(column: Any, kind: str) -> Any:
    """A column of ids or timestamps as this type of narwhals, or as it is if that can't hold its values."""
    import narwhals as nw

    whole_days = column.dtype.is_temporal() and (column.dt.date().cast(column.dtype) == column).all()
    unit = re.fullmatch(r"Datetime\[(s|ms|us|ns)\]", kind)
    try:
        if column.dtype.is_temporal() and not unit and not (kind == "Date" and whole_days):
            return column
        zone = getattr(column.dtype, "time_zone", None)
        return column.cast(nw.Datetime(unit[1], zone) if unit else getattr(nw, kind))  # type: ignore[arg-type]
    except conversion_errors():
        return column


def conversion_errors() -> tuple[type[Exception], ...]:
    """The errors by which libraries of data frames say that values don't fit a type; too little memory is none."""
    polars = sys.modules.get("polars")  # the only one with a base class of its own
    own: list[type[Exception]] = [] if polars is None else [polars.exceptions.PolarsError]
    return (*REFUSALS, *own)


def in_one_zone(frames: Sequence[Any], zones: Sequence[str | None], time: str) -> list[Any]:
    """Tables as narwhals data frames, whose timestamps all have the first of their zones."""
    import narwhals as nw

    tables = [nw.from_native(frame, eager_only=True) for frame in frames]
    if len(set(zones)) == 1:
        return tables
    zone = UTC if str(zones[0])[0] in "+-" else str(zones[0])  # polars knows no fixed offsets
    return [table.with_columns(nw.col(time).dt.convert_time_zone(zone)) for table in tables]


def read_ids(table: Any, columns: Columns) -> tuple[Array, list[Any]]:
    """The number of each row's series, in the order of their first rows, (n,); and the ids, [None] without ids."""
    if columns.id not in table.columns:
        return np.broadcast_to(np.int64(0), len(table)), [None]  # takes no memory
    codes, names = _factorize(table[columns.id])
    if (codes < 0).any():
        place = columns.place(columns.id, (codes < 0).argmax())
        raise DataError(f"{place}: the id is missing. Fill it in or drop the row.")
    _refuse_ids(names, columns)
    return codes, names


def _refuse_ids(names: Sequence[Any], columns: Columns) -> None:
    """Refuse ids that model files can't hold, and those that look alike in outputs."""
    other = next((name for name in names if not isinstance(name, (str, int, float, np.number, np.bool_))), None)
    if other is not None:
        raise DataError(
            f"column {columns.id!r}: {other!r} is a {type(other).__name__}; ids must be texts or numbers. Convert "
            "the column to text."
        )
    large = next((name for name in names if isinstance(name, int) and abs(name) >= 2**63), None)
    if large is not None:
        raise DataError(f"column {columns.id!r}: {large} exceeds 64-bit whole numbers. Convert the column to text.")
    half = next((name for name in names if isinstance(name, str) and not _is_whole(name)), None)
    if half is not None:
        raise DataError(
            f"column {columns.id!r}: the id {half!r} holds half of a character (a lone surrogate), which no file can "
            "hold. Replace it."
        )
    texts = pd.Index(map(str, names))
    if texts.has_duplicates:
        text = texts[texts.duplicated()][0]
        one, two = [name for name in names if str(name) == text][:2]
        raise DataError(
            f"column {columns.id!r}: the ids {one!r} and {two!r} have the same text. Convert the column to one type."
        )


def _is_whole(text: str) -> bool:
    """Whether a text has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def codes_of_ids(column: pd.Series) -> tuple[Array, Any]:
    """The position of each cell among the distinct ids of a column, -1 where missing, (n,); and these ids.

    With a hint, pandas makes no table with a place for each row, which needs five times the memory of the codes.
    """
    if column.dtype != object:
        return pd.factorize(column)
    return pd.factorize(column.to_numpy(), size_hint=LIKELY_SERIES)


def _factorize(column: Any) -> tuple[Array, list[Any]]:
    """The position of each cell among the distinct values, -1 where missing, (n,); and these values."""
    import narwhals as nw

    if not _has_text_type(column):
        cells = column.to_native() if column.implementation.is_pandas() else cells_of(column)
        try:
            codes, names = pd.factorize(cells)
        except (TypeError, NotImplementedError):  # lists and the like, which are not ids
            codes, names = np.arange(len(column)), column.to_list()
    elif column.implementation.is_pandas():
        codes, names = codes_of_ids(column.to_native())
    else:  # Arrow's own encoding makes no Python object of each cell
        encoded = column.cast(nw.String).to_arrow().dictionary_encode()
        encoded = encoded.combine_chunks() if hasattr(encoded, "combine_chunks") else encoded
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        names = encoded.dictionary.to_pylist()
    return codes, list(names)


def read_target(column: Any, columns: Columns) -> Array:
    """The target, float64, NaN where missing, (n,); other columns than of numbers are refused."""
    name = columns.target
    if _holds_numbers(column):
        values = _numbers(column, name, columns)
    else:
        cells = cells_of(column)
        numbers = cells.map(lambda cell: isinstance(cell, (int, float, Decimal, np.number)), na_action="ignore")
        if not (cells.isna() | numbers.eq(True)).all():
            _refuse_texts(cells, name, columns)
        values = _finite(np.where(cells.isna(), np.nan, cells).astype(float), name, columns)
    if np.isnan(values).all():
        raise DataError(f"column {name!r} has no values: all {len(values)} are missing.")
    return values


def read_covariate(column: Any, columns: Columns, spec: CovariateSpec | None = None) -> ColumnValues:
    """A column of covariates, read as the kind that it had in training if its `spec` is given."""
    name = column.name
    was_text = spec is not None and spec.texts is not None
    if _holds_numbers(column):
        values = _numbers(column, name, columns)
        if not was_text:
            return ColumnValues(name, values, None)
        if not np.isnan(values).all():
            row = int((~np.isnan(values)).argmax())
            raise DataError(
                f"{columns.place(name, row)}: {values[row]:g} is a number; in training the column held text. Convert "
                "it to text."
            )
        return ColumnValues(name, values, ())
    if column.dtype.is_temporal():
        raise DataError(
            f"column {name!r} holds dates; covariates must be numbers, booleans or texts. Convert it, for example "
            "to the number of days since a fixed date."
        )
    if (spec is None or was_text) and _has_text_type(column) and not column.is_null().all():
        codes, texts = _factorize(column)
        return ColumnValues(name, np.where(codes < 0, np.nan, codes), tuple(map(str, texts)))
    cells = cells_of(column).astype(object)
    present = cells[cells.notna()]
    if not present.map(lambda cell: isinstance(cell, (bool, int, float, np.number, np.bool_))).all():
        _refuse_texts(cells, name, columns)
    # what remains are booleans or numbers with None among them, or missing values only
    values = _finite(cells.astype(float).to_numpy(float), name, columns)
    return ColumnValues(name, values, () if was_text else None)


def _has_text_type(column: Any) -> bool:
    import narwhals as nw

    return isinstance(column.dtype, (nw.String, nw.Categorical, nw.Enum))


def _holds_numbers(column: Any) -> bool:
    return bool(column.dtype.is_numeric() or str(column.dtype) == "Boolean")


def _numbers(column: Any, name: str, columns: Columns) -> Array:
    import narwhals as nw

    if column.implementation.is_pyarrow():  # which refuses to round large whole numbers
        values = column.to_native().cast("float64", safe=False).to_numpy()
    else:
        values = column.cast(nw.Float64).to_numpy()
    return _finite(np.array(values, np.float64), name, columns)


def _finite(values: Array, name: str, columns: Columns) -> Array:
    if np.isinf(values).any():
        place = columns.place(name, np.isinf(values).argmax())
        raise DataError(f"{place}: the value is infinite. Correct it, or leave it empty.")
    too_large = np.abs(values) > MAX_ABSOLUTE_VALUE
    if too_large.any():
        row = int(too_large.argmax())
        raise DataError(
            f"{columns.place(name, row)}: {values[row]:g} exceeds {MAX_ABSOLUTE_VALUE:g}. Use a larger unit."
        )
    tiny = (np.abs(values) < MIN_ABSOLUTE_VALUE) & (values != 0)
    if not tiny.any():
        return values
    if name == columns.target and not (np.abs(values) >= MIN_ABSOLUTE_VALUE).any():
        row = int(tiny.argmax())
        raise DataError(
            f"{columns.place(name, row)}: {values[row]:g} is less than {MIN_ABSOLUTE_VALUE:g}, as are all values of "
            "the column. Use a smaller unit."
        )
    return np.where(tiny, 0, values)


def _refuse_texts(cells: pd.Series, name: str, columns: Columns) -> NoReturn:
    """Raise an error that names the first cell that is no number, or the column if all texts are numbers."""
    bad = (pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{columns.place(name, row)}: {cells[row]!r} is not a number.")
    kind = "text" if cells.map(lambda cell: isinstance(cell, str), na_action="ignore").any() else str(cells.dtype)
    raise DataError(f"column {name!r} holds {kind}; convert it to numbers first.")
