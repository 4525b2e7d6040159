"""Options from a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from shell import AIR, QUICK
from unrolled.cli.command_group import COMMANDS, load
from unrolled.cli.config_file import is_path, name_in_file

EVERY_COMMAND = pytest.mark.parametrize("name", COMMANDS)


SMALL = "steps = 4\nensemble = 2\nhidden = 4\n"


def test_a_file_may_give_all_options_and_the_command_line_overrides_it(command, file):
    file(f'file = "{AIR}"', "horizon = 5", "level = [50, 80]", "integer = true", "log = false", SMALL, name="a.toml")
    rows = pd.read_csv(io.StringIO(command("forecast", "--config", "a.toml", "--out", "-").out))
    assert len(rows) == 5
    assert list(rows.columns)[1:] == ["GRU", "GRU-lo-50", "GRU-hi-50", "GRU-lo-80", "GRU-hi-80"]
    assert (rows["GRU"] == rows["GRU"].round()).all()
    done = command("forecast", "--config", "a.toml", "-H", 2, "--cell", "lstm", "--level", "80", "--out", "-")
    assert done.out.splitlines()[0] == "Month,LSTM,LSTM-lo-80,LSTM-hi-80"
    assert len(done.out.splitlines()) == 3


def test_paths_are_relative_to_the_file(command, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "air.csv").write_text(AIR.read_text())
    (tmp_path / "deep" / "run.toml").write_text(f'file = "air.csv"\nhorizon = 2\nout = "there"\n{SMALL}')
    assert command("forecast", "--config", "deep/run.toml").code == 0
    assert (tmp_path / "deep" / "there" / "forecast.csv").exists()


def test_paths_in_messages_do_not_go_up_and_down(command, tmp_path):
    (tmp_path / "air.csv").write_text(AIR.read_text())
    (tmp_path / "deep" / "below").mkdir(parents=True)
    (tmp_path / "deep" / "below" / "run.toml").write_text(
        f'file = "../../air.csv"\nout = "../x"\nhorizon = 2\n{SMALL}'
    )
    done = command("forecast", "--config", "deep/below/run.toml")
    assert done.err.startswith("air.csv: time ")
    assert "\ndeep/x/: forecast.csv, " in done.err
    (tmp_path / "link").symlink_to("deep/below")  # of which `..` is the folder `deep`
    (tmp_path / "deep" / "air.csv").write_text(AIR.read_text())
    (tmp_path / "deep" / "below" / "run.toml").write_text(f'file = "../air.csv"\nout = "../y"\nhorizon = 2\n{SMALL}')
    assert "\nlink/../y/: forecast.csv, " in command("forecast", "--config", "link/run.toml").err
    assert (tmp_path / "deep" / "y" / "forecast.csv").exists()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["horizon = 3", "", "esemble = 4"], "line 3: there is no option 'esemble'; did you mean 'ensemble'?"),
        (["batch_size = 4"], "line 1: there is no option 'batch_size'; did you mean 'batch-size'?"),
        (["zzz = 4"], "line 1: there is no option 'zzz'; known: "),
        (["", "[model]", "hidden = 3"], "line 2: there is no option 'model'"),
        (["horizon = true"], "line 1: horizon takes a value, not true or false; got true"),
        (["integer = 1"], "line 1: integer takes true or false; got 1"),
        (["level = {a = 1}"], "line 1: level takes a text, a number or a list of them"),
        (["", "horizon = = 3"], "Invalid value (at line 2, column 11)"),
        (["", r'out = "a\u0000"'], r"line 2: out takes a path; got 'a\x00' (embedded null byte)."),
        (["horizon = 2.5"], "line 1: horizon takes a whole number; got '2.5'"),
        (["hidden = 0", "horizon = 3", f'file = "{AIR}"'], "--hidden must be a whole number ≥ 1; got 0"),
    ],
)
def test_mistakes_in_a_file_are_named_with_their_line(lines, message, command, file):
    file(*lines, name="run.toml")
    done = command("forecast", AIR, "--config", "run.toml")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert not list(Path.cwd().glob("*-forecast"))


def test_a_missing_file_is_an_error_with_a_remedy(command):
    done = command("forecast", AIR, "-H", 2, "--config", "absent.toml")
    assert done.code == 2
    assert "can't read --config absent.toml: No such file or directory. Name a TOML file" in done.err


def test_a_file_without_an_end_is_refused(command):
    done = command("forecast", AIR, "--config", "/dev/zero")
    assert done.code == 2
    assert "can't read --config /dev/zero: it holds more than 16,777,216 bytes. Name a TOML file" in done.err


def value_of(parameter, tmp_path):
    """A value of a parameter in a file, and the value that the command gets."""
    if parameter.is_flag if parameter.param_type_name == "option" else False:
        return "true", True
    if parameter.type.name == "path":
        return '"there.csv"', str(tmp_path / "deep" / "there.csv")
    if parameter.type.name in ("int", "integer", "float"):
        return "7", 7
    return ('["a", "b"]', ["a", "b"]) if parameter.multiple else ('"a"', "a")


@EVERY_COMMAND
def test_a_file_may_hold_every_option_and_argument_of_every_command(name, tmp_path):
    command = load(name)
    (tmp_path / "deep").mkdir()
    told = {p.name: (name_in_file(p), *value_of(p, tmp_path)) for p in command.params if p.name != "config"}
    file = tmp_path / "deep" / "all.toml"
    file.write_text("\n".join(f"{option} = {text}" for option, text, _ in told.values()))
    ctx = command.make_context(name, ["--config", str(file)])
    for parameter, (_, _, value) in told.items():
        got = ctx.params[parameter]
        assert (list(got) if isinstance(value, list) else got) == value, parameter


@EVERY_COMMAND
def test_paths_of_every_command_are_declared_as_such(name):
    named = ("file", "model", "forecast", "actuals", "history", "out", "future_file", "config")
    for parameter in load(name).params:
        assert (parameter.name in named) == is_path(parameter), parameter.name


@EVERY_COMMAND
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\nnonsense = 3", "error: --config a.toml, line 3: there is no option 'nonsense'; "),
        ("config = 'b.toml'", "error: --config a.toml, line 1: there is no option 'config'; "),
        ("\nx = = 3", "error: --config a.toml: Invalid value (at line 2, column 5). Write options as TOML, such as "),
        ('\nx = """', "error: --config a.toml: Unterminated string (at line 2, the end). Write options as TOML"),
        ("x = " + "[" * 100_000, "error: --config a.toml: "),
        ("x = " + "9" * 5000, "error: --config a.toml: Exceeds the limit"),
        ("", "error: --config a.toml, line 2: "),  # of a wrong kind
        (None, "error: can't read --config a.toml: No such file or directory. Name a TOML file such as run.toml."),
        (b"\xff", "error: can't read --config a.toml: it is not UTF-8. Name a TOML file"),
    ],
    ids=["unknown", "itself", "no TOML", "open", "deep", "long", "kind", "absent", "binary"],
)
def test_every_command_reports_mistakes_in_one_line(name, text, message, command):
    if text == "":
        option = next(p for p in load(name).params if p.param_type_name == "option" and p.is_flag)
        text = f"# a comment\n{name_in_file(option)} = 7"
        message += f"{name_in_file(option)} takes true or false; got 7."
    if text is not None:
        Path("a.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = command(name, "--config", "a.toml")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(message)
    assert done.err.count("\n") == 1


def test_arguments_and_lists_of_other_commands_come_from_files(command, file):
    file('model = "out/model.safetensors"', "json = true", name="a.toml")
    assert command("forecast", AIR, "-H", 2, *QUICK, "--out", "out").code == 0
    assert json.loads(command("info", "--config", "a.toml").out)["kind"] == "forecaster"
    assert json.loads(command("predict", "--config", "a.toml").out)["forecast"]
    assert command("info", "--config", "a.toml", "nothing.safetensors").code == 2  # the command line takes precedence
    file('cell = ["rnn", "lstm"]', "depth = 1", "seed = 4", name="b.toml")
    assert command("check", "--config", "b.toml", "-q").out.startswith("54 networks: rnn, lstm,")
    assert command("check", "--config", "b.toml", "--cell", "gru").out.startswith("18 networks: gru,")
    file('name = "fish"', "epochs = 1", name="c.toml")
    assert command("demo", "--config", "c.toml").code == 1
    file(f'file = "{AIR}"', "season = 5", name="d.toml")
    assert "season 5" in command("inspect", "--config", "d.toml").out


def test_byte_order_marks_and_unquoted_dates_are_read(command, file):
    rows = "\n".join(["a", *map(str, range(40))])
    Path("table.csv").write_text(rows)
    file(b"\xef\xbb\xbffile = 'table.csv'\nfreq = 'D'\nstart = 2024-02-01\n", name="a.toml")
    done = command("inspect", "--config", "a.toml")
    assert "2024-02-01 … 2024-03-11" in done.out


def test_a_file_for_forecast_is_refused_by_backtest(command, file):
    file('future-file = "a.csv"', name="run.toml")
    assert "there is no option 'future-file'" in command("backtest", AIR, "--config", "run.toml").err
