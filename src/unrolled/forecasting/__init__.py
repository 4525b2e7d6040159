"""Forecasting with recurrent networks: decisions, models, intervals and their evaluation."""
