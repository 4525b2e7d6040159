"""The share of the pretrained network: chosen on held-out windows, and near one half if these say little."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.evaluation.shares import (
    GRID,
    VALUES_PER_WINDOW,
    Shares,
    blocks_and_others,
    losses_of_shares,
)
from unrolled.forecasting.probabilistic.quantiles import QUANTILES

HORIZON, ORIGINS = 4, 24


def shares(series, offset, noise=0.0, seed=0, point=None):
    """Windows of many series, all origins of each, whose trained networks are right up to noise, and whose pretrained
    one is `offset` (K, 1) above them."""
    rng = np.random.default_rng(seed)
    number, left = (part.ravel() for part in np.meshgrid(np.arange(series), np.arange(ORIGINS), indexing="ij"))
    target = np.zeros((len(number), HORIZON))
    trained = np.broadcast_to(np.linspace(-1, 1, len(QUANTILES)), (*target.shape, len(QUANTILES)))
    trained = trained + noise * rng.normal(size=(len(number), 1, 1))
    pretrained = trained + np.broadcast_to(offset, target.shape)[..., None]
    losses = losses_of_shares(trained, pretrained, target, np.ones_like(target), np.ones(len(number)), point)
    return Shares(losses, number, left, HORIZON)


def test_the_share_is_the_mean_of_all_weighted_by_their_likelihood():
    found = shares(2, 5.0)
    likelihood = found.losses.sum(axis=1) ** -(VALUES_PER_WINDOW * 12.0)  # 2 series of 6 separate windows each
    assert found.best() == pytest.approx((GRID * likelihood).sum() / likelihood.sum())


def test_with_many_windows_the_better_forecast_gets_nearly_all():
    found = shares(40, 5.0)
    assert found.best() < 0.001
    found.losses = found.losses[::-1]
    assert found.best() > 0.999


def test_small_differences_in_few_windows_leave_nearly_equal_shares():
    found = shares(1, 0.2, noise=1.0)
    assert found.best(slice(0, HORIZON)) == pytest.approx(0.5, abs=0.1)


def test_large_differences_are_followed_in_few_windows():
    assert shares(1, 50.0).best(slice(0, 2 * HORIZON)) < 0.1


def test_perfect_forecasts_of_both_have_equal_shares():
    found = shares(1, 0.0)
    found.losses = np.zeros_like(found.losses)
    assert found.best() == pytest.approx(0.5)


def test_losses_of_very_different_sizes_cause_no_warning():
    found = shares(1, 0.0)
    found.losses = np.geomspace(1e-300, 1e300, len(GRID))[:, None] * np.ones(ORIGINS)
    assert found.best() == pytest.approx(0)


def test_errors_in_opposite_directions_are_averaged():
    rng = np.random.default_rng(0)
    k, levels = 30 * ORIGINS, len(QUANTILES)
    number, left = np.repeat(np.arange(30), ORIGINS), np.tile(np.arange(ORIGINS), 30)
    spread = np.linspace(-1, 1, levels) + rng.normal(size=(k, 1, 1))
    trained, pretrained = spread + np.zeros((k, HORIZON, levels)), -spread[..., ::-1] + np.zeros((k, HORIZON, levels))
    zeros = np.zeros((k, HORIZON))
    losses = losses_of_shares(trained, pretrained, zeros, zeros + 1, np.ones(k))
    found = Shares(losses, number, left, HORIZON)
    assert found.best() == pytest.approx(0.5, abs=0.03)


def test_windows_of_a_block_do_not_choose_their_own_share():
    offset = np.ones((ORIGINS, 1))
    other = offset.copy()
    other[:1] = -100.0  # the last origin of the only series
    one, changed = shares(1, offset, noise=1.0), shares(1, other, noise=1.0)
    assert one.of_windows()[0] == changed.of_windows()[0]
    assert one.best() != changed.best()


def test_unknown_values_do_not_count():
    target = np.full((5 * ORIGINS, HORIZON), 1e9)
    flat = np.zeros((5 * ORIGINS, HORIZON, len(QUANTILES)))
    for point in (None, "mean"):
        assert not losses_of_shares(flat, flat + 1, target, np.zeros_like(target), np.ones(5 * ORIGINS), point).any()


def test_the_others_share_no_target_with_a_block():
    left = np.repeat(np.arange(30), 2)
    for here, others in blocks_and_others(left, 6):
        assert not (here & others).any()
        for k in left[here]:
            assert (np.abs(left[others] - k) >= 6).all()
    assert sum(here.sum() for here, _ in blocks_and_others(left, 6)) == 60
    ((here, others),) = blocks_and_others(np.zeros(3, int), 6)
    assert here.all()
    assert others.all()


def test_windows_that_all_share_targets_are_judged_with_equal_shares():
    found = shares(1, 5.0)
    few = found.left < HORIZON
    found.left, found.series, found.losses = found.left[few], found.series[few], found.losses[:, few]
    assert found.of_windows().tolist() == [0.5] * HORIZON
    assert found.best() < 0.5


def test_for_means_squared_errors_count():
    """Most quantiles are 0, and so are the best medians; the mean is that of the pretrained network."""
    low, high = np.zeros(len(QUANTILES)), np.where(np.array(QUANTILES) > 0.8, 5.0, 0.0)
    target = np.tile([0.0, 0, 0, 0, 5.0], (200, 1))
    parts = [np.broadcast_to(own, (*target.shape, len(QUANTILES))) for own in (low, high)]
    losses = losses_of_shares(*parts, target, np.ones_like(target), np.ones(200), "mean").sum(axis=1)
    assert losses[-1] == losses.min()
    assert losses[0] == pytest.approx(200 * 25)
