"""Quantiles, conformal calibration and copulas, on arrays."""
