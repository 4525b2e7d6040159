"""Series with hardly any values do not refuse the others, wherever they are met."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import quick
from tables import series

MISSING = np.full(60, np.nan)
WEAK = {  # series of monthly rows
    "one row": [5.0],
    "two rows": [5.0, 6.0],
    "one missing row": [np.nan],
    "all missing": MISSING,
    "one value at the end": np.r_[MISSING, 5.0],
    "one value at the beginning": np.r_[5.0, MISSING],
}
TABLES = {
    "monthly": [("MS", 12)],
    "daily": [("D", 7)],
    "business days": [("B", 5)],
    "months and quarters": [("MS", 12), ("QS", 4)],
    "days and hours": [("D", 7), ("h", 24)],
}


def weak(values) -> pd.DataFrame:
    return pd.DataFrame(
        {"unique_id": "weak", "ds": pd.date_range("2012-02-01", periods=len(values), freq="MS"), "y": values}
    )


@cache
def strong_series(name):
    """The other series of a table, and a forecaster of them alone."""
    rng = np.random.default_rng(0)
    parts = [series(rng, 80, freq, f"{freq}{k}", season) for freq, season in TABLES[name] for k in (1, 2)]
    strong = pd.concat(parts)
    return strong, quick(3).fit(strong)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("values", WEAK.values(), ids=WEAK)
@pytest.mark.parametrize("name", TABLES)
def test_a_weak_series_does_not_refuse_the_others(name, values, first, tmp_path):
    strong, alone = strong_series(name)
    df = pd.concat([weak(values), strong] if first else [strong, weak(values)], ignore_index=True)
    names = set(strong["unique_id"])
    df.to_csv(tmp_path / "t.csv", index=False)
    predicted, notes = alone.predict(df), " ".join(alone.predict_notes_)
    found = {
        "fit": quick(3).fit(df).predict(),
        "predict": predicted,
        "backtest": quick(3).cross_validation(df, n_windows=2),
        "file": quick(3).fit(un.read_table(tmp_path / "t.csv")).predict(),
    }
    assert {name: set(table["unique_id"]) - {"weak"} for name, table in found.items()} == dict.fromkeys(found, names)
    others = predicted[predicted["unique_id"] != "weak"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, alone.predict())
    assert "weak" in notes or len(others) < len(predicted)
