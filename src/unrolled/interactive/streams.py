"""Standard output and error, either of which may be missing, closed or broken."""

import io
import os
import sys
from contextlib import suppress
from typing import Any

VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def is_terminal(stream: Any) -> bool:
    """Whether a stream exists and is a terminal."""
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:  # closed
        return False


def visible(text: str) -> str:
    r"""A text whose control characters, which could change the state of a terminal, are shown as escapes.

    >>> print(visible("a\x1b[31m b"))
    a\x1b[31m b
    """
    return text.translate(VISIBLE)


class StandardError(io.TextIOBase):
    """The present standard error as a stream without failures: a message that nobody can read must not end a run."""

    def __init__(self) -> None:
        self._stream = sys.stderr  # kept, because rich replaces it while a line is shown

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError, AttributeError):  # broken, closed, missing
            pass
        return len(text)

    def isatty(self) -> bool:
        return is_terminal(self._stream)

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"


def open_closed_descriptors() -> None:
    """Open the null device in place of standard streams that are closed.

    Otherwise, the next file that is opened gets the descriptor of such a stream, and messages end up in that file.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor


def drop_output() -> None:
    """From now on, standard output leads nowhere, so that flushing it at the end of the process can't fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(AttributeError, ValueError):  # missing, or no file
        os.dup2(null, sys.stdout.fileno())
    os.close(null)
