"""A fit that fails at any stage leaves the object as it was, and other threads see the old or the new result."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import unrolled as un
from forecasters import contents, quick
from stages import fails_at, stages
from tables import panel_frame, series, two_frequencies
from unrolled.forecasting import multi_frequency


def fitted_state(fc: un.Forecaster) -> list:
    return [repr(fc.parameters), fc.notes_, fc.predict_notes_, *contents(fc.fitted)]


# files where results are kept; tests/nn/training/test_checkpoint.py has those of a training
EVERY_STAGE = (
    "/forecaster.py",
    "/forecasting/fitting.py",
    "/forecasting/multi_frequency.py",
    "/forecasting/selection",
)
TABLES = {  # each with the options and the files whose functions fail; the first has those of a single fit
    "one frequency": (lambda rng: panel_frame(rng, (40, 36)), {}, EVERY_STAGE),
    "two frequencies": (
        lambda rng: pd.concat([series(rng, 36, "MS", "m", 12), series(rng, 30, "QS", "q", 4)], ignore_index=True),
        {},
        ("/forecaster.py", "/forecasting/multi_frequency.py"),
    ),
    "a search": (lambda rng: panel_frame(rng, (40,)), {"cell": "auto", "max_trials": 4}, EVERY_STAGE),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_fit_that_fails_at_any_stage_keeps_the_result_of_the_earlier_one(name, rng):
    make, options, files = TABLES[name]
    df, other = make(rng), panel_frame(rng, (50,))
    fc = quick(3).fit(other)
    fc.predict(other.drop(index=[20]))
    fc.set_params(**{"alias": "new", **options})
    before, fitted, handler = fitted_state(fc), fc.fitted, signal.getsignal(signal.SIGINT)
    given = df.copy()
    new = un.Forecaster(**fc.get_params())
    met, failed = stages(lambda: new.fit(df), files), 0
    expected = contents(new.fitted)
    for stage, passed in met.items():
        failed += fails_at(stage, passed, lambda: fc.fit(df))
        if fc.fitted is not fitted:  # the fault came after the fit, or nobody needed what failed
            assert contents(fc.fitted) == expected, stage
            fc._fitted = fitted
        assert signal.getsignal(signal.SIGINT) is handler, stage
    assert fitted_state(fc) == before
    assert given.equals(df)
    assert failed > 0.9 * len(met)


def test_forecasts_beside_a_running_fit_are_those_of_the_earlier_or_the_new_one(rng, monkeypatch):
    """Tables of one and of two frequencies in turn, so that a mixture of both would be seen or fail."""
    tables = [panel_frame(rng, (60,)), two_frequencies(rng)]
    fc = quick(3)
    expected = [fc.fit(df).predict(level=80) for df in tables]
    fit_planned, under_way = multi_frequency.fit_planned, []

    def observed(*args, **options):
        for _ in range(2):
            under_way.append(other.submit(ask).result())
            result = fit_planned(*args, **options)
        return result

    def ask() -> tuple[int, int]:
        """Which of the two fits a forecast comes from, and how many parts the forecaster has."""
        found, parts = fc.predict(level=80), fc.parts_
        return next(k for k, frame in enumerate(expected) if frame.equals(found)), len(parts)

    def ask_always() -> set[int]:
        found = {ask()[0]}
        while not done:
            found.add(ask()[0])
        return found

    done = False
    with ThreadPoolExecutor(2) as other:
        always = other.submit(ask_always)
        try:
            for _ in range(3):
                fc.fit(tables[0])
                assert other.submit(ask).result() == (0, 0)
                fc.fit(tables[1])
                assert other.submit(ask).result() == (1, 2)
            monkeypatch.setattr(multi_frequency, "fit_planned", observed)
            fc.fit(tables[0])
        finally:
            done = True
        assert always.result() <= {0, 1}
    assert under_way == [(1, 2), (1, 2)]


def test_a_report_beside_a_running_fit_is_of_one_fit(rng, monkeypatch):
    """A fit that ends between the forecast and the rest of the report."""
    fc = quick(3).fit(panel_frame(rng, (60,)))
    earlier, later = fc.fitted, quick(3).fit(two_frequencies(rng).rename(columns={"y": "z"}), target_col="z").fitted
    forecast = type(earlier).forecast

    def overtaken(fitted, *args):
        result = forecast(fitted, *args)
        fc._fitted = later
        return result

    monkeypatch.setattr(type(earlier), "forecast", overtaken)
    content = fc.report().content
    assert (content.title, content.fitted.predictors) == ("y", earlier.predictors)
