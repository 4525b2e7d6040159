"""How good forecasts are: metrics, the held-out end, comparisons, scoring."""
