"""Exit codes, and one message for every error."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from shell import AIR, ENVIRONMENT, shell
from unrolled.cli.command_group import load
from unrolled.cli.exit_codes import errors_as_exit_codes
from unrolled.errors import DataError, InputError, TrainingDiverged


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


def test_a_reader_that_leaves_early_is_no_failure(tmp_path):
    words = [sys.executable, "-m", "unrolled", "check", "--cell", "rnn", "--depth", "2", "--verbose"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith("90 networks: rnn")  # more follows than a pipe holds
        process.stdout.close()
        assert process.stderr.read() == "running 90 checks ...\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("give `freq`"), 2, "error: give --freq\n"),
        (DataError("use `wide=True`"), 2, "error: use --wide\n"),
        (TrainingDiverged(3, 2, 0.1), 1, "error: the loss stopped being finite in epoch 3, batch 2"),
        (KeyboardInterrupt(), 130, "interrupted.\n"),
        (OSError(28, "No space left on device"), 1, "error: [Errno 28] No space left on device\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_become_exit_codes_and_messages_with_options(error, code, message, capsys):
    ctx = load("forecast").make_context("forecast", [], resilient_parsing=True)
    with pytest.raises(typer.Exit) as left, errors_as_exit_codes(ctx):
        raise error
    assert left.value.exit_code == code
    out, err = capsys.readouterr()
    assert (out, err.startswith(message)) == ("", True)


def test_bugs_are_not_reported_as_user_errors():
    ctx = load("forecast").make_context("forecast", [], resilient_parsing=True)
    with pytest.raises(ZeroDivisionError), errors_as_exit_codes(ctx):
        raise ZeroDivisionError
