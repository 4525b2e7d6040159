"""Networks averaged with other methods: their weights, and the average of its parts."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.baselines.registry import BASELINES
from unrolled.forecasting.model.combination import (
    MIN_ROWS_FOR_STATISTICS,
    NETWORKS_ALONE,
    Combination,
    weights_of,
)
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, estimate_transform
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES


def test_weights_and_names():
    assert weights_of(None) == weights_of({}) == weights_of([]) == {}
    assert weights_of("autoets") == {"AutoETS": 1 / 3}
    assert weights_of(("AutoTheta", "AutoETS")) == {"AutoETS": 1 / 6, "AutoTheta": 1 / 6}
    assert weights_of({"theta": 0.2, "NAIVE2": np.float32(0.25)}) == {"Naive2": 0.25, "Theta": 0.2}
    # the order in which they are given changes no bit, and files do not keep it
    assert list(weights_of({"Theta": 0.2, "AutoETS": 0.1})) == list(weights_of({"AutoETS": 0.1, "Theta": 0.2}))
    assert list(weights_of(list(BASELINES))) == list(BASELINES)


@pytest.mark.parametrize(
    ("combine", "message"),
    [
        ("prophet", r"no baseline is called 'prophet'; known: Naive, .*AutoTheta"),
        ({"AutoETS": 0.3, "GRU": 0.1}, "no baseline is called 'GRU'"),
        ({"AutoETS": 0}, "gives AutoETS the weight 0; weights are numbers above 0 and below 1, such as 0.3"),
        ({"AutoETS": -0.5}, "gives AutoETS the weight -0.5"),
        ({"AutoETS": 1.0}, "gives AutoETS the weight 1.0"),
        ({"AutoETS": float("nan")}, "gives AutoETS the weight nan"),
        ({"AutoETS": True}, "gives AutoETS the weight True"),
        ({"AutoETS": 0.1j}, "gives AutoETS the weight 0.1j"),
        ({"AutoETS": "0.3"}, "gives AutoETS the weight '0.3'"),
        ({"AutoETS": 0.7, "Theta": 0.5}, r"sum to 1.2 \(Theta 0.5 \+ AutoETS 0.7\).*Lower them"),
        ({"AutoETS": 0.5, "Theta": 0.5}, "sum to 1 "),
        (dict.fromkeys(["Naive", "Drift", "Naive2", "Theta", "AutoETS"], 0.2), "sum to 1 "),
        ({"AutoETS": 0.2, "autoets": 0.2}, "names a method twice: AutoETS, autoets"),
        (0.3, "`combine` (takes the name of a method|must be a text), .*; got 0.3"),
    ],
)
def test_invalid_weights_are_refused(combine, message):
    for refuse in (weights_of, lambda combine: un.Forecaster(horizon=4, combine=combine).fit(None)):
        with pytest.raises(un.InputError, match=message):
            refuse(combine)


def test_weights_in_words():
    assert (
        str(Combination(weights_of({"Theta": 0.2, "AutoETS": 0.3}))) == "50 % networks, 20 % Theta and 30 % AutoETS"
    )
    assert str(Combination(weights_of("Drift"))) == "66.7 % networks and 33.3 % Drift"


def test_quantiles_move_to_the_average_and_keep_their_spread(rng):
    quantiles = np.sort(rng.standard_normal((3, 4, len(QUANTILES))), axis=-1)
    methods = rng.standard_normal((2, 3, 6))
    moved = Combination({"Naive": 0.25, "Drift": 0.5}).average(quantiles, methods)
    expected = 0.25 * quantiles[..., MEDIAN] + 0.25 * methods[0, :, :4] + 0.5 * methods[1, :, :4]
    np.testing.assert_allclose(moved[..., MEDIAN], expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.diff(moved), np.diff(quantiles), rtol=1e-12, atol=1e-14)
    assert NETWORKS_ALONE.average(quantiles, methods[:0]) is quantiles


def test_missing_forecasts_of_methods_are_replaced_by_the_networks(rng):
    quantiles = np.sort(rng.standard_normal((1, 3, len(QUANTILES))), axis=-1)
    methods = np.array([[[np.nan, np.inf, 5.0]], [[2.0, 3.0, np.nan]]])
    middle = quantiles[0, :, MEDIAN]
    moved = Combination({"Naive": 0.25, "Drift": 0.5}).average(quantiles, methods)[0, :, MEDIAN]
    expected = [0.5 * middle[0] + 0.5 * 2, 0.5 * middle[1] + 0.5 * 3, 0.75 * middle[2] + 0.25 * 5]
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


# --- forecasts --------------------------------------------------------------------------------------


def origins_at(panel, ends, logs):
    return TransformedOrigins(panel, np.array(ends), estimate_transform(panel, np.array(logs), 1, 2))


def test_forecasts_of_methods_come_in_the_units_of_the_networks():
    origins = origins_at(panel_of([1.0, 3, 6, 9], [8.0, 4, 1, 1]), [4, 3, 7], [True, False])
    naive, drift = Combination({"Naive": 0.2, "Drift": 0.1}).forecasts(origins, 2)
    np.testing.assert_allclose(naive, [np.log([9, 9]), np.log([6, 6]), [1, 1]])
    np.testing.assert_allclose(drift, [np.log([9 + 8 / 3, 9 + 16 / 3]), np.log([8.5, 11]), [-2.5, -6]])
    assert NETWORKS_ALONE.forecasts(origins, 2).shape == (0, 3, 2)


def test_there_is_no_logarithm_of_a_forecast_below_0():
    origins = origins_at(panel_of([9.0, 5, 1]), [3], [True])
    (drift,) = Combination({"Drift": 0.5}).forecasts(origins, 2)
    assert np.isnan(drift).all()


def test_methods_keep_what_was_estimated_before_the_first_origin(rng):
    """Without `fitted`, statistical methods are estimated at the first origin of their series."""
    panel = panel_of(rng.normal(size=40).cumsum(), rng.normal(size=40).cumsum())
    origins = origins_at(panel, [30, 35, 75, 79], [False, False])
    combination = Combination({"AutoETS": 0.3})
    found = combination.forecasts(origins, 3)
    np.testing.assert_array_equal(found, combination.forecasts(origins, 3, np.array([30, 75])))
    assert (found != combination.forecasts(origins, 3, np.array([35, 79]))).any()


def test_short_series_are_left_to_the_networks(rng):
    panel = panel_of(rng.normal(size=20), rng.normal(size=MIN_ROWS_FOR_STATISTICS - 1))
    found = Combination({"AutoTheta": 0.2, "Naive": 0.2})
    theta, naive = found.forecasts(origins_at(panel, panel.offsets[1:], [False, False]), 2)
    assert np.isfinite(theta[0]).all()
    assert np.isnan(theta[1]).all()
    assert np.isfinite(naive).all()
    told = "1 series with fewer than 8 periods, too few for AutoTheta: the networks take that weight"
    assert found.notes(panel) == ["the forecast is 60 % networks, 20 % AutoTheta and 20 % Naive", told]
    assert Combination({"Naive": 0.2}).too_short(panel) == NETWORKS_ALONE.notes(panel) == []
