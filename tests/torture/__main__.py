"""Try to break the library: kills, full disks, damaged files, signals, threads, extreme numbers and more.

    python -m tests.torture                           # all kinds, as `make torture` does; about half an hour
    python -m tests.torture kills signals --tries 50  # some kinds
    python -m tests.torture kills --only 17           # one try
    python -m tests.torture --short                   # few tries of all kinds, as the tests do

It prints one table, in which all columns but the tries and the seconds should be 0, and exits with 1 otherwise. A try
is a function of the seed and its number, apart from the moments at which processes are killed or get signals. The
seed has no effect on renames, frames, processes, leaks and contention, which go through their cases in a fixed order.
"""

from __future__ import annotations

import argparse
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "helpers"), str(ROOT / "benchmarks")]

from tests.torture.outcomes import FAULTS, HUNG_S, Failure, Run, kind_of, row, usual_signals  # noqa: E402

LANES = 2  # kinds that run at the same time
ALONE = ("contention",)  # kinds that measure times
KINDS = (  # the longest first
    "damaged_files", "kills", "streams", "signals", "renames", "leaks", "frames", "extremes", "full_disk", "tails",
    "obstacles", "threads", "processes", *ALONE,
)  # fmt: skip
HEAD = f"| kind | tried | {' | '.join(FAULTS)} | seconds |\n|{' --- |' * (len(FAULTS) + 3)}"


def run_of(name: str, short: bool) -> Run:
    """The long or the short form of a kind."""
    kind = kind_of(name)
    return (kind.short if short else None) or kind.run


def one(name: str, tries: int, first: int, seed: int, short: bool = False) -> tuple[str, bool]:
    """The row of one kind that runs in this process, and whether all is well."""
    began = time.monotonic()
    failures = run_of(name, short)(range(first, first + tries), seed)
    command = f"python -m tests.torture {name}{' --short' if short else ''} --seed {seed}"
    for failure in failures:
        print(f"{command} --only {failure.number}: {failure.fault}: {failure.text}", file=sys.stderr)
    return row(name, tries, failures, time.monotonic() - began), not failures


def in_a_process(name: str, tries: int, seed: int) -> tuple[str, bool]:
    """The row of one kind that runs in a process of its own, which may hang or die."""
    command = [sys.executable, "-m", "tests.torture", name, "--tries", str(tries), "--seed", str(seed)]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode in (0, 1) and lines[-1:] and lines[-1].startswith("|"):
        return lines[-1], done.returncode == 0
    died = [Failure("hung", 0, "")]  # a try that takes longer than `HUNG_S` ends the process
    print(f"{name}: a try took longer than {HUNG_S:.0f} s, or the process died ({done.returncode})", file=sys.stderr)
    return row(name, tries, died, time.monotonic() - began), False


def in_lanes(names: list[str], tries: int | None, seed: int) -> dict[str, tuple[str, bool]]:
    """The rows of several kinds, some at a time; those that measure times come last, alone."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    found: dict[str, tuple[str, bool]] = {}
    for name in names:
        if name not in ALONE:
            waiting.put(name)

    def run(name: str) -> None:
        found[name] = in_a_process(name, kind_of(name).tries if tries is None else tries, seed)
        print(found[name][0], file=sys.stderr, flush=True)

    def work() -> None:
        while True:
            try:
                run(waiting.get_nowait())
            except queue.Empty:
                return

    lanes = [threading.Thread(target=work) for _ in range(LANES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    for name in names:
        if name in ALONE:
            run(name)
    return found


def repeat(name: str, number: int, seed: int, short: bool) -> int:
    """Repeat one try and print its failure; 1 if there is one."""
    failures = run_of(name, short)([number], seed)
    print("\n".join(failure.text for failure in failures) or "nothing failed.")
    return int(bool(failures))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} (default: all)")
    parser.add_argument("--tries", type=int, help="number of tries of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first try")
    parser.add_argument("--only", type=int, help="repeat this try")
    parser.add_argument(
        "--short",
        action="store_true",
        help="few tries, one kind after the other in this process; with --only, a try of these",
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if unknown := set(given.kinds) - set(KINDS):
        parser.error(f"no kind is called {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
    if given.only is not None and len(given.kinds) != 1:
        parser.error("--only repeats a try of one kind; name it")
    return given


def main() -> int:
    given = arguments()
    usual_signals()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two kinds run at once; some set it for their own processes
    names = given.kinds or list(KINDS)
    if given.only is not None:
        return repeat(names[0], given.only, given.seed, given.short)
    if given.short:
        rows = {name: one(name, kind_of(name).few, 0, given.seed, True) for name in names if kind_of(name).few}
    elif len(names) == 1:
        tries = kind_of(names[0]).tries if given.tries is None else given.tries
        rows = {names[0]: one(names[0], tries, given.first, given.seed)}
    else:
        rows = in_lanes(names, given.tries, given.seed)
    print("\n".join([HEAD, *(rows[name][0] for name in names if name in rows)]))
    return int(not all(well for _, well in rows.values()))


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
