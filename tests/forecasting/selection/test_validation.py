"""The evaluation of candidates: scaled errors of forecasts from rolling origins in the past."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tables import panel_frame, table
from unrolled.forecasting.fitting import fit
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.predictor import Source
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.forecasting.probabilistic.quantiles import MEDIAN
from unrolled.forecasting.selection.validation import MIN_UNITS, make_folds
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

QUICK = {"hidden": 4, "steps": 4, "batch_size": 8, "verbose": 0}


@pytest.mark.parametrize(("rows", "horizon"), [(121, 12), (300, 6), (5000, 48)])
def test_folds_lie_apart_and_leave_enough_to_train_on(rows, horizon, rng):
    panel = read_panel(table(rng.normal(size=rows), freq="MS" if rows < 1000 else "h"), Columns())
    season = panel.frequency.season
    validation = make_folds(panel, horizon, season)
    assert validation.units >= MIN_UNITS
    assert validation.left_out[0] == horizon + validation.origins - 1  # the last target is the last row
    assert (np.diff(validation.left_out) >= validation.origins).all()  # no origin twice
    assert validation.shortest_past >= 2 * season + horizon


def test_many_rows_are_sampled(rng):
    lengths = np.full(1000, 300)
    panel = read_panel(
        pd.DataFrame(
            {
                "unique_id": np.repeat(np.arange(1000), 300),
                "ds": np.tile(pd.date_range("2020-01-01", periods=300), 1000),
                "y": rng.normal(size=lengths.sum()),
            }
        ),
        Columns(),
    )
    validation = make_folds(panel, 7, 7)
    assert len(validation.panel.ids) == 200
    assert validation.panel.ids == make_folds(panel, 7, 7).panel.ids
    assert validation.panel.ids != make_folds(panel, 7, 7, seed=1).panel.ids


def test_errors_are_those_of_forecasts_scaled(rng):
    """The same numbers with the public functions: fit before the end of a fold, forecast, compare."""
    df = table(rng.normal(size=150).cumsum() + 50, freq="MS")
    validation = make_folds(read_panel(df, Columns()), 6, 12)
    parameters = Parameters(6, window=12, ensemble=2, **QUICK)
    errors = validation.errors(parameters, 1)
    past = len(df) - validation.left_out[1]
    again = fit(parameters, read_panel(df[:past], Columns()), Source(Columns()), evaluate=False)
    expected = []
    for origin in range(validation.origins):
        seen = read_panel(df[: past + origin], Columns())
        origins = TransformedOrigins(seen, seen.offsets[1:], again.transform)
        forecast = again.quantiles(origins)[0, :, MEDIAN]
        expected.append(np.abs(df["y"].to_numpy()[past + origin :][:6] - forecast).mean())
    scale = np.abs(np.diff(df["y"][: len(df) - validation.left_out[-1]])).mean()
    blocks = np.minimum(np.arange(validation.origins) // 6, validation.blocks - 1)
    expected = [np.mean(np.array(expected)[blocks == b]) / scale for b in range(validation.blocks)]
    np.testing.assert_allclose(errors[0], expected, rtol=1e-5)


def test_a_configuration_that_fails_does_not_end_the_search(rng):
    panel = read_panel(panel_frame(rng), Columns())
    validation = make_folds(panel, 4, 12)
    parameters = Parameters(4, window=18, segment=5, **QUICK)  # does not fit: raised when it is fitted
    assert np.isinf(validation.errors(parameters, 0)).all()
