"""Help, imports and completion of all commands."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT, Watched
from unrolled.__main__ import main as run
from unrolled.cli.command_group import COMMANDS, load

EVERY_COMMAND = pytest.mark.parametrize("name", COMMANDS)


def words_of(text: str) -> str:
    """A text without its line breaks."""
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
def test_the_list_of_commands_agrees_with_the_help_of_each(name, command):
    assert words_of(load(name).help).startswith(COMMANDS[name])
    assert COMMANDS[name] in words_of(command("--help").out)


def test_the_commands_are_the_documented_ones(command):
    assert {"forecast", "backtest", "predict", "score", "demo", "check", "bench", "info"} <= set(COMMANDS)
    assert command().code == 2  # without a command: the help, but no success
    assert command("--version").out == f"unrolled {un.__version__} ({un.active_engine().identity})\n"


def test_a_mistyped_command_or_option_gets_a_suggestion(command):
    done = command("forcast", AIR)
    assert (done.code, done.out) == (2, "")
    assert "Did you mean 'forecast'?" in done.err
    assert command("forecast", AIR, "--horizn", 3).code == 2


def test_the_installed_command_is_this_one():
    (script,) = entry_points(group="console_scripts", name="unrolled")
    assert script.load() is run


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


def complete(shell_name: str, *words: str) -> str:
    """The completions that a shell would get after these words."""
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
def test_commands_and_options_are_completed(shell_name):
    assert "forecast" in complete(shell_name, "unrolled", "fore")
    assert "--horizon" in complete(shell_name, "unrolled", "forecast", "--hor")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell_is_shown(shell_name):
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


@pytest.mark.parametrize(
    ("variable", "message"), [("SIMD", "this machine can run"), ("ENGINE", "no engine is called")]
)
def test_wrong_environment_variables_are_one_error(variable, message, tmp_path):
    if variable == "SIMD":  # only the native engine reads it
        pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)
    environment = {"UNROLLED_ENGINE": "native", f"UNROLLED_{variable}": "foo"}
    done = Watched("--version", cwd=tmp_path, **environment).leave()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: UNROLLED_{variable}='foo': {message}")
    assert len(done.err.splitlines()) == 1
