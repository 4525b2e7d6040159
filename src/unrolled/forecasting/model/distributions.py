"""The outputs of a network for each value ahead: learned quantiles, or the parameters of a distribution.

Each kind is an `OutputDistribution` in the registry `DISTRIBUTIONS`. Every likelihood of `nn.losses` is one.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ...arrays import Array
from ...errors import DataError, NotRegisteredError
from ...nn.losses import LOSSES, Likelihood, Loss, Quantile
from ...nn.losses.likelihoods import CountLikelihood
from ...plurals import counted
from ...series.panel import Panel, series_of
from ..probabilistic.quantile_function import FINE_LEVELS, scores_of_levels
from ..probabilistic.quantiles import LEARNED, QUANTILES
from ..probabilistic.support import Support

FEW_TARGETS = 20  # with fewer, none is expected outside the 95 % interval


class OutputDistribution(ABC):
    """How the outputs of a network for one value ahead are trained and interpreted.

    Attributes:
        name: as the parameter `likelihood` spells it.
        loss: what the network is trained on.
        size: outputs for each value, P.
        levels: those at which sample paths evaluate the quantile function.
        counts: whether the target must be counts, whole numbers ≥ 0. They are used as they are (without logarithm,
            without season) in a view of their own.
        cost_in_scales: whether the cost of a window grows with its scale, so that weights must compensate for it.
    """

    counts = False
    cost_in_scales = False

    def __init__(self, name: str, loss: Loss, size: int, levels: Sequence[float]) -> None:
        self.name, self.loss, self.size, self.levels = name, loss, size, tuple(levels)

    def initial_outputs(self, targets: Array, weights: Array, unit: Array) -> Array:
        """Outputs for every window before training, (R, P): the distribution of targets about their anchors. A short
        training stays close to where it begins.

        Args:
            targets: of windows, less their anchors, in their scales, (N, R).
            weights: (N, R), 0 for unknown targets.
            unit: what a target of 1 stands for, (N,).
        """
        known = weights.any(axis=0)
        found = np.zeros((targets.shape[1], self.size))
        found[known] = self._initial_outputs(targets[:, known], weights[:, known], unit)
        return found

    @abstractmethod
    def _initial_outputs(self, targets: Array, weights: Array, unit: Array) -> Array: ...

    @abstractmethod
    def quantiles(self, outputs: Array, scale: Array, levels: Sequence[float]) -> Array:
        """Quantiles less the anchors, in units of the target or its logarithm.

        Args:
            outputs: of a network, (N, H, P).
            scale: what an output of 1 stands for, (N,).
            levels: L; learned quantiles are always given at `QUANTILES`.

        Returns:
            (N, H, L), rising along the last axis.
        """

    def support(self, integer: bool) -> Support:
        """The rounding of forecasts; counts are always whole."""
        return Support(integer or self.counts)

    def refuse_other_targets(self, panel: Panel) -> None:
        """Raise a `DataError` if the target must be counts and is not."""
        if not self.counts:
            return
        wrong = np.flatnonzero(panel.observed & ((panel.y < 0) | (panel.y != np.floor(panel.y))))
        if len(wrong):
            k = int(series_of(panel, wrong[:1] + 1)[0])
            period = panel.first[k : k + 1] + int(wrong[0] - panel.offsets[k])
            (stamp,) = panel.frequency.texts(period)
            raise DataError(
                f"{panel.name(k)} has {panel.y[wrong[0]]:g} at {stamp} ({counted(len(wrong), 'such value')} in all), "
                f"but `likelihood={self.name!r}` is for counts, whole numbers ≥ 0. Leave it out, "
                "or use 'normal' or 'student_t'."
            )


class LearnedQuantiles(OutputDistribution):
    """The quantiles themselves, trained on the quantile loss."""

    cost_in_scales = True

    def __init__(self) -> None:
        super().__init__("quantiles", Quantile(LEARNED), len(LEARNED), QUANTILES)

    def _initial_outputs(self, targets: Array, weights: Array, unit: Array) -> Array:
        """The anchor as the median, and around it quantiles at the observed distances of the targets."""
        distance = np.abs(targets)
        if len(distance) < FEW_TARGETS:
            # all may lie at their anchors by chance: one more at the spread of its window
            distance = np.concatenate([distance, np.ones((1, targets.shape[1]))])
            weights = np.concatenate([weights, np.ones((1, targets.shape[1]))])
        order = distance.argsort(axis=0, kind="stable")
        distance, weights = np.take_along_axis(distance, order, 0), np.take_along_axis(weights, order, 0)
        below = weights.cumsum(axis=0)
        found = np.empty((targets.shape[1], self.size))
        for k, q in enumerate(LEARNED):
            inside = np.argmax(below >= abs(2 * q - 1) * below[-1], axis=0)
            found[:, k] = np.sign(q - 0.5) * distance[inside, np.arange(len(inside))]
        return found

    def quantiles(self, outputs: Array, scale: Array, levels: Sequence[float]) -> Array:
        """Beyond the outermost learned ones, on the line through them and the median over normal scores."""
        learned = np.sort(outputs, axis=-1) * scale[:, None, None]
        farther = scores_of_levels(QUANTILES)[0] / scores_of_levels(LEARNED)[0]
        middle, ends = learned[..., len(LEARNED) // 2, None], learned[..., [0, -1]]
        beyond = middle + farther * (ends - middle)
        return np.concatenate([beyond[..., :1], learned, beyond[..., 1:]], axis=-1)


class ParametricDistribution(OutputDistribution):
    """The parameters of a distribution, trained on its negative log-likelihood."""

    def __init__(self, likelihood: Likelihood) -> None:
        super().__init__(likelihood.kind, likelihood, len(likelihood.parameters), FINE_LEVELS)
        self.likelihood = likelihood
        self.counts = isinstance(likelihood, CountLikelihood)

    def _initial_outputs(self, targets: Array, weights: Array, unit: Array) -> Array:
        return self.likelihood.begin(targets, weights, unit[:, None])

    def quantiles(self, outputs: Array, scale: Array, levels: Sequence[float]) -> Array:
        return self.likelihood.quantiles(outputs, levels, unit=scale)


LEARNED_QUANTILES = LearnedQuantiles()
DISTRIBUTIONS: dict[str, OutputDistribution] = {
    loss.kind: ParametricDistribution(loss()) for loss in LOSSES.values() if issubclass(loss, Likelihood)
}


def distribution_named(likelihood: str | None) -> OutputDistribution:
    """The distribution that networks learn; None: quantiles.

    Raises:
        NotRegisteredError: there is no such likelihood.

    >>> distribution_named("poisson").counts
    True
    """
    if likelihood is None:
        return LEARNED_QUANTILES
    if likelihood not in DISTRIBUTIONS:
        known = ", ".join(DISTRIBUTIONS)
        raise NotRegisteredError(f"no likelihood is called {likelihood!r}; known: {known}. None learns quantiles.")
    return DISTRIBUTIONS[likelihood]
