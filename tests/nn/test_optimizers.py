"""Optimizers: steps worked by hand, and properties of all. PyTorch's own steps are in test_frozen.py."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import unrolled as un
from support import assert_close
from unrolled.nn.optimizers import OPTIMIZERS, checked_optimizer, clip_by_norm

EVERY_OPTIMIZER = pytest.mark.parametrize("optimizer", [cls() for cls in OPTIMIZERS.values()], ids=list(OPTIMIZERS))


def run(optimizer, grads, start=0.0) -> list[float]:
    """The value of one parameter after each of these gradients."""
    params = np.array([float(start)])
    state, path = optimizer.start(params), []
    for grad in grads:
        optimizer.step(params, np.array([float(grad)]), state, optimizer.schedule.rate)
        path.append(float(params[0]))
    return path


@pytest.mark.parametrize(
    ("optimizer", "grads", "path"),
    [
        (un.SGD(0.1), [1, -2], [-0.1, 0.1]),
        (un.SGD(0.1, momentum=0.5), [1, 1, 1], [-0.1, -0.25, -0.425]),  # v = 1, 1.5, 1.75
        (un.SGD(0.1, momentum=0.5, nesterov=True), [1, 1], [-0.15, -0.325]),  # g + v/2 = 1.5, 1.75
        (un.Adagrad(0.1, eps=0), [3, 4], [-0.1, -0.18]),  # √s = 3, 5
        (un.RMSprop(0.1, alpha=0.75, eps=0), [2, 0], [-0.2, -0.2]),  # √v = 1
        (un.RMSprop(0.1, alpha=0.75, eps=1), [2], [-0.1]),
        (un.RMSprop(0.1, alpha=0.75, eps=0), [2, 2], [-0.2, -0.2 - 0.2 / 1.75**0.5]),  # v = 1, 1.75
        (un.Adam(0.1, eps=0), [3, 3, 3], [-0.1, -0.2, -0.3]),  # a steady gradient: the rate, whatever its size
        (un.Adam(0.1, betas=(0, 0.75), eps=1), [2], [-2 / 30]),  # 0.1·2 / (2 + 1)
        (un.Rprop(0.1), [5, 1, -1, -1, -1], [-0.1, -0.22, -0.22, -0.16, -0.088]),  # sizes .1 .12 .06 .06 .072
        (un.Rprop(0.1, sizes=(0.09, 0.11)), [1, 1, -1, -1], [-0.1, -0.21, -0.21, -0.12]),
    ],
    ids=repr,
)
def test_steps_by_hand(optimizer, grads, path):
    assert_close(run(optimizer, grads), path, terms=len(path))


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (un.SGD(0.1, weight_decay=0.5), 2 - 0.1 * (1 + 0.5 * 2)),
        (un.SGD(0.1, momentum=0.9, weight_decay=0.5), 2 - 0.1 * (1 + 0.5 * 2)),
        (un.Adagrad(0.1, eps=1, weight_decay=0.5), 2 - 0.1 * 2 / 3),  # g = 1 + 0.5·2 = 2
        (un.RMSprop(0.1, alpha=0.75, eps=1, weight_decay=0.5), 2 - 0.1 * 2 / 2),  # √v = 2·½
        (un.Adam(0.1, eps=1, weight_decay=0.5), 2 - 0.1 * 2 / 3),
        (un.AdamW(0.1, eps=1, weight_decay=0.5), 2 * (1 - 0.05) - 0.1 / 2),  # apart from the gradient, which is 1
    ],
    ids=repr,
)
def test_weight_decay_by_hand(optimizer, expected):
    assert_close(run(optimizer, [1], start=2), [expected], terms=4)


def test_without_an_optimizer_it_is_adam():
    assert checked_optimizer(None) == un.Adam()
    assert checked_optimizer(un.SGD(0.1)) == un.SGD(0.1)


def test_defaults_do_not_change_unnoticed():
    assert un.SGD() == un.SGD(1e-3, momentum=0.0, nesterov=False, weight_decay=0.0)
    assert un.RMSprop() == un.RMSprop(1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0)
    assert un.Rprop() == un.Rprop(1e-2, etas=(0.5, 1.2), sizes=(1e-6, 50.0))
    assert un.Adagrad() == un.Adagrad(1e-2, eps=1e-10, weight_decay=0.0)
    assert un.Adam() == un.Adam(1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    assert un.AdamW() == un.AdamW(1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)


@EVERY_OPTIMIZER
def test_every_optimizer_goes_down_a_valley(optimizer, rng):
    curvature = np.array([1.0, 10.0])
    params = np.array([0.3, -0.2])
    state = optimizer.start(params)
    losses = []
    for _ in range(300):
        losses.append(float(0.5 * curvature @ params**2))
        optimizer.step(params, curvature * params, state, optimizer.schedule.rate)
    assert losses[-1] < 0.5 * losses[0]
    assert state.step == 300


@EVERY_OPTIMIZER
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_change_in_place_and_keep_their_dtype(optimizer, dtype, rng):
    params = rng.standard_normal(5).astype(dtype)
    given, before = params, params.copy()
    state = optimizer.start(params)
    assert (params == before).all()
    optimizer.step(params, rng.standard_normal(5).astype(dtype), state, 0.1)
    assert params is given
    assert params.dtype == dtype
    assert (params != before).all()
    assert set(state.vectors) == set(optimizer.slots())
    assert all(vector.dtype == dtype and vector.shape == params.shape for vector in state.vectors.values())


@EVERY_OPTIMIZER
def test_the_state_holds_everything_an_optimizer_keeps(optimizer, rng):
    grads = rng.standard_normal((6, 5))
    whole, broken = np.zeros(5), np.zeros(5)
    state = optimizer.start(whole)
    for grad in grads:
        optimizer.step(whole, grad.copy(), state, 0.1)
    state = optimizer.start(broken)
    for grad in grads:
        state = copy.deepcopy(state)
        copy.copy(optimizer).step(broken, grad.copy(), state, 0.1)
    np.testing.assert_array_equal(broken, whole)


@EVERY_OPTIMIZER
def test_parameters_are_updated_independently(optimizer, rng):
    """The vector may be divided anywhere, because each parameter depends on its own gradients alone."""
    grads = rng.standard_normal((4, 5))
    together = np.zeros(5)
    state = optimizer.start(together)
    for grad in grads:
        optimizer.step(together, grad.copy(), state, optimizer.schedule.rate)
    alone = [run(optimizer, grads[:, k])[-1] for k in range(5)]
    np.testing.assert_array_equal(together, alone)


def test_a_rate_may_be_a_schedule():
    assert un.Adam(0.1).schedule == un.Constant(0.1)
    cosine = un.Cosine(0.1)
    assert un.Adam(cosine).schedule is cosine
    assert un.Rprop(un.Cosine(0.5)).slots()["size"] == 0.5  # its largest rate is the first step size


def test_clipping_keeps_the_direction_and_limits_the_norm():
    grads = np.array([3.0, -4.0])
    assert clip_by_norm(grads, 1.0) == 5.0
    assert_close(grads, [0.6, -0.8], terms=2)
    assert clip_by_norm(grads, 2.0) == pytest.approx(1.0)
    assert_close(grads, [0.6, -0.8], terms=2)  # within the limit: unchanged
    nothing = np.zeros(2)
    assert clip_by_norm(nothing, 1.0) == 0
    assert (nothing == 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: un.Adam(-1e-3), "the learning rate must not be negative; got -0.001"),
        (lambda: un.SGD(float("nan")), "must not be negative; got nan"),
        (lambda: un.SGD(nesterov=True), "nesterov=True needs a momentum above 0"),
        (lambda: un.Adam(betas=(0.9, 1.0)), r"Adam: betas must lie in \[0, 1\); got \(0.9, 1.0\)"),
        (lambda: un.AdamW(betas=(-0.1, 0.9)), r"AdamW: betas must lie in \[0, 1\); got \(-0.1, 0.9\)"),
    ],
)
def test_invalid_options_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()
