"""Tables whose series have different frequencies: the frequency of each series, and a table or a panel for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError
from .columns import Columns
from .dataframe import open_table, read_ids
from .frequency import DAY, Frequency, as_integers
from .from_frame import make_panel, read_content, read_panel
from .grid import MAX_EVEN_STEP_RATIO, MIN_EVEN_STEPS_SHARE, MIN_STEPS_FOR_OWN_FREQUENCY, place_rows
from .panel import Panel
from .stamps import read_stamps

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

MONTH = 30 * DAY + DAY // 2  # the length that stands for a month among steps
MIN_COMMONEST_STEP_SHARE = 0.5  # of a series' steps; below it, the series shows no frequency


def by_frequency(df: IntoDataFrame, id_col: str | int = "unique_id", time_col: str | int = "ds") -> dict[str, Any]:
    """Split a long table into one table per frequency of its series, by the frequency's name.

    Horizons, seasons and calendar features have another meaning at each frequency. A `Forecaster` splits tables the
    same way; splitting by hand allows a horizon and parameters for each frequency. A series has its own frequency if
    it has at least four steps between timestamps, nearly all of about the same length. Any other series is assigned
    to the coarsest frequency on whose grid it lies with gaps, and a series with a single timestamp to the frequency
    that most series have.

    Args:
        df: one row per timestamp and series, of any library that narwhals supports.
        id_col: the column of series ids.
        time_col: the column of timestamps, dates or whole numbers.

    Returns:
        Tables in the library of the input, rows in their order; the largest first.

    Raises:
        DataError: a column is missing, or a timestamp can't be read.

    >>> import pandas as pd, unrolled as un
    >>> months = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=12, freq="MS"), "y": 1.0})
    >>> years = pd.DataFrame({"unique_id": "b", "ds": pd.date_range("2014-01-01", periods=10, freq="YS"), "y": 2.0})
    >>> {name: len(table) for name, table in un.by_frequency(pd.concat([months, years])).items()}
    {'monthly': 12, 'yearly': 10}
    """
    columns = Columns(str(id_col), str(time_col))
    table = open_table(df, columns, (columns.time,))
    codes, _ = read_ids(table, columns)
    rows = _rows_by_frequency(read_stamps(table[columns.time], columns, codes=codes), codes)
    return {name: take_rows(df, wanted) for name, wanted in rows.items()}


def take_rows(df: IntoDataFrame, wanted: Array) -> Any:
    """The rows of a table for which `wanted` (n,) bool is true, in its library."""
    import narwhals as nw

    return df if wanted.all() else nw.from_native(df, eager_only=True).filter(wanted.tolist()).to_native()


def _rows_by_frequency(stamps: Array, codes: Array) -> dict[str, Array]:
    """The rows of each frequency, (n,) bool, by its name; the frequency with most rows first."""
    names = np.array(frequency_names(stamps, codes), object)[codes]
    found, counts = np.unique(names[names != ""], return_counts=True)  # "": no series has two timestamps
    return {str(found[k]): names == found[k] for k in np.argsort(-counts, kind="stable")}


def read_panels(
    df: IntoDataFrame,
    columns: Columns,
    freq: str | int | None = None,
    season: int | None = None,
    opened: str | None = None,
    zone: str | None = None,
) -> list[Panel]:
    """A long table as one panel, or, if no single grid holds its timestamps, one per frequency, the largest first.

    Parameters are as in `read_panel`. If `freq` is given, there is one panel.

    Raises:
        DataError: the table can't be used as it is; if its series have several clear frequencies, the message names
            what is wrong in the series of one of them.
        InputError: a season is given, and there are several frequencies.
    """
    table = read_content(df, columns, freq, zone=zone)
    placed = place_rows(table.rows, freq, opened, table.zone)
    if placed.conflict is None:
        return [make_panel(table, placed, season)]
    rows = {} if freq is not None else _rows_by_frequency(table.rows.stamps, table.rows.codes)
    if len(rows) < 2:
        raise DataError(placed.conflict)
    # the columns are read again, because time zones and kinds of columns are decided for each frequency by itself
    panels = [
        read_panel(
            take_rows(df, wanted),
            replace(columns, rows=[columns.row(k) for k in np.flatnonzero(wanted)]),
            opened=opened,
            zone=zone,
        )
        for wanted in rows.values()
    ]
    if any(panel.frequency.zone is None for panel in panels):  # days of offsets that no known zone has
        panels = [replace(panel, frequency=replace(panel.frequency, zone=None)) for panel in panels]
    if season is not None:
        raise InputError(
            f"`season={season}` can't apply to all series: the table has {series_counts(panels)}. Omit it, or "
            "forecast each frequency separately (`un.by_frequency`)."
        )
    return panels


def frequency_note(panels: Sequence[Panel]) -> list[str]:
    """A note that there are several frequencies, if there are."""
    return [f"{series_counts(panels)}: each frequency gets its own networks"] if len(panels) > 1 else []


def series_counts(panels: Sequence[Panel]) -> str:
    """The number of series of each frequency, such as "57 series monthly, 15 quarterly"."""
    return ", ".join(f"{len(p.ids)}{'' if k else ' series'} {p.frequency.name}" for k, p in enumerate(panels))


def merge_notes(notes: Mapping[str, Iterable[str]]) -> list[str]:
    """The notes of several parts as one list, each with the names of its parts; those of all parts without names."""
    parts: dict[str, list[str]] = {}
    for name, own in notes.items():
        for note in own:
            parts.setdefault(note, []).append(name)
    return [note if len(of) == len(notes) else f"{', '.join(of)}: {note}" for note, of in parts.items()]


def frequency_names(stamps: Array, codes: Array) -> list[str]:
    """The name of the frequency of each series 0 .. S - 1; "" if no series has two different timestamps.

    Timestamps, int64 or datetime64, and the numbers `codes` of their series come in any order, (n,).
    """
    order = np.lexsort((stamps, codes))
    stamps, codes = stamps[order], codes[order]
    own, even, long_enough = _own_steps(stamps, codes)
    count = len(own)
    if not own.any():
        return [""] * count
    steps = _frequency_steps(own, even, long_enough)
    starts = np.searchsorted(codes, np.arange(count))
    frequencies, fits = [], []  # for each step its frequency, and the series that lie on its grid, (S,) bool
    for step in steps:
        wanted = (own == step) & (even if even[own == step].any() else True)
        inside = wanted[codes]
        frequencies.append(Frequency.infer(stamps[inside], np.flatnonzero(np.diff(codes[inside], prepend=-1))))
        whole = replace(frequencies[-1], open="")  # a rare value in a closed phase belongs to its series as well
        fits.append(np.logical_and.reduceat(whole.ordinals(stamps)[1], starts))
    by_count = sorted(range(len(steps)), key=lambda k: -np.count_nonzero(own == steps[k]))
    names = []
    for s in range(count):
        if even[s]:
            k = steps.index(own[s])
        elif own[s]:  # the coarsest grid that holds the series and is not coarser than its own step
            k = next((k for k in reversed(range(len(steps))) if steps[k] <= own[s] and fits[k][s]), by_count[0])
        else:  # the grid of the most series that holds this one
            k = next((k for k in by_count if fits[k][s]), by_count[0])
        names.append(frequencies[k].name)
    return names


def _own_steps(stamps: Array, codes: Array) -> tuple[Array, Array, Array]:
    """The most common step of each series, 0 where there is none; and whether its steps are even, and enough, (S,).

    Timestamps (n,) are sorted by series and time. In the steps, each month counts with the same length.
    """
    count = int(codes[-1]) + 1
    steps = np.diff(as_integers(stamps))
    keep = (codes[1:] == codes[:-1]) & (steps > 0)
    series, steps = codes[1:][keep], steps[keep]
    rounded = steps
    if stamps.dtype.kind == "M":
        months = np.diff(stamps.astype("datetime64[M]").astype(np.int64))[keep]
        rounded = np.where((steps >= 28 * DAY) & (months > 0), months * MONTH, steps)
    frame = pd.DataFrame({"series": series, "step": steps, "rounded": rounded})
    n_steps = frame.groupby("series").size()
    commonest = frame.groupby(["series", "rounded"], as_index=False).size()
    commonest = commonest.sort_values(["series", "size", "rounded"], ascending=[True, False, True])
    commonest = commonest.drop_duplicates("series")
    own, even, long_enough = np.zeros(count, np.int64), np.zeros(count, bool), np.zeros(count, bool)
    common = commonest["size"] >= MIN_COMMONEST_STEP_SHARE * n_steps[commonest["series"]].to_numpy()
    own[commonest["series"]] = np.where(common, commonest["rounded"], 0)
    near = frame["step"] <= MAX_EVEN_STEP_RATIO * frame.groupby("series")["step"].transform("min")
    even[n_steps.index] = near.groupby(frame["series"]).mean() >= MIN_EVEN_STEPS_SHARE
    long_enough[n_steps.index] = n_steps >= MIN_STEPS_FOR_OWN_FREQUENCY
    return own, even & long_enough & (own > 0), long_enough


def _frequency_steps(own: Array, even: Array, long_enough: Array) -> list[int]:
    """The steps that are frequencies of the table, the finest first.

    They are those of even series, and a finer one of series with gaps, such as days without weekends.
    """
    steps = np.unique(own[even]).tolist()
    finer = own[~even & long_enough & (own > 0)]
    if len(finer) and (not steps or finer.min() < steps[0]):
        steps.insert(0, int(finer.min()))
    return steps or [int(own[own > 0].min())]
