"""A Gaussian copula of the forecast errors at the steps ahead."""

import numpy as np

from ...arrays import Array

MIN_WINDOWS = 8  # with fewer held-out windows, the steps count as independent


def estimate_correlation(scores: Array, known: Array, apart: int) -> Array:
    """Correlations between the steps ahead, (H, H).

    Each held-out target has a normal score under its own forecast; these are the correlations of a Gaussian copula.
    They are computed about 0, where the scores of good forecasts lie, because the errors of overlapping
    windows often have the same sign. Then they are shrunk towards independence by λ = Σ (1 - r²)² / n / Σ r², at most
    1: the fewer windows without a common target, the stronger.

    Args:
        scores: of K windows, (K, H).
        known: 0 where the target is unknown, (K, H).
        apart: the number of windows without a common target, n.

    Source: Schäfer & Strimmer, Statistical Applications in Genetics and Molecular Biology 4, 2005; for copulas of
    forecasts over steps ahead, Pinson et al., Wind Energy 12, 2009.
    """
    count, steps = scores.shape
    if count < MIN_WINDOWS or steps == 1:
        return np.eye(steps)
    scores = np.where(known > 0, scores, 0.0)
    product = scores.T @ scores
    size = np.sqrt(np.diag(product))
    r = product / np.maximum(np.outer(size, size), np.finfo(float).tiny)
    off = ~np.eye(steps, dtype=bool)
    strength = float((r[off] ** 2).sum())
    doubt = float(((1 - r[off] ** 2) ** 2).sum()) / max(apart, 1)
    share = doubt / strength if doubt < strength else 1.0
    return np.where(off, (1 - share) * r, 1.0)


def estimate_series_correlation(scores: Array, known: Array, times: Array, series: Array) -> float:
    """The mean correlation between the errors of different series at the same time, at least 0.

    It stands for one factor that all series share: the normal score of each is √ρ times that of the factor plus
    √(1 - ρ) times one of its own.

    Args:
        scores: of K windows, (K, H).
        known: 0 where the target is unknown, (K, H).
        times: the period of each window's origin, (K,).
        series: the number of each window's series, (K,).

    Source: Vasicek, "The distribution of loan portfolio value", Risk 15, 2002.
    """
    if len(scores) < MIN_WINDOWS or (series == series[0]).all():
        return 0.0
    _, group = np.unique(times, return_inverse=True)
    known = known > 0
    scores = np.where(known, scores, 0.0)
    sums, squares, counts = (_sums(group, part) for part in (scores, scores**2, known.astype(float)))
    pairs = float((counts * (counts - 1)).sum())
    size = float(squares.sum()) / max(float(counts.sum()), 1.0)
    if pairs == 0 or size == 0:
        return 0.0
    return float(np.clip((sums**2 - squares).sum() / pairs / size, 0.0, 1.0))


def _sums(group: Array, values: Array) -> Array:
    """The sums of the rows of each group, (G, H)."""
    found = np.zeros((int(group.max()) + 1, values.shape[1]))
    np.add.at(found, group, values)
    return found


def correlated(noise: Array, correlation: Array | None) -> Array:
    """Independent standard normal numbers (..., H) with these correlations along their last axis; None: unchanged."""
    if correlation is None:
        return noise
    # with few windows the matrix lacks the full rank that a Cholesky decomposition needs
    values, vectors = np.linalg.eigh(correlation)
    return noise @ (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
