"""Damaged model files in short form; `python -m tests.torture.damaged_files --tries 21000` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRIES = 100


def test_damaged_files_are_refused_or_give_finite_answers():
    words = [sys.executable, "-m", "tests.torture.damaged_files", "--tries", str(TRIES)]
    files = ["--files", "averaged", "deep", "checkpoint"]
    done = subprocess.run([*words, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tried, refused, loaded, failures = map(int, done.stdout.splitlines()[-1].strip("| ").split(" | "))
    assert (tried, failures) == (TRIES, 0)
    assert refused > loaded > 0
