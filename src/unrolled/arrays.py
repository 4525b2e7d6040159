"""The type of arrays, and arrays that apply to the leading axes of others."""

import numpy as np

Array = np.ndarray


def over_leading_axes(a: Array, axes: int) -> Array:
    """The array with axes of length 1 after its own, `axes` in all.

    >>> over_leading_axes(np.ones(4), 3).shape
    (4, 1, 1)
    """
    return a.reshape(a.shape + (1,) * (axes - a.ndim))
