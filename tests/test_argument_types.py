"""A value of a wrong type is refused by an `InputError` that names it, for the parameters of all public objects."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_type_hints

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.argument_types import Between, Count, Positive, check_type, fits
from unrolled.forecasting.inputs.views import register_view
from unrolled.forecasting.parameters import Parameters
from unrolled.nn.cells import CELLS
from unrolled.nn.layers import LAYERS
from unrolled.nn.losses import LOSSES
from unrolled.nn.optimizers import OPTIMIZERS
from unrolled.nn.schedules import SCHEDULES
from unrolled.series.files.options import ReadOptions

WRONG = (object(), b"x", {1: 2}, [[1, 2]], np.array([1, 2]), {"x"}, 1j)  # fit no parameter below
OBJECTS = {**CELLS, **LAYERS, **OPTIMIZERS, **SCHEDULES, **LOSSES, "early stopping": un.EarlyStopping}
REQUIRED = {"hidden": 2, "size": 2, "count": 2, "p": 0.1, "rate": 0.1, "patience": 3}  # of objects without a default
FIELDS = [(kind, field.name) for kind, cls in OBJECTS.items() for field in dataclasses.fields(cls)]
X, Y = np.zeros((8, 5, 1)), np.zeros((8, 1))
DF = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=40, freq="MS"), "y": range(40)})


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_objects_of_networks_check_the_types_of_all_fields(kind, name):
    cls = OBJECTS[kind]
    given = {field.name: REQUIRED[field.name] for field in dataclasses.fields(cls) if field.name in REQUIRED}
    cls(**given)
    for value in WRONG:
        with pytest.raises(un.InputError, match=name):
            cls(**given | {name: value})


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Parameters)])
def test_a_forecaster_checks_the_types_of_all_parameters_before_it_trains(name):
    for value in WRONG:
        with pytest.raises(un.InputError, match=f"{name}|no baseline is called"):
            un.Forecaster(**{"horizon": 2, name: value}).fit(DF)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scaling": []}, "`scaling` must name one of level, .*; got "),
        ({"scaling": 3}, "`scaling` must be a text, a list of texts or None; got 3"),
        ({"alias": 3}, "`alias` must be a text or None; got 3"),
        ({"calendar": "yes"}, "`calendar` must be True, False or None; got 'yes'"),
        ({"verbose": "no"}, "`verbose` must be a whole number, True or False; got 'no'"),
        ({"cell": ["gru"]}, r"`cell` must be a text; got \['gru'\]"),
    ],
)
def test_the_message_names_the_parameter_the_value_and_what_is_accepted(given, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=2, **given).fit(DF)


@pytest.mark.parametrize("name", list(inspect.signature(un.Network.fit).parameters)[1:])
def test_a_training_checks_the_types_of_all_arguments(name):
    net = un.Network([un.GRU(2), un.Last(), un.Dense(1)], 1)
    for value in (object(), b"x", {1: 2}):
        with pytest.raises(un.InputError, match="loss" if name == "loss" else name):
            net.fit(**{"x": X, "y": Y, "epochs": 1, "verbose": 0, name: value})


@pytest.mark.parametrize("name", [*inspect.signature(un.Forecaster.fit).parameters][2:])
def test_a_fit_checks_the_types_of_all_arguments(name):
    for value in (2.5, object(), b"x"):
        with pytest.raises(un.InputError, match=name):
            un.Forecaster(horizon=2).fit(DF, **{name: value})


@pytest.mark.parametrize("name", [*get_type_hints(ReadOptions), "past", "future", "static", "weight"])
def test_reading_checks_the_types_of_all_options(name, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n")
    for value in (object(), b"x", {1: 2}, [[1, 2]], *([] if name == "na" else [2.5])):
        with pytest.raises(un.InputError, match=f"`?{name}"):
            un.read_table(str(path), **{name: value})


CALLS: dict[str, Callable[[Any], Any]] = {
    "the layers of a network": lambda value: un.Network(value, 1),
    "the input size of a network": lambda value: un.Network([un.GRU(2)], value),
    "a state": lambda value: un.Network([un.GRU(2)], 1).forward(X, value),
    "the network of a gradient check": lambda value: un.check_gradients(value, X, Y),
    "a cell to register": un.register_cell,
    "a view to register": register_view,
    "the name of an engine": un.use_engine,
    "the path of a model": un.load,
    "a table to split": un.by_frequency,
    "a table to fit": un.Forecaster(2).fit,
    "a table to forecast": lambda value: un.forecast(value, 2),
    "the season of a score": lambda value: un.score(DF.rename(columns={"y": "GRU"}), DF, season=value),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_functions_check_the_types_of_their_arguments(call):
    for value in (object(), 1j, [[1, 2]], {1: 2}):
        with pytest.raises(un.UnrolledError):
            call(value)


HUGE = 10**30
VALUES = {
    "None": None,
    "an object": object(),
    "-1": -1,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "no text": "",
    "a NUL byte": "x\0y",
    "a lone surrogate": "x\ud800y",
    "a text longer than any name": "x" * 5000,
    "bytes": b"x",
    "no values": [],
    "no keys": {},
    "a list of None": [None],
    "a nested list": [[1, 2]],
    "an array": np.array([1, 2]),
    "a complex number": 1j,
    "a class": int,
    "0": 0,
    "10³⁰": HUGE,
    "-2⁷⁰": -(2**70),
}
ENDLESS = {("Network.fit", "epochs")}  # a huge number of epochs is what it says


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> dict[str, tuple[Any, dict[str, Any]]]:
    """All public functions and methods that take arguments, with arguments that they accept."""
    folder = tmp_path_factory.mktemp("files")
    fc = un.Forecaster(2, steps=2, ensemble=1, hidden=2, verbose=0).fit(DF)
    net = un.Network([un.GRU(2), un.Last(), un.Dense(1)], 1)
    net.save(folder / "net")
    (folder / "t.csv").write_text("ds,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n")
    forecast = fc.predict(level=80)
    actuals = forecast[["ds"]].assign(y=1.0)
    objects = {
        "Network": (
            net,
            {
                "fit": {"x": X, "y": Y, "epochs": 1, "verbose": 0},
                "forward": {"x": X},
                "gradients": {"x": X, "y": Y},
            },
        ),
        "Forecaster": (
            fc,
            {"fit": {"df": DF}, "cross_validation": {"df": DF}, "sample": {"n": 2}, "update": {"df": DF}},
        ),
        "Stream": (net.stream(), {}),
        "Report": (fc.report(), {}),
        "Score": (un.score(forecast, actuals), {}),
        "History": (net.fit(X, Y, epochs=1, verbose=0), {}),
    }
    internal = ("of", "with_columns", "rebuild", "fit_panels", "program", "content", "set_params")
    found = {
        f"{owner}.{name}": (method, accepted.get(name, {}))
        for owner, (value, accepted) in objects.items()
        for name, method in inspect.getmembers(value, callable)
        if not name.startswith("_") and name not in internal
    }
    functions = {
        "Network": {"layers": [un.GRU(2)], "input_size": 1},
        "Stream": {"network": net},
        "by_frequency": {"df": DF},
        "check_gradients": {"net": net, "x": X, "y": Y},
        "forecast": {"df": DF, "horizon": 2},
        "load": {"path": folder / "net"},
        "read_table": {"path": folder / "t.csv"},
        "register_cell": {},
        "score": {"forecast": forecast, "actuals": actuals},
        "use_engine": {},
    }
    found["synthetic.generate"] = (un.synthetic.generate, {"n": 1, "length": 8, "kind": "counts"})
    return found | {name: (getattr(un, name), accepted) for name, accepted in functions.items()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_only_errors_of_the_library_leave_public_functions(value, public, tmp_path, monkeypatch):
    """Whatever one of their arguments is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)
    called = 0
    for name, (function, accepted) in public.items():
        for parameter in inspect.signature(function).parameters.values():
            named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            if not named or ((name, parameter.name) in ENDLESS and value is HUGE):
                continue
            called += 1
            try:
                function(**accepted | {parameter.name: value})
            except un.UnrolledError:
                pass
            except Exception as error:
                pytest.fail(f"{name}({parameter.name}={value!r}): {error!r}")
    assert called > 90


def test_every_public_name_is_tested_for_wrong_arguments(public):
    """Constants, modules, errors, base classes and reports take none; other classes are checked by their fields."""
    tested = {name.partition(".")[0] for name in public} | {cls.__name__ for cls in OBJECTS.values()}
    bases = {"CELLS", "Cell", "GradientReport", "Layer", "losses", "optimizers", "schedules", "active_engine"}
    assert {n for n in un.__all__ if not n.endswith("Error")} - tested - bases == {"TrainingDiverged"}


@pytest.mark.parametrize(
    ("value", "hint", "fitting"),
    [
        (np.int64(3), int, True),
        (np.float32(0.5), float, True),
        (3, float, True),
        (2.0, int, False),
        (True, float, False),
        (np.True_, bool, True),
        (1, bool, False),
        (None, int | None, True),
        ("relu", Literal["tanh", "relu"], True),
        (["relu"], Literal["tanh", "relu"], False),
        ((0.5, 1.2), tuple[float, float], True),
        ((0.5,), tuple[float, float], False),
        ((1, 2, 3), tuple[int, ...], True),
        ("ab", Sequence[str], False),
        (iter("ab"), Iterable[str], True),
        ({"a": 1.0}, Mapping[str, float], True),
        (print, Callable[[str], None], True),
        (un.Cosine(0.1), un.schedules.Schedule, True),
        (object(), Any, True),
    ],
)
def test_a_value_fits_its_annotation(value, hint, fitting):
    assert fits(value, hint) is fitting


def test_long_values_are_shown_by_their_type():
    with pytest.raises(un.InputError, match="x must be a number; got a value of type ndarray"):
        check_type("x", np.zeros(100), float)


def test_annotations_that_only_type_checkers_can_read_are_not_checked():
    @dataclasses.dataclass(frozen=True)
    class OwnCell(un.GRU):
        option: "Unknown" = 1  # noqa: F821

    assert OwnCell(2, option="x").option == "x"


@pytest.mark.parametrize(
    ("hint", "good", "bad", "accepted"),
    [
        (Count, [1, np.int64(7), 2**31 - 1], [0, -5, True, 1.0], "a whole number ≥ 1"),
        (Count, [2**31 - 1], [2**31, np.int64(2**40)], "a whole number from 1 to 2147483647"),
        (Count | None, [None], [0, "x"], "a whole number ≥ 1 or None"),
        (Positive, [5e-324, 1, 1e308], [0, -1.0, float("nan"), "x"], "a number above 0"),
        (Annotated[float, Between(0.5)], [0.5], [0.4], "a number ≥ 0.5"),
        (float, [10**308], [10**309, -(10**400)], "a number"),
        (tuple[Count, ...], [[], (1, 2)], [[1, 0], [1, "a"], 3], "a list of whole numbers from 1 to 2147483647"),
    ],
)
def test_limits_in_annotations(hint, good, bad, accepted):
    for value in good:
        check_type("`n`", value, hint)
    for value in bad:
        with pytest.raises(un.InputError, match=f"`n` must be {accepted}; got"):
            check_type("`n`", value, hint)
