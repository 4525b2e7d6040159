"""Files that are written together: after a crash, a folder holds all of the new ones or all of the old ones.

The files are written and synced in a hidden folder beside their places. Renaming that folder is the decision: from
then on the set is complete, and its files are moved to their places by this process or, if it is killed, by the next
one that writes to the folder or reads a model there. A lock on the hidden folder tells whether its process is alive.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .errors import InputError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows has no such locks: leftovers are not removed there
    flock = None  # type: ignore[assignment]

WRITING, COMPLETE = ".unrolled-writing-", ".unrolled-complete-"  # prefixes of hidden folders
ORDER = ".order"  # the file of a set that lists as JSON, in order, files to remove (-) and to move (+)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a whole file or nothing."""
    from .argument_types import check_type  # it needs NumPy, which help texts do without

    check_type("`path`", path, str | os.PathLike[str])
    folder, name = os.path.split(os.fspath(path))
    write_files(folder, {name: content})


def write_files(folder: str | os.PathLike[str], contents: Mapping[str, bytes], obsolete: Sequence[str] = ()) -> None:
    """Write all of these files and remove the obsolete ones, or none of this; the last file appears last.

    Raises:
        InputError: a file can't be written. Earlier files of these names are unchanged.
    """
    folder = Path(folder or ".")
    path = folder / next(iter(contents))
    try:
        finish_sets(folder)
        with _hidden_folder(folder) as hidden:
            for name, content in contents.items():
                path = folder / name
                if path.is_dir():
                    raise IsADirectoryError(None, "Is a directory")
                (hidden / name).write_bytes(content)
            order = [*("-" + name for name in obsolete), *("+" + name for name in contents)]
            if len(order) > 1:
                (hidden / ORDER).write_text(json.dumps(order))
            _sync(list(hidden.iterdir()))
            if len(order) == 1:
                os.replace(hidden / path.name, path)
            else:
                _commit(order, hidden, folder)
        with suppress(OSError):  # some systems can't sync folders
            _sync([folder])
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a ValueError: the text can't be a path
        raise InputError(
            f"can't write {path}: {reason(error)}. Earlier files are unchanged. Choose a place that is writable."
        ) from error


def reason(error: OSError | ValueError) -> str:
    """Why a file or folder can't be used, in words."""
    return str(getattr(error, "strerror", None) or error)


def is_same_file(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether both are paths of one file; any text may be asked about, also one that can't be a path."""
    try:
        return os.path.isfile(path) and os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def finish_sets(folder: str | os.PathLike[str]) -> None:
    """Finish what killed processes left in a folder: complete sets are moved to their places, others removed."""
    folder = Path(folder or ".")
    with suppress(OSError):  # of a folder that can't be read or changed, the caller tells
        for name in sorted(os.listdir(folder)):
            if name.startswith((WRITING, COMPLETE)):
                with suppress(OSError), _lock(folder / name) as has_lock:
                    if has_lock and name.startswith(COMPLETE):
                        _move_files(folder / name, folder)
                    elif has_lock:
                        shutil.rmtree(folder / name)


@contextmanager
def locked(folder: Path, remedy: str) -> Iterator[None]:
    """Keep a folder from being locked by another process.

    Raises:
        InputError: another process has locked it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_lock(folder))
        except BlockingIOError as error:
            raise InputError(f"another run is writing to {folder}. Wait until it has ended, or {remedy}.") from error
        yield


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Lock a folder until the process ends; whether that is possible.

    Raises:
        BlockingIOError: another process has locked it.
    """
    if flock is None:
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
            has_lock = True
        except BlockingIOError:
            raise
        except OSError:  # the file system has no locks
            has_lock = False
        yield has_lock
    finally:
        os.close(descriptor)


@contextmanager
def _hidden_folder(folder: Path) -> Iterator[Path]:
    """A new hidden folder with a lock, which is removed unless its files have been put in place."""
    with ExitStack() as stack:
        while True:
            hidden = Path(tempfile.mkdtemp(prefix=WRITING, dir=folder))
            with suppress(FileNotFoundError, BlockingIOError):
                stack.enter_context(_lock(hidden))
                if hidden.exists():  # else another process took it for a leftover before it was locked
                    break
        try:
            yield hidden
        finally:
            if hidden.exists():
                shutil.rmtree(hidden)


def _sync(paths: Sequence[Path]) -> None:
    """Wait until the content of these files or folders is on the disk; for several of them at once."""

    def sync(path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    if len(paths) == 1:
        sync(paths[0])
    else:
        with ThreadPoolExecutor(len(paths)) as pool:  # the disk serves all of them together
            list(pool.map(sync, paths))


def _commit(order: Sequence[str], hidden: Path, folder: Path) -> None:
    for k, name in enumerate(order):
        with suppress(OSError):  # replacing the last link to a file, which frees its blocks, would take longer
            os.link(folder / name[1:], hidden / f".old-{k}")
    complete = folder / hidden.name.replace(WRITING, COMPLETE)
    os.rename(hidden, complete)
    try:
        _move_files(complete, folder)
    except KeyboardInterrupt:
        _move_files(complete, folder)
        raise
    except OSError as error:
        raise InputError(
            f"the new files are complete in {complete}, but can't be moved to {folder}: {error.strerror}. The next "
            "run with this folder tries it again."
        ) from error


def _move_files(complete: Path, folder: Path) -> None:
    """Move the files of a complete set to their places, also if some are there already."""
    try:
        order = json.loads((complete / ORDER).read_bytes())
    except (FileNotFoundError, ValueError):  # interrupted after the last move; or a disk has lost its end
        order = []
    for name in order:
        with suppress(FileNotFoundError):
            if name[0] == "-":
                os.unlink(folder / name[1:])
            else:
                os.replace(complete / name[1:], folder / name[1:])
    shutil.rmtree(complete, ignore_errors=True)
