"""Help, completion, colours and exit codes: what a person meets before anything is trained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from inspect import signature
from pathlib import Path

import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT, QUICK, Watched, shell
from unrolled.cli import main
from unrolled.cli.command_group import COMMANDS, load
from unrolled.cli.help_panels import PANELS

EVERY_COMMAND = pytest.mark.parametrize("name", COMMANDS)
NO_OPTIONS = {"verbose"}  # of a Forecaster: --quiet is what a shell has


def words_of(text: str) -> str:
    """A text without the breaks of its lines."""
    return " ".join(text.split())


@EVERY_COMMAND
def test_every_command_and_each_of_its_options_has_help(name, command):
    done = command(name, "--help")
    assert done.code == 0
    told = words_of(done.out)
    assert f"Example: unrolled {name}" in told
    for parameter in load(name).params:
        assert parameter.help, parameter.name
        assert parameter.help.endswith(".")
        assert words_of(parameter.help) in told  # brackets could be taken for markup and vanish


@EVERY_COMMAND
def test_the_list_of_commands_says_what_each_says_itself(name, command):
    assert words_of(load(name).help).startswith(COMMANDS[name])
    assert COMMANDS[name] in words_of(command("--help").out)


def test_the_commands_are_those_that_are_promised(command):
    assert {"forecast", "backtest", "predict", "score", "demo", "check", "bench", "info"} <= set(COMMANDS)
    assert command().code == 2  # nothing asked: the help, but not a success
    assert command("--version").out == f"unrolled {un.__version__} ({un.active_engine().identity})\n"


def test_a_mistyped_command_or_option_is_told_what_is_near(command):
    done = command("forcast", AIR)
    assert (done.code, done.out) == (2, "")
    assert "Did you mean 'forecast'?" in done.err
    assert command("forecast", AIR, "--horizn", 3).code == 2


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_every_parameter_of_a_forecaster_is_an_option(name):
    options = {parameter.name: parameter for parameter in load(name).params}
    parameters = signature(un.Forecaster).parameters
    assert set(parameters) - set(options) == NO_OPTIONS
    for parameter, declared in parameters.items():
        if parameter in options and declared.default is not declared.empty:
            assert options[parameter].default == declared.default, parameter


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_options_stand_in_panels(name, command):
    shown = [line[:-1] for line in command(name, "--help").out.splitlines() if re.fullmatch(r"\w[\w ]*:", line)]
    assert shown == ["Arguments", *PANELS]
    in_panels = {option for names in PANELS.values() for option in names}
    assert {p.name for p in load(name).params if p.param_type_name == "option"} <= in_panels


def test_the_installed_command_is_this_one():
    (script,) = entry_points(group="console_scripts", name="unrolled")
    assert script.load() is main


IMPORTED = """
import json, sys
from unrolled.cli import main
sys.argv = ["unrolled", *{words}]
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("words", [["--help"], ["forecast", "--help"], ["forecast"], ["nonsense"]], ids=" ".join)
def test_help_and_usage_errors_import_nothing_heavy(words):
    program = IMPORTED.format(words=words)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=ENVIRONMENT)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert "typer" in loaded
    assert loaded & {"numpy", "pandas", "plotly", "narwhals", "utilsforecast", "rich", "pydantic"} == set()


# --- completion -------------------------------------------------------------------------------------


def complete(shell_name: str, *words: str) -> str:
    """What a shell would be told after these words."""
    line = " ".join(words)
    variables = {
        "_UNROLLED_COMPLETE": f"complete_{shell_name}",
        "COMP_WORDS": line,  # bash
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,  # zsh and fish
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    installed = Path(sys.executable).parent / "unrolled"
    done = subprocess.run([installed], env=ENVIRONMENT | variables, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_commands_and_options_complete_themselves(shell_name):
    assert "forecast" in complete(shell_name, "unrolled", "fore")
    assert "--horizon" in complete(shell_name, "unrolled", "forecast", "--hor")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_can_be_shown(shell_name):
    installed = Path(sys.executable).parent / "unrolled"
    done = subprocess.run(
        [installed], env=ENVIRONMENT | {"_UNROLLED_COMPLETE": f"source_{shell_name}"}, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert f"complete_{shell_name}" in done.stdout


def test_show_completion_knows_the_shell_it_is_called_from(tmp_path):
    installed = Path(sys.executable).parent / "unrolled"
    script = f"'{installed}' --show-completion bash; true"  # true: bash stays, and is found as the parent
    done = subprocess.run(["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, cwd=tmp_path)
    assert "complete -o default -F _unrolled_completion unrolled" in done.stdout


def test_completion_is_installed_for_the_shell_it_is_called_from(tmp_path):
    installed = Path(sys.executable).parent / "unrolled"
    script = f"'{installed}' --install-completion; true"
    home = {"HOME": str(tmp_path)}
    subprocess.run(["bash", "-c", script], env=ENVIRONMENT | home, capture_output=True, check=True, cwd=tmp_path)
    written = [path for path in tmp_path.rglob("*unrolled*") if path.is_file()]
    assert any("complete -o default -F _unrolled_completion unrolled" in path.read_text() for path in written)
    assert "unrolled" in (tmp_path / ".bashrc").read_text()


def test_completion_is_offered_in_the_help(command):
    told = command("--help").out
    assert "--install-completion" in told
    assert "--show-completion" in told


# --- colours and silence ----------------------------------------------------------------------------


def test_off_a_terminal_there_is_not_one_escape_sequence(tmp_path):
    for words in (["--help"], ["forecast", "--help"], ["forecast"], ["forecast", AIR, "-H", 2, *QUICK], ["info"]):
        done = shell(*words, cwd=tmp_path)
        assert "\x1b" not in done.out + done.err, words


def test_no_colours_at_a_terminal_that_wants_none(tmp_path):
    done = Watched("forecast", AIR, "-H", 2, *QUICK, cwd=tmp_path, NO_COLOR="1").leave()
    assert done.code == 0, done.err
    assert "┊" in done.err  # the chart
    assert not any(f"\x1b[{colour}" in done.err for colour in (*range(30, 50), *range(90, 108))), done.err


def test_quiet_at_a_terminal_says_nothing(tmp_path):
    done = Watched("forecast", AIR, "-H", 2, *QUICK, "--quiet", cwd=tmp_path).leave()
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3


@pytest.mark.parametrize(
    "words",
    [["check", "--cell", "rnn", "--depth", 1], ["demo", "fish"], ["inspect", AIR], ["info"]],
    ids=lambda w: w[0],
)
def test_quiet_or_by_nature_silent_commands_give_their_data_only(words, command):
    silent = [] if words[0] in ("inspect", "info") else ["--quiet"]
    done = command(*words, *silent)
    assert (done.code, done.err) == (0, "")
    assert done.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["info"], 0),
        (["demo", "fish", "--epochs", 1], 1),
        (["forecast", "absent.csv", "-H", 3], 2),
        (["forecast", AIR, "-H", "three"], 2),
        (["forecast", AIR, "-H", 0], 2),
        (["backtest", AIR], 2),
    ],
)
def test_exit_codes(words, code, tmp_path):
    done = shell(*words, cwd=tmp_path)
    assert done.code == code
    assert "Traceback" not in done.err
