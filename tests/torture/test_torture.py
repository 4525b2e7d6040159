"""The short form of all kinds of torture but those that measure times; `make torture` runs the long form."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import ROOT

sys.path.insert(0, str(ROOT))

from tests.torture import __main__ as torture
from tests.torture import frames, full_disk, streams
from tests.torture.outcomes import FAULTS, Failure, Hung, Kind, Lost, Mixed, repeated


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tests.torture", *words], cwd=ROOT, capture_output=True, text=True)


def test_a_few_tries_of_every_kind_but_contention_find_nothing():
    done = run("--short")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == [name for name in torture.KINDS if name not in torture.ALONE]
    assert all(int(row[1]) > 0 and set(row[2:6]) == {"0"} for row in rows)


@pytest.mark.parametrize(
    ("error", "fault"), [(Lost("x"), "lost"), (Mixed("x"), "mixed"), (Hung("x"), "hung"), (KeyError("x"), "wrong")]
)
def test_failures_are_counted_by_their_kind_and_end_with_1(error, fault, monkeypatch, capsys):
    def attempt(number, rng, folder):
        if number == 2:
            raise error

    monkeypatch.setattr(torture, "kind_of", lambda name: Kind(repeated(attempt), tries=3, few=1))
    monkeypatch.setattr(sys, "argv", ["torture", "kills"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert torture.main() == 1
    shown = capsys.readouterr()
    counts = [cell.strip() for cell in shown.out.splitlines()[-1].split("|")][2:-2]
    assert counts == ["3", *("1" if one == fault else "0" for one in FAULTS)]
    command = "python -m tests.torture kills --seed 0 --only 2"
    assert f"{command}: {fault}: {type(error).__name__}: " in shown.err
    monkeypatch.setattr(sys, "argv", command.split()[2:])
    assert torture.main() == 1
    assert f"{type(error).__name__}: " in capsys.readouterr().out


def test_a_failure_of_the_short_form_is_repeated_in_the_short_form(monkeypatch, capsys):
    def short(numbers, seed):
        return [Failure("wrong", number, f"try {number}") for number in numbers if number == 1]

    monkeypatch.setattr(torture, "kind_of", lambda name: Kind(lambda numbers, seed: [], tries=3, few=2, short=short))
    monkeypatch.setattr(sys, "argv", ["torture", "leaks", "--short"])
    assert torture.main() == 1
    command = capsys.readouterr().err.partition(": ")[0]
    assert command == "python -m tests.torture leaks --short --seed 0 --only 1"
    monkeypatch.setattr(sys, "argv", command.split()[2:])
    assert torture.main() == 1
    assert capsys.readouterr().out == "try 1\n"


def test_the_seed_and_the_number_choose_the_streams(monkeypatch):
    tried = []
    monkeypatch.setattr(streams, "run_with_streams", lambda folder, *case: tried.append(case))
    for numbers, seed in (range(9), 0), (range(9), 1), ([4], 1):
        streams.KIND.run(numbers, seed)
    assert len({*tried[:18]}) > 9
    assert tried[18] == tried[13]


def test_the_long_form_tries_all_types_of_columns(monkeypatch):
    tried = []

    def results(*case):
        tried.append(case)
        return frames.Results(b"", b"", b"")

    monkeypatch.setattr(frames, "results", results)
    monkeypatch.setattr(frames, "expected", lambda: frames.Results(b"", b"", b""))
    monkeypatch.setattr(frames, "arrays", lambda number: None)
    assert frames.KIND.run(range(frames.KIND.tries), 0) == []
    assert {*tried} == {*frames.CASES}


@pytest.mark.parametrize("mountable", [True, False])
def test_each_try_of_a_full_disk_tries_something(mountable, monkeypatch):
    tried = []
    ways = [lambda name, rng, folder, k=k: tried.append(k) for k in range(4)]
    monkeypatch.setattr(full_disk, "WAYS", ways)
    monkeypatch.setattr(full_disk, "small_disk", ways[2])
    monkeypatch.setattr(full_disk, "may_mount", lambda: mountable)
    assert full_disk.KIND.run(range(12), 0) == []
    assert tried == ([0, 1, 2, 3] * 3 if mountable else [0, 1, 3] * 4)


def test_unknown_kinds_are_refused():
    done = run("none")
    assert done.returncode == 2
    assert "no kind is called none" in done.stderr
