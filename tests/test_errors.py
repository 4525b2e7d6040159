"""Errors that users can cause."""

from __future__ import annotations

import unrolled as un


def test_all_errors_have_one_base_class():
    assert issubclass(un.InputError, (un.UnrolledError, ValueError))
    assert issubclass(un.ModelFileError, un.UnrolledError)
    assert issubclass(un.TrainingDiverged, un.UnrolledError)
