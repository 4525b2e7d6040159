"""Networks for forecasting: architecture, training, recursion, sample paths."""
