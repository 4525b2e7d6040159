"""The timing of contestants, which take turns, and the record of the times."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

Run = Callable[[int], Any]  # does this many units of work
Runs = Mapping[str, Run]  # by contestant, unrolled first


REST_S = 0.1  # in which the waiting threads of other libraries go to sleep


class Target(NamedTuple):
    """The requirement and the aim for a figure: lower limits, or upper limits if `least` is False."""

    must: float
    aim: float
    least: bool = True


class Bench:
    """Measures, prints and records."""

    def __init__(self, repeats: int, wall_s: float, threads: int) -> None:
        self.repeats, self.wall_s, self.threads = repeats, wall_s, threads
        self.lines: list[dict[str, Any]] = []
        self.figures: list[dict[str, Any]] = []

    def measure(self, section: str, lines: Mapping[str, Runs]) -> list[dict[str, float]]:
        """The ratio of each contestant's time to that of unrolled, line by line."""
        counts = {what: {name: self._units(run) for name, run in runs.items()} for what, runs in lines.items()}
        raw: dict[str, dict[str, list[float]]] = {what: {name: [] for name in runs} for what, runs in lines.items()}
        for turn in range(self.repeats):
            for what, runs in lines.items():
                for name in list(runs)[:: -1 if turn % 2 else 1]:
                    raw[what][name].append(self._time(runs[name], counts[what][name]))
        found = []
        for what, times in raw.items():
            ms = {name: median(t) for name, t in times.items()}
            pairs = {name: zip(t, times["unrolled"], strict=True) for name, t in times.items()}
            ratios = {name: median(theirs / ours for theirs, ours in pair) for name, pair in pairs.items()}
            self.lines.append({"section": section, "what": what, "units": counts[what], "raw_ms": times})
            self.lines[-1] |= {"median_ms": ms, "ratios": ratios}
            others = "  ".join(f"{name} {t:9.4f} ({ratios[name]:6.2f}x)" for name, t in list(ms.items())[1:])
            print(f"{what:26} unrolled {ms['unrolled']:9.4f} ms  {others}", flush=True)
            found.append(ratios)
        return found

    def _time(self, run: Run, units: int) -> float:
        """Milliseconds per unit."""
        time.sleep(REST_S)
        run(max(getattr(run, "together", 1), units // 4))  # warm up again
        began = time.perf_counter()
        run(units)
        return 1e3 * (time.perf_counter() - began) / units

    def _units(self, run: Run) -> int:
        step = getattr(run, "together", 1)  # some runs can't do fewer
        run(step)
        units = step
        while True:
            began = time.perf_counter()
            run(units)
            took = time.perf_counter() - began
            if took > self.wall_s / 4:
                return max(step, round(units * self.wall_s / took / step) * step)
            units *= 2

    def figure(self, what: str, value: float, target: Target) -> None:
        must, aim, least = target
        reached = [value >= wanted if least else value <= wanted for wanted in (must, aim)]
        verdict = "aim reached" if reached[1] else "holds" if reached[0] else "MISSED"
        self.figures.append({"what": what, "value": value, "must": must, "aim": aim, "verdict": verdict})
        sign = "≥" if least else "≤"
        print(f"  → {what}: {value:.2f} (must {sign} {must:g}, aim {sign} {aim:g}): {verdict}\n", flush=True)
