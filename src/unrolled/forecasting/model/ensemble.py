"""The networks behind a forecaster: an ensemble that takes turns in the views, trained on a panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...arrays import Array
from ...nn.training.history import History
from ...series.panel import Panel
from ..inputs.features import Features
from ..inputs.framing import WITHOUT_SEASON, View, WindowSpec
from ..inputs.windows import make_windows
from ..preprocessing.profile import SeriesTransform, season_ahead
from ..probabilistic.quantiles import QUANTILES
from ..probabilistic.support import UNBOUNDED, Support
from .architecture import Architecture
from .combination import NETWORKS_ALONE, Combination
from .likelihood import quantiles_of

CHUNK = 4096  # windows that are forecast at once


@dataclass(frozen=True)
class Member:
    """One trained network of an ensemble."""

    architecture: Architecture
    view: View
    parameters: Array
    history: History = field(default_factory=History)


@dataclass(frozen=True)
class Ensemble:
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

    framing: WindowSpec
    features: Features
    members: list[Member]
    interrupted: bool = False
    likelihood: str | None = None
    limits: Support = UNBOUNDED
    dependence: Array | None = None
    seed: int = 0
    combination: Combination = NETWORKS_ALONE

    def notes(self, panel: Panel) -> list[str]:
        """What the user must know of how a panel is forecast."""
        return [*self.features.notes(panel), *self.combination.notes(panel)]

    def looked_at(self, panel: Panel) -> Panel:
        """The rows of a panel that forecasts after its end look at: all of them where other methods take part."""
        return panel if self.combination.weights else panel.tail(self.framing.memory)

    def quantiles(
        self, panel: Panel, profile: SeriesTransform, ends: Array, levels: Sequence[float] = QUANTILES
    ) -> Array:
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
