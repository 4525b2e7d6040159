"""Pretraining: it learns, and continues from a checkpoint with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from unrolled.forecasting.pretrained import pretraining
from unrolled.forecasting.pretrained.lessons import as_lesson
from unrolled.forecasting.pretrained.pretraining import Pretraining, new_network, pretrain, rates

HIDDEN = 8


def material(number):
    """A lesson of sines that continue."""
    rng = np.random.default_rng(number)
    t = np.arange(26) + rng.integers(0, 50, size=(40, 1))
    values = 10 + np.sin(2 * np.pi * t / 4) * rng.uniform(1, 3, size=(40, 1)) + 0.05 * t
    return as_lesson(values[:, :20], values[:, 20:], (4,))


@pytest.fixture
def _few_lessons(monkeypatch):
    monkeypatch.setattr(pretraining, "lessons_ahead", lambda first, last, seed: map(material, range(first, last)))
    monkeypatch.setattr(pretraining, "LESSONS_PER_CHECKPOINT", 2)


@pytest.mark.usefixtures("native_engine")
def test_a_pretraining_learns(monkeypatch):
    monkeypatch.setattr(pretraining, "WARM_UP", 1)
    run = Pretraining(lessons=60, hidden=HIDDEN)
    losses = [run.learn(material(k)) for k in range(60)]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


@pytest.mark.usefixtures("_few_lessons")
def test_a_resumed_pretraining_has_the_same_bits(tmp_path, monkeypatch):
    whole = pretrain(tmp_path / "whole.safetensors", lessons=5, hidden=HIDDEN)

    def interrupted(first, last, seed):
        yield from map(material, range(first, 3))
        raise KeyboardInterrupt

    path = tmp_path / "resumed.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "lessons_ahead", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pretrain(path, lessons=5, hidden=HIDDEN)
    resumed = pretrain(path, lessons=5, hidden=HIDDEN)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    np.testing.assert_array_equal(un.load(path).parameters, whole.parameters)


@pytest.mark.parametrize(
    "other", [{"lessons": 6}, {"seed": 1}, {"hidden": HIDDEN + 1}], ids=lambda other: next(iter(other))
)
@pytest.mark.usefixtures("_few_lessons")
def test_a_checkpoint_of_other_parameters_is_refused(other, tmp_path):
    options = {"lessons": 2, "hidden": HIDDEN, "seed": 0}
    pretrain(tmp_path / "n.safetensors", **options)
    with pytest.raises(
        un.InputError, match=r"n\.checkpoint is of another training \(lessons: 2, seed: 0, .*Delete it"
    ):
        pretrain(tmp_path / "n.safetensors", **options | other)


def test_the_lessons_of_another_process_are_those_of_this_one(monkeypatch):
    from unrolled.forecasting.pretrained.lessons import lesson

    (found,) = pretraining.lessons_ahead(3, 4, seed=1)
    for a, b in zip(found, lesson(3, 1), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rates_rise_and_fall():
    assert rates(0, 3, 0.0)[0] < rates(50, 3, 0.0)[0] < rates(200, 3, 0.0)[0]
    assert rates(200, 3, 0.0)[0] > rates(9000, 3, 0.5)[0] > rates(20_000, 3, 1.0)[0] > 0


def test_first_forecasts_lie_near_the_anchors():
    values, _ = new_network(HIDDEN).forward(material(0).inputs)
    assert np.abs(values).mean() < 0.1


@pytest.mark.usefixtures("_few_lessons")
def test_checkpoints_are_told(tmp_path):
    told = []
    pretrain(
        tmp_path / "n.safetensors", lessons=5, hidden=HIDDEN, tell=lambda run, loss: told.append((run.done, loss))
    )
    assert [done for done, _ in told] == [2, 4, 5]
    assert all(0 < loss < 10 for _, loss in told)
