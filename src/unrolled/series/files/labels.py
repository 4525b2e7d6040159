"""Labels of years, such as 2015, 2015/16 and FY2015, in the form of which forecasts are labelled, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ...arrays import Array
from ..stamp_texts import YEAR, label_in_form

if TYPE_CHECKING:
    from ..columns import Columns


def example_of_labels(texts: pd.Series, stamps: pd.Series, known: Array, plain: bool = False) -> str | None:
    """The first of the `known` (n,) bool texts, if they are labels of several fiscal years in one form.

    `stamps` are the dates of the texts. If `plain`, years alone are labels, too.
    """
    example = str(texts.iloc[known.argmax()]) if len(texts) else ""
    found = YEAR.fullmatch(example)
    if found is None or not (found[1] or found[3] or plain) or stamps.dtype.kind != "M":
        return None
    read = pd.Series(stamps.to_numpy("datetime64[ns]")[known], index=texts[known].astype(str))
    read = read[~read.index.duplicated()]
    alike = [label_in_form(year, example) for year in read.dt.year] == read.index.tolist()
    return example if len(read) > 1 and alike else None


def labelled(forecasts: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Forecasts of years with labels in the form of the table's, if it has labels of years."""
    example, found = columns.label, {}
    if example is None:
        return forecasts
    for name in (columns.time, "cutoff"):
        if name in forecasts and forecasts[name].dtype.kind == "M" and forecasts[name].dt.is_year_start.all():
            found[name] = [label_in_form(year, example) for year in forecasts[name].dt.year]
    return forecasts.assign(**found)
