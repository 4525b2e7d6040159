"""Commands with standard streams that are missing, closed, full or broken, in random combinations."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from shell import ENVIRONMENT
from unrolled.loading import load

from .commands import AIR, OUT, QUICK
from .outcomes import Hung, Kind, Lost, expect, repeated

INPUTS = ("open", "closed", "null", "empty")
OUTPUTS = ("open", "closed", "null", "full", "broken", "read only", "terminal", "gone terminal")
COMMANDS = {
    "forecast": ("forecast", str(AIR), *QUICK, "--out", OUT),
    "forecast from a pipe": ("forecast", "-", *QUICK, "--out", OUT),
    "forecast to a pipe": ("forecast", str(AIR), *QUICK, "--out", "-"),
    "backtest": ("backtest", str(AIR), *QUICK, "--windows", "1", "--json", "--out", f"{OUT}.csv"),
    "inspect": ("inspect", "-"),
    "help": ("forecast", "--help"),
    "info": ("info",),
    "all commands": ("--help",),
    "version": ("--version",),
    "an error": ("inspect", "none.csv"),
    "wrong option": ("inspect", "--none"),
}
MATRIX = list(itertools.product(COMMANDS, INPUTS, OUTPUTS, OUTPUTS))
END_S = 60.0


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    run_with_streams(folder, *MATRIX[int(rng.integers(len(MATRIX)))])


def run_with_streams(folder: Path, name: str, stdin: str, stdout: str, stderr: str) -> None:
    label = f"{name}: input {stdin}, output {stdout}, error {stderr}"
    with ExitStack() as stack:
        reading = stack.enter_context(input_of(stdin))
        out, out_file = stack.enter_context(output_of(stdout, folder / "stdout"))
        err, err_file = stack.enter_context(output_of(stderr, folder / "stderr"))
        closed = "".join(
            f" {sign}&-" for sign, given in (("<", stdin), (">", stdout), ("2>", stderr)) if given == "closed"
        )
        words = ["bash", "-c", f'exec "$@"{closed}', "bash", sys.executable, "-m", "unrolled", *COMMANDS[name]]
        process = subprocess.Popen(words, cwd=folder, env=ENVIRONMENT, stdin=reading, stdout=out, stderr=err)
        try:
            code = process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Hung(label) from None
    check(label, name, (stdin, stdout, stderr), code, folder, read(out_file), read(err_file))


def read(file: Path | None) -> str | None:
    return None if file is None else file.read_text()


def check(
    label: str,
    name: str,
    states: tuple[str, str, str],
    code: int,
    folder: Path,
    out: str | None,
    err: str | None,
) -> None:
    stdin, stdout, _ = states
    no_input = "-" in COMMANDS[name][1:2] and stdin != "open"
    unwritable = stdout in ("full", "read only", "gone terminal")
    wanted = {0}
    if name in ("an error", "wrong option") or no_input or (name == "forecast to a pipe" and stdout == "closed"):
        wanted = {2}
    elif unwritable:
        wanted = {1}
    expect(code in wanted, f"{label}: exit code {code}, not {wanted}: {(err or '')[-300:]}")
    expect("Traceback" not in (err or "") and "Exception ignored" not in (err or ""), f"{label}: {err}")
    expect("error:" not in (out or ""), f"{label}: standard output has messages", Lost)
    if name.startswith("forecast") and name != "forecast to a pipe" and 2 not in wanted:
        files = sorted(path.name for path in (folder / OUT).iterdir())
        expect(files == ["forecast.csv", "model.safetensors", "report.html", "run.toml"], f"{label}: {files}", Lost)
        expect(load(folder / OUT / "model.safetensors").horizon == 6, label, Lost)
        text = (folder / OUT / "forecast.csv").read_text()
        expect(text.count("\n") == 7, f"{label}: forecast.csv has {text!r}", Lost)
        expect(out in (None, text), f"{label}: standard output has {out!r:.300}", Lost)


@contextmanager
def input_of(state: str) -> Iterator[int]:
    path = str(AIR) if state in ("open", "closed") else os.devnull
    if state == "empty":  # a pipe without a writer
        reading, writing = os.pipe()
        os.close(writing)
    else:
        reading = os.open(path, os.O_RDONLY)
    try:
        yield reading
    finally:
        os.close(reading)


@contextmanager
def output_of(state: str, file: Path) -> Iterator[tuple[int, Path | None]]:
    """A descriptor, and the file that takes what is written, if there is one."""
    found, other = None, None
    if state == "open":
        found = file
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    elif state == "broken":
        reading, descriptor = os.pipe()
        os.close(reading)
    elif state == "read only":
        descriptor = os.open(os.devnull, os.O_RDONLY)
    elif state in ("terminal", "gone terminal"):
        other, descriptor = os.openpty()
        if state == "gone terminal":
            os.close(other)
            other = None
    else:
        descriptor = os.open("/dev/full" if state == "full" else os.devnull, os.O_WRONLY)
    try:
        yield descriptor, found
    finally:
        os.close(descriptor)
        if other is not None:
            os.close(other)


KIND = Kind(repeated(attempt), tries=300, few=2)
