"""The tables of the held-out end agree with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pages import fitted


def test_errors_by_step_and_by_series_agree_with_those_of_all():
    frame = pd.DataFrame({"unique_id": ["a"] * 60 + ["b"] * 60, "ds": [*range(60)] * 2, "y": np.arange(120.0) ** 1.5})
    held_out = fitted(frame, 4).held_out_
    models = list(held_out.table.index)
    # every step is forecast from every origin, so that the mean over the steps is that of all
    by_step = held_out.by_step["MAE"].unstack("model")[models]
    assert by_step.index.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(by_step.mean(), held_out.table["MAE"], rtol=1e-12)
    by_series = held_out.by_series["sMAPE"].unstack("model")[models]
    assert by_series.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(by_series.mean(), held_out.table["sMAPE"], rtol=1e-12)
    naive = by_step["Naive"]
    assert naive.is_monotonic_increasing  # the further ahead, the worse, in a series that grows
