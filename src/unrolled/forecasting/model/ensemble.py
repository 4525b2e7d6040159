"""The networks behind a forecaster: an ensemble whose members take the views of a window in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...arrays import Array
from ...nn.training.history import History
from ...series.panel import Panel
from ..inputs.features import Features
from ..inputs.views import View
from ..inputs.window_spec import WindowSpec
from ..inputs.windows import make_windows
from ..preprocessing.transform import TransformedOrigins
from ..probabilistic.quantiles import QUANTILES
from ..probabilistic.support import UNBOUNDED, Support
from .architecture import Architecture
from .combination import NETWORKS_ALONE, Combination
from .distributions import LEARNED_QUANTILES, OutputDistribution

if TYPE_CHECKING:
    from ..pretrained.network import Pretrained

WINDOWS_AT_ONCE = 4096  # that a network reads in one call
MEDIANS_AT_ONCE = 256  # windows whose quantiles are held for all members


@dataclass(frozen=True)
class Member:
    """One trained network of an ensemble."""

    architecture: Architecture
    view: View
    parameters: Array
    history: History = field(default_factory=History)
    divergences: Sequence[str] = ()  # of its trainings before this one, in words


class Outputs(NamedTuple):
    """The outputs of one network for N windows."""

    anchors: Array  # of the windows, (N, horizon)
    scale: Array  # what an output of 1 stands for, (N,)
    values: Array  # (N, horizon, P)

    def take(self, rows: Array) -> Outputs:
        """Those of some of the windows."""
        return Outputs(*(part[rows] for part in self))


@dataclass(frozen=True)
class EnsembleOutputs:
    """The outputs of all networks of an ensemble for N windows."""

    distribution: OutputDistribution  # their meaning
    members: Sequence[Outputs]
    pretrained: Outputs | None = None
    share: float = 0.0  # of the pretrained network

    def quantiles(self, levels: Sequence[float] = QUANTILES) -> Array:
        """The weighted average of both kinds of networks, uncalibrated, in the units of the target or its logarithm,
        (N, horizon, Q). Learned quantiles are always given at `QUANTILES`."""
        if self.pretrained is None:
            return self.of_trained(levels)
        if not self.members:
            return self.of_pretrained
        return weighted_average(self.of_trained(levels), self.of_pretrained, self.share)

    def of_trained(self, levels: Sequence[float] = QUANTILES) -> Array:
        """The medians of the quantiles of the networks that were trained on the table."""
        found = np.empty((*self.members[0].anchors.shape, len(levels)))
        for rows in pieces(len(found), MEDIANS_AT_ONCE):
            found[rows] = np.median([self._of_one(one.take(rows), levels) for one in self.members], axis=0)
        return found

    @property
    def of_pretrained(self) -> Array:
        """The quantiles of the pretrained network."""
        assert self.pretrained is not None
        return self._of_one(self.pretrained, QUANTILES)

    def _of_one(self, outputs: Outputs, levels: Sequence[float]) -> Array:
        return outputs.anchors[..., None] + self.distribution.quantiles(outputs.values, outputs.scale, levels)

    def take(self, rows: Array) -> EnsembleOutputs:
        """The outputs for some of the windows."""
        own = None if self.pretrained is None else self.pretrained.take(rows)
        return replace(self, members=[one.take(rows) for one in self.members], pretrained=own)


@dataclass(frozen=True)
class Ensemble:
    """Trained networks, and the pretrained one."""

    spec: WindowSpec  # how windows are cut
    features: Features  # what is read besides the target
    members: list[Member]  # the networks that were trained on the table; none if the pretrained one is alone
    interrupted: bool = False  # whether Ctrl-C ended the training
    distribution: OutputDistribution = LEARNED_QUANTILES  # the meaning of the outputs
    support: Support = UNBOUNDED  # the limits of all forecasts
    correlation: Array | None = None  # of the errors of the steps that are forecast at once, (H, H)
    series_correlation: float = 0.0  # of the errors of different series at the same time
    seed: int = 0  # of the paths behind recursive forecasts
    combination: Combination = NETWORKS_ALONE  # with other methods
    pretrained: Pretrained | None = None

    @property
    def views(self) -> tuple[View, ...]:
        """The views that its networks read."""
        return tuple(dict.fromkeys(member.view for member in self.members))

    def notes(self, panel: Panel) -> list[str]:
        """What the user should know about the forecasts of a panel."""
        read = self.features.notes(panel) if self.members else []
        return [*read, *self._notes_on_pretrained(panel), *self.combination.notes(panel)]

    def _notes_on_pretrained(self, panel: Panel) -> list[str]:
        if self.pretrained is None:
            return []
        notes, layout, share = [], panel.covariates.layout, self.pretrained.share
        if self.is_mixed:
            own = f"{100 * share:.0f} % pretrained network"
            notes = [f"the forecast is {own} and {100 - 100 * share:.0f} % networks trained on the table"]
        names = [spec.name for spec in (*layout.past, *layout.static)]  # others may have linear effects
        return [*notes, f"the pretrained network does not read covariates: {', '.join(names)}"] if names else notes

    @property
    def is_mixed(self) -> bool:
        """Whether the pretrained network and others forecast together."""
        return self.pretrained is not None and bool(self.members)

    def with_share(self, share: float) -> Ensemble:
        """The same networks with this share of the pretrained one."""
        return replace(self, pretrained=self.pretrained and replace(self.pretrained, share=share))

    @property
    def description(self) -> str:
        """The networks in words."""
        trained = [repr(self.members[0].architecture)] if self.members else []
        return "; ".join([*trained, *(["the pretrained network"] if self.pretrained else [])])

    @property
    def size(self) -> int:
        """Parameters of a network."""
        if self.members:
            return self.members[0].architecture.program.size
        assert self.pretrained is not None
        return self.pretrained.network.program.size

    def context(self, panel: Panel, season: int, earlier: int = 0) -> Panel:
        """The rows of a panel that forecasts after its end depend on: all of them if other methods take part.

        Args:
            panel: S series.
            season: with which gaps after the end would be filled, in periods.
            earlier: the number of earlier origins of each series whose forecasts depend on no other rows either.
        """
        read = 0 if self.pretrained is None else self.pretrained.rows_read(panel.frequency)
        longest = int(panel.lengths.max())  # a season may be given as any number
        rows = max(self.spec.memory, read + 1, min(season, longest)) + earlier
        return panel if self.combination.weights else panel.tail(rows)

    def outputs(self, origins: TransformedOrigins) -> EnsembleOutputs:
        """The outputs of all networks after these origins. Members that share a view share its windows."""
        horizon = self.spec.horizon
        outputs = [np.empty((len(origins), horizon, self.distribution.size)) for _ in self.members]
        read = {}
        for view in self.views:
            windows = make_windows(origins, self.spec, view, self.features)
            anchors = windows.anchors(np.arange(len(origins)))
            if view.without_season:
                anchors = anchors + origins.season_ahead(horizon)
            read[view] = anchors, windows.scale[:, 0]
            for rows in pieces(len(origins), WINDOWS_AT_ONCE):
                inputs, lengths = windows.inputs(rows, np.dtype(np.float32))
                for member, values in zip(self.members, outputs, strict=True):
                    if member.view is view:
                        values[rows] = member.architecture.forward(member.parameters, inputs, lengths)
        found = [Outputs(*read[m.view], values) for m, values in zip(self.members, outputs, strict=True)]
        if self.pretrained is None:
            return EnsembleOutputs(self.distribution, found)
        own = Outputs(*self.pretrained.outputs(origins, horizon))
        return EnsembleOutputs(self.distribution, found, own, self.pretrained.share)


def weighted_average(trained: Array, pretrained: Array, share: float | Array) -> Array:
    """Quantiles of the networks that were trained on the table and of the pretrained one, (N, horizon, Q) each, where
    the latter have a share for all windows or for each, (N,)."""
    return trained + np.reshape(share, (-1, 1, 1)) * (pretrained - trained)


def pieces(count: int, size: int) -> Iterator[Array]:
    """The numbers 0 .. count - 1 in pieces of equal length, at most this size."""
    yield from np.array_split(np.arange(count), max(1, -(-count // max(size, 1))))
