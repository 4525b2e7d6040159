"""A fitted table as the content of a file, and back. docs/model-file.md specifies the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd

from ..argument_types import Between, Positive, check_type, fits
from ..arrays import Array
from ..errors import InputError, NotRegisteredError
from ..schema import Readers, read_object
from ..series.columns import Columns, plain_id
from ..series.covariates import CovariateLayout, Covariates
from ..series.dataframe import Library, conversion_errors, in_library
from ..series.frequency import Frequency
from ..series.open_phases import DAY, WEEKDAYS
from ..series.panel import Panel
from .inputs.calendar import calendar_features
from .inputs.features import Features
from .inputs.views import View, views_named
from .inputs.window_spec import WindowSpec
from .model.architecture import Architecture
from .model.ensemble import Ensemble, Member
from .model.settings import network_sizes
from .multi_frequency import FittedTable
from .parameters import Parameters
from .predictor import Predictor, Source
from .preprocessing.effects import NO_TERMS, LinearEffects, Terms
from .preprocessing.transform import SeriesTransform
from .probabilistic.quantiles import LEARNED, MEDIAN
from .probabilistic.tracking import Tracking
from .selection.automatic import SelectionResult
from .selection.search import EVIDENCE
from .stored_arrays import checked_arrays, rows_of

if TYPE_CHECKING:
    from .pretrained.network import Pretrained

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
        | {name: value for name in ("label", "targets") if (value := getattr(source.columns, name)) is not None},
        "library": source.library.name,
        "types": dict(source.library.types),
        "reading": dict(source.reading),
    }


def _described(parameters: Parameters) -> Content:
    return {name: value for name, value in parameters.as_dict().items() if name != "verbose"}


def _describe_part(predictor: Predictor, selection: SelectionResult | None) -> tuple[Content, Arrays]:
    context, ensemble, spec = predictor.context, predictor.ensemble, predictor.ensemble.spec
    frequency = asdict(replace(context.frequency, label=None))  # which is stored with the columns
    arrays = {"y": context.y, "observed": context.observed, "offsets": context.offsets, "first": context.first}
    arrays |= {"widening": predictor.conformal_factors}
    arrays |= {} if ensemble.correlation is None else {"dependence": ensemble.correlation}
    arrays |= {f"covariates.{name}": values for name, values in context.covariates.arrays().items()}
    tracking = predictor.tracking
    arrays |= {f"tracking.{name}": getattr(tracking, name) for name in ("added", "before", "recent")}
    transform = predictor.transform
    arrays |= {f"profile.{name}": values for name, values in transform.arrays.items()}
    arrays |= {"profile.effects": transform.effects.coefficients}
    arrays |= {f"network.{k}": member.parameters for k, member in enumerate(ensemble.members)}
    pretrained = ensemble.pretrained
    arrays |= {} if pretrained is None else {f"pretrained.{n}": a for n, a in pretrained.network.views.items()}
    content = {
        **_common(selection.asked if selection else predictor.parameters, predictor.source),
        **_describe_ids(context.ids),
        "frequency": {n: value for n, value in frequency.items() if value not in (None, ())},
        "layout": context.covariates.layout.describe(),
        "features": ensemble.features.describe(),
        "terms": asdict(transform.effects.terms),
        "series_correlation": ensemble.series_correlation,
        "mean_factor": predictor.mean_factor,
        "framing": {
            **{f.name: getattr(spec, f.name) for f in fields(WindowSpec)},
            "views": [view.name for view in spec.views],
        },
        "networks": [_describe_member(member) for member in ensemble.members],
    }
    content |= (
        {} if pretrained is None else {"pretrained": {"share": pretrained.share, **pretrained.network.describe()}}
    )
    return content | ({"search": _describe_search(selection)} if selection else {}), arrays


def _describe_ids(ids: Sequence[Any]) -> Content:
    """The ids, and their type if it is one of NumPy's other than those that numbers of Python get."""
    plain = [plain_id(name) for name in ids]
    own = {name.dtype for name in ids if isinstance(name, (np.number, np.bool_))}
    usual = own <= {np.array(plain).dtype}
    return {"ids": plain} | ({} if usual or len(own) > 1 else {"id_type": own.pop().name})


def _describe_member(member: Member) -> Content:
    architecture = asdict(member.architecture)
    return {STORED_NAMES.get(name, name): value for name, value in architecture.items()} | {"view": member.view.name}


def _describe_search(selection: SelectionResult) -> Content:
    """The first rows of the table of trials, and the chosen parameters."""
    rows = selection.table.head(MAX_TRIALS_KEPT).replace([np.inf, -np.inf], np.nan).astype(object)
    kept = rows.where(rows.notna(), None).to_dict("records")
    return {"table": kept, "chosen": _described(selection.chosen)}


# --- reading ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoredSearch:
    """The evidence of a search in a file."""

    table: tuple[Mapping[str, Any], ...]
    chosen: Parameters


@dataclass(frozen=True)
class StoredMember:
    """A network in a file, without its parameters."""

    architecture: Architecture
    view: View


@dataclass(frozen=True, kw_only=True)
class StoredPart:
    """The content of a fit of one frequency; docs/model-file.md explains the keys."""

    params: Parameters
    columns: Columns
    library: str
    types: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, str | int | bool] = field(default_factory=dict)
    ids: Sequence[Any]
    id_type: str | None = None
    frequency: Frequency
    layout: CovariateLayout
    features: Features
    terms: Terms = NO_TERMS
    series_correlation: Annotated[float, Between(0, 1)] = 0.0
    mean_factor: Positive = 1.0
    framing: WindowSpec
    networks: tuple[StoredMember, ...]
    pretrained: Mapping[str, Any] | None = None
    search: StoredSearch | None = None


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """The content of a fit of several frequencies."""

    params: Parameters
    parts: tuple[tuple[str, StoredPart], ...]


def rebuild(content: Mapping[str, Any], arrays: Mapping[str, Array]) -> FittedTable:
    """The fitted table that `describe` described.

    Raises:
        InputError: the content is inconsistent, or needs something that is not registered.
    """
    if "parts" not in content:
        stored = read_object(content, StoredPart, readers=READERS, ignore_unknown=True)
        predictor = _rebuild_part(stored, arrays)
        name = predictor.context.frequency.name
        selections = {name: selection} if (selection := _rebuild_search(stored)) else {}
        return FittedTable(parameters=stored.params, predictors={name: predictor}, selections=selections)
    table = read_object(content, StoredTable, readers=READERS, ignore_unknown=True)
    parts = dict(table.parts)
    found = {}
    for name, stored in parts.items():
        of = f"{name}/"
        found[name] = _rebuild_part(stored, {n.removeprefix(of): a for n, a in arrays.items() if n.startswith(of)})
    if not found or len({one.context.frequency.name for one in found.values()}) < len(table.parts):
        raise InputError("its parts are not of different frequencies")
    first = next(iter(found.values()))
    if any((one.source, one.name) != (first.source, first.name) for one in found.values()):
        raise InputError("its parts are not of one table, with one name of the forecast")
    return FittedTable(
        parameters=table.params,
        predictors=found,
        mixed=True,
        selections={name: search for name, own in parts.items() if (search := _rebuild_search(own))},
    )


def _rebuild_part(stored: StoredPart, arrays: Mapping[str, Array]) -> Predictor:
    parameters = stored.search.chosen if stored.search else stored.params
    columns = replace(stored.columns, rows=None)
    stored.params.check_name(columns)
    if stored.reading:
        from ..series.files.options import ReadOptions  # tables that come from files are read by commands only

        ReadOptions().with_defaults(stored.reading)  # raises if an option is not known or invalid
    _check_features(stored)
    _check_networks(stored, parameters)
    arrays = checked_arrays(_of_this_version(arrays, parameters), _sizes(stored, parameters, arrays))
    context = _rebuild_panel(stored, arrays)
    transform = _rebuild_transform(stored, arrays)
    if (context.y[np.repeat(transform.logs, context.lengths)] <= 0).any():
        raise InputError("a series taken in logarithms has values that are not positive")
    spec = stored.framing
    ensemble = Ensemble(
        spec,
        stored.features,
        [_rebuild_member(k, member, arrays) for k, member in enumerate(stored.networks)],
        distribution=parameters.distribution,
        support=parameters.support,
        correlation=arrays.get("dependence"),
        series_correlation=stored.series_correlation,
        seed=parameters.seed,
        combination=parameters.combination(spec.season, stored.frequency),
        pretrained=_rebuild_pretrained(stored, parameters, arrays),
    )
    return Predictor(
        parameters=parameters,
        source=Source(columns, _checked_library(stored), stored.reading),
        ensemble=ensemble,
        transform=transform,
        conformal_factors=arrays["widening"],
        mean_factor=stored.mean_factor,
        tracking=_rebuild_tracking(arrays),
        context=context,
    )


def _rebuild_transform(stored: StoredPart, arrays: Mapping[str, Array]) -> SeriesTransform:
    parts = {f.name: arrays[f"profile.{f.name}"] for f in fields(SeriesTransform) if f.name != "effects"}
    return SeriesTransform(**parts, effects=LinearEffects(stored.terms, arrays["profile.effects"]))


def _rebuild_tracking(arrays: Mapping[str, Array]) -> Tracking:
    """Older files have none: their forecasts are tracked from now on."""
    names = ("added", "before", "recent")
    found = {name: arrays[f"tracking.{name}"] for name in names if f"tracking.{name}" in arrays}
    return replace(Tracking.begin(np.diff(arrays["offsets"])), **found)


def _checked_library(stored: StoredPart) -> Library:
    library = Library(stored.library, stored.types)
    try:
        in_library({}, library)
    except conversion_errors() as error:
        raise InputError(f"`library` is {library.name!r}, which is not installed or can't hold forecasts") from error
    return library


def _of_this_version(arrays: Mapping[str, Array], parameters: Parameters) -> dict[str, Array]:
    """The arrays with those that files of older versions lack.

    There the parameters say which series are never negative, no series has linear effects, and the factor of the 99 %
    interval is that of the 95 % interval, from which it is extrapolated.
    """
    series = rows_of("profile.logs", arrays)
    bounded = bool(parameters.nonnegative) or parameters.distribution.counts
    added = {"profile.nonnegative": np.full(series, bounded), "profile.effects": np.zeros((series, 0)), **arrays}
    if rows_of("widening", arrays) == MEDIAN - 1:
        added["widening"] = np.concatenate([arrays["widening"][:1], arrays["widening"]])
    return added


def _sizes(stored: StoredPart, parameters: Parameters, arrays: Mapping[str, Array]) -> dict[str, int]:
    """The sizes in the shapes of the arrays, by the names that docs/model-file.md gives them."""
    layout = stored.layout
    return {
        "S": len(stored.ids),
        "S + 1": len(stored.ids) + 1,
        "n": rows_of("y", arrays),
        "M": rows_of("covariates.ahead", arrays),
        "C": len(layout.names),
        "K": layout.known,
        "A": sum(len(spec.names) for spec in layout.numeric),
        "B": len(layout.categorical),
        "m": stored.framing.season,
        "H": stored.framing.horizon,
        "intervals": MEDIAN,
        "extremes": 3,
        "W": rows_of("tracking.recent", arrays),
        "counts": 2,
        "E": stored.terms.size,
        "horizon": parameters.horizon,
    }


def _rebuild_search(stored: StoredPart) -> SelectionResult | None:
    if stored.search is None:
        return None
    table = pd.DataFrame(list(stored.search.table), columns=EVIDENCE)
    chosen = replace(stored.search.chosen, verbose=stored.params.verbose)
    return SelectionResult(stored.params, chosen, table)


def _rebuild_member(k: int, stored: StoredMember, arrays: Mapping[str, Array]) -> Member:
    parameters, size = arrays.get(f"network.{k}", np.zeros(0, np.float32)), stored.architecture.program.size
    if parameters.shape != (size,) or parameters.dtype != np.float32:
        raise InputError(f"network {k} has {parameters.size} parameters instead of {size}")
    return Member(stored.architecture, stored.view, np.array(parameters))


def _rebuild_pretrained(stored: StoredPart, parameters: Parameters, arrays: Mapping[str, Array]) -> Pretrained | None:
    if stored.pretrained is None:
        return None
    from ..nn.network import Network  # imports that take time
    from .pretrained.network import Pretrained
    from .pretrained.representation import CHANNELS

    own = {name.removeprefix("pretrained."): np.array(array) for name, array in arrays.items()}
    network = Network.rebuild(stored.pretrained, own)
    if (network.input_size, network.program.buffers[network.program.outputs[0]].shape) != (CHANNELS, (len(LEARNED),)):
        raise InputError("the pretrained network does not read series, or does not give quantiles")
    share: Any = stored.pretrained.get("share")
    if not fits(share, Annotated[float, Between(0, 1)]):
        raise InputError(f"`pretrained.share` is {share!r}; it should be a number from 0 to 1")
    return Pretrained(network, share, parameters.season)


def _check_networks(stored: StoredPart, parameters: Parameters) -> None:
    """Raise if the networks do not read the windows and features, or do not give the horizon."""
    spec, features = stored.framing, stored.features
    if parameters.steps_at_once != spec.horizon:
        raise InputError("the networks don't fit the horizon")
    kinds = (bool(stored.networks), stored.pretrained is not None)
    if kinds != (parameters.trains, parameters.networks != "trained") or bool(spec.views) != parameters.trains:
        raise InputError(f"its networks are not those of `params.network`, {parameters.network!r}")
    if spec.window % spec.segment:
        raise InputError(f"its window of {spec.window} periods is no multiple of its segment of {spec.segment}")
    for k, member in enumerate(stored.networks):
        own = member.architecture
        wanted = network_sizes(spec, member.view, features) | {"outputs": parameters.distribution.size}
        for name, value in wanted.items():
            if getattr(own, name) != value:
                shown = f"networks[{k}].{STORED_NAMES.get(name, name)}"
                raise InputError(f"`{shown}` is {getattr(own, name)}, but windows and features need {value}")
        if (own.decoder != "direct") != spec.decoded:
            raise InputError(f"`networks[{k}].decoder` is {own.decoder!r}, but `framing.decoded` is {spec.decoded}")


def _check_features(stored: StoredPart) -> None:
    """Raise if the features are not those of the covariates and the calendar."""
    features, layout, columns = stored.features, stored.layout, stored.columns
    for part in ("past", "future", "static"):
        if tuple(spec.name for spec in getattr(layout, part)) != getattr(columns, part):
            raise InputError(f"`layout.{part}` does not have the columns of `columns.{part}`")
        specs = layout.numeric if part == "static" else getattr(layout, part)
        own, width = getattr(features, part), sum(len(spec.names) for spec in specs)
        if not len(own.columns) == len(own.center) == len(own.scale) or max(own.columns, default=-1) >= width:
            raise InputError(f"`features.{part}` does not fit the {width} column(s) of `layout.{part}`")
    if max((k for k, _ in stored.terms.lags), default=-1) >= layout.known:
        raise InputError(f"`terms` does not fit the {layout.known} column(s) that are known ahead")
    for k, category in enumerate(features.categories):
        texts = layout.categorical[category.column].texts if category.column < len(layout.categorical) else None
        if texts is None or len(category.codes) != len(texts) + 1:
            raise InputError(f"`features.categories[{k}]` does not fit the texts of its column")
    names, _ = calendar_features(stored.frequency, np.zeros(0, np.int64), features.season)
    if list(features.calendar) not in ([], names):
        raise InputError(f"`features.calendar` is {list(features.calendar)} instead of {names}")


def _rebuild_panel(stored: StoredPart, arrays: Mapping[str, Array]) -> Panel:
    layout, offsets, first = stored.layout, arrays["offsets"], arrays["first"]
    parts = {f.name: arrays[f"covariates.{f.name}"] for f in fields(Covariates) if f.name != "layout"}
    for name, ends, rows, least in (
        ("offsets", offsets, len(arrays["y"]), 1),
        ("covariates.ahead_offsets", parts["ahead_offsets"], len(parts["ahead"]), 0),
    ):
        if ends[0] != 0 or ends[-1] != rows or (np.diff(ends) < least).any():
            raise InputError(f"the array {name!r} does not divide {rows} rows among the series")
    for spec, codes in zip(layout.categorical, parts["categories"].T, strict=True):
        if codes.max() > len(spec.texts or ()):
            raise InputError(f"the array 'covariates.categories' has a code {codes.max()} of {spec.name!r}")
    frequency = stored.frequency.with_label(stored.columns.label)
    frequency.check()
    frequency.check_range(int(first.min()), int((first + np.diff(offsets)).max()) + stored.framing.horizon)
    return Panel(
        _rebuild_ids(stored),
        frequency,
        offsets,
        first,
        arrays["y"],
        arrays["observed"],
        covariates=Covariates(layout, **parts),
    )


def _rebuild_ids(stored: StoredPart) -> list[Any]:
    ids, kind = stored.ids, stored.id_type
    if not {*map(type, ids)} <= {str, int, float, bool, type(None)}:
        raise InputError("`ids` holds other values than texts and numbers")
    if not ids or len(set(map(str, ids))) < len(ids) or (None in ids and len(ids) > 1):
        raise InputError("`ids` is empty, has an id twice, or lacks one")
    if kind is None:
        return list(ids)
    if kind not in NUMBER_TYPES:
        raise InputError(f"the type of its ids is unknown: {kind!r}")
    return list(np.array(ids, kind))


# --- values with readers of their own ---------------------------------------------------------------


def _read_parameters(value: Any, place: str) -> Parameters:
    if isinstance(value, Mapping):  # files of older versions hold only trained networks
        value = {"network": "trained", **value}
    parameters = read_object(value, Parameters, place)
    try:
        parameters.check()
    except NotRegisteredError:
        raise
    except InputError as error:  # commands would take parameters in backticks for options that were given
        raise InputError(f"`{place}`: {str(error).replace('`', '')}") from error
    return parameters


def _read_view(value: Any, place: str) -> View:
    check_type(f"`{place}`", value, str)
    return views_named(value)[0]


def _read_member(value: Any, place: str) -> StoredMember:
    check_type(f"`{place}`", value, Mapping)
    own = {stored: name for name, stored in STORED_NAMES.items()}
    described = {own.get(name, name): part for name, part in value.items() if name != "view"}
    return StoredMember(read_object(described, Architecture, place), _read_view(value.get("view"), f"{place}.view"))


def _read_frequency(value: Any, place: str) -> Frequency:
    business = isinstance(value, dict) and value.get("unit") == "business day"
    if business:  # in files written before there were closed phases
        value = {**value, "unit": "fixed", "open": WEEKDAYS}
    frequency = read_object(value, Frequency, place)
    if business:
        frequency = replace(frequency, step=frequency.step * DAY)
    frequency.check()
    return frequency


def _read_pair(value: Any, place: str) -> tuple[str, StoredPart]:
    check_type(f"`{place}`", value, tuple[Any, Any])
    name, part = value
    check_type(f"`{place}[0]`", name, str)
    return name, read_object(part, StoredPart, f"{place}[1]", READERS, ignore_unknown=True)


READERS: Readers = {
    Parameters: _read_parameters,
    View: _read_view,
    StoredMember: _read_member,
    Frequency: _read_frequency,
    tuple[str, StoredPart]: _read_pair,
}
