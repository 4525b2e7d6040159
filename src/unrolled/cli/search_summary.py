"""The result of --cell auto: as options, as JSON, and in the run file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .console import option_words, records

if TYPE_CHECKING:
    import pandas as pd

    from ..forecaster import Forecaster
    from ..forecasting.selection.automatic import SelectionResult

# parameters of a forecaster after a search, by frequency ("" for a single one); empty without a search
ChosenParameters = Mapping[str, Mapping[str, Any]]


def chosen_by_fit(fc: Forecaster) -> ChosenParameters:
    return {} if fc.search_ is None else {name: one.chosen_ for name, one in (fc.parts_ or {"": fc}).items()}


def chosen_by_backtest(found: SelectionResult | None) -> ChosenParameters:
    return {} if found is None else {name: one.parameters for name, one in (found.parts or {"": found}).items()}


def as_options(chosen: ChosenParameters) -> str:
    """The options that reproduce a choice; with several frequencies, those of each after its name."""
    if "" not in chosen:
        return "; ".join(f"{name}: {as_options({'': one})}" for name, one in chosen.items())
    return shlex.join(option_words(_searched_parameters(chosen[""])))


def search_json(trials: pd.DataFrame, chosen: ChosenParameters) -> dict[str, Any]:
    """A search for --json."""
    by_frequency = {of: {k: v for k, v in one.items() if k != "verbose"} for of, one in chosen.items()}
    return {"trials": records(trials), "chosen": by_frequency.get("", by_frequency), "options": as_options(chosen)}


def with_choice(given: Mapping[str, Any], chosen: ChosenParameters) -> dict[str, Any]:
    """The options of a run with the choice in place of the search; the forecast's column keeps its name.

    With several frequencies no set of options can hold all choices, and the search remains.
    """
    if "" not in chosen:
        return dict(given)
    parameters = _searched_parameters(chosen[""])
    return {**given, "alias": chosen[""]["alias"], **parameters, "budget": None, "max_trials": None}


def _searched_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    from ..forecasting.selection.space import Configuration

    return {name: parameters[name] for name in (*Configuration._fields, "network")}


def choice_remarks(given: Mapping[str, Any], chosen: ChosenParameters) -> list[str]:
    """Comments of a run file on a search: the options of the command with it, and its result."""
    if "" in chosen:
        names = [name for name, value in _searched_parameters(chosen[""]).items() if value is not None]
        return ["chosen by --cell auto: " + ", ".join(["alias", *names])]
    remarks = []
    if chosen and (given["budget"] is not None or given["max_trials"] is None):
        remarks.append(
            "the choice of --cell auto within a time limit is not reproducible. Each frequency has its own choice, "
            "and one set of options can't hold them all, so the search runs again. With --max-trials and no --budget "
            "it is reproducible"
        )
    return remarks + [f"chosen by --cell auto, {name}: {as_options({'': one})}" for name, one in chosen.items()]
