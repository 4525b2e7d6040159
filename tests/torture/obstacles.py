"""Obstacles in the output folder: pipes, links, folders and immutable files, also under the names of hidden files."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from steps import Counter
from unrolled.file_sets import COMPLETE, ORDER, UNDO, WRITING

from .commands import begin, check_files, check_next_run, expected, run_command
from .outcomes import Kind, Lost, expect, repeated
from .renames import prepared, steps_of

NAME = "forecast onto another"
READING = ("info", "out/model.safetensors")


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    (in_place_of_an_output, under_a_hidden_name, immutable, removed)[number % 4](rng, folder)


def a_link(path: Path) -> None:
    path.symlink_to("../victim")


OBSTACLES: tuple[Callable[[Path], object], ...] = (os.mkfifo, os.mkdir, a_link, partial(os.symlink, "nowhere"))


def in_place_of_an_output(rng: np.random.Generator, folder: Path) -> None:
    """The next run is refused and changes nothing, or it replaces a link, or it has another name for the run file."""
    words, out, err = begin(NAME, folder)
    (folder / "victim").write_bytes(b"precious")
    name = list(expected(NAME).new)[int(rng.integers(len(expected(NAME).new)))]
    (out / name).unlink()
    make = OBSTACLES[int(rng.integers(len(OBSTACLES)))]
    make(out / name)
    before = kinds_of(out)
    code = run_command(words, err)
    expect("Traceback" not in err.read_text(), err.read_text())
    if code == 0:
        expect(name == "run.toml" or make is a_link, f"{name} was overwritten", Lost)
    else:
        expect(code == 2 and "it is not a file" in err.read_text(), f"{name}: exit code {code}: {err.read_text()}")
        expect(kinds_of(out) == before, f"{name}: files have changed", Lost)
    expect((folder / "victim").read_bytes() == b"precious", "a file elsewhere has changed", Lost)


def kinds_of(folder: Path) -> dict[str, object]:
    """The files in a folder with their contents, and everything else with its kind."""
    return {
        path.name: path.read_bytes() if path.is_file() and not path.is_symlink() else path.lstat().st_mode
        for path in folder.iterdir()
    }


def under_a_hidden_name(rng: np.random.Generator, folder: Path) -> None:
    """Hidden files that no run has left: a model beside them is read, and no file changes."""
    words, out, err = begin(NAME, folder)
    (folder / "victim").write_bytes(b"precious")
    hidden = out / (COMPLETE if rng.random() < 0.7 else f"{WRITING}x")
    way = int(rng.integers(len(OBSTACLES) + 1))
    if way < len(OBSTACLES):
        OBSTACLES[way](hidden)
    if hidden.is_dir() or way == len(OBSTACLES):
        hidden.mkdir(exist_ok=True)
        (hidden / ORDER).write_text(foreign_list(rng))
        (hidden / UNDO).write_text(foreign_list(rng))
    code = run_command(READING, err)
    expect(code == 0, f"the model was not read ({code}): {err.read_text()}")
    expect((folder / "victim").read_bytes() == b"precious", "a file elsewhere has changed", Lost)
    if os.path.lexists(hidden):
        expect(not hidden.is_dir(), f"{hidden.name} was left")
        hidden.unlink()
    check_files(NAME, out, ("old",))
    check_next_run(NAME, out, words, err)


def foreign_list(rng: np.random.Generator) -> str:
    """JSON with anything but plain names."""
    names = ["../victim", "", ".", "..", "/", "a\0", "\ud800", 1, None, [], {}, "x" * 300 + "/y"]
    pairs = [[names[int(k)] for k in rng.integers(len(names), size=2)] for _ in range(3)]
    content = [pairs, names, 5, None, "../victim", {"a": "../victim"}, [[None, "../victim"]]][int(rng.integers(7))]
    return json.dumps(content)


def immutable(rng: np.random.Generator, folder: Path) -> None:
    """One of the outputs can't be replaced: all earlier files remain, and the next run works."""
    words, out, err = begin(NAME, folder)
    name = list(expected(NAME).new)[int(rng.integers(len(expected(NAME).new)))]
    replace, link, can_link = os.replace, os.link, rng.random() < 0.5

    def replace_others(source: Path, target: Path) -> None:
        if Path(target).name == name and os.path.lexists(source):
            raise OSError(errno.EBUSY, "Device or resource busy", source, None, target)
        replace(source, target)

    def link_others(source: Path, target: Path) -> None:
        if Path(source).name == name or not can_link:
            raise OSError(errno.EPERM, "Operation not permitted")
        link(source, target)

    def prepare() -> None:
        patch = pytest.MonkeyPatch()
        patch.setattr(os, "replace", replace_others)
        patch.setattr(os, "link", link_others)

    code = run_command(words, err, prepare)
    expect(code == 2 and "Earlier files are unchanged" in err.read_text(), f"{name}: {code}: {err.read_text()}")
    check_files(NAME, out, ("old",))
    check_next_run(NAME, out, words, err)


def removed(rng: np.random.Generator, folder: Path) -> None:
    """The output folder is removed at a random step of writing: the files are all there, or none, with one line."""
    words, out, err = begin(NAME, folder)
    counter = Counter(int(rng.integers(1, steps_of(NAME, True) + 1)), lambda: shutil.rmtree(out, True), False)
    code = run_command(words, err, lambda: prepared(counter, True))
    expect("Traceback" not in err.read_text(), err.read_text())
    if code == 0:
        expect(not out.exists() or check_files(NAME, out, ("new",)) == "new", "files are missing", Lost)
    else:
        expect("error: " in err.read_text(), f"exit code {code}: {err.read_text()}")


KIND = Kind(repeated(attempt), tries=200, few=8)
