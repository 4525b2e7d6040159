"""A full disk: errors at single steps, a limit on the size of files, and a small disk; the old files remain."""

from __future__ import annotations

import errno
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import numpy as np

import unrolled as un
from steps import Counter

from .commands import TASKS, Words, begin, check_files, check_next_run, expected, run_command
from .kills import EPOCHS, X
from .outcomes import Kind, Lost, expect, repeated
from .renames import prepared, steps_of

MESSAGES = 2000  # bytes of the file that takes the messages, which may be written
PAGE = 4096  # the unit of a small disk, in bytes


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    names, ways = list(TASKS), [way for way in WAYS if way is not small_disk or may_mount()]
    ways[number % len(ways)](names[number // len(ways) % len(names)], rng, folder)


def fail() -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def failing_step(name: str, rng: np.random.Generator, folder: Path) -> None:
    k = int(rng.integers(1, steps_of(name, writing=True) + 1))
    words, out, err = begin(name, folder)
    counter = Counter(k, fail, False)
    ends_well_or_with_one_line(name, words, out, err, lambda: prepared(counter, writing=True))


def file_limit(name: str, rng: np.random.Generator, folder: Path) -> None:
    """No file may be larger than this."""
    words, out, err = begin(name, folder)
    largest = max(map(len, expected(name).new.values()))
    limit = int(rng.integers(MESSAGES, max(largest, 2 * MESSAGES)))
    limited = (limit, resource.RLIM_INFINITY)
    ends_well_or_with_one_line(name, words, out, err, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limited))


def small_disk(name: str, rng: np.random.Generator, folder: Path) -> None:
    """A disk for the earlier outputs and a part of the new ones."""
    pages = [sum(-(-len(content) // PAGE) for content in files.values()) for files in expected(name)[:2]]
    size = PAGE * (sum(pages) + 2 + int(rng.integers(-pages[1], 3)))
    with mounted(folder, size):
        words, out, err = begin(name, folder)
        ends_well_or_with_one_line(name, words, out, err, lambda: None, next_works=False)


@cache
def may_mount() -> bool:
    """Whether this process has the right to mount a disk; without it, the tries have the other ways only."""
    try:
        with tempfile.TemporaryDirectory() as folder, mounted(Path(folder), PAGE):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[None]:
    options = ["mount", "-t", "tmpfs", "-o", f"size={size + PAGE},nr_inodes=1000", "tmpfs", str(folder)]
    subprocess.run(options, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def ends_well_or_with_one_line(
    name: str, words: Words, out: Path, err: Path, prepare: Callable[[], object], next_works: bool = True
) -> None:
    code = run_command(words, err, prepare)
    text = err.read_text()
    expect("Traceback" not in text, f"{name}: {text[-400:]}")
    if not out.exists():  # a new folder that stays empty is removed
        out.mkdir()
    which = check_files(name, out)
    if code == 0:
        expect(which == "new", f"{name}: exit code 0, but the files are the {which} ones", Lost)
    else:
        expect(code in (1, 2) and "error: " in text, f"{name}: exit code {code}: {text[-400:]}")
        expect("Earlier files are unchanged" not in text or which == "old", f"{name}: {text[-400:]}", Lost)
    err.unlink()
    if next_works:
        check_next_run(name, out, words, err)


def checkpoints(name: str, rng: np.random.Generator, folder: Path) -> None:
    """A training whose checkpoint can't be written: the weights and the checkpoint are those of before."""
    net = un.Network([un.GRU(2), un.Last(), un.Dense(1)], 1)
    options = {"checkpoint": folder / "file", "checkpoint_every": 1, "verbose": 0}
    net.fit(X, X.sum(axis=1), epochs=2, **options)
    before, stored = net.parameters.copy(), (folder / "file").read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(rng.integers(len(stored))), old[1]))
    try:
        net.fit(X, X.sum(axis=1), epochs=EPOCHS, seed=1, **{**options, "checkpoint": folder / "other"})
        expect(False, "a checkpoint was written beyond the limit")
    except un.InputError as error:
        expect("can't write" in str(error), str(error))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    expect(np.array_equal(net.parameters, before), "the weights have changed", Lost)
    expect((folder / "file").read_bytes() == stored, "the earlier checkpoint has changed", Lost)
    expect([path.name for path in folder.iterdir()] == ["file"], "there are leftovers", Lost)


WAYS = (failing_step, file_limit, small_disk, checkpoints)
KIND = Kind(repeated(attempt), tries=240, few=4)
