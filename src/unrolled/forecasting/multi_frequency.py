"""One forecaster for a table whose series have different frequencies: a part for each, itself a forecaster.

Seasons, calendars, windows and horizons mean something else at each frequency, so each gets networks of its own.
Parts have the parameters of the whole; what these leave open is decided for each part by its own series. What the
whole is asked, its parts answer, the one with most rows first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError
from ..interactive.interrupts import interruptible
from ..interactive.progress import run_progress, subtask
from ..series.by_frequency import frequency_names, frequency_note, merge_notes, series_counts, take_rows
from ..series.columns import Columns
from ..series.dataframe import open_table, read_ids, read_stamps
from ..series.panel import Panel
from .cross_validation import Backtest, CrossValidationPlan, roll
from .defaults import prepare
from .evaluation.metrics import InSampleValues
from .evaluation.overall_comparison import combine_comparisons
from .parameters import AUTO, DEFAULT_BUDGET_S, LEAST_TRIALS
from .selection.automatic import SelectionResult, default_cell
from .selection.search import EVIDENCE
from .selection.validation import forecaster_like

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from ..forecaster import Forecaster

OF_THE_WHOLE = ("columns_", "backend_", "reading_", "found_")  # which no fit of its parts decides


# --- fitting ----------------------------------------------------------------------------------------


def fit_parts(fc: Forecaster, panels: Sequence[Panel], baselines: str | Iterable[str] | None = None) -> Forecaster:
    """Fit a part to each panel.

    Ctrl-C ends the part in training with the best so far; those after it have no forecast, which is said. Where it
    ends a search, the parts after it are fitted without one.

    Raises:
        DataError: the series of one frequency can't be forecast; said before anything is trained.
    """
    parts = parts_for(fc, panels)
    for one, panel in zip(parts, panels, strict=True):
        _refuse_early(one, panel)
    done: dict[str, Forecaster] = {}
    searching = True
    # what is done is kept between the parts too; of a search Ctrl-C ends no more than that
    guard = nullcontext(lambda: False) if fc.cell == AUTO else interruptible()
    with guard as interrupted, run_progress(fc.verbose):
        for number, (one, panel) in enumerate(zip(parts, panels, strict=True)):
            chosen = one if searching else forecaster_like(one, _without_search(one))
            with subtask(panel.frequency.name, number, len(parts)):
                done[panel.frequency.name] = chosen.fit_panel(panel, baselines=baselines)
            searching = searching and not chosen.search_interrupted_
            if chosen.interrupted_ or interrupted():
                break
    notes = frequency_note(panels)
    if not searching and len(done) > 1:
        notes.append("automatic choice: the default for the frequencies after the interrupted search")
    if len(done) < len(panels):
        notes.append(
            f"interrupted: no forecast of {series_counts(panels[len(done) :])}, which were not yet trained on"
        )
    return adopt(fc, done, notes)


def parts_for(fc: Forecaster, panels: Sequence[Panel]) -> list[Forecaster]:
    """An unfitted forecaster for each panel; the budget of a search is shared out by their observations."""
    if fc.cell != AUTO or len(panels) == 1:
        return [forecaster_like(fc, {}) for _ in panels]
    known = np.array([panel.observed.sum() for panel in panels])
    budget = fc.budget if fc.budget is not None or fc.max_trials is not None else DEFAULT_BUDGET_S
    budgets = [None if budget is None else float(budget * n / known.sum()) for n in known]
    trials = [None] * len(panels) if fc.max_trials is None else shared_trials(fc.max_trials, known)
    return [forecaster_like(fc, {"budget": b, "max_trials": t}) for b, t in zip(budgets, trials, strict=True)]


def shared_trials(trials: int, known: Array) -> list[int]:
    """So many trials, each part's least ones and the others by its observations (P,); what is left over goes to the
    first.

    >>> shared_trials(20, np.array([300, 100]))
    [13, 7]
    """
    least = LEAST_TRIALS * len(known)
    if trials < least:
        raise InputError(
            f"max_trials {trials} are too few for {len(known)} frequencies, each of which is searched for itself: "
            f"they need {least}. Give that many, or a budget."
        )
    shares = [LEAST_TRIALS + int((trials - least) * n // known.sum()) for n in known]
    return [shares[0] + trials - sum(shares), *shares[1:]]


def _refuse_early(one: Forecaster, panel: Panel) -> None:
    """Raise before long work if this part can't be fitted; the message says which it is."""
    try:
        prepare(one, panel)
    except DataError as error:
        raise DataError(
            f"the {panel.frequency.name} series: {error} Or forecast them apart: `un.by_frequency` splits the table."
        ) from error


def _without_search(one: Forecaster) -> dict[str, Any]:
    return {"cell": default_cell(one), "budget": None, "max_trials": None, "alias": one.name}


def adopt(fc: Forecaster, parts: Mapping[str, Forecaster], notes: Sequence[str] = ()) -> Forecaster:
    """Make a forecaster the whole of these fitted parts."""
    for name in [n for n in vars(fc) if n.endswith("_") and n not in OF_THE_WHOLE]:
        delattr(fc, name)  # of an earlier fit
    fc.parts_ = dict(parts)
    fc.notes_ = [*notes, *merge_notes({name: one.notes_ for name, one in parts.items()})]
    fc.held_out_ = combine_comparisons(
        {name: one.held_out_ for name, one in parts.items() if one.held_out_ is not None}
    )
    searched = {name: one.search_ for name, one in parts.items() if one.search_ is not None}
    fc.search_ = _all_tried(searched) if searched else None
    fc.chosen_ = fc.get_params()
    fc.interrupted_ = any(one.interrupted_ for one in parts.values())
    fc.search_interrupted_ = any(one.search_interrupted_ for one in parts.values())
    return fc


def _all_tried(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What was tried for all frequencies, as one table whose first column tells them apart."""
    rows = [{"frequency": name, **row} for name, one in tables.items() for row in one.to_dict("records")]
    return pd.DataFrame(rows, columns=["frequency", *EVIDENCE])


# --- forecasting ------------------------------------------------------------------------------------


def answer(fc: Forecaster, df: IntoDataFrame | None, ask: Callable[[Forecaster, IntoDataFrame | None], Any]) -> Any:
    """What the parts answer to a question, as one table in the library of their answers.

    Args:
        fc: whose parts are asked.
        df: a table of series to forecast; None: those of the fit.
        ask: the question, of a part and the rows of the table that are its own.
    """
    import narwhals as nw

    asked = [(one, None) for one in fc.parts] if df is None else tables_for(fc, df)
    answers = [nw.from_native(ask(one, rows), eager_only=True) for one, rows in asked]
    fc.predict_notes_ = merge_notes(
        {one.tail_.frequency.name: getattr(one, "predict_notes_", []) for one, _ in asked}
    )
    return nw.maybe_reset_index(nw.concat(answers)).to_native()


def tables_for(fc: Forecaster, df: IntoDataFrame) -> list[tuple[Forecaster, Any]]:
    """The parts that have series in a table, each with its rows.

    A series of the fit goes to the part that it was in, another one to the part of its frequency.

    Raises:
        DataError: a series has a frequency of which there is no part.
    """
    if not fc.parts_:
        return [(fc, df)]
    columns: Columns = fc.columns_
    table = open_table(df, columns, (columns.time,))
    codes, ids = read_ids(table, columns)
    of_series = np.full(len(ids), -1)
    for k, one in enumerate(fc.parts):
        of_series[pd.Index(one.tail_.ids).get_indexer(pd.Index(ids)) >= 0] = k
    new = of_series[codes] < 0
    if new.any():
        kept, numbers = np.unique(codes[new], return_inverse=True)
        names = list(fc.parts_)
        stamps = read_stamps(table[columns.time], columns)[new]
        for series, name in zip(kept, frequency_names(stamps, numbers), strict=True):
            if name not in names:
                raise DataError(
                    f"series {str(ids[series])!r} is {name or 'of one stamp'}; this forecaster was trained on series "
                    f"that are {', '.join(names)}. Leave it out, or train on such series as well."
                )
            of_series[series] = names.index(name)
    found = []
    for k, one in enumerate(fc.parts):
        here = of_series[codes] == k
        if here.any():
            one.columns_ = replace(columns, rows=[columns.row(row) for row in np.flatnonzero(here)])
            found.append((one, take_rows(df, here)))
    return found


# --- rolling origins --------------------------------------------------------------------------------


def roll_all(fc: Forecaster, panels: Sequence[Panel], columns: Columns, plan: CrossValidationPlan) -> Backtest:
    """`roll` for each panel, as one backtest.

    Ctrl-C ends it at the cutoffs that were reached; the frequencies after that have none.
    """
    if len(panels) == 1:
        return roll(fc, panels[0], columns, plan)
    asked = plan.baselines
    if "SeasonalNaive" in asked and "Naive" not in asked:  # where no season is known, the one is the other
        plan = replace(plan, baselines=[*asked, "Naive"])
    found: dict[str, Backtest] = {}
    with run_progress(fc.verbose):
        for number, (one, panel) in enumerate(zip(parts_for(fc, panels), panels, strict=True)):
            try:
                with subtask(panel.frequency.name, number, len(panels)):
                    found[panel.frequency.name] = roll(one, panel, columns, plan)
            except KeyboardInterrupt:
                if not found:
                    raise
                break
            if found[panel.frequency.name].interrupted:
                break
    whole = _one_backtest(found, panels, [name for name in plan.baselines if name not in asked])
    return replace(whole, found=_all_found(fc, {name: one.found for name, one in found.items() if one.found}))


def _one_backtest(found: Mapping[str, Backtest], panels: Sequence[Panel], unasked: Sequence[str]) -> Backtest:
    """Backtests of the first of these panels as one, without some models; series are numbered through."""
    parts = list(found.values())
    first = np.cumsum([0, *(len(panel.ids) for panel in panels)])
    names = [name for name in dict.fromkeys(name for p in parts for name in p.columns) if name not in unasked]
    notes = frequency_note(panels)
    if len(parts) < len(panels):
        notes.append(f"interrupted: no forecast of {series_counts(panels[len(parts) :])}")
    return replace(
        parts[0],
        columns={name: np.concatenate([_column(p, name) for p in parts]) for name in names},
        names=[name for name in names if any(name in p.names for p in parts)],
        steps=np.concatenate([p.steps for p in parts]),
        series=np.concatenate([p.series + k for p, k in zip(parts, first, strict=False)]),
        history=InSampleValues.together(
            [p.history._replace(ids=p.history.ids + k) for p, k in zip(parts, first, strict=False)]
        ),
        windows=max(p.windows for p in parts),
        interrupted=len(parts) < len(panels) or any(p.interrupted for p in parts),
        notes=[*notes, *merge_notes({name: p.notes for name, p in found.items()})],
    )


def _all_found(fc: Forecaster, found: Mapping[str, SelectionResult]) -> SelectionResult | None:
    """What came of the searches for some frequencies, as one; None where nothing was searched for."""
    if not found:
        return None
    return SelectionResult(
        table=_all_tried({name: one.table for name, one in found.items()}),
        parameters=fc.get_params(),
        notes=merge_notes({name: one.notes for name, one in found.items()}),
        interrupted=any(one.interrupted for one in found.values()),
        parts=found,
    )


def _column(backtest: Backtest, name: str) -> Array:
    """A column of a backtest; the seasonal naive of a frequency without a season is the naive."""
    return backtest.columns[name if name in backtest.columns else "Naive"]
