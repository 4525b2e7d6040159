"""The real command in a process of its own, and the same command inside the test's process, which is cheaper."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, NamedTuple

import pandas as pd
import pytest

from support import ROOT
from unrolled.cli import main

AIR = ROOT / "examples" / "air_passengers.csv"
QUICK = ("--steps", "4", "--ensemble", "2", "--hidden", "4")
COLOURS = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "NO_COLOR"}  # variables that turn colours on or off
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in COLOURS}
ENVIRONMENT |= {"COLUMNS": "200", "TERM": "xterm", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Done(NamedTuple):
    """The result of a command: its exit code, its data and its messages."""

    code: int
    out: str
    err: str


def shell(*words: object, cwd: Path, stdin: str | IO[bytes] = "") -> Done:
    """Run the real command; its standard input is a text or an open file."""
    command = [sys.executable, "-m", "unrolled", *map(str, words)]
    source: dict[str, Any] = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
    done = subprocess.run(
        command, cwd=cwd, **source, env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=120
    )
    return Done(done.returncode, done.stdout, done.stderr)


def inside(*words: object, capsys) -> Done:
    """Run the command in this process."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["unrolled", *map(str, words)])
        for name in COLOURS:
            patch.delenv(name, raising=False)
        patch.setattr(sys, "excepthook", sys.excepthook)  # typer sets its own
        with pytest.raises(SystemExit) as left:
            main()
    out, err = capsys.readouterr()
    return Done(left.value.code or 0, out, err)


def table(text: str) -> pd.DataFrame:
    """A table that a command printed."""
    return pd.read_csv(io.StringIO(text))


class Watched:
    """The real command with a terminal as its standard error, so that it shows its progress."""

    def __init__(self, *words: object, cwd: Path, **variables: str) -> None:
        self._terminal, other_end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "unrolled", *map(str, words)],
            cwd=cwd,
            env=ENVIRONMENT | variables,
            stdout=subprocess.PIPE,
            stderr=other_end,
            encoding="utf-8",
        )
        os.close(other_end)
        self._seen, self._open = bytearray(), True
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._terminal, 4096)
            except OSError:  # reading a terminal ends with this error once it has no writer
                piece = b""
            with self._news:
                self._seen += piece
                self._news.notify_all()
            if not (piece and self._open):
                return

    def wait_for(self, text: str) -> None:
        """Wait until the terminal shows this."""
        with self._news:
            assert self._news.wait_for(lambda: text.encode() in self._seen, timeout=60), self._seen.decode()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def hang_up(self) -> None:
        """Close the terminal, so that nothing can be written to it any more."""
        self._open = False
        self._reader.join()
        os.close(self._terminal)

    def leave(self) -> Done:
        """Wait until the command has ended; its exit code is the one a shell would show."""
        out, _ = self.process.communicate(timeout=60)
        self._reader.join()
        os.close(self._terminal)
        code = self.process.returncode
        return Done(code if code >= 0 else 128 - code, out, self._seen.decode())
