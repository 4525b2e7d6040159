"""Forecasters with very short trainings, interrupted trainings, and the whole content of a fitted table."""

from __future__ import annotations

import os
import signal
from typing import Any

import pandas as pd

import unrolled as un
from unrolled.forecasting import fitting
from unrolled.forecasting.multi_frequency import FittedTable
from unrolled.forecasting.serialization import describe


def quick(horizon: int = 4, **options) -> un.Forecaster:
    """A forecaster of one small network with a very short training."""
    return un.Forecaster(horizon, **{"steps": 3, "ensemble": 1, "hidden": 4, "verbose": 0} | options)


def interrupt_the_training(number: int, monkeypatch) -> None:
    """Send Ctrl-C when this training of a run begins, counted from 0."""
    train, calls = fitting.train_ensemble, iter(range(99))

    def interrupted(*args, **options):
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGINT)
        return train(*args, **options)

    monkeypatch.setattr(fitting, "train_ensemble", interrupted)


def contents(fitted: FittedTable) -> list[Any]:
    """The whole content of a fitted table, as values that do not change with it."""
    content, arrays = describe(fitted)
    found = [repr(content), *((name, a.dtype.str, a.tobytes()) for name, a in arrays.items())]
    found += [fitted.notes, repr(fitted.comparison)]
    for name, one in fitted.predictors.items():
        found += [name, one.parameters, one.notes, repr(one.source), repr(one.comparison)]
        for panel in (one.context, one.panel):
            if panel is not None:
                values = (panel.y, panel.observed, panel.offsets, panel.first, *panel.covariates.arrays().values())
                found += [tuple(panel.ids), tuple(panel.notes), *(a.tobytes() for a in values)]
        if one.comparison is not None:
            tables = (one.comparison.table, one.comparison.example, one.comparison.by_step, one.comparison.by_series)
            found += [pd.util.hash_pandas_object(table).to_numpy().tobytes() for table in tables]
    return found
