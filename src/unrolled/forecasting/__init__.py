"""Forecasting: a table of series in, forecasts with intervals out."""

from .forecaster import Forecaster
from .frequency import Frequency
from .scoring import Score, score

__all__ = ["Forecaster", "Frequency", "Score", "score"]
