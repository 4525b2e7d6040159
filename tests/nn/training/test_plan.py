"""The options of a training."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from unrolled.nn.training.plan import TrainingPlan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number ≥ 1; got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number ≥ 1; got 1.5"),
        ({"batch_size": -2}, "batch_size must be a whole number ≥ 1; got -2"),
        ({"clip_norm": 0}, "clip_norm must be positive, or None for no limit; got 0"),
        ({"early_stopping": 0}, "patience must be ≥ 1 epoch; got 0"),
        ({"seed": -1}, r"a seed is a whole number in 0..2\^64-1; got -1"),
    ],
)
def test_invalid_options_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        TrainingPlan(**options)


def test_a_patience_is_an_early_stopping():
    assert TrainingPlan(early_stopping=np.int64(3)).stopping == un.EarlyStopping(3)
    mine = un.EarlyStopping(2, min_delta=0.1)
    assert TrainingPlan(early_stopping=mine).stopping is mine
    assert TrainingPlan().stopping is None
