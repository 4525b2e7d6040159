"""Training the networks of an ensemble on the windows of a panel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...arrays import Array
from ...errors import TrainingDiverged
from ...interactive.progress import subtask
from ...nn.datasets import Windows
from ...nn.engines import engine_for
from ...nn.optimizers import AdamW
from ...nn.randomness import Place, Purpose, generator
from ...nn.schedules import OneCycle
from ...nn.training.loop import train
from ...nn.training.parallel import run_in_parallel
from ...nn.training.plan import TrainingPlan
from ...series.panel import Panel
from ..inputs.features import Features
from ..inputs.views import View
from ..inputs.window_spec import WindowSpec
from ..inputs.windows import make_windows, window_ends
from ..preprocessing.transform import SeriesTransform, TransformedOrigins
from .architecture import Architecture
from .distributions import OutputDistribution
from .ensemble import Ensemble, Member
from .settings import MAX_NETWORKS, Settings

WINDOWS_FOR_INITIAL_OUTPUTS = 1000  # from which the targets' distances from anchors are taken
RETRIES = 2  # of a network whose training diverged
RETRY_RATE = 1 / 3  # the learning rate of each, as a share of the one before


@dataclass(frozen=True)
class TrainingSet:
    """The windows that the networks of an ensemble are trained on."""

    origins: TransformedOrigins  # the ends of all windows
    spec: WindowSpec  # how they are cut
    features: Features  # what is read besides the target
    distribution: OutputDistribution  # what the networks learn

    def windows(self, view: View, origins: TransformedOrigins | None = None) -> Windows:
        """All windows in one of the views, or those that end at some of the origins."""
        origins = self.origins if origins is None else origins
        weighted = self.distribution.cost_in_scales
        windows = make_windows(origins, self.spec, view, self.features, weighted=weighted)
        return windows if weighted else replace(windows, weight=origins.panel.covariates.weights[origins.series])

    def sample(self, view: View, count: int, seed: int) -> Windows:
        """A random sample of windows."""
        rows = generator(Purpose.SAMPLE, Place(seed)).choice(len(self.origins), count, replace=False)
        return self.windows(view, self.origins.take(np.sort(rows)))


def train_ensemble(
    settings: Settings,
    panel: Panel,
    transform: SeriesTransform,
    spec: WindowSpec,
    features: Features,
    *,
    title: str,
) -> Ensemble:
    """Train an ensemble on windows of a panel. Ctrl-C ends it early with the networks trained so far.

    Members that share a view share its windows, unless there are so many that each draws a sample of its own.
    """
    ends = window_ends(panel, spec)
    data = TrainingSet(TransformedOrigins(panel, ends, transform), spec, features, settings.distribution)
    drawn = settings.steps * settings.batch_size
    shared = {view: data.windows(view) for view in spec.views[: settings.ensemble]} if len(ends) <= drawn else {}
    engine = engine_for(settings.architecture(spec, spec.views[0], features).program, warn=False)

    def network(number: int, name: str) -> Member:
        view = spec.views[number % len(spec.views)]
        seed = settings.seed * MAX_NETWORKS + number

        def with_rate(rate: float) -> Member:
            return train_member(replace(settings, rate=rate), data, shared, view, seed=seed, title=name)

        return train_until_stable(with_rate, settings.rate, f"network {number + 1}")

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
    # partly trained networks are better than none
    return Ensemble(
        spec, features, whole or members, interrupted, distribution=settings.distribution, seed=settings.seed
    )


def train_until_stable(with_rate: Callable[[float], Member], rate: float, name: str) -> Member:
    """Train a network, and if the training diverges, again from its initial parameters at lower learning rates."""
    rates = [rate * RETRY_RATE**k for k in range(RETRIES + 1)]
    divergences: list[str] = []
    for k, used in enumerate(rates):
        try:
            return replace(with_rate(used), divergences=divergences)
        except TrainingDiverged as error:
            if k == RETRIES:
                event = f"{name} diverged at the learning rates {', '.join(f'{r:.3g}' for r in rates)}, the last time"
                remedy = "Give a lower `rate`, or look for extreme values in the table."
                raise TrainingDiverged(
                    error.epoch, error.batch, error.rate, error.gradient_norm, event, remedy
                ) from error
            norm = "" if error.gradient_norm is None else f", gradient norm {error.gradient_norm:.2g}"
            divergences.append(
                f"{name} diverged in epoch {error.epoch} (batch {error.batch}{norm}); it was trained again with the "
                f"learning rate {rates[k + 1]:.3g}"
            )
    raise AssertionError("the last training returns or raises")


def train_member(
    settings: Settings, data: TrainingSet, shared: Mapping[View, Windows], view: View, *, seed: int, title: str
) -> Member:
    """Train one network on the shared windows of its view, or on a sample if there are more than it will see."""
    drawn = settings.steps * settings.batch_size
    windows = shared[view] if view in shared else data.sample(view, drawn, seed)
    architecture = settings.architecture(data.spec, view, data.features)
    parameters = architecture.initialize(seed)
    if data.spec.segment == 1:  # networks on segments are trained long enough without this
        _set_initial_outputs(architecture, parameters, windows, settings.distribution)
    rows = np.arange(len(windows))
    history = train(
        architecture.program,
        parameters,
        windows,
        settings.distribution.loss,
        AdamW(OneCycle(settings.rate), weight_decay=settings.weight_decay),
        TrainingPlan(
            epochs=max(1, round(drawn / len(windows))),
            batch_size=settings.batch_size,
            seed=seed,
            verbose=settings.verbose,
            title=title,
            count_steps=True,
        ),
        training_rows=rows,
        validation_rows=rows[:0],
    )
    _set_unseen_embeddings(architecture, parameters, windows)
    return Member(architecture, view, parameters, history)


def _set_initial_outputs(
    architecture: Architecture, parameters: Array, windows: Windows, distribution: OutputDistribution
) -> None:
    """Set the bias of the head so that outputs begin where the targets of some windows lie about their anchors."""
    some = np.unique(np.linspace(0, len(windows) - 1, WINDOWS_FOR_INITIAL_OUTPUTS).astype(int))
    batch = windows.batch(some, np.dtype(np.float64))
    assert batch.weight is not None, "windows know what was observed"
    assert batch.unit is not None, "windows know their scales"
    bias = architecture.program.views(parameters)["head.bias"]
    values = len(bias) // architecture.outputs  # that the head writes at once
    target, weight = (a.reshape(-1, values) for a in (batch.target, batch.weight))
    unit = np.repeat(batch.unit, len(target) // len(batch.unit))
    bias[...] = distribution.initial_outputs(target, weight, unit).ravel()


def _set_unseen_embeddings(architecture: Architecture, parameters: Array, windows: Windows) -> None:
    """Give each category that no series had in training the mean embedding of the others; its own is still noise."""
    views = architecture.program.views(parameters)
    for k in range(len(architecture.category_sizes)):
        assert windows.codes is not None, "an architecture with categories reads codes"
        seen = np.unique(windows.codes[windows.series, k])
        weight = views[f"embedding {k}.weight"]
        weight[np.setdiff1d(np.arange(len(weight)), seen)] = weight[seen].mean(axis=0)
