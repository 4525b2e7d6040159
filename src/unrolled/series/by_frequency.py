"""Tables whose series have different frequencies: which series have which, and a table or a panel for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import InputError
from .columns import Columns
from .dataframe import open_table, read_ids, read_stamps
from .panel import Panel

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


from .frequency import DAY, Frequency
from .from_frame import read_panel
from .grid import EVEN, LEAST_STEPS, MOSTLY, OffGrid

MONTH = 30 * DAY + DAY // 2  # what a month counts as among distances
HALF = 0.5  # share of a series' distances that its commonest one must have to be taken for its frequency


def by_frequency(df: IntoDataFrame, id_col: str = "unique_id", time_col: str = "ds") -> dict[str, Any]:
    """A long table as one table for each frequency that its series have, by the frequency's name.

    Periods ahead, seasons and calendars mean something else at each frequency. A `Forecaster` splits a table the same
    way; split by hand, each frequency can have a horizon and parameters of its own. A series has a frequency of its
    own if it has four distances between its stamps or more, nearly all about the same. Any other goes with the
    coarsest frequency on whose stamps it lies with gaps, and a single stamp with the frequency that most series have.

    Args:
        df: one row a stamp and series, of any library that narwhals knows.
        id_col: tells series apart.
        time_col: stamps, dates or whole numbers.

    Returns:
        Tables in the library of the input, each with its rows in their order; the largest first.

    Raises:
        DataError: a column is missing, or a stamp is none.

    >>> import pandas as pd, unrolled as un
    >>> months = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=12, freq="MS"), "y": 1.0})
    >>> years = pd.DataFrame({"unique_id": "b", "ds": pd.date_range("2014-01-01", periods=10, freq="YS"), "y": 2.0})
    >>> {name: len(table) for name, table in un.by_frequency(pd.concat([months, years])).items()}
    {'monthly': 12, 'yearly': 10}
    """
    columns = Columns(id_col, time_col)
    return {name: take_rows(df, of_row) for name, of_row in _rows_by_name(df, columns).items()}


def take_rows(df: IntoDataFrame, wanted: Array) -> Any:
    """The rows of a table for which `wanted` (n,) bool is true, in its library."""
    import narwhals as nw

    return df if wanted.all() else nw.from_native(df, eager_only=True).filter(wanted.tolist()).to_native()


def _rows_by_name(df: IntoDataFrame, columns: Columns) -> dict[str, Array]:
    """Which rows have which frequency, (n,) bool each, the frequency with most rows first."""
    table = open_table(df, columns, (columns.time,))
    codes, _ = read_ids(table, columns)
    names = np.array(frequency_names(read_stamps(table[columns.time], columns), codes), object)[codes]
    found, counts = np.unique(names[names != ""], return_counts=True)  # no name: no stamps to tell it by
    return {str(found[k]): names == found[k] for k in np.argsort(-counts, kind="stable")}


def read_panels(
    df: IntoDataFrame, columns: Columns, freq: str | int | None = None, season: int | None = None
) -> list[Panel]:
    """A long table as a panel; where no one grid holds its stamps, as a panel for each frequency, the largest first.

    Args:
        df, columns, freq, season: as in `read_panel`. Where `freq` is given, there is one panel.

    Raises:
        DataError: the table can't be used as it stands; of one whose series have clear frequencies it is said what is
            wrong in the series of one of them.
        InputError: a season is given, and there are several frequencies.
    """
    try:
        return [read_panel(df, columns, freq, season)]
    except OffGrid:
        rows = {} if freq is not None else _rows_by_name(df, columns)
        if len(rows) < 2:
            raise
    panels = [
        read_panel(take_rows(df, here), replace(columns, rows=[columns.row(k) for k in np.flatnonzero(here)]))
        for here in rows.values()
    ]
    if season is not None:
        raise InputError(
            f"season {season} can't be that of all: the table has {series_counts(panels)}. Leave the season out, or "
            "forecast each frequency for itself, as `un.by_frequency` splits them."
        )
    return panels


def frequency_note(panels: Sequence[Panel]) -> list[str]:
    """A note for who has not known that there are several frequencies."""
    return [f"{series_counts(panels)}: each frequency gets networks of its own"] if len(panels) > 1 else []


def series_counts(panels: Sequence[Panel]) -> str:
    """How many series there are of each frequency, such as "57 series monthly, 15 quarterly"."""
    first, *others = panels
    return ", ".join(
        [f"{len(first.ids)} series {first.frequency.name}", *(f"{len(p.ids)} {p.frequency.name}" for p in others)]
    )


# --- which series has which -------------------------------------------------------------------------


def frequency_names(stamps: Array, codes: Array) -> list[str]:
    """The name of the frequency of each series; "" where no series has two different stamps.

    Args:
        stamps: int64 or datetime64, in any order, (n,).
        codes: the series of each, 0 .. S - 1, (n,).
    """
    order = np.lexsort((stamps, codes))
    stamps, codes = stamps[order], codes[order]
    own, even, enough = _own_steps(stamps, codes)
    count = len(own)
    if not own.any():
        return [""] * count
    grids = _grids(own, even, enough)
    starts = np.searchsorted(codes, np.arange(count))
    frequencies, fits = [], []  # a frequency, and which series lie on its grid, (S,), for each
    for step in grids:
        here = (own == step) & (even if even[own == step].any() else True)
        inside = here[codes]
        frequencies.append(Frequency.infer(stamps[inside], np.flatnonzero(np.diff(codes[inside], prepend=-1))))
        fits.append(np.logical_and.reduceat(frequencies[-1].ordinals(stamps)[1], starts))
    # the coarsest that is not coarser than the series itself; a series of one stamp: the one that most series have
    often = sorted(range(len(grids)), key=lambda k: -np.count_nonzero(own == grids[k]))
    names = []
    for s in range(count):
        if even[s]:
            k = grids.index(own[s])
        elif own[s]:
            k = next((k for k in reversed(range(len(grids))) if grids[k] <= own[s] and fits[k][s]), often[0])
        else:
            k = next((k for k in often if fits[k][s]), often[0])
        names.append(frequencies[k].name)
    return names


def _own_steps(stamps: Array, codes: Array) -> tuple[Array, Array, Array]:
    """The commonest distance between the sorted stamps of each series, 0 where there is none; whether most hardly
    differ; and whether there are enough of them to tell, (S,) each. Months are counted, whatever days they have."""
    count = int(codes[-1]) + 1
    steps = np.diff(stamps.astype("datetime64[ns]").view(np.int64) if stamps.dtype.kind == "M" else stamps)
    keep = (codes[1:] == codes[:-1]) & (steps > 0)
    of, steps = codes[1:][keep], steps[keep]
    rounded = steps
    if stamps.dtype.kind == "M":
        months = np.diff(stamps.astype("datetime64[M]").astype(np.int64))[keep]
        rounded = np.where((steps >= 28 * DAY) & (months > 0), months * MONTH, steps)
    frame = pd.DataFrame({"of": of, "step": steps, "rounded": rounded})
    seen = frame.groupby("of").size()
    often = frame.groupby(["of", "rounded"], as_index=False).size()
    often = often.sort_values(["of", "size", "rounded"], ascending=[True, False, True]).drop_duplicates("of")
    own, even, enough = np.zeros(count, np.int64), np.zeros(count, bool), np.zeros(count, bool)
    own[often["of"]] = np.where(often["size"] >= HALF * seen[often["of"]].to_numpy(), often["rounded"], 0)
    near = frame["step"] <= EVEN * frame.groupby("of")["step"].transform("min")
    even[seen.index] = near.groupby(frame["of"]).mean() >= MOSTLY
    enough[seen.index] = seen >= LEAST_STEPS
    return own, even & enough & (own > 0), enough


def _grids(own: Array, even: Array, enough: Array) -> list[int]:
    """The distances that are frequencies, the finest first: those of even series, and a finer one of series with
    gaps, as days without weekends have them."""
    grids = np.unique(own[even]).tolist()
    finer = own[~even & enough & (own > 0)]
    if len(finer) and (not grids or finer.min() < grids[0]):
        grids.insert(0, int(finer.min()))
    return grids or [int(own[own > 0].min())]


def merge_notes(notes: Mapping[str, Iterable[str]]) -> list[str]:
    """The notes of all parts, by the name of each; what is said of all is said once."""
    found: dict[str, list[str]] = {}
    for name, told in notes.items():
        for note in told:
            found.setdefault(note, []).append(name)
    return [note if len(of) == len(notes) else f"{', '.join(of)}: {note}" for note, of in found.items()]
