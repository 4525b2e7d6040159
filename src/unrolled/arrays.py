"""The type of every array."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
