"""Bad input to commands: exit code 2, one message that names place and remedy, and no files left."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save, save_file

import unrolled as un
from shell import AIR, Done, inside, shell
from unrolled import storage
from unrolled.cli.command_group import load
from unrolled.cli.console import with_options

MODEL = "model.safetensors"


FORECAST = ("forecast", "table.csv", "--horizon", 2)


DAYS = [f"2024-01-{day:02},{day}" for day in range(1, 31)]


GOOD = "\n".join(["date,sales", *DAYS])


TWO = "\n".join(["date,a,b", *(f"{line[:10]},{k * k},{7 * k % 5}" for k, line in enumerate(DAYS))])


@dataclass(frozen=True)
class Case:
    """The words of the command, the message (a pattern), and the text of table.csv."""

    words: tuple[object, ...]
    message: str
    text: str | None = GOOD
    shell: bool = field(default=False, kw_only=True)  # whether it is also run by the real command


def with_line(number: int, line: str) -> str:
    """The good table with another text in this line."""
    lines = GOOD.split("\n")
    return "\n".join([*lines[: number - 1], line, *lines[number:]])


CASES = {
    "missing file": Case(FORECAST, r"there is no file table\.csv\. Check the name, or give -", None, shell=True),
    "folder": Case(("forecast", ".", "-H", 2), r"\. is a folder; name a CSV or Parquet file in it", None),
    "empty": Case(FORECAST, r"table\.csv is empty", "", shell=True),
    "white space": Case(FORECAST, r"table\.csv is empty", " \n\t\n", shell=True),
    "header only": Case(FORECAST, r"table\.csv has a header but no rows", "date,sales\n", shell=True),
    "no numbers": Case(
        FORECAST, r"table\.csv: no column holds numbers, .* Name the column of values with --target",
        "date,sky\n2024-01-01,sun\n2024-01-02,rain", shell=True,
    ),
    "several numbers": Case(FORECAST, r"several columns hold numbers: 'a', 'b'\. .* --target a$", TWO, shell=True),
    "unknown id": Case((*FORECAST, "--id", "shop"), r"there is no column 'shop'; it has: 'date', 'sa", shell=True),
    "unknown time": Case((*FORECAST, "--time", "day"), r"there is no column 'day'; it has: 'date', 'sales'"),
    "unknown target": Case((*FORECAST, "--target", "y"), r"there is no column 'y'; it has: 'date', 'sales'"),
    "one column twice": Case((*FORECAST, "--id", "date", "--time", "date"), r"column 'date' is named twice"),
    "bad stamp": Case(
        FORECAST, r"table\.csv, column 'date', line 9: 'Monday' is not .* \(--time\)", with_line(9, "Monday,8"),
        shell=True,
    ),
    "missing stamp": Case(FORECAST, r"column 'date', line 9: the timestamp is missing \(2 such lines\)\. Fill",
        with_line(9, ",8").replace("2024-01-20", "2024-01-20 07:00").replace("2024-01-30", ""),
    ),
    "double stamp": Case(
        FORECAST, r"column .date.: the timestamp 2024-01-03 occurs twice, in lines 4 and 9 .* with --id; ",
        with_line(9, "2024-01-03,8"), shell=True,
    ),
    "off the grid": Case(
        FORECAST, r"line 9: the timestamp 2024-01-08 05:00:00 does not lie", with_line(9, "2024-01-08 05:00,8")
    ),
    "text": Case(
        FORECAST, r"table\.csv, column 'sales', line 9: 'eight' is not a number .* leave it empty",
        with_line(9, "2024-01-08,eight"), shell=True,
    ),
    "infinity": Case(
        FORECAST, r"table\.csv, column 'sales', line 9: the value is infinite\. Correct it",
        with_line(9, "2024-01-08,inf"), shell=True,
    ),
    "ragged": Case(FORECAST, r"table\.csv, line 9: 3 fields, but the header has 2", with_line(9, "2024-01-08,8,5")),
    "open quote": Case(FORECAST, r"table\.csv, line 9: .* Check the quotes from", with_line(9, '"2024-01-08,8')),
    "too short": Case(
        ("forecast", "table.csv", "--horizon", 40, "--network", "trained", "--out", "a/b/c"),
        r"the series has 30 periods; horizon 40 .* needs \d+\. Lower", shell=True,
    ),
    "no horizon": Case(("forecast", "table.csv", "-H", 0), r"--horizon must be a whole .* ≥ 1; got 0", shell=True),
    "horizon below 0": Case(("forecast", "table.csv", "-H", -3), r"--horizon must be .* ≥ 1; got -3"),
    "output below a file": Case(
        (*FORECAST, "--out", "table.csv/out"), r"can't write to table\.csv/out: Not a directory\. Choose .* --out",
        shell=True,
    ),
    "output is a file": Case((*FORECAST, "--out", "table.csv"), r"can't write to table\.csv: File exists\. Choose"),
    "level too high": Case((*FORECAST, "--level", "80,99.9"), "--level must be above 0 and at most 99", shell=True),
    "level of text": Case((*FORECAST, "--level", "wide"), r"--level takes numbers such as 80,95; got 'wide'"),
    "unknown cell": Case((*FORECAST, "--cell", "transformer"), r"no cell is called 'transformer'; known: gru, "),
    "unknown frequency": Case((*FORECAST, "--freq", "often"), r"--freq often is not a known frequency; use an alias"),
    "no season": Case((*FORECAST, "--season", 0), r"--season must be a whole number ≥ 1; got 0"),
    "bad seed": Case((*FORECAST, "--seed", -1), r"a seed is a whole number .*; got -1"),
    "unknown demo": Case(("demo", "weather"), r"no demo is called 'weather'; known: fish, .*, all", shell=True),
    "option of another demo": Case(("demo", "fish", "--horizon", 3), r"--horizon belongs to the demo stock, not"),
    "epochs of a demo": Case(("demo", "fish", "--epochs", 0, "--out", "x/y"), r"--epochs must be .* ≥ 1; got 0"),
    "name of a baseline": Case((*FORECAST, "--alias", "Naive"), r"called 'Naive', as a baseline is\. .*--alias"),
    "name of a column": Case(
        (*FORECAST, "--alias", "date"), r"would be called 'date', as a column of the table is\. Choose .* --alias"
    ),
    "format of dates": Case((*FORECAST, "--dates", "%Q"), r"--dates %Q is not a format of dates: .*%d\.%m\.%Y"),
    "start without a ticker": Case(
        ("demo", "stock", "--start", "2020-01-01", "--out", "x/y"),
        r"--start and --end select the prices of a ticker\. Give one \(--ticker\)",
    ),
    "cell to check": Case(("check", "--cell", "transformer"), r"no cell is called 'transformer'; known"),
    "depth to check": Case(("check", "--depth", 0), r"--depth must be ≥ 1; got 0"),
    "missing model": Case(("predict", MODEL), r"there is no model file model\.safetensors", shell=True),
    "missing model to describe": Case(("info", MODEL), r"there is no model file model\.safetensors"),
    "table as model": Case(("predict", "table.csv"), r"table\.csv is not a model file, or is damaged"),
}  # fmt: skip


def files_in(place: Path) -> list[Path]:
    return sorted(place.rglob("*"))


def assert_refused(done: Done, message: str) -> None:
    """Exit code 2, no data, and one message, below the facts that were inferred before."""
    assert done.code == 2, done
    assert done.out == ""
    assert "Traceback" not in done.err
    *talk, last = done.err.rstrip("\n").split("\n")
    assert re.fullmatch(rf"error: (.*[ /])?{message}.*", last), last
    assert not any("error" in line or "note" in line for line in talk)
    ctx = load("forecast").make_context("forecast", [], resilient_parsing=True)
    assert with_options(done.err, ctx) == done.err  # it names options, not parameters of the library


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to run commands in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_one_message(name, place, capsys):
    case = CASES[name]
    if case.text is not None:
        (place / "table.csv").write_text(case.text)
    before = files_in(place)
    assert_refused(inside(*case.words, capsys=capsys), case.message)
    assert files_in(place) == before


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.shell])
def test_the_real_command_refuses_bad_input(name, place):
    case = CASES[name]
    if case.text is not None:
        (place / "table.csv").write_text(case.text)
    before = files_in(place)
    assert_refused(shell(*case.words, cwd=place), case.message)
    assert files_in(place) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backtest", AIR), "Missing option '--horizon' / '-H'"),
        (("forecast", AIR, "-H", "many"), "Invalid value for '--horizon' / '-H'"),
        (("forecast", AIR, "-H", "1.5"), "Invalid value for '--horizon' / '-H'"),
        (("forecast", "-H", "3"), "Missing argument 'FILE'"),
        (("forecast", AIR, "-H", "3", "--hours", "5"), "No such option: --hours"),
        (("conquer",), "No such command 'conquer'"),
    ],
)
def test_invalid_commands_are_refused_with_one_message(words, message, place, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = inside(*words, capsys=capsys)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("Error") == 1
    assert message in done.err
    assert "-h' for help" in done.err
    assert files_in(place) == []


def test_a_failure_leaves_older_outputs_as_they_were(place, capsys):
    (place / "table.csv").write_text("\n".join(["date,sales", *DAYS[:4]]))
    (place / "out").mkdir()
    (place / "out" / "forecast.csv").write_text("older")
    done = inside(*FORECAST[:-1], 20, "--network", "trained", "--out", "out", capsys=capsys)
    assert done.code == 2
    assert (place / "out" / "forecast.csv").read_text() == "older"
    assert [path.name for path in (place / "out").iterdir()] == ["forecast.csv"]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> bytes:
    """A saved forecaster."""
    path = tmp_path_factory.mktemp("model") / MODEL
    table = pd.DataFrame({"ds": range(40), "y": range(40)})
    un.Forecaster(12, steps=1, ensemble=1, hidden=2, verbose=0).fit(table).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("command", ["predict", "info"])
def test_truncated_models_are_refused(command, place, model, capsys):
    for size in [*np.linspace(0, len(model) - 1, 15).astype(int)]:
        (place / MODEL).write_bytes(model[:size])
        done = inside(command, MODEL, capsys=capsys)
        assert_refused(done, r"model\.safetensors is not a model file, or is damaged\. Save the model again, or name")


def changed(model: bytes, **content) -> bytes:
    """The model with other content, but the same arrays."""
    length = struct.unpack("<Q", model[:8])[0]
    header = json.loads(model[8 : 8 + length])
    text = json.dumps(json.loads(header["__metadata__"]["unrolled"]) | content)
    header["__metadata__"] = {"checksum": storage.NO_CHECKSUM, "unrolled": text}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return storage.with_checksum(struct.pack("<Q", len(text)) + text + model[8 + length :])


def test_the_unchanged_model_is_accepted(place, model, capsys):
    (place / MODEL).write_bytes(changed(model))
    assert inside("predict", MODEL, capsys=capsys).code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"version": 99}, r"has format version 99; this unrolled reads versions up to \d+\. Upgrade: pip install"),
        ({"kind": "checkpoint"}, r"holds a checkpoint, not a network or a forecaster"),
        ({"format": "other"}, r"is a safetensors file, but not one that unrolled wrote"),
        ({"ids": []}, r"is damaged: its content does not fit together \(the array 'offsets' should be"),
        ({"frequency": {"unit": "fixed"}}, r"is damaged: .* \(`frequency.step` is missing\)\. Save the model again"),
        ({"params": {"horizon": -1}}, r"is damaged: .* \(`params`: horizon must be a whole number of periods ≥ 1"),
        ({"columns": None}, r"is damaged: .* \(`columns` must be a dictionary; got None\)"),
    ],
)
def test_models_with_changed_content_are_refused(content, message, place, model, capsys):
    (place / MODEL).write_bytes(changed(model, **content))
    assert_refused(inside("predict", MODEL, capsys=capsys), rf"model\.safetensors {message}")


def test_a_network_cannot_forecast_a_table(place, capsys):
    un.Network([un.RNN(2)], 1).save(place / MODEL)
    done = inside("predict", MODEL, capsys=capsys)
    assert_refused(done, r"model\.safetensors holds a network, not a forecaster: it can't forecast tables by itself")


def test_other_files_are_refused_as_models(place, rng, capsys):
    save_file({"weight": np.zeros(3)}, place / MODEL)
    assert_refused(
        inside("predict", MODEL, capsys=capsys), r"model\.safetensors is a safetensors file, but not one that"
    )
    for content in (rng.bytes(1000), b"", save({"x": np.zeros(3)})[:-1], b"\x80\x04."):
        (place / MODEL).write_bytes(content)
        assert_refused(inside("info", MODEL, capsys=capsys), r"model\.safetensors is not a model file, or is damaged")


def test_a_horizon_beyond_the_trained_one_is_refused_with_both_numbers(place, model, capsys):
    (place / MODEL).write_bytes(model)
    message = r"this forecaster was trained for horizon 12; 13 lies beyond it\. Fit it again"
    assert_refused(inside("predict", MODEL, "--horizon", 13, capsys=capsys), message)
    assert_refused(shell("predict", MODEL, "--horizon", 13, cwd=place), message)
    assert_refused(inside("predict", MODEL, "--horizon", 0, capsys=capsys), "--horizon must be .* ≥ 1; got 0")


def test_tables_that_do_not_fit_the_model_are_refused(place, model, capsys):
    (place / MODEL).write_bytes(model)
    (place / "table.csv").write_text(GOOD)
    message = "column 'date' holds dates; timestamps must be whole numbers as in training"
    assert_refused(inside("predict", MODEL, "table.csv", capsys=capsys), message)
    (place / "table.csv").write_text("ds,y\n1,1\n2,2\n")
    message = r"the series has 2 periods; a forecast needs at least \d+\. Leave that series out, or give more periods"
    assert_refused(inside("predict", MODEL, "table.csv", capsys=capsys), message)
    assert_refused(inside("predict", MODEL, "none.csv", capsys=capsys), r"there is no file none\.csv")
