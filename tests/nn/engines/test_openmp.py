"""Settings of OpenMP: the cores that are granted, and threads that sleep while they wait."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from unrolled.nn.engines.openmp import granted_cores, openmp_settings


@pytest.fixture(autouse=True)
def _sixteen_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


def tree(root, files: dict[str, str]):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


V2, V1 = "0::/a/b\n", "4:memory:/a\n3:cpu,cpuacct:/a\n"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 16),
        ({"proc/self/cgroup": V2, "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n"}, 4),
        ({"proc/self/cgroup": V2, "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 16),
        ({"proc/self/cgroup": V2, "sys/fs/cgroup/a/cpu.max": "250000 100000\n"}, 2),  # of the group above
        ({"proc/self/cgroup": V2, "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),  # as a container sees its own
        ({"proc/self/cgroup": V2, "sys/fs/cgroup/a/b/cpu.max": "nonsense"}, 16),
        (
            {
                "proc/self/cgroup": V1,
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": V1,
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
            },
            16,
        ),
    ],
)
def test_the_limits_of_control_groups_count(tmp_path, files, cores):
    assert granted_cores(tree(tmp_path, files)) == cores


def test_settings_last_while_the_engine_is_loaded(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    with openmp_settings():
        assert os.environ["OMP_NUM_THREADS"] == "16"
        assert int(os.environ["GOMP_SPINCOUNT"]) < 100_000
    assert not {"OMP_NUM_THREADS", "GOMP_SPINCOUNT"} & set(os.environ)


def test_settings_of_the_user_remain(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    with openmp_settings():
        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert "GOMP_SPINCOUNT" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_the_engine_has_as_many_threads_as_cores_are_granted():
    pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)
    code = """
import os
os.sched_getaffinity = lambda _: set(range(3))
import unrolled as un
from unrolled.nn.engines.openmp import granted_cores
print(un.active_engine().threads, granted_cores())
"""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment["UNROLLED_ENGINE"] = "native"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    threads, granted = done.stdout.split()
    assert threads == granted
