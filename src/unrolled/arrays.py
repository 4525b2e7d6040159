"""The type of arrays."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
