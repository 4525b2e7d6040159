"""A network that has learned to forecast from made-up series, and forecasts others without training."""
