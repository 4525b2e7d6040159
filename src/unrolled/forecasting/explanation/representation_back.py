"""The adjoint of `pretrained.representation`: from gradients of what the pretrained network reads, and of its anchors
and scale, to gradients of the series.

Equations of the forward pass, for one series x of T rows and H rows ahead:

    f[t] = x[t], or the last known value before it                            (1)
    r = f - Σ_k E_k,  where E_k is the k-th season of f - E_1 - ... - E_{k-1} (2)
    level = w · r                                                             (3)
    size = mean |f|,  scale = max(3/2 mean |Δr| + 1/4 std r, 0.001 size)      (4)
    d = (r - level) / scale,  c = 2 arsinh(d / 2)                             (5)
    inputs = c, clipped Δd, c one season before, 2 arsinh(E_k / 2 scale), the strengths of the seasons,
             log1p(scale / size), the mean of the last c                      (6)
    anchor = level + E ahead                                                  (7)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arrays import Array
from ..pretrained import representation as forward
from ..pretrained.seasons import (
    CYCLE_DECAY,
    SMOOTHED_FROM,
    SMOOTHED_ROWS,
    TINY,
    centred_means,
    circular_means,
    find_seasons,
)

SIZE_FLOOR, MAX_LOG_SIZE = 1e-9, 3.0  # as in `represent`


def represent_back(values: Array, seasons: Sequence[int], dinputs: Array, danchor: Array, dscale: Array) -> Array:
    """Gradients of one series with respect to its values, (M, T); 0 where they are missing.

    Args:
        values: the series, (T,), NaN where missing.
        seasons: rows of its seasons, as given to `represent`.
        dinputs: M gradients of its inputs, (M, T + H, CHANNELS).
        danchor: of its anchors, (M, H).
        dscale: of its scale, (M,).
    """
    (filled,), known = forward.filled_gaps(values[None])
    T, horizon = len(filled), danchor.shape[1]
    found = find_seasons(filled[None], seasons, horizon)
    effects = [season.effect[0] for season in found]  # (T + H,) each
    rests = [filled - sum((e[:T] for e in effects[:k]), np.zeros(T)) for k in range(len(found) + 1)]
    rest = rests[-1]
    scale, level = (
        float(forward.scale_of(rest[None], filled[None])[0]),
        float(forward.level_of(rest[None], seasons)[0]),
    )
    d = (rest - level) / scale
    dcompressed, dstrengths, dseasons = _of_channels(dinputs, d, known[0], seasons)
    dd = dcompressed * _dcompressed(d)  # (5')
    change = np.diff(d)
    inside = np.abs(change) <= forward.MAX_CHANGE
    dchange = dinputs[:, 1:T, 1] * inside  # (6')
    dd[:, 1:] += dchange
    dd[:, :-1] -= dchange
    dscale = dscale - (dd * d).sum(axis=1) / scale  # (5')
    deffects = []
    for effect, dchannel in zip(effects, dseasons, strict=True):
        dratio = dchannel * _dcompressed(effect / scale)  # (6')
        dscale = dscale - (dratio * effect).sum(axis=1) / scale**2
        deffects.append(dratio / scale)
        deffects[-1][:, T:] += danchor  # (7')
    dsize_of_channel, dscale_of_channel = _of_size(dinputs, scale, float(np.abs(filled).mean()))
    dscale = dscale + dscale_of_channel
    dlevel = danchor.sum(axis=1) - dd.sum(axis=1) / scale  # (7', 5')
    drest = dd / scale + dlevel[:, None] * _level_weights(T, seasons)  # (5', 3')
    of_rest, of_size = _dscale(rest, filled)
    drest += dscale[:, None] * of_rest  # (4')
    dfilled = (dscale * of_size + dsize_of_channel)[:, None] * np.sign(filled) / T
    for k in reversed(range(len(found))):  # (2')
        deffects[k][:, :T] -= drest
        drest = drest + season_back(rests[k], seasons[k], deffects[k], dstrengths[k])
    dfilled += drest
    return _filled_back(dfilled, known[0])


def _filled_back(dfilled: Array, known: Array) -> Array:
    """(1'): a value stands for the missing ones after it, the first one also for those before it."""
    place = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    place = np.maximum(place, known.argmax())
    found = np.zeros_like(dfilled)
    np.add.at(found.T, place, dfilled.T)
    return found


def _dcompressed(distance: Array) -> Array:
    return np.asarray(1 / np.sqrt(1 + (distance / 2) ** 2))


def _of_channels(
    dinputs: Array, d: Array, known: Array, seasons: Sequence[int]
) -> tuple[Array, list[Array], list[Array]]:
    """(6'): gradients of c (M, T), and for each season of its strength (M,) and its effect in units of the scale
    (M, T + H)."""
    T, horizon = len(d), dinputs.shape[1] - len(d)
    dc = dinputs[:, :T, 0] * known
    ahead = np.arange(1, horizon + 1)
    dstrengths, deffects = [], []
    for k, length in enumerate(seasons):
        own = dinputs[:, :, 5 + forward.SEASON_CHANNELS * k :]
        if length < T:
            dc[:, :-length] += own[:, length:T, 0]
        last = T - 1 + ahead - -(-ahead // length) * length
        np.add.at(dc.T, last[last >= 0], own[:, T:, 0].T[last >= 0])
        deffects.append(own[:, :, 2])
        dstrengths.append(own[:, :, 3].sum(axis=1))
    recent = max(seasons[0] if seasons else 1, 3)
    for channel, rows in ((-2, recent), (-1, 3 * recent)):
        dc[:, -rows:] += dinputs[:, T:, channel].sum(axis=1, keepdims=True) / min(rows, T)
    return dc, dstrengths, deffects


def _of_size(dinputs: Array, scale: float, size: float) -> tuple[Array, Array]:
    """(6') of the channel of log1p(scale / size): gradients of the size and of the scale, (M,) each."""
    ratio = scale / (size + SIZE_FLOOR)
    dratio = dinputs[:, :, -3].sum(axis=1) / (1 + ratio) * (np.log1p(ratio) < MAX_LOG_SIZE)
    return -dratio * ratio / (size + SIZE_FLOOR), dratio / (size + SIZE_FLOOR)


def _level_weights(rows: int, seasons: Sequence[int]) -> Array:
    """The level is linear, so that its derivatives are the levels of the unit vectors, (T,)."""
    return forward.level_of(np.eye(rows), seasons)


def _dscale(rest: Array, filled: Array) -> tuple[Array, float]:
    """(4'): derivatives of the scale with respect to r, (T,), and to the size."""
    none, size = np.zeros_like(rest), np.abs(filled).mean()
    if len(rest) < 2:
        return none, 0.1
    spread = rest.std()
    if 1.5 * np.abs(np.diff(rest)).mean() + 0.25 * spread <= forward.LEAST_SCALE * size + 1e-9:
        return none, forward.LEAST_SCALE
    sign = np.sign(np.diff(rest)) / (len(rest) - 1)
    found = np.zeros_like(rest)
    found[1:] += 1.5 * sign
    found[:-1] -= 1.5 * sign
    return found + (0.25 * (rest - rest.mean()) / (len(rest) * spread) if spread else 0.0), 0.0


def season_back(values: Array, length: int, deffect: Array, dstrength: Array) -> Array:
    """The adjoint of one season of `find_seasons`: gradients of the series, (M, T).

        a = values - trend, by cycle and place                                (1)
        m0 = Σ w a / Σ w,  s = Σ w (a - m0)² / Σ w                            (2)
        m1 = m0 - mean m0                                                     (3)
        noise = mean of s / (n - 1), n effective cycles; one cycle: var m1 / 2 (4)
        m2 = m1, smoothed where the season is long (the noise falls)          (5)
        strength = 1 - noise / var m2, from 0 to 1                            (6)
        effect = strength m2                                                  (7)

    Args:
        values: (T,).
        length: of the season, L.
        deffect: M gradients of the effect of each row, (M, T + H).
        dstrength: of its strength, (M,).
    """
    T, L, count = len(values), length, len(deffect)
    if T < 2 * L:
        return np.zeros((count, T))
    width = T - L + 1 - (L % 2 == 0)  # of the trend
    first, cycles = (T - width) // 2, -(-width // L)
    missing, place = cycles * L - width, first + width - cycles * L
    a, w = _by_cycle(values, L, first, width)
    total = w.sum(axis=0)
    m0 = (w * a).sum(axis=0) / total
    spread = (w * (a - m0) ** 2).sum(axis=0) / total
    m1 = m0 - m0.mean()
    effective = np.maximum(total**2 / (w**2).sum(axis=0) - 1, 0.5)
    noise = m1.var() / 2 if cycles == 1 else float((spread / effective).mean())
    smooth = L >= SMOOTHED_FROM
    m2, fall = (circular_means(m1[None])[0], SMOOTHED_ROWS) if smooth else (m1, 1)
    noise, variance = noise / fall, m2.var() + TINY
    strength = np.clip(1 - noise / variance, 0, 1)
    dplaces = np.zeros((count, L))
    np.add.at(dplaces.T, np.arange(deffect.shape[1]) % L, deffect.T)
    dplaces = np.roll(dplaces, -(place % L), axis=1)
    dstrength = (dstrength + (dplaces * m2).sum(axis=1)) * (0 < 1 - noise / variance < 1)  # (7', 6')
    dnoise = -dstrength / variance / fall  # (6', 5')
    dm = strength * dplaces + (dstrength * noise / variance**2)[:, None] * 2 * (m2 - m2.mean()) / L
    if smooth:
        dm = circular_means(dm)  # (5'), symmetric
    da = np.zeros((count, cycles, L))
    if cycles == 1:
        dm = dm + dnoise[:, None] * (m1 - m1.mean()) / L  # (4')
    else:
        da += dnoise[:, None, None] * 2 * w * (a - m0) / (total * effective * L)  # (4', 2')
    dm0 = dm - dm.mean(axis=1, keepdims=True)  # (3')
    da += w / total * dm0[:, None]  # (2')
    return _around_back(da.reshape(count, -1)[:, missing:], T, L, first)


def _by_cycle(values: Array, L: int, first: int, width: int) -> tuple[Array, Array]:
    """The distances from the trend and their weights, (cycles, L) each; 0 before the first known one."""
    trend = centred_means(values[None], L)[0]
    cycles = -(-width // L)
    around, known = np.zeros(cycles * L), np.zeros(cycles * L, bool)
    around[cycles * L - width :] = values[first : first + width] - trend
    known[cycles * L - width :] = True
    weights = np.where(known.reshape(cycles, L), CYCLE_DECAY ** np.arange(cycles)[::-1, None], 0.0)
    return around.reshape(cycles, L), weights


def _around_back(da: Array, T: int, L: int, first: int) -> Array:
    """(1'): from gradients of the distances from centred means (M, width) to those of the values, (M, T)."""
    dvalues = np.zeros((len(da), T))
    dvalues[:, first : first + da.shape[1]] = da
    dmeans = -da
    if L % 2 == 0:
        dmeans = np.pad(dmeans, ((0, 0), (0, 1))) / 2 + np.pad(dmeans, ((0, 0), (1, 0))) / 2
    sums = np.cumsum(np.pad(dmeans, ((0, 0), (L, L - 1))), axis=1)  # each value is in up to L means
    return dvalues + (sums[:, L:] - sums[:, :-L]) / L
