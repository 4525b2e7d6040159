"""From a file to a long table: the meaning of its cells, rows and columns is inferred here."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ...errors import DataError
from ...plurals import counted
from ..columns import Columns, free_name
from ..dataframe import MAX_ABSOLUTE_VALUE
from .aggregation import (
    LongTable,
    aggregate,
    locate,
    mark_copies,
    refuse_irregular,
    resolve_duplicates,
    sparse_notes,
    typical_period,
)
from .aligned import with_tabs
from .column_roles import ID_SEPARATOR, columns_of_option, find_ids, find_target, list_names, numeric_columns
from .decode import decode_file
from .dialect import RawTable, parse_cells, shorten
from .encodings import encoding_hint
from .flags import remove_flags
from .numbers import decide_decimal, is_numeric, missing, parts_of, read_numbers, sample_of
from .options import CovariateColumns, ReadOptions
from .reshape import LONG_NAMES, columns_are_series, totals_among, unpivot
from .row_stamps import TimeColumn, number_rows, read_time_column
from .sentinels import sentinel_notes
from .subtotals import names_total, refuse_subtotals
from .texts import as_objects, distinct_texts
from .time_columns import find_time, suggest_time
from .timestamps import dates_share

MAX_LONG_CELLS = 200_000_000  # of a table that is made long
DOTTED_DATE = r"\d{1,2}\.(?:\d{1,2}\.\d{2,4}|(?:19|20)\d\d)(?!\d)"  # of a country with decimal commas
MIN_DOTTED_SHARE = 0.9  # of such dates in a column
MAX_NAMED_COLUMNS = 3  # in a note
MAX_LISTED_TEXTS, MAX_LISTED_LENGTH = 5, 60  # of texts in a message that can be copied into an option


@dataclass(frozen=True)
class FileTable:
    """A file read as a table: timestamps are parsed, the target is numeric, and the roles of columns are known.

    Its options are those given, with the period by which rows were aggregated, whether columns are series, and the
    order of days and months: they read a newer file alike.
    """

    frame: pd.DataFrame  # long, one row per timestamp and series
    columns: Columns  # the names of its columns
    notes: tuple[str, ...] = ()  # what was inferred or changed, one line each
    roles: Mapping[str, str] = field(default_factory=dict)  # of each column of the file that has one, by name
    options: ReadOptions = field(default_factory=ReadOptions)

    @property
    def series(self) -> set[str]:
        """The names of its series, none for a single one without an id."""
        return set(map(str, self.frame[self.columns.id])) if self.columns.id in self.frame else set()


class ColumnRoles(NamedTuple):
    """The columns of a file by their roles."""

    time: TimeColumn
    ids: Sequence[str]
    series: pd.Series | None  # the name of each row's series, (n,); None: one series
    targets: Sequence[str]  # none if rows are counted
    covariates: CovariateColumns
    wide: bool  # whether each target is a series

    def by_column(self) -> dict[str, str]:
        """The role of each column that has one."""
        given = self.covariates
        names = {"time": self.time.used, "id": self.ids, "target": self.targets}
        names |= {"past": given.past, "future": given.future, "static": given.static}
        names["weight"] = [] if given.weight is None else [given.weight]
        return {name: role for role, own in names.items() for name in own}


def read_file(
    path: str,
    options: ReadOptions | None = None,
    covariates: CovariateColumns | None = None,
    prefer: Columns | None = None,
    series: Collection[str] = (),
) -> FileTable:
    """Read a CSV or Parquet file, or standard input if the path is "-", and infer the roles of its columns.

    The columns that are preferred get their roles if the file has them and no option names others. Without the
    preferred column of ids, columns with the names of known series are these series.

    Raises:
        DataError: with the place (column, line) and a remedy.
    """
    options = options or ReadOptions()
    # the cells, which need much memory, do not outlive this line
    found = interpret(read_cells(path, options), options, covariates or CovariateColumns(), prefer, series)
    return checked(found)


def read_cells(path: str, options: ReadOptions) -> RawTable:
    """The cells of a file."""
    content = decode_file(path, options)
    raw = parse_cells(content if options.delimiter else with_tabs(content, options.skipped_lines), options)
    remove_flags(raw)
    return raw


class Interpretation(NamedTuple):
    """What the cells of a file mean."""

    table: LongTable  # whose timestamps have not been checked
    roles: Mapping[str, str]  # of each column of the file that has one, by name
    options: ReadOptions  # the given ones, with what a newer file needs to be read alike
    notes: Sequence[str]
    covariates: CovariateColumns


def interpret(
    raw: RawTable,
    options: ReadOptions,
    covariates: CovariateColumns,
    prefer: Columns | None = None,
    series: Collection[str] = (),
) -> Interpretation:
    """Infer the meaning of the cells of a file; parameters as in `read_file`."""
    options.refuse_start_alone()
    has_preferred = prefer is not None and prefer.time in raw.cells
    given = (options.time, options.target, options.wide, options.start, covariates.names)
    own_ids = () if any(given) else columns_of_option(raw, options.id)
    was_wide = not any(given) and not has_preferred and unpivot(raw, own_ids)
    chosen = chosen_columns(raw, replace(options, id=None) if was_wide else options, covariates, prefer)
    if prefer is not None and prefer.id not in raw.cells and not (chosen["id"] or options.target or was_wide):
        chosen["series"] = [name for name in raw.names if name in series]
        chosen["target"] = chosen["series"] or chosen["target"]
    if was_wide and LONG_NAMES[0] in raw.cells:
        chosen["id"] = [LONG_NAMES[0]]
    roles, notes = _assign_roles(raw, options, covariates, chosen)
    if roles.wide and not chosen["target"]:
        options = replace(options, wide=True)
    if options.dates is None:  # days of a newer file may all be possible months
        options = replace(options, dates=roles.time.order)
    notes = [*raw.notes, *roles.time.notes, *notes]
    table, column_notes = _long_table(raw, options, roles)
    if not options.aggregate:
        mark_copies(table, raw.cells)
    return Interpretation(table, roles.by_column(), options, [*notes, *column_notes], covariates)


def checked(found: Interpretation) -> FileTable:
    """The table of a file with one row per timestamp and series; a `DataError` refuses irregular timestamps."""
    table, roles, options, given_notes, covariates = found
    notes = [*given_notes]
    if options.dates == "number" and options.freq is None and (step := table.step_of_codes()):
        options = replace(options, freq=step)
    if options.zone:
        locate(table, options.zone)
    if options.aggregate:
        period = str(options.freq or typical_period(table))
        notes += aggregate(table, options.aggregate, period, inferred=not options.freq)
        options = replace(options, freq=period)
    else:
        notes += resolve_duplicates(table)
        refuse_irregular(table, options)
    notes = [*sparse_notes(table, options.freq), *notes]
    shown = {table.columns.target: table.columns.shown_target}
    shown |= {name: repr(name) for name in (*covariates.past, *covariates.future)}
    notes += sentinel_notes(table.frame, shown)
    return FileTable(table.frame, table.columns, tuple(notes), roles, options)


# --- the roles of columns ---------------------------------------------------------------------------


def chosen_columns(
    raw: RawTable, options: ReadOptions, covariates: CovariateColumns, prefer: Columns | None
) -> dict[str, list[str]]:
    """The columns of id, time and target that options name, or that are preferred and exist, by role."""
    chosen = {role: columns_of_option(raw, getattr(options, role)) for role in ("id", "time", "target")}
    for name in covariates.names:
        if name not in raw.cells:
            raise DataError(f"{raw.name}: there is no column {name!r}; it has: {list_names(raw.names)}.")
    everything = [*chosen["id"], *chosen["time"], *chosen["target"], *covariates.names]
    for name in everything:
        if everything.count(name) > 1:
            raise DataError(f"{raw.name}: column {name!r} is named twice. Each column can have one role only.")
    if prefer is not None:
        for role, name in (("id", prefer.id), ("time", prefer.time), ("target", prefer.target)):
            parts = [name] if name in raw.cells else name.split(" " if role == "time" else ID_SEPARATOR)
            if not chosen[role] and all(part in raw.cells and part not in everything for part in parts):
                chosen[role] = parts
    return chosen


def _assign_roles(
    raw: RawTable, options: ReadOptions, covariates: CovariateColumns, chosen: Mapping[str, list[str]]
) -> tuple[ColumnRoles, list[str]]:
    """The roles of all columns, and notes."""
    time = _find_timestamps(raw, options, covariates, chosen)
    taken = [*time.used, *chosen["target"], *covariates.names]
    ids = chosen["id"] or find_ids(raw, time.stamps, taken)
    series, notes = series_names(raw, ids), []
    if len(ids) > 1 and not chosen["id"]:
        notes.append(f"no single column tells series apart; {list_names(ids)} do together; change with `id`")
    targets = chosen["target"]
    if not targets:
        targets, target_notes = _find_targets(raw, options, time, series, [*taken, *ids])
        notes += target_notes
    wide = len(targets) > 1 or bool(chosen.get("series") or (options.wide and not chosen["target"]))
    return ColumnRoles(time, ids, series, targets, covariates, wide), notes


def _find_timestamps(
    raw: RawTable, options: ReadOptions, covariates: CovariateColumns, chosen: Mapping[str, list[str]]
) -> TimeColumn:
    """The timestamps of the rows; remarks and totals below the table are dropped first."""
    taken = [*chosen["id"], *chosen["target"], *covariates.names]
    _drop_footer(raw, raw.names[0])
    refuse_subtotals(raw, chosen["time"] or [name for name in raw.names if name not in taken])
    names = [] if options.start and not chosen["time"] else find_time(raw, chosen["time"], taken, options.dates)
    if names:
        _drop_footer(raw, names[0])
        return read_time_column(raw, names, options)
    if options.freq is not None:
        return number_rows(raw, options, series_names(raw, chosen["id"]))
    raise DataError(
        f"{raw.name}: no column can be read as dates; it has: {list_names(raw.names)}. Name the time column "
        "with `time`, or number the rows with `freq`, such as `freq='D'`, and `start`, such as `start='2024-12-31'`."
        + suggest_time(raw, taken)
        + encoding_hint(raw)
    )


def _drop_footer(raw: RawTable, time: str) -> None:
    """Drop last lines that hold a remark, which is text in one cell and nothing else, or a total."""
    keep, remarks, totals = len(raw.cells), 0, []
    while keep > 1 and raw.cells.shape[1] > 1:
        row = raw.cells.iloc[keep - 1]
        filled = row[row.notna()]
        if word := _total_in(raw, filled):
            totals.append(f"line {raw.lines[keep - 1]} ({word!r})")
        elif _is_remark(raw, filled, bool(pd.isna(row[time]))):
            remarks += 1
        else:
            break
        keep -= 1
    if remarks:
        raw.notes.append(f"{counted(remarks, 'remark')} below the table dropped")
    raw.notes += [f"{line} is left out, as a total below the table" for line in reversed(totals)]
    if keep < len(raw.cells):
        raw.cells, raw.lines = raw.cells.iloc[:keep], raw.lines[:keep]


def _total_in(raw: RawTable, filled: pd.Series) -> str | None:
    """The word for a total in a row without a date, unless other rows have it, too: it names a series then."""
    words = {column: str(text) for column, text in filled.items() if names_total(str(text))}
    if dates_share(filled):
        return None
    return next((word for column, word in words.items() if (raw.cells[column] == word).sum() == 1), None)


def _is_remark(raw: RawTable, filled: pd.Series, has_no_time: bool) -> bool:
    if len(filled) != 1 or dates_share(filled) or is_numeric(filled) or missing(filled).all():
        return False
    return not has_no_time or filled.index[0] == raw.cells.columns[0]


def series_names(raw: RawTable, ids: Sequence[str]) -> pd.Series | None:
    """The name of each row's series, (n,); None without columns of ids."""
    if not ids:
        return None
    for column in ids:
        absent = raw.cells[column].isna().to_numpy()
        if absent.any():
            row = int(absent.argmax())
            remedy = raw.without(np.flatnonzero(absent))
            raise DataError(f"{raw.place(column, row)}: the id is missing. Fill it in. {remedy}")
    if len(ids) == 1:
        return as_objects(raw.cells[ids[0]])
    codes, names = distinct_texts(raw.cells[ids[0]])
    for column in ids[1:]:
        own, texts = distinct_texts(raw.cells[column])
        codes, pairs = pd.factorize(codes * len(texts) + own)
        first, second = np.divmod(pairs, len(texts))
        names = names.iloc[first].reset_index(drop=True) + ID_SEPARATOR + texts.iloc[second].reset_index(drop=True)
    return pd.Series(names.to_numpy(object)[codes], dtype=object)


def _find_targets(
    raw: RawTable, options: ReadOptions, time: TimeColumn, series: pd.Series | None, taken: list[str]
) -> tuple[list[str], list[str]]:
    """The columns to forecast, none if rows are counted; and notes."""
    numeric = numeric_columns(raw, taken) if options.wide or series is None else []
    if options.wide:
        if not numeric:
            raise DataError(f"{raw.name}: `wide=True` needs columns of numbers; it has: {list_names(raw.names)}.")
        totals = totals_among(raw, numeric)
        notes = [f"column {name!r} is left out, as a total of the others; change with `target`" for name in totals]
        return [name for name in numeric if name not in totals], notes
    if options.aggregate == "count":
        return [], []
    if series is None and options.wide is None and columns_are_series(raw, numeric, taken):
        note = f"{len(numeric)} columns read as series, as their names differ in a number only; change with `target`"
        return numeric, [note]
    target, notes = find_target(raw, time.name, series, taken)
    return [target], notes


# --- the long table ---------------------------------------------------------------------------------


def _long_table(raw: RawTable, options: ReadOptions, roles: ColumnRoles) -> tuple[LongTable, list[str]]:
    """The long table, in which each of several targets is a series; and notes on its columns."""
    notes: dict[str, Sequence[str]] = {}
    hint, covariates, targets = decimal_hint(raw, options), roles.covariates, roles.targets
    time = roles.time.name
    id_name = ID_SEPARATOR.join(roles.ids) if roles.ids else Columns.id
    if id_name == time:
        raise DataError(f"{raw.name}: column {time!r} holds timestamps, but has the name of ids. Rename it.")
    target = "value" if roles.wide else targets[0] if targets else "count"
    if roles.wide:
        id_name = "series" if "series" not in (time, *covariates.names) else "series name"
    target = free_name(target, (time, id_name, *covariates.names))
    data: dict[str, object] = {} if roles.series is None else {id_name: roles.series}
    data[time] = roles.time.stamps
    others = {c: read_covariate(raw, options, c, covariates.kinds.get(c), hint, notes) for c in covariates.names}
    values = [numbers_of(raw, options, c, hint, notes) for c in targets] or [np.ones(len(raw.cells))]
    lines: Sequence[int] = raw.lines
    if not roles.wide:
        frame = pd.DataFrame(data | {target: values[0]} | others, copy=False)
    else:
        if len(values) * len(raw.cells) > MAX_LONG_CELLS:
            raise DataError(f"{raw.name}: {len(values)} series of {len(raw.cells)} rows are too many. Choose some.")
        rows = np.tile(np.arange(len(raw.cells)), len(values))
        frame = pd.DataFrame(data | others).iloc[rows].reset_index(drop=True)
        names = np.repeat(np.array(targets, object), len(raw.cells))
        frame[id_name] = names if roles.series is None else frame[id_name] + ID_SEPARATOR + names
        frame[target] = np.concatenate(values)
        lines = np.tile(np.asarray(lines), len(values)).tolist()
    parts = {part: getattr(covariates, part) for part in ("past", "future", "static", "weight")}
    shown = list_names(targets, MAX_NAMED_COLUMNS) if roles.wide else None
    columns = Columns(id_name, time, target, lines, **parts, label=roles.time.label, targets=shown, of_file=True)
    has_ids = roles.series is not None
    return LongTable(raw.name, frame, columns, has_ids or roles.wide, has_ids), _merged(notes)


def _merged(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """The notes on columns, by name; those that differ only in their examples become one."""
    kinds: dict[str, dict[str, str]] = {}  # the columns and their notes, by the note without its examples
    for column, own in notes.items():
        for note in own:
            kinds.setdefault(re.sub(r"'[^']*'|[\d.,]+", "", note), {})[column] = note
    merged = []
    for same in kinds.values():
        listed = list_names(same, MAX_NAMED_COLUMNS)
        merged.append(f"column{'s' * (len(same) > 1)} {listed}: {next(iter(same.values()))}")
    return merged


def numbers_of(
    raw: RawTable, options: ReadOptions, column: str, hint: str | None, notes: dict[str, Sequence[str]]
) -> np.ndarray:
    """A column as numbers, (n,); `hint` is the decimal sign of other columns, and notes are added to `notes`."""
    cells = raw.cells[column]
    found = read_numbers(cells, options.missing, options.decimal, hint)
    if found.bad.any():
        row = int(found.bad.argmax())
        texts = [str(text) for text in cells[found.bad].unique()]
        listed = ",".join(texts)
        short = len(texts) <= MAX_LISTED_TEXTS and len(listed) < MAX_LISTED_LENGTH
        remedy = f" or count it as missing with `na={listed!r}`," if short else ""
        fault = "is not a number"
        if parts_of(str(cells.iloc[row])).core:
            fault = f"lacks the unit {found.unit!r} of most cells" if found.unit else "has a unit, unlike most cells"
        raise DataError(
            f"{raw.place(column, row)}: {shorten(cells.iloc[row])} {fault} "
            f"({counted(int(found.bad.sum()), 'such cell')}). Correct it,{remedy} or leave it empty. "
            f"{raw.without(np.flatnonzero(found.bad))}"
        )
    infinite, too_large = np.isinf(found.values), np.abs(found.values) > MAX_ABSOLUTE_VALUE
    if infinite.any():
        place = raw.place(column, int(infinite.argmax()))
        raise DataError(f"{place}: the value is infinite. Correct it or leave it empty.")
    if too_large.any():
        row = int(too_large.argmax())
        raise DataError(
            f"{raw.place(column, row)}: {shorten(cells.iloc[row])} exceeds {MAX_ABSOLUTE_VALUE:g}. Use a larger unit."
        )
    if np.isnan(found.values).all():
        raise DataError(f"{raw.place(column)}: all {len(cells)} cells are empty. Name another column.")
    notes[column] = found.notes
    return found.values


def read_covariate(
    raw: RawTable,
    options: ReadOptions,
    column: str,
    texts: bool | None,
    hint: str | None,
    notes: dict[str, Sequence[str]],
) -> pd.Series | np.ndarray:
    """A covariate, (n,): numbers if nearly all its cells are numbers, else texts.

    `texts` is whether it was texts in training, None if that is unknown; for the others see `numbers_of`.
    """
    cells = raw.cells[column]
    absent = missing(cells, options.missing)
    if absent.all() or (texts if texts is not None else not is_numeric(cells)):
        return as_objects(cells).where(~absent, None)
    return numbers_of(raw, options, column, hint, notes)


def decimal_hint(raw: RawTable, options: ReadOptions) -> str | None:
    """The decimal sign of the table, for columns that can be read in both ways; None if nothing tells.

    Columns that can be read in one way only decide: those with commas, then all. Otherwise, the comma is decimal if
    the delimiter is a semicolon, which leaves commas to numbers, or if days, months and years are joined by points.
    """
    if raw.delimiter == "":
        return "."
    if options.decimal is not None:
        return None
    cores, dotted_dates = [], False
    for column in list(raw.cells)[:50]:
        texts = sample_of(raw.cells[column]).head(50)
        if len(texts) and texts.str.match(DOTTED_DATE).mean() >= MIN_DOTTED_SHARE:
            dotted_dates = True
        elif texts.str.contains("[,.]").any() and is_numeric(raw.cells[column]):
            cores += [parts_of(text).core for text in texts]
    decided = decide_decimal(core for core in cores if "," in core) or decide_decimal(cores)
    return decided or ("," if raw.delimiter == ";" or dotted_dates else None)
