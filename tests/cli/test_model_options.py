"""The options of a training."""

from __future__ import annotations

from inspect import signature

import pytest

import unrolled as un
from unrolled.cli.command_group import load
from unrolled.cli.model_options import COVARIATES, TRAINING, parse_baselines, parse_budget, parse_combine
from unrolled.errors import InputError
from unrolled.series.files import CovariateColumns, ReadOptions

NO_OPTIONS = {"verbose"}  # of a Forecaster: the command has --quiet


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_every_parameter_of_a_forecaster_is_an_option(name):
    options = {parameter.name: parameter for parameter in load(name).params}
    parameters = signature(un.Forecaster).parameters
    assert set(parameters) - set(options) == NO_OPTIONS
    for parameter, declared in parameters.items():
        if parameter in options and declared.default is not declared.empty:
            assert options[parameter].default == declared.default, parameter


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), ("2m", 120), ("1h", 3600), ("0.5 m", 30)])
def test_budgets_have_units(text, seconds):
    assert parse_budget(text) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Theta=0.2,Theta=0.3", "--combine names Theta twice: 'Theta=0.2,Theta=0.3'. Give each method one weight"),
        ("Theta=much", "each with its weight, AutoETS=0.3,Theta=0.2; got 'Theta=much'"),
        ("Theta=0.2,AutoETS", "got 'AutoETS'"),
    ],
)
def test_combinations_need_one_weight_each(text, message):
    with pytest.raises(InputError, match=message):
        parse_combine(text)


def test_names_of_baselines_are_completed():
    assert parse_baselines("naive2, THETA") == ["Naive2", "Theta"]
    assert parse_baselines(None) == []


def test_covariates_are_columns_of_a_table():
    given = {"past": "rain, wind", "future": None, "static": "town", "weight": "w"}
    assert COVARIATES.value(given) == CovariateColumns(("rain", "wind"), (), ("town",), "w")


def test_a_training_gives_only_the_parameters_that_were_given():
    defaults = {name: default for name, (_, default) in TRAINING.options.items()}
    training = TRAINING.value(defaults | {"scaling": "level, last", "budget": "2m", "cell": "auto"})
    fc = training.forecaster(ReadOptions(freq="D", open="mon-sat"), horizon=3, verbose=0)
    assert (training.levels, training.baselines) == ([80, 95], [])
    expected = un.Forecaster(
        3, freq="D", open="mon-sat", cell="auto", scaling=["level", "last"], budget=120, verbose=0
    )
    assert {name: getattr(fc, name) for name in signature(un.Forecaster).parameters} == {
        name: getattr(expected, name) for name in signature(un.Forecaster).parameters
    }
    assert "hidden" not in training.parameters
    with pytest.raises(InputError, match="`hidden` must be"):
        TRAINING.value(defaults | {"hidden": 0}).forecaster(ReadOptions(), horizon=3)
