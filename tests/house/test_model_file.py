"""The model file agrees with docs/model-file.md, and files of earlier versions are read.

The files in model_files/ were written by format version 1 with `write_files` below; they stay as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

import unrolled as un
from unrolled import storage
from unrolled.nn.cells import CELLS
from unrolled.nn.layers import LAYERS
from unrolled.nn.program import ProgramBuilder

DOCUMENT = (Path(__file__).parents[2] / "docs" / "model-file.md").read_text("utf-8")
FILES = Path(__file__).parent / "model_files"
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "list": list,
    "list of strings": list,
    "list of integers": list,
    "list of objects": list,
    "null": type(None),
}


def rows_after(line: str) -> list[list[str]]:
    """The cells of the first table after this line of the document."""
    table = re.search(r"(?:^\|.*\n)+", DOCUMENT[DOCUMENT.index(line) :], re.MULTILINE)
    return [[cell.strip() for cell in row.strip("| \n").split(" | ")] for row in table[0].splitlines()[2:]]


def keys_after(line: str) -> dict[str, str]:
    """The documented keys, each with its type."""
    return {row[0].strip("`"): row[1] for row in rows_after(line)}


def assert_documented(content: dict, line: str, optional: frozenset[str] = frozenset()) -> None:
    types = keys_after(line)
    assert set(types) - optional <= set(content) <= set(types), line
    for key, value in content.items():
        kinds = re.sub(r" \(.*", "", types[key]).split(" or ")
        assert isinstance(value, tuple(TYPES[kind] for kind in kinds)), (line, key, value)


def opened(path: Path) -> tuple[dict, dict]:
    """The content and the arrays of a file, without this library."""
    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["unrolled"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


# --- networks -----------------------------------------------------------------------------------------

NETWORK = [un.GRU(3), un.Dropout(0.1), un.Last(), un.Dense((2, 3), "tanh")]


def test_the_content_of_a_network(tmp_path):
    un.Network(NETWORK, 2).save(tmp_path / "model")
    content, _ = opened(tmp_path / "model")
    common = {key: content.pop(key) for key in keys_after("## Content of every file")}
    assert_documented(common, "## Content of every file")
    assert_documented(content, "## Kind `network`")
    assert common["version"] == storage.VERSION


def test_options_and_arrays_of_every_layer():
    table = {
        row[0].strip("`"): [re.findall(r"`(\w+)`", cell) for cell in row[1:]] for row in rows_after("Each layer")
    }
    shapes = {row[0].replace("`", ""): row[1].strip("`") for row in rows_after("An array is called")}
    own = {"rnn": {"hidden": 3}, "gru": {"hidden": 3}, "lstm": {"hidden": 3}, "dropout": {"p": 0.5}}
    own |= {"dense": {"size": (2, 3)}, "embedding": {"count": 5, "size": 4}}
    assert set(table) == {"rnn", "gru", "lstm", *LAYERS}
    for kind, (options, arrays) in table.items():
        rule = {**CELLS, **LAYERS}[kind](**own.get(kind, {}))
        assert [*storage.describe(rule)] == ["kind", *options]
        builder = ProgramBuilder()
        features = 1 if kind == "embedding" else 2
        found = builder.build(builder.add(rule, builder.input("x", features), name="0")).parameters
        assert [name.removeprefix("0.") for name in found] == arrays
        sizes = {"G": len(getattr(rule, "gates", ())), "H": 3, "F": features, "P": 6, "count": 5, "size": 4}
        for name, parameter in found.items():
            local = name.removeprefix("0.")
            of = "a cell" if kind in CELLS else kind
            documented = shapes.get(local) or shapes[f"{local} of {of}"]
            assert parameter.shape == eval(documented, {}, sizes), (kind, name)


# --- forecasters --------------------------------------------------------------------------------------


def table() -> pd.DataFrame:
    """Two series with all kinds of covariates, one of them with a known future."""
    rng = np.random.default_rng(0)
    parts = []
    for k, name in enumerate("ab"):
        days = pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024-01-01", periods=100)})
        days["price"], days["sky"] = rng.uniform(1, 2, 100), rng.choice(["blue", "grey"], 100)
        days["shop"], days["size"], days["weight"] = name, float(k), k + 1.0
        days["y"] = 100 - 30 * days["price"] + rng.normal(size=100)
        days.loc[95:, "y"] = np.nan
        parts.append(days)
    return pd.concat(parts, ignore_index=True)


COLUMNS = {"past_cols": ["sky"], "future_cols": ["price"], "static_cols": ["shop", "size"], "weight_col": "weight"}


def forecaster(**params) -> un.Forecaster:
    return un.Forecaster(horizon=4, hidden=4, steps=20, verbose=0, **params)


def assert_one_frequency(content: dict, arrays: dict[str, np.ndarray], horizon: int) -> None:
    """The content of a forecaster, or of a part of one, agrees with the tables."""
    optional = frozenset(row[0].strip("`") for row in rows_after("### Content") if row[2] == "no")
    assert_documented(content, "### Content", optional)
    for key in ("columns", "frequency", "features", "terms", "framing"):
        optional = frozenset(row[0].strip("`") for row in rows_after(f"`{key}`:") if row[2] == "no")
        assert_documented(content[key], f"`{key}`:", optional)
    for key in ("past", "future", "static"):
        assert set(content["features"][key]) == {"columns", "center", "scale"}
        for feature in content["layout"][key]:
            assert_documented(feature, "`layout` has")
    for network in content["networks"]:
        assert_documented(network, "Each of `networks`")
    own = {name for name in arrays if name.startswith("pretrained.")}
    if "pretrained" in content:
        pretrained = dict(content["pretrained"])
        assert 0 <= pretrained.pop("share") <= 1
        assert_documented(pretrained, "## Kind `network`")
        network = un.Network.rebuild(pretrained, {name.removeprefix("pretrained."): arrays[name] for name in own})
        assert own == {f"pretrained.{name}" for name in network.views}
    (meaning,) = (row[3] for row in rows_after("### Content") if row[0] == "`pretrained`")
    assert {*re.findall(r"`(\w+)`", meaning)} == {"share", *keys_after("## Kind `network`")}
    arrays = {name: values for name, values in arrays.items() if name not in own}
    assert set(content.get("search", {"table": [], "chosen": {}})) == {"table", "chosen"}

    rows = {row[0].strip("`"): row for row in rows_after("### Arrays")}
    networks = [f"network.{k}" for k in range(len(content["networks"]))]
    assert set(arrays) | {"dependence"} == {*rows, *networks} - {"network.<k>"}
    sizes = {
        **dict(zip("SH", (len(content["ids"]), content["framing"]["horizon"]), strict=True)),
        **dict(zip("nC", arrays["covariates.values"].shape, strict=True)),
        **dict(zip("MK", arrays["covariates.ahead"].shape, strict=True)),
        "A": arrays["covariates.static"].shape[1],
        "B": arrays["covariates.categories"].shape[1],
        "E": arrays["profile.effects"].shape[1],
        "W": arrays["tracking.recent"].shape[0],
        "m": content["framing"]["season"],
        "horizon": horizon,
    }
    for name, values in arrays.items():
        _, dtype, shape, _ = rows["network.<k>" if name in networks else name]
        assert values.dtype == dtype, name
        sizes["parameters"] = len(values)
        assert values.shape == eval(shape.strip("`"), {}, sizes), name


def without_common(content: dict) -> dict:
    return {key: value for key, value in content.items() if key not in keys_after("## Content of every file")}


@pytest.mark.parametrize(
    "params", [{}, {"cell": "auto", "max_trials": 4}, {"reach": 2, "likelihood": "normal"}, {"network": "trained"}]
)
def test_the_content_of_a_forecaster(params, tmp_path):
    fc = forecaster(**params).fit(table(), **({} if "reach" in params else COLUMNS))
    fc.save(tmp_path / "model")
    content, arrays = opened(tmp_path / "model")
    assert content["kind"] == "forecaster"
    assert set(content["params"]) == set(fc.get_params()) - {"verbose"}
    assert ("search" in content) == ("cell" in params)
    assert ("pretrained" in content) == (not params)  # the others are for networks that are trained
    assert_one_frequency(without_common(content), arrays, fc.horizon)


def test_the_content_of_a_forecaster_of_several_frequencies(tmp_path):
    months = pd.DataFrame({"unique_id": "m", "ds": pd.date_range("2018", periods=60, freq="MS"), "y": range(60)})
    quarters = pd.DataFrame({"unique_id": "q", "ds": pd.date_range("2006", periods=60, freq="QS"), "y": range(60)})
    forecaster(ensemble=1).fit(pd.concat([months, quarters])).save(tmp_path / "model")
    content, arrays = opened(tmp_path / "model")
    assert set(without_common(content)) == {"params", "columns", "library", "types", "reading", "parts"}
    assert [name for name, _ in content["parts"]] == ["monthly", "quarterly"]
    assert {name.partition("/")[0] for name in arrays} == {"monthly", "quarterly"}
    for name, part in content["parts"]:
        own = {k.removeprefix(f"{name}/"): values for k, values in arrays.items() if k.startswith(f"{name}/")}
        assert_one_frequency(part, own, 4)


def test_the_content_of_a_checkpoint(tmp_path):
    x = np.ones((4, 3, 2))
    un.Network([un.RNN(2), un.Last(), un.Dense(1)], 2).fit(x, x[:, 0, :1], epochs=1, checkpoint=tmp_path / "model")
    content, arrays = opened(tmp_path / "model")
    assert_documented(without_common(content), "## Kind `checkpoint`")
    assert set(arrays) == {"params", "best_params", "optimizer.mean", "optimizer.square"}
    assert len({values.shape for values in arrays.values()}) == 1


# --- files of earlier versions ------------------------------------------------------------------------

X = np.linspace(-1, 1, 20).reshape(2, 5, 2)


def write_files(version: int) -> None:
    """Write the files of a version; done once per version."""
    net = un.Network(NETWORK, 2, "float64")
    net.save(FILES / f"network-{version}.safetensors")
    fc = forecaster(ensemble=2).fit(table(), **COLUMNS)
    fc.save(FILES / f"forecaster-{version}.safetensors")
    forecast = fc.predict(level=[80]).select_dtypes("number")
    found = {"network": net.forward(X)[0].tolist(), "forecaster": forecast.to_dict("list")}
    (FILES / f"expected-{version}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


@pytest.mark.parametrize("version", range(1, storage.VERSION + 1))
def test_files_of_every_version_are_read(version):
    expected = json.loads((FILES / f"expected-{version}.json").read_text("utf-8"))
    net = un.load(FILES / f"network-{version}.safetensors")
    np.testing.assert_allclose(net.forward(X)[0], expected["network"], rtol=1e-12)
    forecast = un.load(FILES / f"forecaster-{version}.safetensors").predict(level=[80])
    # the networks run in float32, whose last digits depend on the instruction set
    for name, values in expected["forecaster"].items():
        np.testing.assert_allclose(forecast[name], values, rtol=1e-4)
