"""A forecaster as the content of a file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..series.columns import Columns
from ..series.covariates import CovariateLayout, Covariates
from ..series.dataframe import in_library
from ..series.frequency import Frequency
from ..series.panel import Panel
from .inputs.features import Features
from .inputs.framing import WindowSpec
from .model.architecture import Architecture
from .model.combination import Combination
from .model.ensemble import Ensemble, Member
from .model.likelihood import limits_of
from .multi_frequency import adopt
from .preprocessing.profile import SeriesTransform
from .selection.automatic import describe_search, restore_search

if TYPE_CHECKING:
    from ..forecaster import Forecaster

COLUMNS = ("id", "time", "target", "past", "future", "static", "weight")


def describe(fc: Forecaster) -> tuple[dict[str, Any], dict[str, Array]]:
    """What JSON can hold of a fitted forecaster, and its arrays; before those of a part stands its name."""
    if fc.parts_:
        described = {name: describe(one) for name, one in fc.parts_.items()}
        arrays = {f"{part}/{name}": a for part, (_, own) in described.items() for name, a in own.items()}
        return _common(fc) | {"parts": [[name, content] for name, (content, _) in described.items()]}, arrays
    tail = fc.tail_
    arrays = {"y": tail.y, "observed": tail.observed, "offsets": tail.offsets, "first": tail.first}
    arrays |= {"widening": fc.widening_}
    arrays |= {} if fc.model_.dependence is None else {"dependence": fc.model_.dependence}
    arrays |= {f"covariates.{name}": values for name, values in tail.covariates.arrays().items()}
    arrays |= {f"profile.{f.name}": getattr(fc.profile_, f.name) for f in fields(SeriesTransform)}
    arrays |= {f"network.{k}": member.parameters for k, member in enumerate(fc.model_.members)}
    content = {
        **_common(fc),
        "ids": [name.item() if isinstance(name, np.generic) else name for name in tail.ids],
        "frequency": asdict(tail.frequency),
        "layout": tail.covariates.layout.describe(),
        "features": fc.model_.features.describe(),
        "framing": asdict(fc.model_.framing),
        "networks": [asdict(member.architecture) | {"view": member.view} for member in fc.model_.members],
    }
    return content | describe_search(fc), arrays


def _common(fc: Forecaster) -> dict[str, Any]:
    """What a whole and its parts have alike."""
    return {
        "params": {name: value for name, value in fc.get_params().items() if name != "verbose"},
        "columns": {name: getattr(fc.columns_, name) for name in COLUMNS},
        "library": fc.backend_,
        "reading": dict(fc.reading_),
    }


def rebuild(cls: type[Forecaster], content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Forecaster:
    """The forecaster that `describe` told of."""
    fc = cls(**content["params"])
    fc.check_params()
    fc.columns_ = Columns(**content["columns"])
    fc.backend_ = content["library"]
    fc.reading_ = _reading(content.get("reading", {}))  # files of the first versions have none
    if "parts" in content:
        parts = {}
        for part, own in content["parts"]:
            of = f"{part}/"
            parts[part] = rebuild(cls, own, {n.removeprefix(of): a for n, a in arrays.items() if n.startswith(of)})
        if not parts:
            raise InputError("it has no parts")
        return adopt(fc, parts)
    fc.tail_ = _panel(content, arrays)
    fc.profile_ = SeriesTransform(**{f.name: arrays[f"profile.{f.name}"] for f in fields(SeriesTransform)})
    fc.widening_ = arrays["widening"]
    members = []
    for k, description in enumerate(content["networks"]):
        given = description | {"levels": tuple(description["levels"])}
        architecture = Architecture(**{name: value for name, value in given.items() if name != "view"})
        parameters = np.array(arrays[f"network.{k}"])
        if parameters.shape != (architecture.program.size,):
            size = architecture.program.size
            raise InputError(f"network {k} has {parameters.size} parameters instead of {size}")
        members.append(Member(architecture, description["view"], parameters))
    framing = WindowSpec(**content["framing"] | {"views": tuple(content["framing"]["views"])})
    features = Features.rebuild(content["features"])
    fc.model_ = Ensemble(
        framing,
        features,
        members,
        likelihood=fc.likelihood,
        limits=limits_of(fc.likelihood, fc.nonnegative, fc.integer),
        dependence=arrays.get("dependence"),
        seed=fc.seed,
        combination=Combination.of(fc, framing.season, fc.tail_.frequency),
    )
    fc.notes_, fc.held_out_, fc.panel_ = [], None, None
    restore_search(fc, content)
    tail = fc.tail_
    if not len(tail.ids) == len(tail.offsets) - 1 == len(fc.profile_.logs) or tail.offsets[-1] != len(tail.y):
        raise InputError("the series and their rows don't fit together")
    if not members or (fc.reach or fc.horizon) != fc.model_.framing.horizon:
        raise InputError("the networks don't fit the horizon")
    told = (features.known, features.fixed, features.levels)
    if any((m.architecture.known, m.architecture.fixed, m.architecture.levels) != told for m in members):
        raise InputError("the networks don't fit the features")
    in_library({}, fc.backend_)
    return fc


def _reading(told: Any) -> dict[str, Any]:
    """How the table of the training was read, in the words of whoever read it."""
    if not isinstance(told, dict) or not all(isinstance(v, (str, int)) for v in told.values()):
        raise InputError(f"the way its table was read is not told as options: {told!r}")
    return told


def _panel(content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Panel:
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
        content["ids"],
        Frequency(**content["frequency"]),
        arrays["offsets"],
        arrays["first"],
        arrays["y"],
        arrays["observed"],
        covariates=Covariates(layout, **parts),
    )
