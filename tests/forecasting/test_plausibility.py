"""Notes on forecasts: limits that took effect, and fans beyond everything that was seen."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of
from unrolled.forecasting.plausibility import fan_notes, limit_notes, zero_notes
from unrolled.forecasting.preprocessing.transform import estimate_transform


def transform_of(panel, logs=False, nonnegative=None):
    return estimate_transform(panel, np.full(len(panel.ids), logs), 1, 2, nonnegative=nonnegative)


def test_the_limit_is_noted_where_it_takes_effect():
    panel = panel_of([0.0, 2, 1], [3.0, 4, 5], [-1.0, 2, 0])
    transform = transform_of(panel, nonnegative=np.array([True, True, False]))
    low = np.array([[1.0, 0], [2, 3], [0, 0]])
    assert limit_notes(panel, transform, {"f": low + 1, "f-lo-80": low}) == [
        "no value of series 's0' is negative, so the forecast is kept at or above 0; `nonnegative=False` lifts this"
    ]
    assert limit_notes(panel, transform, {"f": low + 1}) == []


def test_a_forecast_of_zeros_is_noted_unless_all_values_are_zero():
    panel = panel_of([0.0, 0, 1, 0], [0.0, 0, 0, 0], [0.0, 0, 2, 0], [-1.0, 0, 0, 0])
    forecast = np.array([[0.0, 0], [0, 0], [0, 1], [0, 0]])
    (note,) = zero_notes(panel, transform_of(panel), {"f": forecast, "f-hi-80": forecast + 1})
    assert note == (
        "the forecast of series 's0', series 's3' is 0 at every step, because it is a median; means are larger: "
        "`point='mean'`"
    )
    assert zero_notes(panel, transform_of(panel), {"f": forecast + 1, "f-lo-80": forecast}) == []


@pytest.mark.parametrize("logs", [False, True])
def test_a_fan_beyond_twice_the_range_is_questioned(logs):
    panel = panel_of([10.0, 20, 15], [1.0, 3, 2])
    transform = transform_of(panel, logs)
    usual, high = np.array([[12.0, 30], [2, 5]]), np.array([[12.0, 30.5], [2, 9]])
    assert fan_notes(panel, transform, {"f": usual, "f-hi-80": usual}) == []
    (note,) = fan_notes(panel, transform, {"f": usual, "f-hi-80": high})
    remedy = "`log=False` or a lower horizon may help" if logs else "Check its last values; a lower horizon may help"
    assert note.startswith("the forecast of series 's0', series 's1' reaches farther beyond the known values than")
    assert "'f-hi-80' of series 's1' is 9 at step 2 (4), and its values were 1 to 3." in note
    assert note.endswith(remedy)
    (note,) = fan_notes(panel, transform, {"f-lo-80": 10 - usual})
    assert "'f-lo-80' of series 's0' is -20 at step 2" in note


def test_the_range_is_that_of_all_rows_and_a_constant_series_has_none():
    whole, end = panel_of([0.0, 100, 1, 2]), panel_of([1.0, 2])
    assert fan_notes(end, transform_of(whole), {"f": np.array([[150.0]])}) == []
    assert fan_notes(end, transform_of(end), {"f": np.array([[150.0]])}) != []
    constant = panel_of([2.0, 2, 2])
    assert fan_notes(constant, transform_of(constant), {"f": np.array([[9.0]])}) == []
