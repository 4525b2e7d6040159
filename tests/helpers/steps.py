"""Faults at every step of writing files: before or after the k-th of these calls, something else happens."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from unrolled import file_sets

STEPS: list[tuple[Any, str]] = [
    (file_sets.tempfile, "mkdtemp"), (os, "open"), (os, "fsync"), (os, "rename"), (os, "replace"), (os, "unlink"),
    (os, "rmdir"), (os, "link"), (Path, "open"),
]  # fmt: skip
WRITING_STEPS = [  # those that can find a disk full
    (file_sets.tempfile, "mkdtemp"), (os, "fsync"), (os, "rename"), (os, "replace"), (os, "link"),
    (Path, "write_bytes"), (Path, "write_text"),
]  # fmt: skip


class Counter:
    """Calls `action` before or after the k-th of the steps, and counts them."""

    def __init__(self, k: int, action: Callable[[], Any], after: bool) -> None:
        self.k, self.action, self.after, self.calls = k, action, after, 0
        self.numbers = count(1)  # unlike a sum, right with several threads

    def wrap(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.calls = number = next(self.numbers)
            due = number == self.k
            if due and not self.after:
                self.action()
            try:
                return step(*arguments, **options)
            finally:  # a step may fail, such as the removal of what does not exist
                if due and self.after:
                    self.action()

        return counted

    def install(self, monkeypatch: pytest.MonkeyPatch, steps: Sequence[tuple[Any, str]] = STEPS) -> None:
        for owner, name in steps:
            monkeypatch.setattr(owner, name, self.wrap(getattr(owner, name)))
