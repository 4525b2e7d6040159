"""Columns of data frames of any library as arrays: ids, timestamps, numbers and texts, each cell checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariates import CovariateSpec
from .frequency import DAY, Frequency, as_integers

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"  # of a timestamp of ISO 8601


class ColumnValues(NamedTuple):
    """A column of covariates: numbers, or positions in a tuple of texts; NaN where missing, (n,)."""

    name: str
    values: Array
    texts: tuple[str, ...] | None

    def take(self, rows: Array) -> ColumnValues:
        return self._replace(values=self.values[rows])


def open_table(frame: IntoDataFrame, columns: Columns, needed: Iterable[str]) -> Any:
    """The table as a narwhals data frame, which must have the needed columns, and the id column if one is named."""
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        remedy = "Call its `.collect()`." if hasattr(frame, "collect") else "Use pd.DataFrame({'ds': ..., 'y': ...})."
        raise DataError(
            f"a table must be a data frame of pandas, polars or Arrow; got {type(frame).__name__}. {remedy}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        names = pd.Index(frame.columns)  # only pandas permits this
        raise DataError(f"the table has two columns {names[names.duplicated()][0]!r}. Rename or drop one.") from error
    ids = [columns.id] if columns.id != Columns.id else []
    parameters = {columns.id: "id_col", columns.time: "time_col", columns.target: "target_col"}
    for name in (*needed, *ids):
        if name not in table.columns:
            remedy = f" Rename one, or name it with `{parameters[name]}`." if name in parameters else ""
            has = ", ".join(map(repr, table.columns))
            raise DataError(f"there is no column {name!r}; the table has: {has}.{remedy}")
    if not len(table):
        raise DataError("the table has no rows.")
    return table


def library_of(frame: IntoDataFrame) -> str:
    """The library of a data frame, by its narwhals name: "pandas", "polars", "pyarrow", ..."""
    import narwhals as nw

    return str(nw.from_native(frame, eager_only=True).implementation.value)


def in_library(data: Mapping[str, Array], library: Any) -> Any:
    """Columns as a data frame of this library."""
    import narwhals as nw

    return pd.DataFrame(data) if library == "pandas" else nw.from_dict(data, backend=library).to_native()


def read_ids(table: Any, columns: Columns) -> tuple[Array, list[Any]]:
    """The number of each row's series, in the order of their first rows, (n,); and the ids, [None] without ids."""
    if columns.id not in table.columns:
        return np.zeros(len(table), np.int64), [None]
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
    texts = pd.Index(map(str, names))
    if texts.has_duplicates:
        text = texts[texts.duplicated()][0]
        one, two = [name for name in names if str(name) == text][:2]
        raise DataError(
            f"column {columns.id!r}: the ids {one!r} and {two!r} have the same text. Convert the column to one type."
        )


def _factorize(column: Any) -> tuple[Array, list[Any]]:
    """The position of each cell among the distinct values, -1 where missing, (n,); and these values."""
    import narwhals as nw

    if column.implementation.is_pandas():
        codes, names = pd.factorize(column.to_native())
    elif not _has_text_type(column):
        codes, names = pd.factorize(column.to_numpy())
    else:  # Arrow's own encoding makes no Python object of each cell
        encoded = column.cast(nw.String).to_arrow().dictionary_encode()
        encoded = encoded.combine_chunks() if hasattr(encoded, "combine_chunks") else encoded
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        names = encoded.dictionary.to_pylist()
    return codes, list(names)


def read_stamps(column: Any, columns: Columns, frequency: Frequency | None = None) -> Array:
    """Timestamps as int64 or datetime64[ns], (n,).

    Timestamps with a time zone are converted to local time if all have the same local time of day, since they then
    count days or months, and to UTC otherwise. A frequency that is already known decides instead.
    """
    missing = column.is_null().to_numpy()
    if missing.any():
        place = columns.place(columns.time, missing.argmax())
        raise DataError(f"{place}: the timestamp is missing. Fill it in or drop the row.")
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
        _refuse_outside_years(columns.place(columns.time, row), stamps[row])
    return stamps.to_numpy("datetime64[ns]")


def _without_zone(column: Any, frequency: Frequency | None) -> pd.Series:
    native = column.to_native()
    if isinstance(getattr(native, "dtype", None), pd.PeriodDtype):
        return pd.Series(native.dt.start_time.to_numpy())
    # narwhals does not support those time zones of pandas whose names have an underscore
    if isinstance(getattr(native, "dtype", None), pd.DatetimeTZDtype):
        local, utc = native.dt.tz_localize(None), native.dt.tz_convert("UTC").dt.tz_localize(None)
    elif getattr(column.dtype, "time_zone", None) is not None:
        local = column.dt.replace_time_zone(None)
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    else:
        return pd.Series(column.to_numpy())
    times = as_integers(local.to_numpy()) % DAY
    counts_days = bool((times == times[0]).all()) if frequency is None else frequency.counts_days
    return pd.Series((local if counts_days else utc).to_numpy())


def _whole_numbers(values: Array, columns: Columns) -> Array:
    # float64 can't represent every whole number beyond 2^53; NaN fails the comparison as well
    bad = ~((np.abs(values) < 2**53) & (values == np.round(values)))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{columns.place(columns.time, row)}: {values[row]:g} is not a whole number or a date.")
    return values.astype(np.int64)


def _parse_dates(stamps: pd.Series, columns: Columns) -> pd.Series:
    codes, texts = pd.factorize(stamps)  # long tables repeat their timestamps, and parsing is slow
    # errors="coerce" so that the message can name the row
    words = pd.Series(texts).astype(str)
    parsed = pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True).dt.tz_localize(None)
    if words.str.contains(OFFSET).all():
        local = pd.to_datetime(words.str.replace(OFFSET, "", regex=True), errors="coerce", format="ISO8601")
        times = as_integers(local.to_numpy()) % DAY
        parsed = local if (times == times[0]).all() else parsed
    if parsed.isna().any():
        row = int(parsed.isna().to_numpy()[codes].argmax())
        place = columns.place(columns.time, row)
        if _beyond_nanoseconds(str(stamps[row])):  # pandas before version 3 can't represent such a date
            _refuse_outside_years(place, stamps[row])
        raise DataError(f"{place}: {stamps[row]!r} is not a date. Write dates as 2024-12-31.")
    return parsed.take(codes).reset_index(drop=True)


def _refuse_outside_years(place: str, stamp: object) -> NoReturn:
    raise DataError(f"{place}: {stamp} lies outside the years 1678 to 2261. Correct it.")


def _beyond_nanoseconds(text: str) -> bool:
    """Whether a text is a date outside the range of 64-bit nanoseconds."""
    try:
        pd.to_datetime([text], format="ISO8601")
    except pd.errors.OutOfBoundsDatetime:
        return True
    except ValueError:
        return False
    return False


def format_stamp(stamp: Any) -> str:
    """A timestamp in a message: without the time of day where it is midnight."""
    if isinstance(stamp, np.datetime64):
        return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00")
    return str(stamp)


def read_target(column: Any, columns: Columns) -> Array:
    """The target, float64, NaN where missing, (n,); other columns than of numbers are refused."""
    name = columns.target
    if _holds_numbers(column):
        values = _numbers(column, name, columns)
    else:
        cells = pd.Series(column.to_numpy())
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
    cells = pd.Series(column.to_numpy(), dtype=object)
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

    return _finite(np.array(column.cast(nw.Float64).to_numpy(), np.float64), name, columns)


def _finite(values: Array, name: str, columns: Columns) -> Array:
    if np.isinf(values).any():
        place = columns.place(name, np.isinf(values).argmax())
        raise DataError(f"{place}: the value is infinite. Correct it, or leave it empty.")
    return values


def _refuse_texts(cells: pd.Series, name: str, columns: Columns) -> NoReturn:
    """Raise an error that names the first cell that is no number, or the column if all texts are numbers."""
    bad = (pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{columns.place(name, row)}: {cells[row]!r} is not a number.")
    kind = "text" if cells.map(lambda cell: isinstance(cell, str), na_action="ignore").any() else str(cells.dtype)
    raise DataError(f"column {name!r} holds {kind}; convert it to numbers first.")
