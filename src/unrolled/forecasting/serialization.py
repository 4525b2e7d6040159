"""A fitted table as the content of a file, and back. docs/model-file.md specifies the keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from ..argument_types import check_type
from ..arrays import Array
from ..errors import InputError
from ..series.columns import Columns, plain_id
from ..series.covariates import CovariateLayout, Covariates
from ..series.dataframe import Library, in_library
from ..series.frequency import Frequency
from ..series.open_phases import DAY, WEEKDAYS
from ..series.panel import Panel
from ..series.zones import checked_zone
from .inputs.features import Features
from .inputs.views import views_named
from .inputs.window_spec import WindowSpec
from .model.architecture import Architecture
from .model.ensemble import Ensemble, Member
from .multi_frequency import FittedTable
from .parameters import Parameters
from .predictor import Predictor, Source
from .preprocessing.transform import SeriesTransform
from .probabilistic.quantiles import MEDIAN
from .selection.automatic import SelectionResult
from .selection.search import EVIDENCE

COLUMNS = ("id", "time", "target", "past", "future", "static", "weight")
MAX_TRIALS_KEPT = 50  # of a search
STORED_NAMES = {"n_known_ahead": "known", "n_static": "fixed", "category_sizes": "levels"}  # of an architecture
NUMBER_TYPES = frozenset(np.dtype(code).name for code in "?bBhHiIlLefd")  # of ids
Content = dict[str, Any]
Arrays = dict[str, Array]


# --- writing ----------------------------------------------------------------------------------------


def describe(table: FittedTable) -> tuple[Content, Arrays]:
    """A fitted table as JSON content and arrays, whose names begin with the frequency if there are several."""
    if not table.mixed:
        name = next(iter(table.predictors))
        return _describe_part(table.predictors[name], table.selections.get(name))
    described = {name: _describe_part(p, table.selections.get(name)) for name, p in table.predictors.items()}
    arrays = {f"{part}/{name}": a for part, (_, own) in described.items() for name, a in own.items()}
    parts = [[name, content] for name, (content, _) in described.items()]
    return _common(table.parameters, table.source) | {"parts": parts}, arrays


def _common(parameters: Parameters, source: Source) -> Content:
    """The content that a whole table and its parts share."""
    return {
        "params": _described(parameters),
        "columns": {name: getattr(source.columns, name) for name in COLUMNS}
        | ({} if source.columns.label is None else {"label": source.columns.label}),
        "library": source.library.name,
        "types": dict(source.library.types),
        "reading": dict(source.reading),
    }


def _described(parameters: Parameters) -> Content:
    return {name: value for name, value in parameters.as_dict().items() if name != "verbose"}


def _describe_part(predictor: Predictor, selection: SelectionResult | None) -> tuple[Content, Arrays]:
    context, ensemble, spec = predictor.context, predictor.ensemble, predictor.ensemble.spec
    arrays = {"y": context.y, "observed": context.observed, "offsets": context.offsets, "first": context.first}
    arrays |= {"widening": predictor.conformal_factors}
    arrays |= {} if ensemble.correlation is None else {"dependence": ensemble.correlation}
    arrays |= {f"covariates.{name}": values for name, values in context.covariates.arrays().items()}
    arrays |= {f"profile.{f.name}": getattr(predictor.transform, f.name) for f in fields(SeriesTransform)}
    arrays |= {f"network.{k}": member.parameters for k, member in enumerate(ensemble.members)}
    content = {
        **_common(selection.asked if selection else predictor.parameters, predictor.source),
        **_describe_ids(context.ids),
        "frequency": {n: value for n, value in asdict(context.frequency).items() if value not in (None, ())},
        "layout": context.covariates.layout.describe(),
        "features": ensemble.features.describe(),
        "framing": {
            **{f.name: getattr(spec, f.name) for f in fields(WindowSpec)},
            "views": [view.name for view in spec.views],
        },
        "networks": [_describe_member(member) for member in ensemble.members],
    }
    return content | ({"search": _describe_search(selection)} if selection else {}), arrays


def _describe_ids(ids: Sequence[Any]) -> Content:
    """The ids, and their type if it is one of NumPy's other than those that numbers of Python get."""
    plain = [plain_id(name) for name in ids]
    own = {name.dtype for name in ids if isinstance(name, (np.number, np.bool_))}
    usual = own <= {np.array(plain).dtype}
    return {"ids": plain} | ({} if usual or len(own) > 1 else {"id_type": own.pop().name})


def _rebuild_ids(content: Mapping[str, Any]) -> list[Any]:
    kind = content.get("id_type")
    if kind is None:
        return list(content["ids"])
    if kind not in NUMBER_TYPES:
        raise InputError(f"the type of its ids is unknown: {kind!r}")
    return list(np.array(content["ids"], kind))


def _describe_member(member: Member) -> Content:
    architecture = asdict(member.architecture)
    return {STORED_NAMES.get(name, name): value for name, value in architecture.items()} | {"view": member.view.name}


def _describe_search(selection: SelectionResult) -> Content:
    """The first rows of the table of trials, and the chosen parameters."""
    rows = selection.table.head(MAX_TRIALS_KEPT).replace([np.inf, -np.inf], np.nan).astype(object)
    kept = rows.where(rows.notna(), None).to_dict("records")
    return {"table": kept, "chosen": _described(selection.chosen)}


# --- reading ----------------------------------------------------------------------------------------


def rebuild(content: Mapping[str, Any], arrays: Mapping[str, Array]) -> FittedTable:
    """The fitted table that `describe` described.

    Raises:
        InputError: the content is inconsistent, or needs something that is not registered.
    """
    if "parts" not in content:
        predictor, selection = _rebuild_part(content, arrays)
        name = predictor.context.frequency.name
        parameters = selection.asked if selection else predictor.parameters
        selections = {name: selection} if selection else {}
        return FittedTable(parameters=parameters, predictors={name: predictor}, selections=selections)
    parameters = Parameters(**content["params"])
    parameters.check()
    found = {}
    for name, own in content["parts"]:
        of = f"{name}/"
        found[name] = _rebuild_part(own, {n.removeprefix(of): a for n, a in arrays.items() if n.startswith(of)})
    if not found:
        raise InputError("it has no parts")
    return FittedTable(
        parameters=parameters,
        predictors={name: predictor for name, (predictor, _) in found.items()},
        mixed=True,
        selections={name: selection for name, (_, selection) in found.items() if selection},
    )


def _rebuild_part(
    content: Mapping[str, Any], arrays: Mapping[str, Array]
) -> tuple[Predictor, SelectionResult | None]:
    asked = Parameters(**content["params"])
    asked.check()
    selection = _rebuild_search(asked, content.get("search"))
    parameters = selection.chosen if selection else asked
    source = Source(Columns(**content["columns"]), _library(content), _reading(content.get("reading", {})))
    context = _rebuild_panel(content, arrays)
    transform = _rebuild_transform(parameters, arrays)
    framing = content["framing"]
    spec = WindowSpec(**{**framing, "views": views_named(framing["views"])})
    ensemble = Ensemble(
        spec,
        Features.rebuild(content["features"]),
        [_rebuild_member(k, described, arrays) for k, described in enumerate(content["networks"])],
        distribution=parameters.distribution,
        support=parameters.support,
        correlation=arrays.get("dependence"),
        seed=parameters.seed,
        combination=parameters.combination(spec.season, context.frequency),
    )
    _refuse_misfits(parameters, context, transform, ensemble)
    in_library({}, source.library)
    predictor = Predictor(
        parameters=parameters,
        source=source,
        ensemble=ensemble,
        transform=transform,
        conformal_factors=_conformal_factors(arrays["widening"]),
        context=context,
    )
    return predictor, selection


def _rebuild_transform(parameters: Parameters, arrays: Mapping[str, Array]) -> SeriesTransform:
    """The transform of the series. In files of older versions the parameters say which are never negative."""
    bounded = bool(parameters.nonnegative) or parameters.distribution.counts
    parts = {"profile.nonnegative": np.full(len(arrays["profile.logs"]), bounded), **arrays}
    return SeriesTransform(**{f.name: parts[f"profile.{f.name}"] for f in fields(SeriesTransform)})


def _conformal_factors(stored: Array) -> Array:
    """The factors of all intervals, (MEDIAN, H). Files of older versions have none of the 99 % interval, which is
    extrapolated from the 95 % interval."""
    return np.concatenate([stored[:1], stored]) if len(stored) == MEDIAN - 1 else stored


def _library(content: Mapping[str, Any]) -> Library:
    types = content.get("types", {})
    check_type("types", types, Mapping[str, str])
    return Library(content["library"], types)


def _rebuild_search(asked: Parameters, described: Mapping[str, Any] | None) -> SelectionResult | None:
    if described is None:
        return None
    table = pd.DataFrame(described["table"], columns=EVIDENCE)
    return SelectionResult(asked, Parameters(**described["chosen"] | {"verbose": asked.verbose}), table)


def _rebuild_member(k: int, described: Mapping[str, Any], arrays: Mapping[str, Array]) -> Member:
    own = {stored: name for name, stored in STORED_NAMES.items()}
    given = {own.get(name, name): value for name, value in described.items() if name != "view"}
    architecture = Architecture(**given | {"category_sizes": tuple(given["category_sizes"])})
    parameters = np.array(arrays[f"network.{k}"])
    if parameters.shape != (architecture.program.size,):
        raise InputError(f"network {k} has {parameters.size} parameters instead of {architecture.program.size}")
    return Member(architecture, views_named(described["view"])[0], parameters)


def _refuse_misfits(parameters: Parameters, context: Panel, transform: SeriesTransform, ensemble: Ensemble) -> None:
    """Raise if the parts of a file are inconsistent."""
    if not len(context.ids) == len(context.offsets) - 1 == len(transform.logs) or context.offsets[-1] != len(
        context.y
    ):
        raise InputError("the series and their rows don't fit together")
    if not ensemble.members or parameters.steps_at_once != ensemble.spec.horizon:
        raise InputError("the networks don't fit the horizon")
    features = ensemble.features
    for member in ensemble.members:
        if any(getattr(member.architecture, name) != getattr(features, name) for name in STORED_NAMES):
            raise InputError("the networks don't fit the features")


def _reading(options: Any) -> dict[str, Any]:
    """The options with which the table of the training was read, as they were saved."""
    if not isinstance(options, dict) or not all(isinstance(v, (str, int)) for v in options.values()):
        raise InputError(f"the way its table was read is not given as options: {options!r}")
    return options


def _rebuild_frequency(described: Mapping[str, Any]) -> Frequency:
    if described["unit"] == "business day":  # in files written before there were closed phases
        return Frequency("fixed", described["step"] * DAY, described["origin"], open=WEEKDAYS)
    mask = described.get("open", "")
    if not re.fullmatch("[01]*", mask) or len(mask) % 7 or (mask and "1" not in mask):
        raise InputError(f"the open phases of its frequency are not a mask: {mask!r}")
    kept: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in described.items()}
    frequency = Frequency(**kept)
    if frequency.zone is not None:
        checked_zone(frequency.zone)
    frequency.stamps(np.zeros(1, np.int64))  # raises if its days can't be used
    return frequency


def _rebuild_panel(content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Panel:
    layout = CovariateLayout.rebuild(content["layout"])
    parts = {f.name: arrays[f"covariates.{f.name}"] for f in fields(Covariates) if f.name != "layout"}
    rows, series = len(arrays["y"]), len(arrays["offsets"]) - 1
    lengths = {"values": rows, "static": series, "categories": series, "weights": series, "ahead_offsets": series + 1}
    columns = (len(layout.names), layout.known)
    if any(len(parts[name]) != n for name, n in lengths.items()) or columns != (
        parts["values"].shape[1],
        parts["ahead"].shape[1],
    ):
        raise InputError("the covariates don't fit the series")
    return Panel(
        _rebuild_ids(content),
        _rebuild_frequency(content["frequency"]),
        arrays["offsets"],
        arrays["first"],
        arrays["y"],
        arrays["observed"],
        covariates=Covariates(layout, **parts),
    )
