"""Tables whose series have different frequencies: the frequency of each series, and a table or a panel for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError
from .columns import Columns
from .dataframe import open_table, read_ids, read_target
from .frequency import DAY, Frequency, as_integers
from .from_frame import TableContent, make_panel, read_content
from .grid import (
    MAX_EVEN_STEP_RATIO,
    MIN_EVEN_STEPS_SHARE,
    MIN_STEPS_FOR_OWN_FREQUENCY,
    Placement,
    masks_of_series,
    place_rows,
    refuse_open,
)
from .panel import Panel
from .ragged import starts_of
from .stamps import read_times

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

MONTH = 30 * DAY + DAY // 2  # the length that stands for a month among steps
MIN_COMMONEST_STEP_SHARE = 0.5  # of a series' steps; below it, the series shows no frequency


def by_frequency(
    df: IntoDataFrame,
    id_col: str | int = "unique_id",
    time_col: str | int = "ds",
    target_col: str | int = "y",
) -> dict[str, Any]:
    """Split a long table into one table per frequency of its series, by the frequency's name.

    Horizons, seasons and calendar features have another meaning at each frequency. A `Forecaster` splits tables the
    same way; splitting by hand allows a horizon and parameters for each frequency. A series has its own frequency if
    it has at least four steps between timestamps, nearly all of about the same length. Any other series is assigned
    to the coarsest frequency on whose grid it lies with gaps, and a series with a single timestamp to the frequency
    that most series have. Series that are closed at different times of the week, such as shops on Sundays, have
    different frequencies, too.

    Args:
        df: one row per timestamp and series, of any library that narwhals supports.
        id_col: the column of series ids.
        time_col: the column of timestamps, dates or whole numbers.
        target_col: the column of values; where it has none, a series may be closed. Without it, each row has a value.

    Returns:
        Tables in the library of the input, rows in their order; the largest first.

    Raises:
        DataError: a column is missing, or a timestamp or a value can't be read.

    >>> import pandas as pd, unrolled as un
    >>> months = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=12, freq="MS"), "y": 1.0})
    >>> years = pd.DataFrame({"unique_id": "b", "ds": pd.date_range("2014-01-01", periods=10, freq="YS"), "y": 2.0})
    >>> {name: len(table) for name, table in un.by_frequency(pd.concat([months, years])).items()}
    {'monthly': 12, 'yearly': 10}
    """
    columns = Columns.without_target(str(id_col), str(time_col))
    if str(target_col) not in (columns.id, columns.time):
        columns = Columns(columns.id, columns.time, str(target_col))
    table = open_table(df, columns, (columns.time,))
    codes, ids = read_ids(table, columns)
    stamps, zone, _ = read_times(table[columns.time], columns, codes=codes).counted(None, codes)
    known = np.ones(len(codes), bool)
    if columns.target in table.columns:
        known = ~np.isnan(read_target(table[columns.target], columns))
    telling = _telling_rows(known, codes, len(ids))
    found = series_frequencies(stamps[telling], codes[telling], known[telling], zone)
    names = ["" if frequency is None else frequency.name for frequency in found]
    rows = _rows_by_name(np.array(names, object)[codes]) if any(names) else {}
    return {name: take_rows(df, np.flatnonzero(wanted)) for name, wanted in rows.items()}


def take_rows(df: IntoDataFrame, rows: Array) -> Any:
    """The rows of a table at these positions, in its library."""
    import narwhals as nw

    whole = nw.from_native(df, eager_only=True)
    return df if len(rows) == len(whole) else whole[rows.tolist()].to_native()


def _rows_by_name(names: Array) -> dict[str, Array]:
    """The rows of each name (n,), by name; that with most rows first."""
    found, counts = np.unique(names, return_counts=True)
    return {str(found[k]): names == found[k] for k in np.argsort(-counts, kind="stable")}


def read_panels(
    df: IntoDataFrame,
    columns: Columns,
    freq: str | int | None = None,
    season: int | None = None,
    opened: str | None = None,
    zone: str | None = None,
    left_out: int = 0,
) -> list[Panel]:
    """A long table as one panel, or, if no single grid holds its timestamps, one per frequency, the largest first.

    Series that are closed at different times of the week have different frequencies, too, unless one of `freq`,
    `season` and `opened` is given. Parameters are as in `read_panel` and `place_rows`. If `freq` is given, there is
    one panel.

    Raises:
        DataError: the table can't be used as it is; if its series have several clear frequencies, the message names
            what is wrong in the series of one of them.
        InputError: a season is given, and there are several frequencies; or `opened` applies to none of them.
    """
    options = Reading(opened, zone, left_out)
    whole = _read_part(df, columns, options, freq, without_strays=freq is not None)
    parts = _parts_by_frequency(whole, options, freq)
    refuse_open(opened, [part.placed.frequency for part in parts])
    if freq is None and season is None and opened is None:
        parts = [own for part in parts for own in _parts_by_mask(part, options)]
    panels = [make_panel(part.content, part.placed, season) for part in parts]
    if any(panel.frequency.zone is None for panel in panels):  # days of offsets that no known zone has
        panels = [replace(panel, frequency=replace(panel.frequency, zone=None)) for panel in panels]
    if season is not None and len(panels) > 1:
        raise InputError(
            f"`season={season}` can't apply to all series: the table has {series_counts(panels)}. Omit it, or "
            "forecast each frequency separately (`un.by_frequency`)."
        )
    return panels


class Reading(NamedTuple):
    """How a table is read; see `place_rows`."""

    opened: str | None
    zone: str | None
    left_out: int


class Part(NamedTuple):
    """Series of a table that have one frequency."""

    df: IntoDataFrame
    columns: Columns
    content: TableContent
    placed: Placement


def _read_part(
    df: IntoDataFrame,
    columns: Columns,
    options: Reading,
    freq: str | int | None = None,
    mask: str | None = None,
    without_strays: bool = True,
) -> Part:
    """A table on the grid of one frequency, which has this mask if it is given; see `place_rows`."""
    content = read_content(df, columns, freq, zone=options.zone)
    placed = place_rows(content.rows, freq, options.opened, content.zone, options.left_out, mask, without_strays)
    return Part(df, columns, content, placed)


def _parts_by_frequency(whole: Part, options: Reading, freq: str | int | None) -> list[Part]:
    """The parts of a table by frequency; only itself if one grid holds all timestamps."""
    conflict, rows = whole.placed.conflict, whole.content.rows
    if conflict is None:
        return [whole]
    telling = _telling_rows(~np.isnan(rows.values), rows.codes, len(rows.ids))
    names = [] if freq is not None else frequency_names(rows.stamps[telling], rows.codes[telling])
    if not names:
        raise DataError(conflict)
    # rows of the future hold values known ahead
    kept = np.ones(len(telling), bool) if whole.columns.future else telling
    parts = []
    for _, df, columns in _split(whole, names, kept):
        # read again, because time zones and kinds of columns are decided for each frequency by itself
        parts.append(_read_part(df, columns, options))
        if parts[-1].placed.conflict is not None:
            raise DataError(parts[-1].placed.conflict)
    return parts


def _telling_rows(known: Array, codes: Array, count: int) -> Array:
    """Whether each row counts for the frequency of its series, (m,) bool; `known` (m,) bool marks rows with a value.

    A series with fewer than two values shows none: only the row of its value counts, or its first one.
    """
    values = np.bincount(codes[known], minlength=count)
    telling = known | (values[codes] > 1)
    first = np.unique(codes, return_index=True)[1]
    telling[first[values == 0]] = True
    return telling


def _parts_by_mask(whole: Part, options: Reading) -> list[Part]:
    """The parts of a table of one frequency by the open phases of its series; only itself if they are the same."""
    can_differ = whole.placed.frequency.phases and len(whole.content.rows.ids) > 1
    masks = masks_of_series(whole.placed, options.left_out) if can_differ else []
    strays = whole.placed.strays
    if len({mask for k, mask in enumerate(masks) if k not in strays}) < 2:
        return [whole]
    kept = ~np.isin(whole.content.rows.codes, strays)
    first, *others = (_read_part(df, own, options, mask=mask) for mask, df, own in _split(whole, masks, kept))
    placed = first.placed._replace(stray_notes=[*whole.placed.stray_notes, *first.placed.stray_notes])
    return [first._replace(placed=placed), *others]


def _split(whole: Part, names: Sequence[str], kept: Array | None = None) -> Iterator[tuple[str, Any, Columns]]:
    """The rows, or those kept (m,), for each of the names of a table's series (S,), that with most rows first."""
    rows, columns = whole.content.rows, whole.columns
    for name, own in _rows_by_name(np.array(names, object)[rows.codes]).items():
        taken = rows.table_rows[own if kept is None else own & kept]
        yield name, take_rows(whole.df, taken), replace(columns, rows=[columns.row(k) for k in taken])


def frequency_note(panels: Sequence[Panel]) -> list[str]:
    """A note that there are several frequencies, if there are."""
    return [f"{series_counts(panels)}: each frequency gets its own networks"] if len(panels) > 1 else []


def series_counts(panels: Sequence[Panel]) -> str:
    """The number of series of each frequency, such as "57 series monthly, 15 quarterly"."""
    return ", ".join(f"{len(p.ids)}{'' if k else ' series'} {p.frequency.name}" for k, p in enumerate(panels))


def merge_notes(notes: Mapping[str, Iterable[str]]) -> list[str]:
    """The notes of several parts as one list, each with the names of its parts; those of all parts without names.

    A note that begins with the name of its part is not named again.
    """
    parts: dict[str, list[str]] = {}
    for name, own in notes.items():
        for note in own:
            parts.setdefault(note, []).append(name)
    plain = {note for note, of in parts.items() if len(of) == len(notes) or note.startswith(f"{of[0]}: ")}
    return [note if note in plain else f"{', '.join(of)}: {note}" for note, of in parts.items()]


def frequency_names(stamps: Array, codes: Array) -> list[str]:
    """The name of the frequency of each series 0 .. S - 1, all phases open; "" if no series has two timestamps."""
    return ["" if frequency is None else frequency.whole.name for frequency in series_frequencies(stamps, codes)]


def series_frequencies(
    stamps: Array, codes: Array, known: Array | None = None, zone: str | None = None
) -> list[Frequency | None]:
    """The frequency of each series 0 .. S - 1; None if no series has two different timestamps.

    Timestamps, int64 or datetime64, and the numbers `codes` of their series come in any order, (n,). `known` (n,)
    bool marks those with a value; None: all. The time zone is that of the timestamps.
    """
    order = np.lexsort((stamps, codes))
    stamps, codes = stamps[order], codes[order]
    known = np.ones(len(order), bool) if known is None else known[order]
    own, even, long_enough = _own_steps(stamps, codes)
    count = len(own)
    if not own.any():
        return [None] * count
    steps = _frequency_steps(own, even, long_enough)
    starts = np.searchsorted(codes, np.arange(count))
    frequencies, fits = [], []  # for each step its frequency, and the series that lie on its grid, (S,) bool
    for step in steps:
        wanted = (own == step) & (even if even[own == step].any() else True)
        inside = wanted[codes]
        first = starts_of(codes[inside])
        whole = replace(Frequency.of_steps(stamps[inside], first), zone=zone)
        frequencies.append(whole)
        fits.append(np.logical_and.reduceat(whole.ordinals(stamps)[1], starts))
    by_count = sorted(range(len(steps)), key=lambda k: -np.count_nonzero(own == steps[k]))
    grid = np.zeros(count, np.int64)  # of each series, its place in `frequencies`
    for s in range(count):
        if even[s]:
            k = steps.index(own[s])
        elif own[s]:  # the coarsest grid that holds the series and is not coarser than its own step
            k = next((k for k in reversed(range(len(steps))) if steps[k] <= own[s] and fits[k][s]), by_count[0])
        else:  # the grid of the most series that holds this one
            k = next((k for k in by_count if fits[k][s]), by_count[0])
        grid[s] = k
    found: list[Frequency | None] = [None] * count
    for k, whole in enumerate(frequencies):
        inside = (grid == k)[codes]
        for member, frequency in zip(
            np.flatnonzero(grid == k), _closed(whole, stamps[inside], codes[inside], known[inside]), strict=True
        ):
            found[member] = frequency
    return found


def _closed(whole: Frequency, stamps: Array, codes: Array, known: Array) -> list[Frequency]:
    """The frequency of each series of one grid, with the phases of the week in which it is closed.

    They differ as in the panels of a forecaster; timestamps (n,) are sorted by series and time.
    """
    if not len(codes):
        return []
    first = starts_of(codes)
    found = whole.with_closed_phases_of_each(stamps, first, known)
    return found if len(set(found)) > 1 else [whole.with_closed_phases(stamps, first, known)] * len(found)


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
