"""Tables as CSV: the digits of forecasts, decimal commas, and texts that spreadsheets do not execute."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError
from ..interactive.streams import is_terminal
from .console import print_data, print_table
from .spreadsheet import escaped

if TYPE_CHECKING:
    import pandas as pd

    from ..arrays import Array
    from ..series.columns import Columns

SIGNIFICANT_DIGITS = 6  # of the largest value of a series
DIGITS_OF_SPREAD = 3  # of the distance between the columns of a row, such as the ends of an interval
MAX_DECIMALS = 15
MAX_WHOLE_NUMBER = 2**53  # float64 can't represent every larger whole number


class CsvForm(NamedTuple):
    """How a table is written as CSV."""

    excel_safe: bool = False  # whether texts that a spreadsheet would execute are escaped
    decimal: str = "."  # with ",", cells are separated by semicolons and files have a byte order mark

    @classmethod
    def checked(cls, excel_safe: bool, decimal: str) -> CsvForm:
        if decimal not in (".", ","):
            raise InputError(f"--out-decimal takes a point or a comma; got {decimal!r}.")
        return cls(excel_safe, decimal)

    @property
    def encoding(self) -> str:
        """Of files. Spreadsheets take a file without a byte order mark for one in an old encoding."""
        return "utf-8-sig" if self.decimal == "," else "utf-8"


def as_csv(frame: pd.DataFrame, form: CsvForm) -> str:
    """A table as CSV."""
    shown = escaped(frame) if form.excel_safe else frame
    return str(shown.to_csv(index=False, sep=";" if form.decimal == "," else ",", decimal=form.decimal))


def print_rows(frame: pd.DataFrame, form: CsvForm, always_csv: bool = False) -> None:
    """Print a table: aligned columns at a terminal unless `always_csv`, CSV into a pipe."""
    if always_csv or not is_terminal(sys.stdout):
        print_data(as_csv(frame, form).rstrip("\n"))
    else:
        print_table(escaped(frame) if form.excel_safe else frame)


def readable(forecasts: pd.DataFrame, columns: Columns | None = None) -> pd.DataFrame:
    """Forecasts without digits that carry no information, and with the labels of years that their table has.

    Columns of whole numbers become integers. Each series keeps six digits of its largest value, and more if its
    intervals are narrow. `columns` are those of the table; None: it has no labels.

    >>> import pandas as pd
    >>> readable(pd.DataFrame({"LSTM": [1234.56789, 99.87654321], "hi": [1301.0, 102.0]})).to_dict("list")
    {'LSTM': [1234.57, 99.88], 'hi': [1301, 102]}
    """
    import numpy as np
    import pandas as pd

    from ..series.files.labels import labelled

    names = list(forecasts.select_dtypes("float"))
    if not names or not len(forecasts):
        return forecasts
    values = forecasts[names].to_numpy(float)
    keys = list(forecasts.select_dtypes(["object", "string"]))
    series = forecasts.groupby(keys, sort=False, dropna=False).ngroup() if keys else np.zeros(len(values), int)
    rows = pd.DataFrame({"scale": np.fmax.reduce(np.abs(values), 1), "spread": _spread(values)})
    by_series = rows.groupby(np.asarray(series))
    decimals = np.fmax(
        _decimals(by_series["scale"].transform("max"), SIGNIFICANT_DIGITS),
        _decimals(by_series["spread"].transform("median"), DIGITS_OF_SPREAD),
    )
    for count in np.unique(decimals[decimals < MAX_DECIMALS]):
        chosen = decimals == count
        values[chosen] = np.round(values[chosen], int(count)) + 0.0  # not -0
    rounded = forecasts.assign(**{str(name): _whole(values[:, k]) for k, name in enumerate(names)})
    return rounded if columns is None else labelled(rounded, columns)


def significant(errors: pd.DataFrame) -> pd.DataFrame:
    """Errors, of which each number keeps six digits.

    >>> import pandas as pd
    >>> significant(pd.DataFrame({"model": ["GRU"], "MAE": [3.703829033333335]})).to_dict("list")
    {'model': ['GRU'], 'MAE': [3.70383]}
    """
    names = [str(name) for name in errors.select_dtypes("float")]
    return errors.assign(**{c: [float(f"{v:.{SIGNIFICANT_DIGITS}g}") for v in errors[c]] for c in names})


def _spread(values: Array) -> Array:
    """The distance between the smallest and the largest value of each row, (n,); NaN where it is 0."""
    import numpy as np

    distance = np.fmax.reduce(values, 1) - np.fmin.reduce(values, 1)
    return np.where(distance > 0, distance, np.nan)


def _decimals(magnitudes: pd.Series, digits: int) -> Array:
    """The decimals that give numbers of these magnitudes so many significant digits, (n,); NaN where one is NaN."""
    import numpy as np

    known = magnitudes.to_numpy(float)
    known = np.where(known > 0, known, np.nan)
    return np.clip(digits - 1 - np.floor(np.log10(known)), 0, MAX_DECIMALS)


def _whole(values: Array) -> Any:
    """Values as integers if all that are not NaN are whole numbers."""
    import numpy as np
    import pandas as pd

    known = values[~np.isnan(values)]
    if not len(known) or (np.abs(known) >= MAX_WHOLE_NUMBER).any() or (known != np.rint(known)).any():
        return values
    return pd.array(values, dtype="Float64").astype("Int64")
