"""A real kernel, started as by a front end: it runs cells, and all its messages are kept."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbformat import NotebookNode

PATIENCE_S = 60  # for one cell
NAME = "tested"
COMMAND = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
QUIET = {"status", "execute_input"}  # messages without visible content


class Ran(NamedTuple):
    """The outputs below a cell, and every message to the front end while it ran."""

    outputs: list[NotebookNode]
    messages: list[dict[str, Any]]

    @property
    def kinds(self) -> list[str]:
        return [m["msg_type"] for m in self.messages]

    @property
    def data(self) -> dict[str, Any]:
        """The one output, by media type."""
        (output,) = self.outputs
        return output["data"]

    @property
    def html(self) -> list[str]:
        """Each state that was sent to the front end, including replaced ones."""
        bundles = [m["content"].get("data", {}) for m in self.messages]
        return [bundle["text/html"] for bundle in bundles if "text/html" in bundle]


class Kernel(NotebookClient):
    """Runs cells, and can interrupt one as soon as it shows a text."""

    interrupt_at: str | None = None
    messages: list[dict[str, Any]]
    pressed: asyncio.Future | None = None

    def run(self, source: str, interrupt_at: str | None = None) -> Ran:
        """Run one more cell; an error in it is an output like others.

        Args:
            interrupt_at: the text of a display at which the kernel is interrupted.
        """
        self.messages, self.interrupt_at = [], interrupt_at
        self.nb.cells.append(nbformat.v4.new_code_cell(source))
        cell = self.execute_cell(self.nb.cells[-1], len(self.nb.cells) - 1)
        assert self.interrupt_at is None, f"{interrupt_at!r} has never been shown"
        return Ran(cell.outputs, [m for m in self.messages if m["msg_type"] not in QUIET])

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        self.messages.append(msg)
        if self.interrupt_at is not None and self.interrupt_at in msg["content"].get("data", {}).get("text/html", ""):
            self.interrupt_at = None
            self.pressed = asyncio.ensure_future(self.km.interrupt_kernel())
        return super().process_message(msg, cell, cell_index)


@contextmanager
def kernel(place: Path) -> Iterator[Kernel]:
    """A kernel of this interpreter that works in a folder, independent of installed kernels and settings."""
    # the paths of sockets must be shorter than those of the folders of tests
    with tempfile.TemporaryDirectory(prefix="kernel-") as own, pytest.MonkeyPatch.context() as patch:
        for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(variable, own)
        patch.setenv("OMP_NUM_THREADS", "1")
        (Path(own) / NAME).mkdir()
        spec = {"argv": COMMAND, "display_name": NAME, "language": "python"}
        (Path(own) / NAME / "kernel.json").write_text(json.dumps(spec), "utf-8")
        manager = AsyncKernelManager(
            kernel_name=NAME,
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[own]),
            connection_file=f"{own}/connection.json",
            transport="ipc",
        )
        client = Kernel(
            nbformat.v4.new_notebook(),
            km=manager,
            timeout=PATIENCE_S,
            allow_errors=True,
            resources={"metadata": {"path": str(place)}},
        )
        with client.setup_kernel(cleanup_kc=True):
            yield client
