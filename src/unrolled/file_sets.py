"""Files that are written together: after a crash, a folder holds all of the new ones or all of the old ones.

The files are written and synced in a hidden folder beside their places. Renaming that folder is the decision: from
then on the set is complete, and its files are moved to their places by this process or, if it is killed, by the next
one that writes to the folder or reads a model there. All complete sets have the same name, so that a folder has at
most one: the files of two processes are moved one set after the other. If a file can't be moved, the earlier files
are put back. A lock on the hidden folder tells whether its process is alive.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR

from .errors import InputError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows has no such locks: leftovers are not removed there
    flock = None  # type: ignore[assignment]

WRITING = ".unrolled-writing-"  # prefix of the hidden folder of a set that is being written
COMPLETE = ".unrolled-complete"  # the hidden folder of a complete set
ORDER = ".order"  # the file of a set that lists as JSON, in order, its files with their places
UNDO = ".undo"  # the same for the earlier files, once a file could not be moved
MOVES_S = 1.0  # more than the files of another user take to be moved, in seconds
LOOK_S = 0.005  # from one look at them to the next

Move = tuple[str | None, str]  # a file in the hidden folder and the name of its place; without a file, to be emptied


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
                if os.path.lexists(path) and not path.is_file():
                    raise OSError(None, "it is not a file")
                (hidden / name).write_bytes(content)
            order: list[Move] = [*((None, name) for name in obsolete), *((name, name) for name in contents)]
            if len(order) > 1:
                (hidden / ORDER).write_text(json.dumps(order))
            _sync(hidden.iterdir())
            owner = hidden.stat().st_uid
            _finish_set(folder, owner, wait=True)
            if len(order) == 1:
                os.replace(hidden / path.name, path)
            else:
                _commit(hidden, folder, owner)
        with suppress(OSError):  # some systems can't sync folders
            _sync([folder])
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a ValueError: the text can't be a path
        place = getattr(error, "filename2", None) or path
        raise InputError(
            f"can't write {place}: {reason(error)}. Earlier files are unchanged. Choose a place that is writable."
        ) from error


def reason(error: OSError | ValueError) -> str:
    """Why a file or folder can't be used, in words."""
    return str(getattr(error, "strerror", None) or error)


def is_same_file(path: str | os.PathLike[str] | int, other: str | os.PathLike[str]) -> bool:
    """Whether both are paths of one file; any text may be asked about, also one that can't be a path.

    The first one may be the number of an open file.
    """
    try:
        return os.path.isfile(path) and os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def finish_sets(folder: str | os.PathLike[str]) -> None:
    """Finish what killed processes left in a folder: a complete set is moved to its place, others are removed."""
    folder = Path(folder or ".")
    with suppress(OSError):  # of a folder that can't be read or changed, the caller tells
        names = os.listdir(folder)
        if COMPLETE in names:
            with suppress(OSError, InputError):
                _finish_set(folder, os.geteuid() if hasattr(os, "geteuid") else 0, wait=False)
        for name in sorted(names):
            if name.startswith(WRITING):
                with suppress(OSError), _lock(folder / name) as has_lock:
                    if has_lock:
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
def _lock(folder: Path, wait: bool = False) -> Iterator[bool]:
    """Lock a folder until the process ends; whether that is possible. Another process that has locked it is waited
    for, if that is asked for.

    Raises:
        BlockingIOError: another process has locked it.
        FileNotFoundError: the folder does not exist, or has been removed or renamed since it was opened.
    """
    if flock is None:
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # a pipe of this name is not waited for
    try:
        try:
            flock(descriptor, LOCK_EX if wait else LOCK_EX | LOCK_NB)
            has_lock = True
        except BlockingIOError:
            raise
        except OSError:  # the file system has no locks
            has_lock = False
        if not os.path.samestat(os.fstat(descriptor), os.stat(folder)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
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
                stack.enter_context(_lock(hidden))  # unless another process has taken it for a leftover by then
                break
        try:
            yield hidden
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def _sync(paths: Iterable[Path]) -> None:
    """Wait until the content of these files or folders is on the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _commit(hidden: Path, folder: Path, owner: int) -> None:
    """Make a set the complete one of its folder, and move its files to their places."""
    complete = folder / COMPLETE
    while True:
        try:
            os.rename(hidden, complete)
            break
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            _finish_set(folder, owner, wait=True)
    try:
        _move_files(complete, folder, hidden)
    except KeyboardInterrupt:
        if not hidden.exists():
            _move_files(complete, folder, hidden)
        raise


def _finish_set(folder: Path, owner: int, wait: bool) -> None:
    """Move the files of a complete set that a killed process of this user left. A process that is moving its files
    is waited for, if that is asked for.

    Raises:
        OSError: there is a set of another user, or its files could not be moved and the earlier ones are there.
        InputError: the earlier files could not be put back either.
    """
    complete, rest = folder / COMPLETE, folder / f"{WRITING}{secrets.token_hex(8)}"
    with suppress(FileNotFoundError):
        _require_own(complete, owner, MOVES_S if wait else 0.0)  # those of others, and pipes, can't be locked
        with _lock(complete, wait) as has_lock:
            _require_own(complete, owner)
            if has_lock or wait:
                try:
                    _move_files(complete, folder, rest)
                finally:
                    shutil.rmtree(rest, ignore_errors=True)


def _require_own(complete: Path, owner: int, wait_s: float = 0.0) -> None:
    """Raise a `PermissionError` if something is not a folder of this user: it could name any files of the user. It is
    waited for, since another user may be moving files."""
    end_s = time.monotonic() + wait_s
    while not S_ISDIR((found := complete.lstat()).st_mode) or found.st_uid != owner:
        if time.monotonic() >= end_s:
            raise PermissionError(errno.EPERM, f"{complete} is not a folder of this user; remove it")
        time.sleep(LOOK_S)


def _move_files(complete: Path, folder: Path, rest: Path) -> None:
    """Move the files of a complete set to their places, also if some are there already; or put the earlier ones back,
    if one can't be moved. Then the set has the name `rest`.

    Raises:
        OSError: a file could not be moved. The earlier files are there.
        InputError: the earlier files could not be put back either.
    """
    failure = None
    if not (complete / UNDO).exists():
        order = _moves_in(complete / ORDER)
        try:
            for k, move in enumerate(order):
                if _is_due(move, complete, folder) and os.path.lexists(folder / move[1]):
                    _keep(folder / move[1], complete / f".old-{k}")
            for move in order:
                _move(move, complete, folder)
        except OSError as error:
            failure = error
    try:
        if failure is not None:
            _write_undo(order, complete, folder)
        for move in _moves_in(complete / UNDO):
            _move(move, complete, folder)
    except OSError as error:
        raise InputError(
            f"the new files are complete in {complete}, but neither can they be moved to {folder} nor earlier ones "
            f"be put back: {error.strerror}. The next run with this folder tries it again."
        ) from error
    with suppress(OSError):  # all is done, and the next process finds nothing to do
        os.rename(complete, rest)  # in one step, as another process may wait for the name
    if failure is not None:
        raise failure


def _moves_in(path: Path) -> list[Move]:
    """The content of a list of files; empty if it is not there, has lost its end, or has anything but plain names."""
    try:
        moves = [(source, name) for source, name in json.loads(path.read_bytes())] if path.is_file() else []
        plain = all(_is_plain(name) and (source is None or _is_plain(source)) for source, name in moves)
    except (OSError, TypeError, ValueError, RecursionError):
        return []
    return moves if plain else []


def _is_plain(name: str) -> bool:
    """Whether this is the name of a file, without a folder."""
    return os.path.basename(name) == name and name not in ("", ".", "..") and b"\0" not in os.fsencode(name)


def _is_due(move: Move, complete: Path, folder: Path) -> bool:
    source, name = move
    return os.path.lexists(folder / name if source is None else complete / source)


def _move(move: Move, complete: Path, folder: Path) -> None:
    source, name = move
    with suppress(FileNotFoundError):
        if source is None:
            os.unlink(folder / name)
        else:
            os.replace(complete / source, folder / name)


def _keep(path: Path, kept: Path) -> None:
    """Keep a file that will be replaced, as a link where that is possible: then the replacement frees no blocks, and
    takes less time."""
    try:
        os.link(path, kept)
    except FileExistsError:  # by a process that was killed
        pass
    except OSError:  # the file system has no links, or the file can't be linked
        new = kept.with_suffix(".new")
        shutil.copy2(path, new)
        os.replace(new, kept)


def _write_undo(order: Sequence[Move], complete: Path, folder: Path) -> None:
    """List the earlier files of those that have been moved; from then on they are put back."""
    moved = [(k, move[1]) for k, move in enumerate(order) if not _is_due(move, complete, folder)]
    undo = [(old if os.path.lexists(complete / old) else None, name) for k, name in moved for old in [f".old-{k}"]]
    new = complete / f"{UNDO}-new"
    new.write_text(json.dumps(undo))
    _sync([new])
    os.replace(new, complete / UNDO)
