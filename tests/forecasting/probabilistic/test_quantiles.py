"""The grid of quantiles, interpolation between them, and the allowed levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import unrolled as un
from support import assert_close
from unrolled.forecasting.probabilistic.quantiles import GRID_LEVELS, MEDIAN, QUANTILES, check_levels, read_quantile

finite = st.floats(-1e6, 1e6)


def test_the_grid_is_symmetric_about_the_median():
    assert QUANTILES[MEDIAN] == 0.5
    np.testing.assert_allclose(np.array(QUANTILES) + QUANTILES[::-1], 1)
    assert GRID_LEVELS == (95, 90, 80, 50)


@given(arrays(np.float64, len(QUANTILES), elements=finite), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise_with_their_level_and_stay_inside_the_learned_ones(learned, a, b):
    learned = np.sort(learned)
    low, high = (float(read_quantile(learned, q)) for q in sorted((a, b)))
    rounding = 8 * np.finfo(float).eps * np.abs(learned).max()  # of one interpolation
    assert low <= high + rounding
    assert learned[0] - rounding <= low
    assert high <= learned[-1] + rounding


def test_learned_quantiles_are_read_back_and_lines_lie_between_them(rng):
    learned = np.sort(rng.standard_normal((2, 3, len(QUANTILES))), axis=-1)
    for k, q in enumerate(QUANTILES):
        assert_close(read_quantile(learned, q), learned[..., k], terms=2)
    assert_close(read_quantile(learned, 0.15), learned[..., 3] + (learned[..., 4] - learned[..., 3]) / 3, terms=2)
    assert_close(read_quantile(np.array(QUANTILES), 0.4), 0.4, terms=2)


@pytest.mark.parametrize("level", [0, -5, 99.1, 100, np.nan, np.inf, [80, 99.5]])
def test_levels_outside_the_grid_are_refused(level):
    with pytest.raises(un.InputError, match=r"`level` must be above 0 and at most 99, since .* too rare .*; got "):
        check_levels(level)


@pytest.mark.parametrize("level", ["eighty", ["80", "wide"], {80}, [[80, 95], [50]]])
def test_levels_that_are_not_numbers_are_refused(level):
    with pytest.raises(un.InputError, match=r"levels are numbers in per cent, such as \[80, 95\]; got"):
        check_levels(level)


@pytest.mark.parametrize(
    ("level", "levels"), [(None, []), ([], []), (80, [80]), (np.int64(80), [80]), ((50.5, 99), [50.5, 99])]
)
def test_levels_are_single_numbers_or_lists(level, levels):
    assert check_levels(level) == levels
