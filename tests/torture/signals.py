"""SIGINT, SIGTERM and SIGHUP at random moments: the exit code names the signal, and files are all old or all new."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

from shell import ENVIRONMENT
from unrolled.cli.output_files import MODEL
from unrolled.loading import load

from .commands import AIR, OUT, begin, command, contents_of, ended, expected, forked, leftovers
from .outcomes import Kind, Lost, Mixed, expect, repeated

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONG = ("forecast", str(AIR), "--horizon", "6", "--steps", "1000", "--ensemble", "1", "--hidden", "4", "--out", OUT)
END_S = 30.0  # for the end of a process after a signal
NAME = "forecast onto another"


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    """Every fifth try begins a process of its own, so that signals also arrive while modules are imported."""
    sent = [NUMBERS[int(k)] for k in rng.integers(len(NUMBERS), size=int(rng.choice([1, 1, 2, 3])))]
    _, out, err = begin(NAME, folder)
    err.touch()  # a signal may arrive before the process opens it
    if number % 5:
        child, seconds = forked(lambda: command(LONG, err)), usual_seconds(whole=False)
    else:
        child, seconds = whole_process(folder, err), usual_seconds(whole=True)
    time.sleep(rng.uniform(0, 1.2 * seconds))
    for k, one in enumerate(sent):
        time.sleep(rng.choice([0, 0.0005, 0.05]) if k else 0)
        try:
            os.kill(child, one)
        except ProcessLookupError:
            break
    code, text = ended(child, END_S), err.read_text()
    expect("Traceback" not in text, f"{sent}: {text[-400:]}")
    ending = [*(128 + one for one in sent), *(-one for one in sent)]  # negative before Python handles signals
    expect(code in (0, *ending), f"{sent}: exit code {code}: {text[-400:]}")
    check_outputs(code, out)


def whole_process(folder: Path, err: Path) -> int:
    with err.open("wb") as file:
        words = [sys.executable, "-m", "unrolled", *LONG]
        return subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=file, env=ENVIRONMENT).pid


@cache
def usual_seconds(whole: bool) -> float:
    """How long the command takes without a signal."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, _, err = begin(NAME, folder)
        began = time.monotonic()
        child = whole_process(folder, err) if whole else forked(lambda: command(LONG, err))
        expect(ended(child) == 0, err.read_text())
        return time.monotonic() - began


def check_outputs(code: int, out: Path) -> None:
    """All files are the earlier ones, or all belong to one newer run."""
    found, old = contents_of(out), expected(NAME).old
    expect(not leftovers(out), f"leftovers {leftovers(out)}", Lost)
    if found == old:
        expect(code != 0, "exit code 0, but nothing was written", Lost)
        return
    shared = [name for name in found if found[name] == old.get(name)]
    expect(not shared, f"{shared} are the earlier files, others are new", Mixed)
    expect({*found} == {*expected(NAME).new}, f"the files are {sorted(found)}", Mixed)
    expect(load(out / MODEL).horizon == 6, "the model is another one", Lost)
    expect(found["forecast.csv"].count(b"\n") == 7, "the forecast is not whole", Lost)


KIND = Kind(repeated(attempt), tries=150, few=3)
