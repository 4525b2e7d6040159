"""Seasons of series: found under a trend, up to the newest row, and shrunk by the effects that noise alone has."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.preprocessing.seasonality import LocalLinear, estimate_season, trend_of

SHAPE = 10 * np.sin(2 * np.pi * np.arange(12) / 12)


@pytest.mark.parametrize("span", [3, 7, 19])
@pytest.mark.parametrize("n", [19, 20, 50])
def test_each_smoothed_value_lies_on_a_weighted_local_line(span, n):
    z = np.random.default_rng(0).normal(size=n)
    smooth = LocalLinear(span)(z)
    for place in range(n):
        first = min(max(place - span // 2, 0), n - span)
        near = np.arange(first, first + span)
        reach = np.abs(near - place).max() + 1
        weight = (1 - (np.abs(near - place) / reach) ** 3) ** 3
        line = np.polyfit(near - place, z[near], 1, w=np.sqrt(weight))
        assert smooth[place] == pytest.approx(line[1], abs=1e-9)


def test_degrees_are_the_trace_of_the_smoother():
    trend = trend_of(12)
    matrix = np.array([trend(row) for row in np.eye(40)])
    assert trend.degrees(40) == pytest.approx(np.trace(matrix))


def test_the_trend_spans_one_and_a_half_seasons():
    assert [len(trend_of(season).middle) for season in (2, 4, 5, 12, 24)] == [3, 7, 7, 19, 37]


@pytest.mark.parametrize(("season", "n"), [(4, 40), (4, 9), (2, 5)])
def test_means_of_places_are_shrunk_by_the_share_of_noise(season, n):
    """The same with matrices: of the smoother, and of the weighted mean of each place."""
    place = np.arange(n) % season
    z = np.random.default_rng(1).normal(size=n) + np.array([3, -1, 1, -3])[place]
    smoother = np.array([trend_of(season)(row) for row in np.eye(n)]).T
    mean = (place == np.arange(season)[:, None]) * 0.85 ** (np.arange(n)[::-1] / season)
    mean /= mean.sum(axis=1, keepdims=True)
    effects = np.zeros(season)
    for _ in range(3):
        around = z - smoother @ (z - effects[place])
        effects = mean @ around - (mean @ around).mean()
    noise = ((around - effects[place]) ** 2).sum() / max(n - (season - 1) - np.trace(smoother), 1)
    share = noise * (mean**2).sum(axis=1).mean() / ((effects**2).sum() / (season - 1))
    assert 0 < share < 0.9
    np.testing.assert_allclose(estimate_season(z, place, season), effects * (1 - share))


@pytest.mark.parametrize("season", [2, 3, 4, 7, 12, 24])
@pytest.mark.parametrize("seasons", [2, 3, 8])
def test_a_season_on_a_line_is_found_exactly(season, seasons):
    rng = np.random.default_rng(season)
    shape = rng.normal(size=season)
    shape -= shape.mean()
    t = np.arange(seasons * season + 1) + 5
    found = estimate_season(100 - 2.0 * t + shape[t % season], t % season, season)
    assert found.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found, shape, atol=0.1 * np.abs(shape).max())


def test_two_seasons_or_fewer_and_no_season_give_zeros():
    t = np.arange(24)
    assert not estimate_season(SHAPE[t % 12], t % 12, 12).any()
    assert not estimate_season(np.arange(30.0), np.zeros(30, int), 1).any()
    assert not estimate_season(np.full(60, 5.0), np.arange(60) % 12, 12).any()


def test_shrinkage_helps_short_noisy_series_and_does_not_hurt_clear_ones():
    rng = np.random.default_rng(1)
    t = np.arange(36)
    trend = trend_of(12)

    def errors(strength):
        shrunk, plain = [], []
        for _ in range(200):
            z = 0.3 * t + strength * SHAPE[t % 12] + rng.normal(scale=10, size=len(t))
            around = z - trend(z)
            means = np.bincount(t % 12, around) / 3
            shrunk.append(np.mean((estimate_season(z, t % 12, 12) - strength * SHAPE) ** 2))
            plain.append(np.mean((means - means.mean() - strength * SHAPE) ** 2))
        return np.mean(shrunk), np.mean(plain)

    for strength, at_most in ((0.0, 0.4), (0.3, 0.7), (3.0, 1.1)):
        shrunk, plain = errors(strength)
        assert shrunk < at_most * plain, strength


def test_the_newest_rows_count_and_newer_seasons_more():
    t = np.arange(61)
    z = np.random.default_rng(2).normal(size=61) + 5 * SHAPE[t % 12]
    bumped = z.copy()
    bumped[60] += 20  # the last row, place 0
    assert estimate_season(bumped, t % 12, 12)[0] > estimate_season(z, t % 12, 12)[0] + 1
    grown = np.where(t < 30, 1.0, 2.0) * SHAPE[t % 12]
    assert 1.5 < estimate_season(grown, t % 12, 12) @ SHAPE / (SHAPE @ SHAPE) < 2


def test_noise_of_long_series_has_nearly_no_season():
    rng = np.random.default_rng(3)
    t = np.arange(2000)
    found = [np.abs(estimate_season(rng.normal(size=2000), t % 24, 24)).max() for _ in range(20)]
    assert np.median(found) < 0.3
