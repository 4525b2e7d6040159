"""Losses: values worked by hand, weights, and invalid arguments."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from support import assert_close, task
from unrolled.nn.losses import LOSSES, MSE, CrossEntropy, Huber, Quantile, loss_named, mask_padding
from unrolled.nn.losses.base import weighted_mean, without_ignored

EVERY_LOSS = pytest.mark.parametrize("loss", [loss_named(kind) for kind in LOSSES], ids=list(LOSSES))
N, T = 4, 3


def example(loss, leading, rng):
    """Predictions and targets for this loss."""
    head, target = task(loss, leading, rng)
    return rng.standard_normal((*leading, *head.shape)), target


@EVERY_LOSS
def test_a_loss_is_its_total_divided_by_its_weight(loss, rng):
    prediction, target = example(loss, (N, T), rng)
    evaluation = loss.evaluate(prediction, target)
    assert evaluation.mean == evaluation.total / evaluation.weight
    assert evaluation.total > 0
    assert evaluation.dprediction.shape == prediction.shape


@EVERY_LOSS
def test_a_weight_of_two_counts_a_row_twice(loss, rng):
    prediction, target = example(loss, (N, T), rng)
    weight = np.array([1, 2, 0, 1])
    rows = np.repeat(np.arange(N), weight)
    weighted = loss.evaluate(prediction, target, weight.astype(float))
    repeated = loss.evaluate(prediction[rows], target[rows])
    assert_close(weighted.total, repeated.total, terms=prediction.size)
    assert_close(weighted.weight, repeated.weight, terms=prediction.size)
    gradient = np.zeros_like(prediction)
    np.add.at(gradient, rows, repeated.dprediction)
    assert_close(weighted.dprediction, gradient, terms=prediction.size)


@EVERY_LOSS
def test_batches_add_up_to_the_whole(loss, rng):
    prediction, target = example(loss, (N,), rng)
    weight = rng.uniform(size=N)
    whole = loss.evaluate(prediction, target, weight)
    parts = [loss.evaluate(prediction[k : k + 1], target[k : k + 1], weight[k : k + 1]) for k in range(N)]
    assert_close(sum(part.total for part in parts), whole.total, terms=prediction.size)
    assert_close(sum(part.weight for part in parts), whole.weight, terms=prediction.size)


@EVERY_LOSS
def test_weights_of_one_equal_no_weights(loss, rng):
    prediction, target = example(loss, (N, T), rng)
    plain = loss.evaluate(prediction, target)
    for shape in ((N,), (N, T)):
        weighted = loss.evaluate(prediction, target, np.ones(shape))
        assert weighted.weight == plain.weight
        assert_close(weighted.total, plain.total, terms=prediction.size)
        assert_close(weighted.dprediction, plain.dprediction, terms=1)


@EVERY_LOSS
def test_without_any_weight_the_loss_and_its_gradient_are_zero(loss, rng):
    prediction, target = example(loss, (N,), rng)
    evaluation = loss.evaluate(prediction, target, np.zeros(N))
    assert evaluation.mean == 0
    assert (evaluation.dprediction == 0).all()


@pytest.mark.parametrize("kind", [kind for kind in LOSSES if kind != "cross_entropy"])  # whose targets are integers
def test_a_weight_of_zero_leaves_out_an_unknown_target(kind, rng):
    loss = loss_named(kind)
    prediction, target = example(loss, (N, T), rng)
    weight = np.ones((N, T, 2))
    weight[1, 2, 0] = weight[3] = 0
    expected = loss.evaluate(prediction, target, weight)
    found = loss.evaluate(prediction, np.where(weight > 0, target, np.nan), weight)
    assert found.total == expected.total
    np.testing.assert_array_equal(found.dprediction, expected.dprediction)


def test_what_has_no_weight_is_ignored_even_if_unknown():
    weight, values = np.array([0.0, 0.5, 2.0]), np.array([np.nan, 3.0, 1.0])
    assert without_ignored(values, weight).tolist() == [0, 3, 1]
    found = weighted_mean(values, values, weight)
    assert found[:2] == (0.5 * 3 + 2 * 1, 2.5)
    assert found.dprediction.tolist() == [0, 1.5 / 2.5, 2 / 2.5]


def test_losses_without_a_unit_ignore_it():
    assert MSE().evaluate(np.ones(2), np.zeros(2), unit=np.array([-1.0])).mean == 1


def test_shapes_are_checked_before_training():
    MSE().check((3, 2, 1), np.zeros((3, 2)), np.ones((3, 2, 1)), None)
    with pytest.raises(un.InputError, match=r"predictions have shape \(3, 2\), targets \(3, 5\)"):
        MSE().check((3, 2), np.zeros((3, 5)), np.ones((3, 5)), None)


@EVERY_LOSS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_keep_the_dtype_and_sums_are_float64(loss, dtype, rng):
    prediction, target = example(loss, (N, T), rng)
    if target.dtype.kind == "f":
        target = target.astype(dtype)
    for weight in (None, np.ones(N, dtype)):
        evaluation = loss.evaluate(prediction.astype(dtype), target, weight)
        assert evaluation.dprediction.dtype == dtype
        assert type(evaluation.total) is float


@EVERY_LOSS
def test_predictions_and_targets_are_not_changed(loss, rng):
    prediction, target = example(loss, (N, T), rng)
    weight = rng.uniform(size=(N, T))
    kept = [a.copy() for a in (prediction, target, weight)]
    loss.evaluate(prediction, target, weight)
    for before, now in zip(kept, (prediction, target, weight), strict=True):
        np.testing.assert_array_equal(before, now)


def test_a_last_axis_of_one_may_be_left_out(rng):
    prediction, target = rng.standard_normal((2, N, 1))
    assert MSE().evaluate(prediction, target[:, 0])[:2] == MSE().evaluate(prediction, target)[:2]


def test_padding_has_no_weight():
    prediction, lengths = np.zeros((2, 3, 1), np.float32), np.array([2, 0])
    valid = np.array([[1, 1, 0], [0, 0, 0]])
    weight = np.array([3.0, 5.0])
    assert mask_padding(None, None, prediction) is None
    assert mask_padding(weight, None, prediction) is weight
    np.testing.assert_array_equal(mask_padding(None, lengths, prediction), valid)
    np.testing.assert_array_equal(mask_padding(weight, lengths, prediction), 3 * valid)
    np.testing.assert_array_equal(mask_padding(np.full((2, 3), 3), lengths, prediction), 3 * valid)
    np.testing.assert_array_equal(mask_padding(np.full((2, 3, 1), 3), lengths, prediction), 3 * valid[..., None])


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "weight", "message"),
    [
        (MSE(), (3, 2), np.zeros((3, 1)), None, r"'mse': predictions have shape \(3, 2\), targets \(3, 1\)"),
        (MSE(), (3, 2), np.zeros(2), None, r"targets \(2,\)"),
        (MSE(), (3, 2), np.zeros((3, 2)), np.ones(2), r"weights of shape \(2,\) do not fit losses of shape \(3, 2\)"),
        (MSE(), (3, 2), np.zeros((3, 2)), np.ones((3, 2, 1)), r"weights of shape \(3, 2, 1\) do not fit"),
        (MSE(), (3, 2), np.zeros((3, 2)), np.array([1, 0]), r"weights of shape \(2,\) do not fit losses"),
        (MSE(), (3,), np.zeros(3), np.array([1, -1, 1]), r"weights must be ≥ 0, .* the lowest is -1"),
        (MSE(), (3,), np.zeros(3), np.array([1, np.nan, 1]), "the lowest is nan"),
        (CrossEntropy(), (3, 4), np.zeros(3), None, r"integer targets of shape \(3,\); got float64 of shape \(3,\)"),
        (CrossEntropy(), (3, 4), np.zeros((3, 4), int), None, r"of shape \(3,\); got int64 of shape \(3, 4\)"),
        (CrossEntropy(), (3, 4), np.array([0, 4, 1]), None, r"lie in 0..3; they range from 0 to 4"),
        (CrossEntropy(), (3, 4), np.array([0, -1, 1]), None, r"lie in 0..3; they range from -1 to 1"),
        (
            Quantile(),
            (3, 2),
            np.zeros(3),
            None,
            r"3 levels and targets of shape \(3,\) need .* \(3, 3\); got \(3, 2\)",
        ),
    ],
)
def test_mismatched_shapes_are_refused_with_both_shapes(loss, prediction, target, weight, message):
    with pytest.raises(un.InputError, match=message):
        loss.evaluate(np.zeros(prediction), target, weight)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Huber(0), "delta must be positive; got 0"),
        (lambda: Huber(float("nan")), "delta must be positive; got nan"),
        (lambda: Quantile(()), r"strictly inside \(0, 1\); got \(\)"),
        (lambda: Quantile((0.5, 0.5)), r"strictly inside \(0, 1\); got \(0.5, 0.5\)"),
        (lambda: Quantile((0.0, 0.5)), r"got \(0.0, 0.5\)"),
        (lambda: Quantile((0.5, 1.0)), r"got \(0.5, 1.0\)"),
        (
            lambda: loss_named("squared"),
            "no loss is called 'squared'; known: mse, mae, huber, cross_",
        ),
    ],
)
def test_invalid_options_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()


def test_losses_are_given_by_name_or_as_objects():
    assert loss_named("huber") == Huber(1.0)
    mine = Quantile((0.2, 0.8))
    assert loss_named(mine) is mine
    assert Quantile([0.2, 0.8]) == mine
