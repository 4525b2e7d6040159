"""Shapley values fulfil the axioms that define them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from unrolled.forecasting.explanation.shapley import coalitions, shapley_values


@pytest.mark.parametrize("players", [1, 2, 3, 5, 10])
def test_efficiency_the_shares_sum_to_the_worth_of_all(players, rng):
    worth = rng.normal(size=(2**players, 3, 4))
    whole = worth[0] + shapley_values(worth).sum(axis=0)
    np.testing.assert_allclose(whole, worth[-1], atol=8 * np.finfo(float).eps * 2**players)


def test_dummy_a_player_that_adds_nothing_to_any_coalition_has_no_share(rng):
    present = coalitions(4)
    of_others = {bits: rng.normal() for bits in map(bytes, present[:, :3])}
    worth = np.array([of_others[bytes(row[:3])] for row in present])
    assert abs(shapley_values(worth)[3]) < 1e-14


def test_symmetry_players_that_add_the_same_to_all_coalitions_have_equal_shares(rng):
    present = coalitions(4)
    others = {bits: rng.normal(size=3) for bits in map(bytes, present[:, 2:])}
    worth = np.array([others[bytes(row[2:])][row[:2].sum()] for row in present])
    shares = shapley_values(worth)
    assert shares[0] == pytest.approx(shares[1], abs=1e-14)


def test_additivity_the_shares_of_a_sum_of_games_are_the_sums_of_the_shares(rng):
    one, other = rng.normal(size=(2, 16))
    np.testing.assert_allclose(shapley_values(one + other), shapley_values(one) + shapley_values(other), atol=1e-14)


def test_a_share_is_the_mean_addition_over_all_orders_of_arrival(rng):
    worth = rng.normal(size=16)
    number = {tuple(row): k for k, row in enumerate(coalitions(4).tolist())}
    expected = np.zeros(4)
    for order in permutations(range(4)):
        there = [False] * 4
        for player in order:
            before = worth[number[tuple(there)]]
            there[player] = True
            expected[player] += (worth[number[tuple(there)]] - before) / 24
    np.testing.assert_allclose(shapley_values(worth), expected, atol=1e-14)


def test_coalitions_begin_with_none_and_end_with_all():
    present = coalitions(5)
    assert present.shape == (32, 5)
    assert not present[0].any()
    assert present[-1].all()
    assert len({bytes(row) for row in present}) == 32
