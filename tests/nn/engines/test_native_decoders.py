"""Windows of segments and branching decoders: the compiled engine agrees with the NumPy engine."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import decoders
import unrolled as un
from parity import DTYPES, EVERY_INSTRUCTION_SET, NUMPY
from support import assert_close, cell_variants, label
from unrolled.nn.datasets import Windows
from unrolled.nn.engines import Job
from unrolled.nn.losses import LOSSES, MSE, Likelihood, Loss, Quantile
from unrolled.nn.optimizers import AdamW

ROWS, BATCH = 13, 5  # batches of 5, 5 and 3 rows
ORDER = np.random.default_rng(3).permutation(ROWS)
LEVELS = (0.13, 0.52, 0.77)
TERMS = 6 * BATCH * decoders.WINDOW  # of a gradient, in six steps
EVERY_KIND = pytest.mark.parametrize("kind", decoders.KINDS)
RAGGED = pytest.mark.parametrize("ragged", [False, True], ids=["", "lengths"])


def job_of(data: Windows, cell: un.Cell, loss: Loss) -> Job:
    outputs = (
        len(LEVELS) if loss.kind == "quantile" else len(loss.parameters) if isinstance(loss, Likelihood) else None
    )
    program = decoders.network(data, cell, outputs)
    return Job(program, data, loss, AdamW(betas=(0.6, 0.8), eps=1e-3), BATCH, 0.5, seed=11)


def trained(engine, job: Job, dtype) -> dict[str, np.ndarray]:
    """All changes and results of two epochs, the first one in two slices, and losses without training."""
    params = np.random.default_rng(0).uniform(-0.7, 0.7, job.program.size).astype(dtype)
    state, rates = job.optimizer.start(params), np.array([0.05, 0.02, 0.01])
    sums = [
        engine.train(job, params, state, ORDER, 0, 0, rates[:2]),
        engine.evaluate(job, params, ORDER[:7]),
        engine.train(job, params, state, ORDER, 0, 2, rates[2:]),
        engine.train(job, params, state, ORDER[::-1], 1, 0, rates),
        engine.evaluate(job, params, np.arange(ROWS)),
    ]
    assert state.step == 6
    totals, weights = (np.concatenate([getattr(found, name) for found in sums]) for name in ("totals", "weights"))
    norms = np.array([found.gradient_norm for found in sums if found.gradient_norm is not None], params.dtype)
    return {"params": params, "totals": totals, "weights": weights, "norms": norms} | state.vectors


def assert_trained_alike(engine, job: Job, dtype=np.float64) -> None:
    expected, found = trained(NUMPY, job, dtype), trained(engine, job, dtype)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert np.isfinite(value).all()
        assert found[name].dtype == value.dtype
        # losses are sums in float64 of costs in the working dtype
        eps = np.finfo(dtype).eps / np.finfo(value.dtype).eps
        assert_close(found[name], value, TERMS * eps)


@EVERY_INSTRUCTION_SET
@RAGGED
@EVERY_KIND
@DTYPES
def test_every_kind_of_windows_trains_alike(dtype, kind, ragged, engine, rng):
    data = decoders.segmented(kind, rng, ROWS, ragged)
    for loss in (Quantile(LEVELS), MSE()):
        assert_trained_alike(engine, job_of(data, un.GRU(9), loss), dtype)


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("cell", cell_variants(hidden=7), ids=label)
def test_every_cell_trains_alike_as_a_decoder(cell, engine, rng):
    assert_trained_alike(engine, job_of(decoders.segmented("all", rng, ROWS, True), cell, Quantile(LEVELS)))


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "cross_entropy"])
@RAGGED
def test_every_loss_trains_alike_on_segments_ahead(ragged, loss, engine, rng):
    loss = Quantile(LEVELS) if loss == "quantile" else LOSSES[loss]()
    data = decoders.segmented("all", rng, ROWS, ragged)
    if loss.needs_unit:  # counts, in units of each window
        loc, values = data.loc.copy(), data.values.copy()
        loc[:, 0], values[:, 0] = 0, rng.poisson(3, len(values))
        data = replace(data, values=values, loc=loc, lags=None)
    assert_trained_alike(engine, job_of(data, un.LSTM(5), loss))


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("horizon", [1, 2, 3, 6])
@pytest.mark.parametrize("segment", [1, 2, 3, 6])
def test_segments_and_horizons_of_any_length_train_alike(segment, horizon, engine, rng):
    data = replace(decoders.segmented("all", rng, ROWS), segment=segment, horizon=horizon)
    data = replace(data, lags=np.arange(horizon) + 2, lengths=segment * rng.integers(0, 6 // segment + 1, ROWS))
    for decoded in (True, False):
        assert_trained_alike(engine, job_of(replace(data, decoded=decoded), un.RNN(4), MSE()))


@EVERY_INSTRUCTION_SET
def test_any_number_of_channels_is_scaled_and_known(engine, rng):
    data = decoders.segmented("all", rng, ROWS)
    for scaled in range(1, decoders.CHANNELS + 1):
        for known in range(decoders.CHANNELS + 1):
            changed = replace(data, known=known, loc=rng.normal(size=(ROWS, scaled)), scale=np.ones((ROWS, scaled)))
            assert_trained_alike(engine, job_of(changed, un.RNN(4), MSE()))


@EVERY_INSTRUCTION_SET
def test_rows_without_weight_are_ignored_and_weights_multiply(engine, rng):
    data = decoders.segmented("decoded", rng, ROWS)
    job = job_of(data, un.GRU(3), MSE())
    params, rows = 0.5 * rng.standard_normal(job.program.size), np.arange(ROWS)
    weight = np.where(rows % 2, 0.0, 3.0)
    weighted = engine.evaluate(replace(job, data=replace(data, weight=weight)), params, rows)
    even = engine.evaluate(job, params, rows[::2])
    assert_close(weighted.totals.sum(), 3 * even.totals.sum(), TERMS)
    assert weighted.weights.sum() == 3 * even.weights.sum() == 3 * data.batch(rows[::2], np.dtype(float)).weight.sum()


@EVERY_INSTRUCTION_SET
def test_a_decoder_learns_from_the_channels_known_ahead(engine, rng):
    """The targets are the known channel itself, and noise: the loss falls to nearly 0 only with the channel."""
    length, rows = 600, 400  # enough that the network cannot memorise the noise
    table = np.stack([rng.standard_normal(length)] * 2, axis=1)
    data = Windows(
        table,
        np.ones(length),
        rng.integers(0, length - 6 - 4, rows),
        np.full(rows, 6),
        np.zeros((rows, 1)),
        np.ones((rows, 1)),
        window=6,
        horizon=4,
        segment=2,
        decoded=True,
        known=1,
    )
    losses = {}
    for known in (0, 1):
        job = replace(job_of(replace(data, known=known), un.GRU(8), MSE()), batch_size=50)
        params = job.program.initialize(0, np.dtype(np.float32))
        state = job.optimizer.start(params)
        for epoch in range(30):
            sums = engine.train(job, params, state, rng.permutation(rows), epoch, 0, np.full(8, 0.02))
        losses[known] = sums.totals.sum() / sums.weights.sum()
    assert losses[1] < 0.1 < 0.5 < losses[0]


def test_all_options_of_windows_are_tested():
    """Each option differs from its default in some kind of windows."""
    options = {field.name for field in fields(Windows)} - {"values", "observed", "starts", "lengths"}
    options -= {"loc", "scale", "window", "horizon", "segment"}  # of all kinds
    assert {name for names in decoders.KINDS.values() for name in names} == options
