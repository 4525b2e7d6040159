"""All kinds of torture that measure no times, in short form; `make torture` is the long one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import ROOT

sys.path.insert(0, str(ROOT))

from tests.torture import __main__ as torture
from tests.torture.outcomes import SIGNS, Hung, Kind, Lost, Mixed, repeated


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tests.torture", *words], cwd=ROOT, capture_output=True, text=True)


def test_a_few_tries_of_every_kind_find_nothing():
    done = run("--short")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == [name for name in torture.KINDS if name not in torture.ALONE]
    assert all(int(row[1]) > 0 and set(row[2:6]) == {"0"} for row in rows)


@pytest.mark.parametrize(
    ("error", "sign"), [(Lost("x"), "lost"), (Mixed("x"), "mixed"), (Hung("x"), "hung"), (KeyError("x"), "wrong")]
)
def test_failures_are_counted_by_their_sign_and_end_with_1(error, sign, monkeypatch, capsys):
    def attempt(number, rng, folder):
        if number == 2:
            raise error

    monkeypatch.setattr(torture, "kind_of", lambda name: Kind(repeated(attempt), tries=3, few=1))
    monkeypatch.setattr(sys, "argv", ["torture", "kills"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert torture.main() == 1
    shown = capsys.readouterr()
    counts = [cell.strip() for cell in shown.out.splitlines()[-1].split("|")][2:-2]
    assert counts == ["3", *("1" if one == sign else "0" for one in SIGNS)]
    assert f"kills --seed 0 --only 2: {sign}: {type(error).__name__}: " in shown.err


def test_unknown_kinds_are_refused():
    done = run("none")
    assert done.returncode == 2
    assert "no kind is called none" in done.stderr
