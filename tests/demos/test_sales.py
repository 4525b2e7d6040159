"""The demo sales."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.demos import base, sales


@pytest.mark.parametrize("seed", range(3))
def test_sales(seed):
    result = sales.run(seed=seed)
    errors = result.numbers["rmse"]
    assert result.report.ok
    assert np.mean(errors[-10:]) < np.mean(errors[:10]) / 2
    assert 10 <= result.numbers["forecast"] <= 220
    assert sum(line.startswith("epoch") for line in result.lines) == 20
    assert any("2.weight (1, 5)" in line for line in result.lines)
    assert result.right


def test_sales_scale_is_estimated_from_training_days_only(monkeypatch):
    clean = sales.hold_out(5, 0, base.Transcript())[1]
    poisoned = sales.SALES.copy()
    poisoned[-3:] = 1e6
    monkeypatch.setattr(sales, "SALES", poisoned)
    dirty = sales.hold_out(5, 0, base.Transcript())[1]
    assert clean[0] == dirty[0]  # reads days 10 to 12; the later two forecasts read poisoned days
    trained = sales.train(sales.SALES[:12], 1, 0, base.Transcript())
    assert trained.scale == (pytest.approx(np.mean(sales.SALES[:12])), pytest.approx(np.std(sales.SALES[:12])))
