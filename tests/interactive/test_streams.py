"""Standard streams that are missing, closed or broken end no run and take no data with them."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT
from tables import table
from unrolled.interactive.streams import StandardError, is_terminal, visible

FORECAST = ("forecast", AIR, "--horizon", 3, "--steps", 4, "--ensemble", 1, "--hidden", 4, "--out", "out")
OUTPUTS = ["forecast.csv", "model.safetensors", "report.html", "run.toml"]
STATES = ("<&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full")


def redirected(state, *words, cwd, options=()):
    """Run a command with the redirections of a shell."""
    command = [sys.executable, *options, "-m", "unrolled", *map(str, words)]
    return subprocess.run(
        ["bash", "-c", f'"$@" {state}', "bash", *command],
        cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_forecast_is_written_whatever_the_streams_are(state, tmp_path):
    done = redirected(state, *FORECAST, cwd=tmp_path)
    assert done.returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS
    assert un.load(tmp_path / "out" / "model.safetensors").horizon == 3
    assert (tmp_path / "out" / "forecast.csv").read_text().startswith("Month,GRU")  # no message has got into a file
    assert done.stdout == ("" if ">&-" in state.replace("2>&-", "") else (tmp_path / "out/forecast.csv").read_text())


def test_a_full_standard_output_is_an_error_after_the_files_are_written(tmp_path):
    done = redirected(">/dev/full", *FORECAST, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("error: [Errno 28] No space left on device\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS


@pytest.mark.parametrize(
    ("words", "state", "code", "message"),
    [
        ((*FORECAST[:-1], "-"), ">&-", 2, "error: standard output is closed, and nothing else takes the result."),
        (("predict", "none.safetensors"), ">&-", 2, "error: standard output is closed"),
        (("inspect", "-"), "<&-", 2, "error: standard input is closed. Name a file instead of -.\n"),
        (("--help",), ">/dev/full", 1, "error: [Errno 28] No space left on device\n"),
        (("--version",), ">/dev/full", 1, "error: [Errno 28] No space left on device\n"),
        (("--help",), "| true; exit ${PIPESTATUS[0]}", 0, ""),
        (("forecast", "--help"), "2>&- | true; exit ${PIPESTATUS[0]}", 0, ""),
        (("inspect", "--none"), "2>/dev/full", 2, ""),
        (("inspect", "--none"), "2>&1 | true; exit ${PIPESTATUS[0]}", 2, ""),
        (("inspect", "none.csv"), "2>&-", 2, ""),
        (("inspect", "none.csv"), "2>/dev/full", 2, ""),
        (("info",), ">&-", 0, ""),
    ],
)
def test_what_can_not_be_done_without_a_stream_is_said(words, state, code, message, tmp_path):
    done = redirected(state, *words, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_work_without_docstrings(tmp_path):
    for words in (FORECAST, ("--help",), ("forecast", "--help")):
        done = redirected("", *words, cwd=tmp_path, options=("-OO",))
        assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "Train on a table of time series" in redirected("", "--help", cwd=tmp_path, options=("-OO",)).stdout


class Broken(io.StringIO):
    """A terminal that has been closed at its other end."""

    def isatty(self):
        return True

    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, Broken(), closed()], ids=["missing", "broken", "closed"])
def test_fit_works_without_standard_error(stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    fc = un.Forecaster(horizon=3, steps=4, ensemble=2, hidden=4, verbose=1).fit(table(range(60), freq="MS"))
    assert len(fc.predict()) == 3


def test_a_broken_stream_takes_messages_without_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Broken())
    assert StandardError().write("text") == 4
    assert StandardError().isatty()
    monkeypatch.setattr(sys, "stderr", None)
    assert StandardError().write("text") == 4
    assert not StandardError().isatty()
    assert not is_terminal(closed())


def test_control_characters_are_shown_as_escapes():
    text = "".join(map(chr, range(160)))
    assert not any((ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 for c in visible(text))
    assert visible("é 数 \n\t") == "é 数 \n\t"


def test_names_do_not_reach_the_terminal_raw(tmp_path, terminal_output):
    """The ids and the column hold the sequence that sets the title of a terminal."""
    evil = "\x1b]0;owned\x07"
    rows = "".join(f"{name}{evil},2024-01-{day:02},{day}\n" for name in "ab" for day in range(1, 29))
    (tmp_path / "t.csv").write_text(f"id,ds,y{evil}\n{rows}")
    for words in (("inspect", "t.csv"), ("forecast", "t.csv", *FORECAST[2:]), ("inspect", f"none{evil}.csv")):
        seen = terminal_output(*words, cwd=tmp_path)
        assert "owned" in seen
        assert "\x1b]0;" not in seen
        assert "\x07" not in seen
    assert evil in (tmp_path / "out" / "forecast.csv").read_text()  # data stay as they are


@pytest.fixture
def terminal_output():
    """Runs a command at a terminal and returns all that it shows."""
    import pty

    def run(*words, cwd):
        seen = bytearray()

        def read(descriptor):
            piece = os.read(descriptor, 4096)
            seen.extend(piece)
            return piece

        before = os.getcwd()
        os.chdir(cwd)
        saved = os.dup(1)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        try:
            pty.spawn([sys.executable, "-m", "unrolled", *map(str, words)], read, lambda descriptor: b"")
        finally:
            os.dup2(saved, 1)
            os.close(saved)
            os.close(null)
            os.chdir(before)
        return seen.decode()

    return run
