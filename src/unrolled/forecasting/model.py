"""The networks behind a forecaster: an ensemble that takes turns in the views, trained on a panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ..abreast import abreast
from ..checkpoint import History
from ..data import Windows
from ..engines import engine_for
from ..ops import Array
from ..optimizers import AdamW
from ..progress import part
from ..randomness import Place, Purpose, generator
from ..schedules import OneCycle
from ..training import Plan, train
from .architecture import Architecture, Decoder
from .combination import NETWORKS_ALONE, Combination
from .features import Features
from .intervals import QUANTILES
from .limits import UNLIMITED, Limits
from .outputs import loss_of, outputs_of, outputs_to_begin_with, quantiles_of
from .panel import Panel, series_of
from .scaling import Profile, season_ahead
from .windows import WITHOUT_SEASON, Framing, View, make_windows, window_ends

MOST_NETWORKS = 1000  # in an ensemble: so many seeds belong to each seed of a forecaster
CHUNK = 4096  # windows that are forecast at once
ENOUGH = 1000  # windows that show how far targets lie from their anchors


class Settings(NamedTuple):
    """How networks are built and trained."""

    cell: str
    hidden: int
    layers: int
    dropout: float
    decoder: Decoder
    steps: int
    batch_size: int
    rate: float
    weight_decay: float
    ensemble: int
    seed: int
    verbose: int
    likelihood: str | None = None

    def architecture(self, framing: Framing, view: View, features: Features) -> Architecture:
        return Architecture(
            self.cell,
            self.hidden,
            self.layers,
            self.dropout,
            framing.segment,
            (2 if view == "season" else 1) + features.beside,
            framing.horizon,
            outputs_of(self.likelihood),
            self.decoder,
            features.known,
            features.fixed,
            features.levels,
        )


@dataclass(frozen=True)
class Member:
    """One trained network of an ensemble."""

    architecture: Architecture
    view: View
    parameters: Array
    history: History = field(default_factory=History)


@dataclass(frozen=True)
class Model:
    """A trained ensemble.

    Attributes:
        framing: how windows are cut.
        features: what is read beside the target.
        members: the networks.
        interrupted: whether Ctrl-C ended the training.
        likelihood: the distribution whose parameters the networks give; None: they give quantiles.
        limits: what all forecasts keep to.
        dependence: correlations between the steps that are forecast at once, (H, H); None: not known.
        seed: of the paths behind recursive forecasts.
        combination: what their forecasts are averaged with.
    """

    framing: Framing
    features: Features
    members: list[Member]
    interrupted: bool = False
    likelihood: str | None = None
    limits: Limits = UNLIMITED
    dependence: Array | None = None
    seed: int = 0
    combination: Combination = NETWORKS_ALONE

    def notes(self, panel: Panel) -> list[str]:
        """What the user must know of how a panel is forecast."""
        return [*self.features.notes(panel), *self.combination.notes(panel)]

    def looked_at(self, panel: Panel) -> Panel:
        """The rows of a panel that forecasts after its end look at: all of them where other methods take part."""
        return panel if self.combination.weights else panel.tail(self.framing.memory)

    def quantiles(self, panel: Panel, profile: Profile, ends: Array, levels: Sequence[float] = QUANTILES) -> Array:
        """Quantiles after these window ends, uncalibrated, of the networks alone: the median over them.

        Networks that have learned quantiles know no other levels.

        Returns:
            (N, horizon, Q) in the units of the target, or their logarithms where the profile says so.
        """
        found = np.empty((len(self.members), len(ends), self.framing.horizon, len(levels)))
        for view in dict.fromkeys(member.view for member in self.members):
            windows = make_windows(panel, profile, self.framing, ends, view, self.features)
            season = season_ahead(panel, profile, ends, self.framing.horizon) if view in WITHOUT_SEASON else None
            for piece in pieces(len(ends)):
                inputs, lengths = windows.inputs(piece, np.dtype(np.float32))
                anchors = windows.anchors(piece)
                if season is not None:
                    anchors = anchors + season[piece]
                for k, member in enumerate(self.members):
                    if member.view == view:
                        y = member.architecture.forward(member.parameters, inputs, lengths)
                        spread = quantiles_of(self.likelihood, y, windows.scale[piece, 0], levels)
                        found[k, piece] = anchors[..., None] + spread
        return np.median(found, axis=0)


def pieces(count: int) -> Iterator[Array]:
    """The numbers 0 .. count - 1 in pieces that are forecast at once."""
    rows = np.arange(count)
    yield from np.array_split(rows, max(1, -(-count // CHUNK)))


def train_model(
    settings: Settings, panel: Panel, profile: Profile, framing: Framing, features: Features, title: str
) -> Model:
    """Train an ensemble on windows of a panel. Ctrl-C ends it early, with the networks there are."""
    ends = window_ends(panel, framing)
    engine = engine_for(settings.architecture(framing, framing.views[0], features).program, say=False)

    def network(number: int, name: str) -> Member:
        view = framing.views[number % len(framing.views)]
        seed = settings.seed * MOST_NETWORKS + number
        return train_member(settings, panel, profile, framing, features, ends, view, seed, name)

    members: list[Member] = []
    interrupted = False
    while len(members) < settings.ensemble and not interrupted:
        first, count = len(members), min(engine.threads, settings.ensemble - len(members))
        numbers = f"network {first + 1}" if count == 1 else f"networks {first + 1}-{first + count}"
        name = f"{title} · {numbers}/{settings.ensemble}"
        with part("", first, settings.ensemble, count):
            members += abreast([partial(network, first + k, name) for k in range(count)], engine)
        interrupted = any(member.history.stopped == "interrupted" for member in members)
    whole = [member for member in members if member.history.stopped != "interrupted"]
    # networks that were trained for a while are better than none
    return Model(framing, features, whole or members, interrupted, settings.likelihood, seed=settings.seed)


def train_member(
    settings: Settings,
    panel: Panel,
    profile: Profile,
    framing: Framing,
    features: Features,
    ends: Array,
    view: View,
    seed: int,
    title: str,
) -> Member:
    """Train one network on the windows that end at `ends`, or on a sample if there are more than it will see."""
    drawn = settings.steps * settings.batch_size
    if len(ends) > drawn:
        ends = np.sort(generator(Purpose.SAMPLE, Place(seed)).choice(ends, drawn, replace=False))
    windows = make_windows(panel, profile, framing, ends, view, features, weighted=True)
    if settings.likelihood is not None:  # relative already: what a window costs does not depend on its scale
        windows = replace(windows, weight=panel.covariates.weights[series_of(panel, ends)])
    architecture = settings.architecture(framing, view, features)
    parameters = architecture.initialize(seed)
    if framing.segment == 1:  # those on segments train for long and get there alone
        _begin_where_targets_lie(architecture, parameters, windows, settings.likelihood)
    rows = np.arange(len(ends))
    history = train(
        architecture.program,
        parameters,
        windows,
        loss_of(settings.likelihood),
        AdamW(OneCycle(settings.rate), weight_decay=settings.weight_decay),
        Plan(
            epochs=max(1, round(drawn / len(ends))),
            batch_size=settings.batch_size,
            seed=seed,
            verbose=settings.verbose,
            title=title,
            count_steps=True,
        ),
        training_rows=rows,
        validation_rows=rows[:0],
    )
    _embed_unknown(architecture, parameters, windows)
    return Member(architecture, view, parameters, history)


def _begin_where_targets_lie(
    architecture: Architecture, parameters: Array, windows: Windows, likelihood: str | None
) -> None:
    """Let the outputs begin where targets lie about their anchors in some windows, evenly apart."""
    some = np.unique(np.linspace(0, len(windows) - 1, ENOUGH).astype(int))
    batch = windows.batch(some, np.dtype(np.float64))
    assert batch.weight is not None, "windows know what was observed"
    assert batch.unit is not None, "windows know their scales"
    bias = architecture.program.views(parameters)["head.bias"]
    values = len(bias) // architecture.outputs  # that the head writes at once
    target, weight = (a.reshape(-1, values) for a in (batch.target, batch.weight))
    unit = np.repeat(batch.unit, len(target) // len(batch.unit))
    bias[...] = outputs_to_begin_with(likelihood, target, weight, unit).ravel()


def _embed_unknown(architecture: Architecture, parameters: Array, windows: Windows) -> None:
    """A category that no series had in training becomes like their mean; what it began with is noise."""
    views = architecture.program.views(parameters)
    for k in range(len(architecture.levels)):
        assert windows.codes is not None, "an architecture with categories reads codes"
        seen = np.unique(windows.codes[windows.series, k])
        weight = views[f"embedding {k}.weight"]
        weight[np.setdiff1d(np.arange(len(weight)), seen)] = weight[seen].mean(axis=0)
