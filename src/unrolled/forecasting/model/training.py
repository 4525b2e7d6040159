"""Training the networks of an ensemble on the windows of a panel."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ...arrays import Array
from ...interactive.progress import subtask
from ...nn.datasets import Windows
from ...nn.engines import engine_for
from ...nn.optimizers import AdamW
from ...nn.randomness import Place, Purpose, generator
from ...nn.schedules import OneCycle
from ...nn.training.loop import train
from ...nn.training.parallel import run_in_parallel
from ...nn.training.plan import TrainingPlan
from ...series.panel import Panel, series_of
from ..inputs.features import Features
from ..inputs.framing import View, WindowSpec
from ..inputs.windows import make_windows, window_ends
from ..preprocessing.profile import SeriesTransform
from .architecture import Architecture
from .ensemble import Ensemble, Member
from .likelihood import initial_outputs, loss_of
from .settings import MOST_NETWORKS, Settings

ENOUGH = 1000  # windows that show how far targets lie from their anchors


def train_model(
    settings: Settings, panel: Panel, profile: SeriesTransform, framing: WindowSpec, features: Features, title: str
) -> Ensemble:
    """Train an ensemble on windows of a panel. Ctrl-C ends it early, with the networks there are."""
    ends = window_ends(panel, framing)
    engine = engine_for(settings.architecture(framing, framing.views[0], features).program, warn=False)

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
        with subtask("", first, settings.ensemble, count):
            members += run_in_parallel([partial(network, first + k, name) for k in range(count)], engine)
        interrupted = any(member.history.stopped == "interrupted" for member in members)
    whole = [member for member in members if member.history.stopped != "interrupted"]
    # networks that were trained for a while are better than none
    return Ensemble(framing, features, whole or members, interrupted, settings.likelihood, seed=settings.seed)


def train_member(
    settings: Settings,
    panel: Panel,
    profile: SeriesTransform,
    framing: WindowSpec,
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
        TrainingPlan(
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
    bias[...] = initial_outputs(likelihood, target, weight, unit).ravel()


def _embed_unknown(architecture: Architecture, parameters: Array, windows: Windows) -> None:
    """A category that no series had in training becomes like their mean; what it began with is noise."""
    views = architecture.program.views(parameters)
    for k in range(len(architecture.levels)):
        assert windows.codes is not None, "an architecture with categories reads codes"
        seen = np.unique(windows.codes[windows.series, k])
        weight = views[f"embedding {k}.weight"]
        weight[np.setdiff1d(np.arange(len(weight)), seen)] = weight[seen].mean(axis=0)
