"""Settings of OpenMP, which its library reads while the native engine is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# about 10 microseconds; the default of 300,000,000 stops all work where cores are shared
SPINS_BEFORE_SLEEP = "10000"


@contextmanager
def openmp_settings() -> Iterator[None]:
    """Sets the variables of the environment that the user has not set, and removes them again.

    A thread that waits for others computes nothing, but occupies a core. If the core is needed by the thread that is
    waited for, both lose whole time slices of the operating system, so waiting threads soon sleep. This costs nothing
    where there are cores for all. See the documentation of GNU libgomp (`GOMP_SPINCOUNT`).
    """
    settings = {"OMP_NUM_THREADS": str(granted_cores())}
    if "OMP_WAIT_POLICY" not in os.environ:
        settings["GOMP_SPINCOUNT"] = SPINS_BEFORE_SLEEP
    added = [name for name in settings if name not in os.environ]
    os.environ.update({name: settings[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def granted_cores(root: Path = Path("/")) -> int:
    """The cores on which the process may run, and of which its control groups grant it the time.

    A container with a limit of 1.5 cores sees all cores of its machine; with two threads it would be stopped for a
    part of each period. Sources: the Linux kernel's documentation of cgroup-v2 (`cpu.max`) and of CFS bandwidth
    control (`cpu.cfs_quota_us`).
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *map(int, _quotas(root))]))


def _quotas(root: Path) -> list[float]:
    """The cores that each control group of the process grants."""
    found = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers not in ("", "cpu", "cpu,cpuacct", "cpuacct,cpu"):
            continue
        top = root / "sys/fs/cgroup" / controllers
        own = top / path.lstrip("/")
        for folder in (own, *own.parents):
            if controllers:
                limit = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
            else:
                limit = _text(folder / "cpu.max").split()
            if len(limit) == 2 and all(n.isdigit() and int(n) for n in limit):  # "max" and -1 are no limits
                found.append(int(limit[0]) / int(limit[1]))
            if folder == top:
                break
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
