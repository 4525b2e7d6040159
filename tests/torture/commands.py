"""Commands in forked processes, which begin at once because everything is imported; and their outputs."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.__main__ import main as unrolled_main
from unrolled.file_sets import COMPLETE, WRITING, finish_sets
from unrolled.report import formatting

from .outcomes import Hung, Lost, Mixed, expect

ROOT = Path(__file__).parents[2]
AIR = ROOT / "examples" / "air_passengers.csv"
OUT = "out"  # the folder of all outputs, within the folder in which a command runs: reports have its name
QUICK = ("--steps", "4", "--ensemble", "1", "--hidden", "4", "--horizon", "6")
ENDED_BY_TEST = 9  # exit code of a process that a test ends as by a kill
WAIT_S = 60.0  # for the end of a process
Words = tuple[str, ...]  # of a command
Contents = dict[str, bytes]  # of the files in a folder, by name


class Task(NamedTuple):
    """A command that writes files, and the one that has written there before."""

    words: Words  # of the command, whose outputs go to the folder `OUT`
    before: Words = ()  # of the command before it; empty if the folder is new


FORECAST = ("forecast", str(AIR), *QUICK, "--out", OUT)
BACKTEST = ("backtest", str(AIR), *QUICK, "--windows", "1", "--out", f"{OUT}/rows.csv")
TASKS = {
    "forecast": Task(FORECAST),
    "forecast onto another": Task((*FORECAST, "--seed", "2"), (*FORECAST, "--format", "html,md")),
    "backtest onto another": Task((*BACKTEST, "--seed", "2"), BACKTEST),
}


def command(words: Words, err: Path, prepare: Callable[[], Any] = lambda: None) -> int:
    """Run a command in this forked process, in the folder of the file `err`, which takes its messages."""
    os.chdir(err.parent)
    with err.open("wb") as file:
        os.dup2(file.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        signal.signal(number, handler)
    sys.argv = ["unrolled", *words]
    formatting.duration = lambda wall_s: "no time"  # which reports contain, so that no two would be equal
    prepare()
    try:
        unrolled_main()
    except SystemExit as left:
        sys.stderr.flush()
        return int(left.code or 0)
    return 0


def forked(action: Callable[[], Any]) -> int:
    """The id of a new process that does this, and ends with the number that it returns."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        code = action() or 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int, wait_s: float = WAIT_S) -> int:
    """Wait for a process and return its exit code, which is negative if a signal ended it."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise Hung(f"a process has not ended after {wait_s:.0f} s")


def run_command(words: Words, err: Path, prepare: Callable[[], Any] = lambda: None) -> int:
    return ended(forked(lambda: command(words, err, prepare)))


@cache
def import_all() -> None:
    """Import what commands need, so that a fork has it; this runs each command once."""
    for name in ("forecast", "backtest", "predict", "inspect"):
        importlib.import_module(f"unrolled.cli.commands.{name}")
    argv = sys.argv
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for words in (FORECAST, (*BACKTEST[:-1], "rows.csv")):
            sys.argv = ["unrolled", *words]
            silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
            with silent[0], silent[1], contextlib.suppress(SystemExit):
                importlib.import_module("unrolled.cli").main()
    sys.argv = argv
    for number, handler in handlers.items():
        signal.signal(number, handler)


class Expected(NamedTuple):
    """What a task finds and leaves when nothing goes wrong."""

    old: Contents
    new: Contents
    seconds: float


@cache
def expected(name: str) -> Expected:
    """The outputs of a task that nothing disturbs."""
    import_all()
    task, folder = TASKS[name], Path(tempfile.mkdtemp())
    try:
        out = folder / OUT
        out.mkdir()
        if task.before:
            expect(run_command(task.before, folder / "err") == 0, f"{name}: the run before failed")
        old = contents_of(out)
        began = time.monotonic()
        code = run_command(task.words, folder / "err")
        expect(code == 0, f"{name}: {(folder / 'err').read_text()}")
        return Expected(old, contents_of(out), time.monotonic() - began)
    finally:
        shutil.rmtree(folder)


def begin(name: str, folder: Path) -> tuple[Words, Path, Path]:
    """The words of a task, its folder with the earlier outputs, and the file for its messages."""
    out = folder / OUT
    out.mkdir()
    for file, content in expected(name).old.items():
        (out / file).write_bytes(content)
    return TASKS[name].words, out, folder / "err"


def contents_of(folder: Path) -> Contents:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def check_files(name: str, out: Path, may_be: tuple[str, ...] = ("old", "new")) -> str:
    """Whether a folder holds the old or the new files of a task; fails if it has others, or some of each."""
    found, known = contents_of(out), expected(name)
    for file, content in found.items():
        if content not in (known.old.get(file), known.new.get(file)):
            raise Lost(f"{name}: {file} is neither the old nor the new one ({len(content)} bytes)")
    finish_sets(out)  # as any command and `load` do
    found = contents_of(out)
    which = next((w for w in may_be if found == getattr(known, w)), None)
    if which is None:
        states = {file: "old" if found.get(file) == known.old.get(file) else "new" for file in known.new}
        raise Mixed(f"{name}: the files should be {' or '.join(may_be)}, and are {states}")
    expect(not leftovers(out), f"{name}: leftovers {leftovers(out)}", Lost)
    return which


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((WRITING, COMPLETE)) or path.is_dir()]


def check_next_run(name: str, out: Path, words: Words, err: Path) -> None:
    """The next run works, gives the same bits and leaves nothing else behind."""
    code = run_command(words, err)
    expect(code == 0, f"{name}: the next run ended with {code}: {err.read_text()}", Lost)
    found = contents_of(out)
    expect(found == expected(name).new, f"{name}: the next run gave {differences(found, expected(name).new)}")
    expect(not leftovers(out), f"{name}: the next run left {leftovers(out)}", Lost)


def differences(found: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> list[str]:
    return sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
