"""Likelihoods: densities by the standard library, units, extreme parameters, windows of counts on both engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from likelihoods import EVERY_COUNT, EVERY_LIKELIHOOD, negative_binomial, normal, poisson, raw_of, student_t
from support import assert_close
from unrolled.nn.datasets import Windows
from unrolled.nn.engines import Job
from unrolled.nn.losses import NegativeBinomial, Normal, Poisson, StudentT


@pytest.mark.parametrize("y", [-3.2, 0.0, 0.4, 25.0])
@pytest.mark.parametrize("mean", [-1.5, 0.4])
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_costs_of_numbers_are_logarithms_of_densities(scale, mean, y):
    target, raw = np.array([y]), raw_of(scale - 1e-6)
    assert_close(Normal().evaluate(np.array([[mean, raw]]), target).total, normal(y, mean, scale), terms=64)
    for freedom in (2.01, 4.0, 19.0, 25.0, 300.0):
        prediction = np.array([[mean, raw, raw_of(freedom - 2)]])
        expected = student_t(y, mean, scale, freedom)
        assert_close(StudentT().evaluate(prediction, target).total, expected, terms=64, scale=1000)


@pytest.mark.parametrize("y", [0.0, 1.0, 2.5, 13.0, 800.0])
@pytest.mark.parametrize("mean", [0.02, 1.0, 9.5, 700.0])
@pytest.mark.parametrize("unit", [1.0, 0.25, 40.0])
def test_costs_of_counts_are_logarithms_of_probabilities(unit, mean, y):
    target, units = np.array([y / unit]), np.array([unit])
    raw = raw_of(mean / unit)
    found = Poisson().evaluate(np.array([[raw]]), target, unit=units).total
    assert_close(found, poisson(y, mean), terms=16, scale=6000)  # y log y is the largest part
    for alpha in (0.01, 0.099, 0.101, 1.0, 30.0):
        found = NegativeBinomial().evaluate(np.array([[raw, raw_of(alpha - 1e-8)]]), target, unit=units).total
        assert_close(found, negative_binomial(y, mean, alpha), terms=16, scale=6000)


def test_limiting_cases_are_the_simpler_distributions():
    """Student's t of many degrees of freedom is normal, a negative binomial without dispersion Poisson."""
    y, wide = np.array([0.7, -2, 5]), 1e9
    prediction = np.column_stack((y - 1.3, [-1, 0, 2], np.full(3, wide)))
    found, limit = StudentT().evaluate(prediction, y), Normal().evaluate(prediction[:, :2], y)
    np.testing.assert_allclose(found.total, limit.total, rtol=1e-8)
    np.testing.assert_allclose(found.dprediction[:, :2], limit.dprediction, rtol=1e-7)
    y = np.array([0.0, 4, 31])
    prediction = np.column_stack(([1.0, 3, 20], np.full(3, -1e4)))
    found, limit = NegativeBinomial().evaluate(prediction, y), Poisson().evaluate(prediction[:, :1], y)
    np.testing.assert_allclose(found.total, limit.total, rtol=1e-6)  # the smallest dispersion is 1e-8
    np.testing.assert_allclose(found.dprediction[:, :1], limit.dprediction, rtol=1e-6)


@pytest.mark.parametrize("raw", [-16.0, -10.0, -4.0])
def test_the_slope_by_a_small_dispersion_keeps_its_digits(raw):
    """Near α = 0 the cost falls by ½ ((y - μ)² - y) for each unit of α."""
    y, mean = np.array([3.0]), 5.0
    slope = NegativeBinomial().evaluate(np.array([[raw_of(mean), raw]]), y).dprediction[0, 1]
    alpha = np.log1p(np.exp(raw))
    assert abs(slope / alpha + ((3 - mean) ** 2 - 3) / 2) <= 60 * alpha + 1e-8


@EVERY_LIKELIHOOD
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_raw_parameters_give_finite_costs_and_gradients(dtype, loss):
    ends = np.array([-1e4, -300, -1, 0, 1, 300, 1e4], dtype)
    grid = np.stack(np.meshgrid(*[ends] * len(loss.parameters)), axis=-1)
    for y in (0, 1, 1000):
        for unit in (None, np.array(1e-3), np.array(1e3)):
            found = loss.evaluate(grid, np.full(grid.shape[:-1], y, dtype), unit=unit)
            assert np.isfinite(found.total)
            assert np.isfinite(found.dprediction).all()
    assert np.isnan(loss.evaluate(np.full((1, len(loss.parameters)), np.nan), np.ones(1)).total)
    small = np.array([1.0, -1e4, -1e4])[: len(loss.parameters)]
    assert np.isfinite(loss.sample(small, np.random.default_rng(0), 5)).all()


@EVERY_COUNT
def test_the_cost_of_counts_does_not_depend_on_their_unit(loss, rng):
    """The cost is that of the counts: the same mean has the same cost in any unit."""
    counts, mean, rest = rng.poisson(6, 50) * 1.0, rng.uniform(2, 9, 50), rng.standard_normal((50, 1))
    totals = []
    for unit in (np.ones(50), rng.uniform(0.1, 10, 50)):
        raw = np.array([[raw_of(m)] for m in mean / unit])
        prediction = np.concatenate((raw, rest), axis=1)[:, : len(loss.parameters)]
        totals.append(loss.evaluate(prediction, counts / unit, unit=unit).total)
    assert_close(totals[1], totals[0], terms=50)
    assert_close(
        loss.evaluate(prediction * 0, counts).total,
        loss.evaluate(prediction * 0, counts, None, np.ones(50)).total,
        50,
    )


@EVERY_LIKELIHOOD
def test_gradients_in_units_are_central_differences(loss, rng):
    leading, k = (3, 4), len(loss.parameters)
    prediction, target, unit = rng.standard_normal((*leading, k)), rng.gamma(1, 2, leading), rng.uniform(0.1, 9, 3)
    weight, step = rng.uniform(size=leading), 6e-6
    found = loss.evaluate(prediction, target, weight, unit)
    for place in np.ndindex(prediction.shape):
        ends = []
        for sign in (1, -1):
            moved = prediction.copy()
            moved[place] += sign * step
            ends.append(loss.evaluate(moved, target, weight, unit).mean)
        assert abs((ends[0] - ends[1]) / (2 * step) - found.dprediction[place]) < 1e-8


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "unit", "message"),
    [
        (Normal(), (3, 3), np.zeros(3), None, r"need predictions of shape \(3, 2\) \(mean, raw scale of each\)"),
        (StudentT(), (3, 2), np.zeros((3, 2)), None, r"\(3, 2, 3\) \(location, .*got \(3, 2\)"),
        (Poisson(), (3,), np.zeros(3), None, r"need predictions of shape \(3, 1\)"),
        (Poisson(), (3, 1), np.array([0, -0.5, 2]), None, r"counts ≥ 0; the lowest is -0.5"),
        (NegativeBinomial(), (2, 2), np.array([0, np.nan]), None, "the lowest is nan"),
        (Poisson(), (3, 1), np.zeros(3), np.ones(2), r"units of shape \(2,\) do not fit targets of shape \(3,\)"),
        (Poisson(), (2, 1), np.zeros(2), np.array([1, 0.0]), "units must be positive and finite; .* from 0.0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(loss, prediction, target, unit, message):
    with pytest.raises(un.InputError, match=message):
        loss.evaluate(np.zeros(prediction), target, unit=unit)


# --- windows of counts ------------------------------------------------------------------------------------


def count_windows(rng) -> Windows:
    values = rng.poisson(8, (40, 1)) * 1.0
    starts = np.arange(0, 30, 3)
    scale = rng.uniform(1, 9, (10, 1))
    return Windows(values, np.ones(40), starts, np.full(10, 4), np.zeros((10, 1)), scale, window=4, horizon=2)


@EVERY_COUNT
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_cost_of_windows_is_in_the_units_of_their_table(dtype, loss, engine, rng):
    data, rows = count_windows(rng), np.arange(10)
    net = un.Network([un.GRU(3), un.Last(), un.Dense((2, len(loss.parameters)))], 1, dtype)
    job = Job(net.program, data, loss, un.Adam(), 10, None, seed=0)
    found = engine.evaluate(job, net.parameters, rows)
    inputs, _ = data.inputs(rows, np.dtype(dtype))
    prediction = net.forward(inputs["x"])[0].astype(np.float64)
    expected = 0.0
    for row in rows:
        for step in range(2):
            y, mean = (
                data.values[data.starts[row] + 4 + step, 0],
                data.scale[row, 0] * np.logaddexp(0, prediction[row, step, 0]),
            )
            if loss == Poisson():
                expected += poisson(y, mean)
            else:
                expected += negative_binomial(y, mean, np.logaddexp(0, prediction[row, step, 1]) + 1e-8)
    assert_close(np.asarray(found.totals.sum(), dtype), expected, terms=40)


@EVERY_COUNT
def test_a_negative_target_stops_either_engine(loss, engine, rng):
    data = count_windows(rng)
    net = un.Network([un.Last(), un.Dense((2, len(loss.parameters)))], 1)
    for wrong in (replace(data, values=-1 - data.values), replace(data, scale=-data.scale, values=-data.values)):
        job = Job(net.program, wrong, loss, un.Adam(), 10, None, seed=0)
        with pytest.raises(un.InputError, match=r"count|unit"):
            engine.evaluate(job, net.parameters, np.arange(10))
    unknown = replace(data, values=-1 - data.values, observed=np.zeros(40))
    job = Job(net.program, unknown, loss, un.Adam(), 10, None, seed=0)
    assert engine.evaluate(job, net.parameters, np.arange(10)).totals == [0]


@EVERY_LIKELIHOOD
def test_a_constant_learns_the_distribution(loss, engine, rng):
    """Trained on samples, a bias alone learns the mean of their distribution."""
    truth = np.array([[1.0, 0.5, 1.5][: len(loss.parameters)]])
    y = loss.sample(truth, rng, 4000).T
    net = un.Network([un.Last(), un.Dense((1, len(loss.parameters)))], 1)
    net.fit(np.zeros((4000, 1, 1)), y, loss, un.Adam(0.05), epochs=30, batch_size=500, verbose=0)
    found = net.forward(np.zeros((1, 1, 1)))[0][0]
    assert abs(loss.mean(found)[0] - y.mean()) < 0.1
    judged = [loss.evaluate(np.broadcast_to(p, (4000, 1, p.shape[-1])), y).mean for p in (found, truth)]
    assert judged[0] < judged[1] + 0.01


# --- initial parameters -----------------------------------------------------------------------------


def moments(loss, rng, count=40_000):
    """Targets in units of a distribution, those units, and its mean and variance in these units at unit 10."""
    unit = rng.uniform(5, 50, size=(count, 1))
    if loss.kind == "normal":
        return rng.normal(scale=2.0, size=(count, 1)), unit, 0.0, 4.0
    if loss.kind == "student_t":
        return 2.0 * rng.standard_t(5, size=(count, 1)), unit, 0.0, 4.0 * 5 / 3
    if loss.kind == "poisson":
        return rng.poisson(0.7 * unit) / unit, unit, 0.7, 0.7 / 10
    rate = rng.gamma(1 / 0.3, 0.3 * 0.7 * unit)
    return rng.poisson(rate) / unit, unit, 0.7, 0.7 / 10 + 0.3 * 0.7**2


@EVERY_LIKELIHOOD
def test_a_network_begins_with_the_moments_of_the_targets(loss, rng):
    target, unit, mean, variance = moments(loss, rng)
    unknown = np.column_stack([target, np.full_like(target, 1e6)])
    weight = np.ones_like(unknown)
    unknown[: len(target) // 2, 0], weight[: len(target) // 2, 0] = 1e6, 0  # targets without weight do not matter
    unknown[:, 1], weight[1:, 1] = target[:, 0], 0.5  # nor does the scale of the weights
    for raw in loss.begin(unknown, weight, unit):
        at_unit = {"unit": np.array([10.0])} if loss.needs_unit else {}
        made = loss.sample(raw[None], np.random.default_rng(1), 40_000, **at_unit)
        scale = 10.0 if loss.needs_unit else 1.0
        assert loss.mean(raw[None], **at_unit)[0] == pytest.approx(scale * mean, rel=0.02)
        assert made.var() == pytest.approx(scale**2 * variance, rel=0.1)


def test_students_t_begins_with_five_degrees_of_freedom():
    """Its variance is that of the targets, 6 = σ² 5 / 3, and it begins at 0."""
    found = StudentT().begin(
        np.array([[2.0], [-2.0], [3.0], [-1.0], [np.sqrt(12)]]), np.ones((5, 1)), np.ones((5, 1))
    )
    assert_close(found, [[0, raw_of(np.sqrt(6 * 3 / 5)), raw_of(3)]], terms=8)


def test_the_first_negative_binomial_worked_by_hand():
    """Counts with mean ½ and variance ¾ = ½ + α / 4."""
    found = NegativeBinomial().begin(np.array([[0.0], [0.0], [0.0], [2.0]]), np.ones((4, 1)), np.ones((4, 1)))
    assert_close(found, [[raw_of(0.5), raw_of(1)]], terms=8)


@EVERY_LIKELIHOOD
def test_constant_targets_give_trainable_initial_parameters(loss):
    raw = loss.begin(np.zeros((5, 3)), np.ones((5, 3)), np.ones((5, 1)))
    assert raw.shape == (3, len(loss.parameters))
    assert (np.abs(raw) < 8).all()
