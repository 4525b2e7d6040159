"""`read_table`: a file as a data frame for a forecaster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ...argument_types import check_type, fits
from ..columns import list_of_names
from .options import CovariateColumns, ReadOptions, number_or_name
from .reader import read_file

if TYPE_CHECKING:
    import pandas as pd


def read_table(
    path: str,
    *,
    past: Iterable[str] = (),
    future: Iterable[str] = (),
    static: Iterable[str] = (),
    weight: str | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Read a CSV (also gzipped), Excel or Parquet file as a tidy long table, as `unrolled forecast` does.

    Delimiter, encoding, header, formats of dates and numbers, and the roles of columns are inferred from the whole
    file. Everything inferred is reported in `.attrs["notes"]`, one line each, and can be changed with an option.

    Args:
        path: of the file; "-" reads standard input. Pipes are read as well.
        past, future, static, weight: columns of covariates and weights to keep, as in `Forecaster.fit`.
        options: id, time, target, wide, na, aggregate, freq, open, start, zone, dates, decimal, delimiter, encoding,
            sheet, header, skip_rows, max_bytes; see `unrolled.series.files.ReadOptions`.

    Returns:
        A data frame with the columns unique_id (if there are several series), ds, y, and those of covariates.

    Raises:
        DataError: the file can't be read as a table; the message names line, column and remedy.
        InputError: an option has an invalid value.

    >>> from pathlib import Path
    >>> _ = Path("sales.csv").write_text("Tag;Umsatz\\n30.01.2024;1.234,5\\n31.01.2024;99,5\\n")
    >>> table = read_table("sales.csv")
    >>> table.y.tolist(), table.attrs["notes"]
    ([1234.5, 99.5], ["column 'Umsatz': commas read as decimal points"])
    """
    joined: dict[str, Any] = {
        name: ",".join(map(str, value)) if fits(value, Sequence[str | int]) else value
        for name, value in options.items()
    }
    kinds = {"skip_rows": int, "sheet": int, "na": float, "start": int | date}
    joined |= {name: str(joined[name]) for name, kind in kinds.items() if fits(joined.get(name), kind)}
    joined["freq"] = number_or_name(joined.get("freq"))
    past, future = list_of_names("past", past), list_of_names("future", future)
    check_type("`weight`", weight, str | None)
    covariates = CovariateColumns(past, future, list_of_names("static", static), weight)
    table = read_file(str(path), ReadOptions(**joined), covariates)
    columns = table.columns
    names = {columns.id: "unique_id", columns.time: "ds", columns.target: "y"}
    frame = table.frame.rename(columns=names)
    frame.attrs["notes"] = list(table.notes)
    frame.attrs["columns"] = {new: old for old, new in names.items() if new in frame}
    return frame
