"""The networks behind a forecaster: an ensemble that takes turns in the views, trained on a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..cells import cell_named
from ..checkpoint import History
from ..data import Windows
from ..layers import Dense, Dropout, Last
from ..losses import Quantile
from ..network import Network
from ..ops import Array
from ..optimizers import AdamW
from ..randomness import Place, Purpose, generator
from ..schedules import OneCycle
from ..training import Plan, train
from .intervals import QUANTILES
from .panel import Panel
from .scaling import Profile
from .windows import Framing, View, make_windows, window_ends

MOST_NETWORKS = 1000  # in an ensemble: so many seeds belong to each seed of a forecaster
MANY_WINDOWS = 1000  # from here on a larger network learns more than it overfits
CHUNK = 4096  # windows that are forecast at once


class Settings(NamedTuple):
    """How networks are built and trained."""

    cell: str
    hidden: int
    layers: int
    dropout: float
    steps: int
    batch_size: int
    rate: float
    weight_decay: float
    ensemble: int
    seed: int
    verbose: int


class Size(NamedTuple):
    """How much network a training gets."""

    hidden: int
    steps: int
    ensemble: int


def default_size(windows: int) -> Size:
    """Many windows feed a larger network for longer, and leave less for an ensemble to even out."""
    return Size(64, 1000, 2) if windows >= MANY_WINDOWS else Size(16, 200, 6)


@dataclass(frozen=True)
class Model:
    """Trained networks; network k takes the view k mod the number of views."""

    framing: Framing
    networks: list[Network]
    histories: list[History]
    interrupted: bool = False

    def quantiles(self, panel: Panel, profile: Profile, ends: Array) -> tuple[Windows, Array]:
        """Learned quantiles after these window ends, uncalibrated: the mean over the networks.

        Returns:
            The level view's windows, and the quantiles (N, H, Q) in its units: distances from the level, in scales.
        """
        level = make_windows(panel, profile, self.framing, ends, "level")
        total = np.zeros((len(ends), self.framing.horizon, len(QUANTILES)))
        views = self.framing.views
        rows = np.arange(len(ends))
        for k, view in enumerate(views):
            windows = level if view == "level" else make_windows(panel, profile, self.framing, ends, view)
            for piece in np.array_split(rows, max(1, -(-len(rows) // CHUNK))):
                inputs, lengths = windows.inputs(piece, np.dtype(np.float32))
                # the anchor without its season, which is that of the target; and this view's scale in the level's
                anchors = level.values[windows.anchor_places(piece), 0] if view == "season" else level.anchors(piece)
                shift = (anchors - level.loc[piece, :1]) / level.scale[piece, :1]
                ratio = windows.scale[piece, :1] / level.scale[piece, :1]
                for net in self.networks[k :: len(views)]:
                    total[piece] += np.sort(net.forward(inputs["x"], lengths=lengths)[0], axis=-1) * ratio[..., None]
                    total[piece] += shift[..., None]
        return level, total / len(self.networks)


def train_model(settings: Settings, panel: Panel, profile: Profile, framing: Framing, title: str) -> Model:
    """Train an ensemble on all windows of a panel. Ctrl-C ends it early, with the networks there are."""
    ends = window_ends(panel, framing)
    by_view = {view: make_windows(panel, profile, framing, ends, view) for view in framing.views}
    networks: list[Network] = []
    histories: list[History] = []
    for member in range(settings.ensemble):
        seed = settings.seed * MOST_NETWORKS + member
        view = framing.views[member % len(framing.views)]
        net = build_network(settings, framing, view, seed)
        rows = np.arange(len(ends))
        drawn = settings.steps * settings.batch_size
        if len(rows) > drawn:
            rows = generator(Purpose.SAMPLE, Place(seed)).choice(rows, drawn, replace=False)
        plan = Plan(
            epochs=max(1, round(drawn / len(rows))),
            batch_size=settings.batch_size,
            seed=seed,
            verbose=settings.verbose,
            title=title + (f" {member + 1}/{settings.ensemble}" if settings.ensemble > 1 else ""),
        )
        history = train(
            net.program,
            net.parameters,
            by_view[view],
            Quantile(QUANTILES),
            AdamW(OneCycle(settings.rate), weight_decay=settings.weight_decay),
            plan,
            training_rows=rows,
            validation_rows=rows[:0],
        )
        if history.stopped == "interrupted":
            if not networks:  # one network that was trained for a while is better than none
                networks, histories = [net], [history]
            return Model(framing, networks, histories, interrupted=True)
        networks.append(net)
        histories.append(history)
    return Model(framing, networks, histories)


def build_network(settings: Settings, framing: Framing, view: View, seed: int) -> Network:
    layers: list[Any] = [cell_named(settings.cell)(settings.hidden) for _ in range(settings.layers)]
    if settings.dropout:
        layers.append(Dropout(settings.dropout))
    layers += [Last(), Dense((framing.horizon, len(QUANTILES)))]
    net = Network(layers, input_size=1 if view == "level" else 2, seed=seed)
    # begin near the anchor: a small head changes little before it has learned
    net.views[f"{len(layers) - 1}.weight"][...] *= 0.1
    return net
