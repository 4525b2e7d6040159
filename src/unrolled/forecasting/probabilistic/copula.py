"""How the steps ahead hang together: correlations of a window's forecast errors, as a Gaussian copula has them."""

from __future__ import annotations

import numpy as np

from ...arrays import Array

FEWEST_WINDOWS = 8  # with fewer held-out windows nothing is said of how the steps hang together


def estimate_correlation(scores: Array, known: Array, apart: int) -> Array:
    """Correlations between the steps ahead, (H, H).

    Each held-out target has a normal score under its own forecast; these are the correlations of a Gaussian copula.
    They are taken about 0, where the scores of good forecasts lie, since windows that overlap often err to one side
    together. Then they are drawn towards independence, the more the fewer windows there are that share no target:
    by the share λ = Σ (1 - r²)² / n / Σ r², at most 1.

    Args:
        scores: of K windows, (K, H).
        known: 0 where the target is unknown, (K, H).
        apart: how many of the windows share no target, n.

    Source: Schäfer & Strimmer, Statistical Applications in Genetics and Molecular Biology 4, 2005; for copulas of
    forecasts over steps ahead, Pinson et al., Wind Energy 12, 2009.
    """
    count, steps = scores.shape
    if count < FEWEST_WINDOWS or steps == 1:
        return np.eye(steps)
    scores = np.where(known > 0, scores, 0.0)
    product = scores.T @ scores
    size = np.sqrt(np.diag(product))
    r = product / np.maximum(np.outer(size, size), np.finfo(float).tiny)
    off = ~np.eye(steps, dtype=bool)
    strength = float((r[off] ** 2).sum())
    doubt = float(((1 - r[off] ** 2) ** 2).sum()) / max(apart, 1)
    share = min(1.0, doubt / strength) if strength > 0 else 1.0
    return np.where(off, (1 - share) * r, 1.0)


def correlated(noise: Array, dependence: Array | None) -> Array:
    """Independent standard normal numbers (..., H), given these correlations over their last axis; None: none."""
    if dependence is None:
        return noise
    # few windows give a matrix without full rank, which Cholesky refuses
    values, vectors = np.linalg.eigh(dependence)
    return noise @ (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
