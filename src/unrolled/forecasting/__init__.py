"""Forecasting: a table of series in, forecasts with intervals out."""

from .forecaster import Forecaster
from .frequencies import by_frequency
from .frequency import Frequency
from .scoring import Score, score

__all__ = ["Forecaster", "Frequency", "Score", "by_frequency", "score"]
