"""The specification of arrays in files: it is that of the document, and arrays that differ are refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import unrolled as un
from unrolled.forecasting.stored_arrays import ARRAYS, checked_arrays, rows_of

SIZES = {"S": 2, "S + 1": 3, "n": 5, "M": 0, "C": 1, "K": 0, "A": 0, "B": 0, "m": 1, "H": 2, "horizon": 2}
SIZES |= {"intervals": 5, "extremes": 3, "E": 0, "W": 4, "counts": 2}
DOCUMENT = Path(__file__).parents[2] / "docs" / "model-file.md"


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {name: np.ones([SIZES[size] for size in spec.shape], spec.dtype) for name, spec in ARRAYS.items()}


def test_the_specification_is_that_of_the_document():
    found = re.findall(r"^\| `([\w.]+)` \| (\w+) \| `(\(.*?\))` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    documented = {name: (dtype, eval(shape, {}, SIZES)) for name, dtype, shape in found if name in ARRAYS}
    assert documented == {name: (s.dtype, tuple(SIZES[size] for size in s.shape)) for name, s in ARRAYS.items()}


def test_arrays_that_fit_are_returned(arrays):
    assert checked_arrays(arrays, SIZES) == arrays
    del arrays["dependence"]
    assert "dependence" not in checked_arrays(arrays, SIZES)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("y", np.ones(4), r"'y' should be float64 \(5,\); it is float64 \(4,\)"),
        ("y", np.ones(5, np.float32), r"'y' should be float64 \(5,\); it is float32 \(5,\)"),
        ("y", np.array(1.0), "'y' should be float64"),
        ("profile.smoothing", np.array([0.5, 1.1]), "'profile.smoothing' should lie within 0 and 1"),
        ("dependence", np.full((2, 2), -2.0), "'dependence' should lie within -1 and 1"),
        ("offsets", np.array([-1, 0, 5]), "'offsets' should lie within 0 and inf"),
    ],
)
def test_arrays_that_differ_are_refused(name, values, message, arrays):
    with pytest.raises(un.InputError, match=message):
        checked_arrays(arrays | {name: values}, SIZES)


def test_a_missing_array_is_refused(arrays):
    del arrays["y"]
    with pytest.raises(un.InputError, match="the array 'y' is missing"):
        checked_arrays(arrays, SIZES)


def test_rows_of_arrays_of_any_shape():
    assert [rows_of(name, {"a": np.ones((4, 2)), "b": np.array(1)}) for name in "abc"] == [4, 0, 0]
