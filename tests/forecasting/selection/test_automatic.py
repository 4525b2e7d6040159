"""The automatic choice: based on the past only, repeatable without a search, saved with its trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_frame, table

QUICK = {"hidden": 4, "steps": 4, "batch_size": 8, "verbose": 0}


@pytest.fixture(scope="module")
def frame():
    return panel_frame(np.random.default_rng(0), lengths=(120, 110))


@pytest.fixture(scope="module")
def fitted(frame):
    return un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(frame)


def without_time(found):
    return found.drop(columns="seconds")


def test_a_search_by_trials_is_reproducible_to_the_bit(fitted, frame):
    again = un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(frame)
    assert again.chosen_ == fitted.chosen_
    pd.testing.assert_frame_equal(without_time(again.search_), without_time(fitted.search_), check_exact=True)
    pd.testing.assert_frame_equal(again.predict(level=80), fitted.predict(level=80), check_exact=True)


def test_the_choice_is_repeated_without_a_search(fitted, frame):
    assert {name: fitted.chosen_[name] for name in QUICK} == QUICK  # what was given stays
    again = un.Forecaster(**fitted.chosen_).fit(frame)
    assert again.search_ is None
    pd.testing.assert_frame_equal(again.predict(level=80), fitted.predict(level=80), check_exact=True)
    pd.testing.assert_frame_equal(again.held_out_.table, fitted.held_out_.table, check_exact=True)


def test_the_default_is_the_fit_without_a_search(frame):
    fc = un.Forecaster(4, cell="auto", budget=1e-9, **QUICK).fit(frame)
    assert "not enough to evaluate a challenger" in fc.notes_[0]
    plain = un.Forecaster(4, alias="AUTO", network="trained", **QUICK).fit(frame)
    pd.testing.assert_frame_equal(fc.predict(level=80), plain.predict(level=80), check_exact=True)


def test_the_held_out_end_has_no_part_in_the_search(fitted, frame):
    poisoned = frame.copy()
    end = poisoned.groupby("unique_id").tail(fitted.held_out_.rows).index
    poisoned.loc[end, "y"] = -1e6 * np.arange(1, len(end) + 1)
    again = un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(poisoned)
    assert again.chosen_ == fitted.chosen_
    pd.testing.assert_frame_equal(without_time(again.search_), without_time(fitted.search_), check_exact=True)


def test_the_table_of_trials_ranks_finalists_first(fitted):
    found = fitted.search_
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert found["stage"].tolist() == sorted(found["stage"])  # final, screened
    for _, part in found.groupby("stage"):
        assert part["score"].is_monotonic_increasing
    assert found["configuration"].is_unique
    assert sum("chosen" in note for note in found["note"]) == 1


def test_a_saved_forecaster_keeps_the_trials(fitted, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.search_, fitted.search_)
    listed = {name: list(v) if isinstance(v, tuple) else v for name, v in fitted.chosen_.items()}
    assert loaded.chosen_ | {"verbose": 0} == listed
    pd.testing.assert_frame_equal(loaded.predict(level=80), fitted.predict(level=80), check_exact=True)
    assert not loaded.search_interrupted_


def test_too_few_rows_are_not_searched(rng):
    fc = un.Forecaster(12, cell="auto", **QUICK).fit(table(rng.normal(size=60), freq="MS"))
    assert fc.search_.empty
    assert "the default, without a search" in fc.notes_[0]
    assert fc.predict().shape == (12, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"budget": 0}, "`budget` must be a number of seconds > 0, such as 60; got 0"),
        ({"budget": "60s"}, "`budget` must be a number"),
        ({"budget": float("inf")}, "`budget` must be a number"),
        ({"budget": True}, "`budget` must be a number"),
        ({"max_trials": 3}, "`max_trials` must be a whole number ≥ 4"),
        ({"max_trials": 8.5}, "`max_trials` must be a whole number or None; got 8.5"),
        ({"cell": "rnn", "budget": 5}, "`budget` is for the automatic choice, but the cell is 'rnn'"),
        ({"cell": "rnn", "max_trials": 5}, "`max_trials` is for the automatic choice"),
    ],
)
def test_invalid_budgets_are_refused(wrong, message, rng):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(**{"horizon": 3, "cell": "auto"} | wrong).fit(panel_frame(rng))
