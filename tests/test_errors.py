"""Errors that users can cause."""

from __future__ import annotations

import pickle

import unrolled as un


def test_all_errors_have_one_base_class():
    assert issubclass(un.InputError, (un.UnrolledError, ValueError))
    assert issubclass(un.ModelFileError, un.UnrolledError)
    assert issubclass(un.TrainingDiverged, un.UnrolledError)


def test_a_divergence_survives_another_process():
    """Errors of worker processes are pickled."""
    error = un.TrainingDiverged(3, 17, 0.01, 4.1e9, remedy="Give a lower `rate`.")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert str(error).endswith("(learning rate 0.01, gradient norm 4.1e+09 in the step before). Give a lower `rate`.")
    assert (again.epoch, again.batch, again.rate, again.gradient_norm) == (3, 17, 0.01, 4.1e9)
