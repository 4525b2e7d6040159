"""Files whose last bytes are missing: they are refused, and do not stand in the way of the next run."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

import unrolled as un
from unrolled import file_sets
from unrolled.file_sets import COMPLETE, WRITING

from .commands import begin, check_files, check_next_run, expected, run_command
from .damaged_files import trained
from .outcomes import Kind, Lost, expect, repeated

NAME = "forecast onto another"


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    (torn_model, torn_checkpoint, torn_outputs, torn_set)[number % 4](rng, folder)


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """Without its last bytes: a few, some or nearly all."""
    few = int(rng.integers(1, 20))
    missing = [few, len(content) - few, int(rng.integers(1, len(content) + 1))][int(rng.integers(3))]
    return content[: max(0, len(content) - missing)]


def refused(call) -> bool:
    try:
        call()
    except un.UnrolledError:
        return True
    return False


def torn_model(rng: np.random.Generator, folder: Path) -> None:
    (folder / "model").write_bytes(cut(expected(NAME).new["model.safetensors"], rng))
    expect(refused(lambda: un.load(folder / "model")), "a model without its end was read")


@cache
def checkpoint() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        trained(Path(folder) / "file")
        return (Path(folder) / "file").read_bytes()


def torn_checkpoint(rng: np.random.Generator, folder: Path) -> None:
    torn = cut(checkpoint(), rng)
    (folder / "file").write_bytes(torn)
    expect(refused(lambda: trained(folder / "file")), "a checkpoint without its end was resumed")
    expect((folder / "file").read_bytes() == torn, "a checkpoint that was refused has changed", Lost)


def torn_outputs(rng: np.random.Generator, folder: Path) -> None:
    """Outputs that were torn: the next run replaces them, unless it can't know that they are its own."""
    words, out, err = begin(NAME, folder)
    torn = [name for name in expected(NAME).old if rng.random() < 0.5 and name != "report.md"]
    for name in torn:
        (out / name).write_bytes(cut(expected(NAME).old[name], rng))
    run_file = (out / "run.toml").read_bytes()
    code = run_command(words, err)
    if code == 2 and "run.toml" in torn:
        expect("the run file would overwrite" in err.read_text(), err.read_text())
        expect((out / "run.toml").read_bytes() == run_file, "a file of unknown origin was overwritten", Lost)
        return
    expect(code == 0, f"the next run ended with {code}: {err.read_text()}")
    for name, content in expected(NAME).new.items():
        found = out / (name if (out / name).exists() else "forecast.csv.toml")
        expect(found.exists() and (name == "run.toml" or found.read_bytes() == content), f"{name} is wrong", Lost)


def torn_set(rng: np.random.Generator, folder: Path) -> None:
    """A set of files whose list was torn by a power failure, or that was never complete."""
    words, out, err = begin(NAME, folder)
    new = expected(NAME).new
    hidden = out / (f"{WRITING}torn" if rng.random() < 0.3 else COMPLETE)
    hidden.mkdir()
    for name, content in new.items():
        (hidden / name).write_bytes(content)
    order = json.dumps([(None, "report.md"), *((name, name) for name in new)]).encode()
    (hidden / file_sets.ORDER).write_bytes(cut(order, rng))
    check_files(NAME, out, ("old",))
    expect(sorted(os.listdir(out)) == sorted(expected(NAME).old), "there are leftovers", Lost)
    check_next_run(NAME, out, words, err)


KIND = Kind(repeated(attempt), tries=400, few=8)
