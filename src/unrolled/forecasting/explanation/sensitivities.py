"""Derivatives of a forecast with respect to all values behind it, by the backward passes of the networks.

For one origin, x is what the networks read (standardised), and everything before and after them is differentiated by
hand, in the reverse order of the forecast:

    z = log y or y, less the linear effects of covariates                         (1)
    u = (z - anchor(z)) / scale(z), for each view and for the pretrained network  (2)
    q = anchor + scale · median(network(u))                                       (3)
    m = median over members of q; the share s of the pretrained network: m + s (q_p - m)  (4)
    with other methods of weight w, m ← (1 - Σ w) m + Σ w f                       (5)
    forecast = exp or max(0, ·) of (m + linear effects ahead), compressed beyond the extremes of the series (6)

Seasons, smoothing, extremes and coefficients come from the fit and are constants, and so are the forecasts f of
other methods. Where a median over members is the mean of two, both have half of the weight. Steps beyond the reach of
the networks depend on the forecasts before them by the chain rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ...nn.datasets import Windows
from ...nn.engines import engine_for
from ...nn.program import Program
from ..inputs.features import Features
from ..inputs.views import View
from ..inputs.windows import make_windows
from ..model.distributions import LEARNED_QUANTILES, OutputDistribution
from ..model.ensemble import Ensemble, Member, Outputs, pieces
from ..model.recursion import with_room
from ..predictor import Predictor
from ..preprocessing import transform as forward
from ..preprocessing.transform import TransformedOrigins, deseasonalized
from ..pretrained.network import CELLS_AT_ONCE, Pretrained
from ..pretrained.representation import represent
from ..probabilistic.quantiles import LEARNED
from .representation_back import represent_back
from .view_gradients import ViewGradients, view_gradients

ROWS_AT_ONCE = 256  # windows that go backward at a time


class Derivatives(NamedTuple):
    """Derivatives of H numbers with respect to the rows of a panel."""

    target: Array  # (H, n)
    covariates: Array  # (H, n, C)

    @classmethod
    def zeros(cls, steps: int, origins: TransformedOrigins) -> Derivatives:
        rows, columns = origins.panel.covariates.values.shape
        return cls(np.zeros((steps, rows)), np.zeros((steps, rows, columns)))

    def times(self, factors: Array) -> Derivatives:
        """Each of the H numbers multiplied by a constant, (H,)."""
        return Derivatives(factors[:, None] * self.target, factors[:, None, None] * self.covariates)


def sensitivities(predictor: Predictor, origins: TransformedOrigins, horizon: int) -> Derivatives:
    """Derivatives of the medians after one origin, in the units of the target.

    Args:
        predictor: the fit.
        origins: one origin; where anything is known ahead, its panel reaches the horizon.
        horizon: H.

    Returns:
        With respect to the rows of this series in the panel of its origin, and those up to H periods ahead.
    """
    ensemble, block = predictor.ensemble, predictor.ensemble.spec.horizon
    steps = -(-horizon // block) * block
    now = begin = with_room(origins, 1, steps, int(origins.panel.lengths.max()))
    whole, medians = Derivatives.zeros(steps, now), np.zeros((1, steps))
    fed = Derivatives.zeros(steps, now)  # of the forecasts in the units of the target
    for first in range(0, steps, block):
        own = slice(first, first + block)
        medians[:, own], found = _of_medians(ensemble, now)
        found = _through_transform(now, found)
        back = _through_inverse(now, medians[:, own], found)
        earlier = fed.target[:first], fed.covariates[:first]
        for one, kept in ((found, whole), (back, fed)):
            ahead = one.target[:, begin.ends[0] : now.ends[0]].copy()
            one.target[:, begin.ends[0] : now.ends[0]] = 0  # these values are forecasts
            kept.target[own] = one.target + np.einsum("hk,kn->hn", ahead, earlier[0])
            kept.covariates[own] = one.covariates + np.einsum("hk,knc->hnc", ahead, earlier[1])
        now.panel.y[now.rows_ahead(block)] = ensemble.support.values(now.inverse_transform(medians[:, own]))
        now = replace(now, ends=now.ends + block)
    others = ensemble.combination.forecasts(begin, steps)  # (M, 1, steps)
    weights = np.array(list(ensemble.combination.weights.values()))[:, None] * np.isfinite(others[:, 0])
    medians = ensemble.combination.average(medians[..., None], others)[..., 0]
    result = _through_inverse(begin, medians, whole.times(1 - weights.sum(axis=0)))  # (5')
    known = origins.panel.covariates.known
    of_past = result.covariates.shape[2] - known
    _fold(result.covariates[..., :of_past], int(begin.ends[0]))
    _fold(result.covariates[..., of_past:], int(origins.panel.lengths[origins.series[0]]))
    rows = int(begin.ends[0]) + horizon
    return Derivatives(result.target[:horizon, :rows], result.covariates[:horizon, :rows])


def _fold(derivatives: Array, rows: int) -> None:
    """Add the derivatives (H, n, C) of rows that repeat the last of `rows` known ones to those of that row."""
    derivatives[:, rows - 1] += derivatives[:, rows:].sum(axis=1)
    derivatives[:, rows:] = 0


def _through_transform(origins: TransformedOrigins, dz: Derivatives) -> Derivatives:
    """(1'): from derivatives with respect to values without effects to those with respect to the table."""
    transform, panel = origins.transform, origins.panel
    rows = np.arange(len(panel.y))
    for column, lag, coefficient in _effects(origins):
        np.subtract.at(dz.covariates[:, :, column].T, np.maximum(rows - lag, 0), coefficient * dz.target.T)
    if transform.logs[0]:
        large = panel.y > np.finfo(float).tiny
        dz.target[...] *= np.where(large, 1 / np.where(large, panel.y, 1.0), 0.0)
    return dz


def _through_inverse(origins: TransformedOrigins, z: Array, dz: Derivatives) -> Derivatives:
    """(6'): from derivatives of medians z (1, H) to those of forecasts."""
    slopes, of_last = _inverse_slopes(origins, z)
    found, end, steps = dz.times(slopes), int(origins.ends[0]), np.arange(len(slopes))
    for column, lag, coefficient in _effects(origins):
        found.covariates[steps, end + steps - lag, column] += coefficient * slopes
    found.target[:, end - 1] += of_last
    return found


def _effects(origins: TransformedOrigins) -> list[tuple[int, int, float]]:
    """The columns of the covariates that have linear effects, after how many periods, and their coefficients."""
    effects, covariates = origins.transform.effects, origins.panel.covariates
    apart = covariates.values.shape[1] - covariates.known
    return [(apart + k, lag, float(effects.coefficients[0, j])) for j, (k, lag) in enumerate(effects.terms.lags)]


def _inverse_slopes(origins: TransformedOrigins, z: Array) -> tuple[Array, Array]:
    """(6'): derivatives of the forecasts with respect to their medians z and, through the limits around the
    extremes, to the last value, (H,) each; see `TransformedOrigins.inverse_transform`."""
    transform, last = origins.transform, float(origins.panel.y[origins.ends[0] - 1])
    y = origins.inverse_transform(z)[0]
    z = (z + origins.effects_ahead(z.shape[1]))[0]
    if not transform.logs[0]:
        return np.where(transform.nonnegative[0] & (z <= 0), 0.0, 1.0), np.zeros(len(z))
    lowest, median, highest = transform.extent[0]
    log_last = np.log(max(last, np.finfo(float).tiny))
    below, above = (forward.MAX_EXCESS_OF_EXTREMES * d for d in (median - lowest, highest - median))
    under, over = (max(forward.COMPRESSED_SHARE * d, forward.MIN_COMPRESSED) for d in (below, above))
    low, largest = min(lowest, log_last) - below, forward.LARGEST_LOGARITHM - over
    high = min(max(highest, log_last) + above, largest)
    too_high = (over / (np.maximum(z - high, 0) + over)) ** 2
    too_low = (under / (np.maximum(low - z, 0) + under)) ** 2
    moves = (log_last > highest and high < largest) * (1 - too_high) + (log_last < lowest) * (1 - too_low)
    return y * too_high * too_low, y * moves / max(last, np.finfo(float).tiny)


# --- networks ---------------------------------------------------------------------------------------


class Median(NamedTuple):
    """The medians of one network for H steps."""

    distances: Array  # from their anchors, (H,)
    slopes: Array  # their derivatives with respect to the outputs, (H, P)
    scale: float
    share: Array  # of the network in the forecast, (H,)


def _of_medians(ensemble: Ensemble, origins: TransformedOrigins) -> tuple[Array, Derivatives]:
    """(4): the networks' medians after one origin, (H,), and their derivatives with respect to z and covariates."""
    outputs, horizon = ensemble.outputs(origins), ensemble.spec.horizon
    found, medians = Derivatives.zeros(horizon, origins), np.zeros(horizon)
    of_pretrained = 0.0 if outputs.pretrained is None else outputs.share if ensemble.members else 1.0
    if ensemble.members:
        own = [_median(one, ensemble.distribution) for one in outputs.members]
        each = np.stack([one.anchors[0] + m.distances for one, m in zip(outputs.members, own, strict=True)])
        medians = np.median(each, axis=0)
        shares = (1 - of_pretrained) * _shares_of_median(each)
        windows = {view: Window.of(view, ensemble, origins) for view in ensemble.views}
        for member, m, share in zip(ensemble.members, own, shares, strict=True):
            if share.any():
                _add_member(found, member, windows[member.view], m._replace(share=share))
    if ensemble.pretrained is not None and outputs.pretrained is not None:
        median = _median(outputs.pretrained, LEARNED_QUANTILES)
        whole = outputs.pretrained.anchors[0] + median.distances
        medians = medians + of_pretrained * (whole - medians)
        share = np.full(horizon, of_pretrained)
        _add_pretrained(found, ensemble.pretrained, origins, median._replace(share=share))
    return medians, found


def _shares_of_median(values: Array) -> Array:
    """The shares of M values (M, H) in their median: that of the middle one is 1, those of two middle ones are ½."""
    order = np.argsort(values, axis=0, kind="stable")
    found, count = np.zeros_like(values), len(values)
    for place in ((count - 1) // 2, count // 2):
        found[order[place], np.arange(values.shape[1])] += 0.5
    return found


def _median(outputs: Outputs, distribution: OutputDistribution) -> Median:
    """(3): the medians of one network. Of counts, whose medians are whole numbers, they are the means."""
    scale, values = float(outputs.scale[0]), outputs.values[0]
    slopes = np.zeros_like(values)
    if distribution is LEARNED_QUANTILES:
        which = np.argsort(values, axis=1, kind="stable")[:, len(LEARNED) // 2, None]
        np.put_along_axis(slopes, which, scale, axis=1)
        distances = np.take_along_axis(values, which, axis=1)[:, 0]
    elif distribution.counts:
        slopes[:, 0] = scale / (1 + np.exp(-values[:, 0]))
        distances = np.logaddexp(0, values[:, 0])  # softplus
    else:
        slopes[:, 0] = scale
        distances = values[:, 0]
    return Median(scale * distances, slopes, scale, np.ones(len(values)))


def _input_gradients(
    program: Program, params: Array, inputs: Mapping[str, Array], steps: Array, slopes: Array
) -> dict[str, Array]:
    """(3'): gradients of the inputs by name, in float64, of one output for each row.

    Args:
        program: of a network whose outputs are (M, steps, P) or can be reshaped to that.
        params: its parameters.
        inputs: by name, M rows each.
        steps: the step of each row's output, (M,).
        slopes: the derivatives with respect to that output, (M, P).
    """
    engine = engine_for(program)
    result = engine.forward(program, params, inputs, keep=True)
    doutput = np.zeros_like(result.outputs[0])
    doutput.reshape(len(steps), -1, slopes.shape[1])[np.arange(len(steps)), steps] = slopes
    back = engine.backward(result.tape, (doutput,))
    return {name: gradient.astype(np.float64) for name, gradient in back.inputs.items()}


def _add_member(found: Derivatives, member: Member, window: Window, median: Median) -> None:
    """Add the derivatives through a network that was trained on the table."""
    wanted = np.flatnonzero(median.share)
    for some in pieces(len(wanted), ROWS_AT_ONCE):
        steps = wanted[some]
        inputs, _ = window.windows.inputs(np.zeros_like(steps), member.parameters.dtype)
        slopes = median.share[steps, None] * median.slopes[steps]
        dinputs = _input_gradients(member.architecture.program, member.parameters, inputs, steps, slopes)
        window.add(found, steps, inputs["x"].astype(np.float64), dinputs, median)


@dataclass(frozen=True)
class Window:
    """The window before one origin in a view, and how it depends on the series."""

    windows: Windows  # this one
    features: Features
    season: int  # of changes over a season
    known: int  # columns of the table that are known ahead
    begin: int  # the first row of the series
    end: int  # of the window
    gradients: ViewGradients

    @classmethod
    def of(cls, view: View, ensemble: Ensemble, origins: TransformedOrigins) -> Window:
        windows = make_windows(origins, ensemble.spec, view, ensemble.features)
        panel, transform = origins.panel, origins.transform
        z = deseasonalized(panel, transform) if view.without_season else transform.transformed(panel)
        gradients = view_gradients(view, z, origins, ensemble.spec, int(windows.lengths[0]))
        begin, end = int(origins.starts[0]), int(origins.ends[0])
        known = panel.covariates.known
        return cls(windows, ensemble.features, ensemble.spec.season, known, begin, end, gradients)

    def add(self, found: Derivatives, steps: Array, x: Array, dinputs: Mapping[str, Array], median: Median) -> None:
        """(2'): add the derivatives for some of the steps (M,) from gradients of the inputs, which were x."""
        w, share, count = self.windows, median.share[steps], len(steps)
        length, scaled = int(w.lengths[0]), w.loc.shape[1]
        rows = np.arange(self.end - length, self.end)
        dx = dinputs["x"].reshape(count, length, -1)
        du = dx[..., :scaled] / median.scale
        dscale = share * median.distances[steps] / median.scale
        dscale -= (du * x.reshape(count, length, -1)[..., :scaled]).sum(axis=(1, 2))
        danchor, dslope = -du[..., 0].sum(axis=1), np.zeros(count)
        dz = np.zeros((count, found.target.shape[1]))
        dz[:, rows] += du[..., 0]
        if scaled == 2:  # the change over a season
            known = rows - self.begin >= self.season
            dz[:, rows[known]] += du[:, known, 1]
            dz[:, rows[known] - self.season] -= du[:, known, 1]
        if w.lags is None:
            danchor, dslope = danchor + share, share * (steps + 1)
        else:
            dz[np.arange(count), self.end + steps - w.lags[steps]] += share
        for d, gradient in zip((danchor, dslope, dscale), self.gradients, strict=True):
            dz += d[:, None] * gradient
        found.target[steps] += dz
        self._add_covariates(found, steps, rows, dx[..., scaled + self.features.gaps :])
        if "ahead" in dinputs and w.known:
            dahead = dinputs["ahead"][:, :, : w.segment * w.known].reshape(count, -1, w.known)[:, : w.horizon]
            self._add_covariates(found, steps, self.end + np.arange(w.horizon), dahead, known_ahead=True)

    def _add_covariates(
        self, found: Derivatives, steps: Array, rows: Array, dchannels: Array, known_ahead: bool = False
    ) -> None:
        """Add the derivatives of channels (M, rows, ...): the past ones, unless only those known ahead are there, and
        the future ones."""
        apart = found.covariates.shape[2] - self.known
        past = [] if known_ahead else list(zip(self.features.past.columns, self.features.past.scale, strict=True))
        future = zip(self.features.future.columns, self.features.future.scale, strict=True)
        for channel, (column, scale) in enumerate([*past, *((apart + k, scale) for k, scale in future)]):
            found.covariates[steps[:, None], rows, column] += dchannels[..., channel] / scale


def _add_pretrained(found: Derivatives, pretrained: Pretrained, origins: TransformedOrigins, median: Median) -> None:
    """Add the derivatives through the pretrained network."""
    panel, horizon = origins.panel, len(median.share)
    length, end = int(pretrained.lengths(origins)[0]), int(origins.ends[0])
    rows = slice(end - length, end)
    values, known = origins.transform.transformed(panel)[rows], panel.observed[rows]
    past = np.where(known, values, np.nan) if known.any() else values
    seasons = pretrained.seasons(panel.frequency, length)
    shown = represent(past[None], seasons, horizon)
    net = pretrained.network
    for steps in pieces(horizon, max(1, CELLS_AT_ONCE // (length + horizon))):
        inputs = np.broadcast_to(shown.inputs.astype(net.dtype), (len(steps), *shown.inputs.shape[1:]))
        slopes, danchor = median.share[steps, None] * median.slopes[steps], np.zeros((len(steps), horizon))
        dinputs = _input_gradients(net.program, net.parameters, {"x": inputs}, length + steps, slopes)
        danchor[np.arange(len(steps)), steps] = median.share[steps]
        dscale = median.share[steps] * median.distances[steps] / median.scale
        found.target[steps, rows] += represent_back(past, seasons, dinputs["x"], danchor, dscale)
