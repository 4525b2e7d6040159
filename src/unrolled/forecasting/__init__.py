"""Forecasting: a table of series in, forecasts with intervals out."""

from .forecaster import Forecaster
from .frequency import Frequency

__all__ = ["Forecaster", "Frequency"]
