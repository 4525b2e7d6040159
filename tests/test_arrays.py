"""Arrays that apply to the leading axes of others."""

import numpy as np

from unrolled.arrays import over_leading_axes


def test_each_number_applies_to_all_elements_of_its_row():
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    spread = over_leading_axes(weights, 3) * np.ones((2, 2, 5))
    np.testing.assert_array_equal(spread, np.repeat(weights[..., None], 5, axis=2))
    assert over_leading_axes(weights, 2).shape == (2, 2)
