"""Outliers, shifts, units, limits and missing values of synthetic series."""

from __future__ import annotations

import numpy as np

from unrolled.synthetic import distort, lose


def test_units_limits_and_factors_differ_between_series():
    rng = np.random.default_rng(0)
    values = distort(rng, rng.normal(size=(2000, 60)))
    assert np.isfinite(values).all()
    lowest = values.min(axis=1)
    assert 0.02 < (lowest == 0).mean() < 0.12  # limited at 0
    skewed = (values.max(axis=1) - np.median(values, axis=1)) / (np.median(values, axis=1) - lowest + 1e-9)
    assert 0.1 < ((skewed > 2) & (lowest > 0)).mean() < 0.4  # grown by factors
    assert 0.03 < np.mean([len(np.unique(row.round(9))) <= 45 for row in values]) < 0.2  # rounded


def test_constant_series_stay_finite():
    assert np.isfinite(distort(np.random.default_rng(0), np.ones((200, 10)))).all()


def test_no_series_loses_all_its_values():
    rng = np.random.default_rng(0)
    values = lose(rng, np.ones((500, 12)))
    missing = np.isnan(values)
    assert 0.03 < missing.mean() < 0.3
    assert not missing.all(axis=1).any()
    assert not np.isnan(lose(rng, np.ones((50, 1)))).any()
