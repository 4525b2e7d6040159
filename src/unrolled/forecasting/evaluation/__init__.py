"""Evaluation of forecasts: metrics, the held-out end, comparisons, scoring."""
