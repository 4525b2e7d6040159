"""What the numbers mean that a network gives for each value ahead: quantiles, or the parameters of a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from ...arrays import Array
from ...errors import DataError, InputError
from ...nn.losses import Likelihood, Loss, Quantile, loss_named
from ...series.panel import Panel, series_of
from ..probabilistic.quantile_function import FINE_LEVELS
from ..probabilistic.quantiles import QUANTILES
from ..probabilistic.support import Support

COUNTS = ("poisson", "negative_binomial")
LIKELIHOODS = ("normal", "student_t", *COUNTS)


def check_likelihood(likelihood: str | None, log: bool | None, scaling: str | Sequence[str] | None) -> None:
    """Raise an `InputError` if it is not known, or does not go with the other arguments."""
    if likelihood is None:
        return
    if likelihood not in LIKELIHOODS:
        raise InputError(
            f"no likelihood is called {likelihood!r}; known: {', '.join(LIKELIHOODS)}. None learns quantiles."
        )
    if likelihood in COUNTS and log:
        raise InputError(f"likelihood {likelihood!r} is one of counts, which have no logarithms. Leave log out.")
    if likelihood in COUNTS and scaling not in (None, "count", ["count"], ("count",)):
        raise InputError(
            f"likelihood {likelihood!r} is one of counts, measured from 0: scaling must be 'count'; got {scaling!r}. "
            "Leave scaling out."
        )


def limits_of(likelihood: str | None, nonnegative: bool, integer: bool) -> Support:
    """What forecasts keep to; counts are whole and not negative whatever is asked."""
    counts = likelihood in COUNTS
    return Support(nonnegative or counts, integer or counts)


def refuse_no_counts(panel: Panel, likelihood: str | None) -> None:
    """Raise if the target must be counts and is not."""
    if likelihood not in COUNTS:
        return
    wrong = np.flatnonzero(panel.observed & ((panel.y < 0) | (panel.y != np.floor(panel.y))))
    if len(wrong):
        k = int(series_of(panel, wrong[:1] + 1)[0])
        row = int(wrong[0] - panel.offsets[k])
        stamp = panel.frequency.stamps(panel.first[k : k + 1] + row)[0]
        raise DataError(
            f"{panel.name(k)} has {panel.y[wrong[0]]:g} in row {row + 1} ({str(stamp)[:19]}; {len(wrong)} such "
            f"value(s) in all); likelihood {likelihood!r} is one of counts, whole numbers ≥ 0. Leave it out, or take "
            "'normal' or 'student_t'."
        )


def loss_of(likelihood: str | None) -> Loss:
    """What a network is trained on; None: quantiles."""
    return Quantile(QUANTILES) if likelihood is None else loss_named(likelihood)


def outputs_of(likelihood: str | None) -> int:
    """How many numbers a network gives for each value ahead."""
    return len(QUANTILES) if likelihood is None else len(cast(Likelihood, loss_of(likelihood)).parameters)


def initial_outputs(likelihood: str | None, targets: Array, weights: Array, unit: Array) -> Array:
    """What a network gives for everything before it has learned anything, (R, P): what targets look like about their
    anchors. A short training does not get far from where it begins.

    Args:
        likelihood: as in `loss_of`.
        targets: of windows, less their anchors, in their scales, (N, R).
        weights: (N, R), 0 for targets that are unknown.
        unit: what a target of 1 stands for, (N,).
    """
    known = weights.any(axis=0)
    found = np.zeros((targets.shape[1], outputs_of(likelihood)))
    if likelihood is None:
        found[known] = initial_quantiles(targets[:, known], weights[:, known])
    else:
        loss = cast(Likelihood, loss_of(likelihood))
        found[known] = loss.begin(targets[:, known], weights[:, known], unit[:, None])
    return found


def initial_quantiles(targets: Array, weights: Array) -> Array:
    """The anchor as the median, and around it quantiles as far as the targets lie, (R, Q)."""
    distance = np.abs(targets)
    order = distance.argsort(axis=0, kind="stable")
    distance, weights = np.take_along_axis(distance, order, 0), np.take_along_axis(weights, order, 0)
    below = weights.cumsum(axis=0)
    spread = np.empty((targets.shape[1], len(QUANTILES)))
    for k, q in enumerate(QUANTILES):
        inside = np.argmax(below >= abs(2 * q - 1) * below[-1], axis=0)
        spread[:, k] = np.sign(q - 0.5) * distance[inside, np.arange(len(inside))]
    return spread


def levels_of(likelihood: str | None) -> tuple[float, ...]:
    """The levels at which samples know the quantile function; a distribution gives it anywhere."""
    return QUANTILES if likelihood is None else FINE_LEVELS


def quantiles_of(likelihood: str | None, outputs: Array, scale: Array, levels: Sequence[float]) -> Array:
    """Quantiles less the anchors, in units of the target or its logarithm.

    Args:
        likelihood: None: the outputs are the learned quantiles, and `levels` theirs.
        outputs: of a network, (N, H, P).
        scale: what an output of 1 stands for, (N,).
        levels: L.

    Returns:
        (N, H, L), rising along the last axis.
    """
    if likelihood is None:
        return np.sort(outputs, axis=-1) * scale[:, None, None]
    loss = cast(Likelihood, loss_of(likelihood))
    return loss.quantiles(outputs, levels, unit=scale)
