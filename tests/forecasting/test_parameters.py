"""The parameters of a forecaster: an immutable value, whose check explains invalid ones."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

import unrolled as un
from unrolled.forecasting.parameters import (
    DEFAULT_CELL,
    DEFAULTS,
    Parameters,
    check_paths,
    checked_horizon,
    is_count,
)

OTHERS = {"scaling": ["level", "trend"], "combine": {"Naive": 0.2}, "likelihood": "normal", "reach": 2, "log": True}


def test_parameters_are_a_value():
    asked = Parameters(3, "rnn", hidden=8, **OTHERS)
    with pytest.raises(FrozenInstanceError):
        asked.hidden = 9
    assert asked == Parameters(3, "rnn", hidden=8, **OTHERS)
    assert asked != replace(asked, hidden=9)
    assert asked.hidden == 8
    assert Parameters(**asked.as_dict()) == asked
    assert len({Parameters(3), Parameters(3), Parameters(4)}) == 2


def test_only_the_horizon_and_the_cell_are_positional():
    assert Parameters(3, "rnn") == Parameters(horizon=3, cell="rnn")
    for make in (Parameters, un.Forecaster):
        with pytest.raises(TypeError):
            make(3, "rnn", 8)
        with pytest.raises(TypeError, match="hiden"):
            make(3, hiden=8)
        with pytest.raises(TypeError, match="horizon"):
            make()


def test_a_forecaster_has_these_parameters_and_explains_each():
    names = [f.name for f in fields(Parameters)]
    assert list(inspect.signature(un.Forecaster).parameters) == names
    assert list(un.Forecaster(3).get_params()) == names
    documented = inspect.getdoc(un.Forecaster)
    assert [name for name in names if f"\n    {name}: " not in documented] == []
    assert set(names) - set(DEFAULTS) == {"horizon"}
    assert DEFAULTS["cell"] == DEFAULT_CELL == "gru"


@pytest.mark.parametrize(
    "options",
    [
        {},
        OTHERS,
        {"cell": "auto", "budget": 5, "max_trials": 4},
        {"horizon": np.int64(3), "hidden": np.int32(4), "nonnegative": np.True_, "budget": None},
        {"likelihood": "poisson", "scaling": ("count",)},
        {"decoder": "parallel", "calendar": False, "ensemble": 64, "reach": 3},
    ],
)
def test_valid_parameters_are_accepted(options):
    Parameters(**{"horizon": 3} | options).check()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(
            ({"horizon": wrong}, r"`horizon` must be a whole number of periods ≥ 1; got")
            for wrong in (0, 2.5, True, "3")
        ),
        *(
            ({name: wrong}, f"`{name}` must be a whole number ≥ 1; got")
            for name in (
                "hidden",
                "layers",
                "window",
                "segment",
                "season",
                "steps",
                "batch_size",
                "ensemble",
                "reach",
            )
            for wrong in (0, -1, 0.5, "3", True)
        ),
        ({"layers": None}, "`layers` must be a whole number ≥ 1; got None"),
        ({"ensemble": 10**6}, r"`ensemble` must be ≤ \d+; got 1000000"),
        ({"layers": 1001}, "`layers` must be ≤ 1000; got 1001"),
        ({"reach": 4}, "`reach` must be ≤ the horizon, 3; got 4"),
        ({"cell": "transformer"}, "no cell is called 'transformer'"),
        ({"scaling": "banana"}, "no scaling is called 'banana'; known: level, "),
        ({"scaling": ["level", "banana"]}, "no scaling is called 'banana'"),
        ({"decoder": "transformer"}, "`decoder` must be one of direct, parallel, recurrent; got 'transformer'"),
        ({"calendar": 1}, "`calendar` must be True, False or None; got 1"),
        ({"likelihood": "banana"}, "no likelihood is called 'banana'; known: .*None learns quantiles"),
        ({"likelihood": "poisson", "log": True}, "`likelihood='poisson'` is for counts, which have no logarithms"),
        (
            {"likelihood": "poisson", "holidays": "DE"},
            "counts, which are used as they are, without linear effects. Leave",
        ),
        (
            {"likelihood": "poisson", "scaling": "level"},
            "for counts, which are measured from 0 in a view of their own; got scaling 'level'",
        ),
        ({"nonnegative": 1}, "`nonnegative` must be True, False or None; got 1"),
        ({"nonnegative": False, "likelihood": "poisson"}, "counts, which are never negative. Leave out `nonnegative"),
        ({"integer": "yes"}, "`integer` must be True or False; got 'yes'"),
        ({"seed": -1}, "seed is a whole number"),
        ({"seed": 1.5}, "seed is a whole number"),
        ({"combine": "Prophet"}, "no baseline is called 'Prophet'"),
        ({"combine": {"Naive": 1.0}}, "Naive"),
        ({"budget": 5}, "`budget` is for the automatic choice, but the cell is 'gru'"),
        ({"max_trials": 5}, "`max_trials` is for the automatic choice"),
        ({"cell": "auto", "budget": -1}, "`budget` must be a number of seconds > 0"),
        ({"cell": "auto", "max_trials": 3}, "`max_trials` must be a whole number ≥ 4"),
    ],
)
def test_invalid_parameters_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        Parameters(**{"horizon": 3} | options).check()


@pytest.mark.parametrize("horizon", [0, -1, 1.0, "3", True, None])
def test_a_horizon_is_a_whole_number_of_periods(horizon):
    with pytest.raises(un.InputError, match=r"`horizon` must be a whole number of periods ≥ 1; got"):
        checked_horizon(horizon)


def test_a_horizon_is_at_most_the_trained_one_unless_reach_is_given():
    assert Parameters(4).checked_horizon(None) == 4
    assert Parameters(4).checked_horizon(2) == 2
    assert Parameters(4, reach=2).checked_horizon(99) == 99
    with pytest.raises(un.InputError, match=r"trained for horizon 4; 5 lies beyond it.*`reach`"):
        Parameters(4).checked_horizon(5)
    assert (Parameters(4).steps_at_once, Parameters(4, reach=2).steps_at_once) == (4, 2)


def test_counts_and_paths():
    assert all(map(is_count, (1, np.int64(3))))
    assert not any(map(is_count, (0, -1, True, 1.0, "1", None)))
    check_paths(1)
    with pytest.raises(un.InputError, match="`n` must be a whole number of paths ≥ 1; got 0"):
        check_paths(0)


def test_the_forecast_is_named_after_the_cell_or_by_the_alias():
    assert Parameters(3, "lstm").name == "LSTM"
    assert Parameters(3, "lstm", alias="best").name == "best"
