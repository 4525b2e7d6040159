"""Shapley values: the fair division of a worth among players, from the worth of each of their coalitions.

Sources: Shapley, "A value for n-person games", Contributions to the Theory of Games 2, 1953; Štrumbelj & Kononenko,
"Explaining prediction models and individual predictions with feature contributions", Knowledge and Information
Systems 41, 2014; Lundberg & Lee, "A unified approach to interpreting model predictions", NeurIPS 2017.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from ...arrays import Array


def coalitions(players: int) -> Array:
    """All coalitions of G players, the empty one first and the one of all last, (2^G, G) bool.

    >>> coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(1 << players)[:, None] >> np.arange(players) & 1).astype(bool)


def shapley_values(worth: Array) -> Array:
    """The share of each player, (G, ...); together with the worth of the empty coalition they sum to that of all.

    A player's share is the mean, over all orders in which the players can arrive, of the worth that it adds to those
    who were there before.

    Args:
        worth: of all coalitions, in the order of `coalitions`, (2^G, ...).

    >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0])).tolist()  # together they are worth 2 more
    [2.0, 3.0]
    """
    players = len(worth).bit_length() - 1
    present = coalitions(players)
    size = present.sum(axis=1)
    orders = [factorial(k) * factorial(players - 1 - k) for k in range(players)]
    share = np.array([*orders, 0]) / factorial(players)  # by the number of players who were there before
    weights = np.where(present, share[size - 1][:, None], -share[size][:, None])
    # unlike a product by BLAS, the same bits with any number of threads
    return np.asarray(np.einsum("cg,c...->g...", weights, worth))
