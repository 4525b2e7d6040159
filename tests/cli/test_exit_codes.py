"""Exit codes, and one message for every error."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
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
        (
            MemoryError("Unable to allocate 8 TiB"),
            1,
            "error: there is not enough memory: unable to allocate 8 TiB. Give",
        ),
        (MemoryError(), 1, "error: there is not enough memory. Give fewer rows or series, or smaller --window and"),
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


@pytest.mark.parametrize(("size", "message"), [(2**58, ": unable to allocate 256. PiB"), (None, r"\.")])
def test_too_little_memory_is_one_message(size, message, command, monkeypatch):
    """Also NumPy's own error, which has the size."""

    def fail(*args, **options):
        if size:
            np.zeros(size, np.uint8)
        raise MemoryError

    monkeypatch.setattr("unrolled.forecasting.fitting.train_ensemble", fail)
    done = command("forecast", AIR, "-H", 2)
    assert (done.code, done.out) == (1, "")
    assert re.search(f"error: there is not enough memory{message}", done.err)
    assert "Traceback" not in done.err


def test_bugs_are_not_reported_as_user_errors():
    ctx = load("forecast").make_context("forecast", [], resilient_parsing=True)
    with pytest.raises(ZeroDivisionError), errors_as_exit_codes(ctx):
        raise ZeroDivisionError
