"""The type of arrays."""

import numpy as np

Array = np.ndarray
