"""Fixtures: the engine under test and seeded randomness."""

from __future__ import annotations

import gc
import os
import signal
import sys
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import unrolled as un
from browser import chromium
from shell import inside
from unrolled.nn.engines import ENGINES, use_engine

# the tests start hundreds of processes, which would all compile the package again where nothing may be cached
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# a shell that runs the tests in the background ignores these signals, which processes inherit; commands respect that
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

# not every machine has a browser; tests/report/test_html.py tests the content of pages without one
collect_ignore = [] if chromium() else ["integration/test_report_browser.py"]

# the same examples in every run; one engine for all examples of a test, which is intended; no deadline, because a
# busy machine is not a failure
settings.register_profile(
    "unrolled",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("unrolled")


def pytest_collection_finish():
    """No garbage collection looks at the thousands of collected tests and the imported modules again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=list(ENGINES))
def engine(request, monkeypatch):
    """Every engine of this build in turn, in use during the test."""
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)  # undoes the choices of the test after it
    use_engine(request.param)
    return ENGINES[request.param]


@pytest.fixture
def native_engine(monkeypatch):
    """The native engine, whose bits do not depend on which rows are computed together."""
    pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)
    monkeypatch.setattr("unrolled.nn.engines._chosen", "native")


@pytest.fixture
def numpy_engine(monkeypatch):
    """The NumPy engine, for tests that define rules of their own."""
    monkeypatch.setattr("unrolled.nn.engines._chosen", "numpy")


@pytest.fixture
def rng(request):
    """A generator seeded by the name of the test: the same numbers in every run, different ones in every test."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def register_cell(monkeypatch):
    """`un.register_cell`, undone after the test."""

    def register(cls):
        monkeypatch.setitem(un.CELLS, cls.kind, None)  # undone after the test
        return un.register_cell(cls)

    return register


@pytest.fixture
def file(tmp_path):
    """Write lines or bytes to a file, and return its path."""

    def write(*lines: str | bytes, name: str = "table.csv") -> str:
        path = tmp_path / name
        path.write_bytes(lines[0] if isinstance(lines[0], bytes) else "\n".join(lines).encode())
        return str(path)

    return write


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Run a command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: inside(*words, capsys=capsys)
