from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from .. import model_options as opt
from ..console import give_json, give_table

if TYPE_CHECKING:
    from ...nn.engines import Engine

LEAST_S = 0.03  # what is timed takes at least that long
ALLOWED_S = 0.5  # for one cell, shape and engine: nine of each take nine seconds


class Shape(NamedTuple):
    """Of what a step trains on."""

    inputs: int
    hidden: int
    batch: int
    steps: int

    def __str__(self) -> str:
        return f"I{self.inputs} H{self.hidden} B{self.batch} T{self.steps}"


# a forecast of one short series, of many, and a network that keeps both engines busy
SHAPES = (Shape(1, 16, 32, 18), Shape(8, 64, 32, 100), Shape(16, 128, 64, 100))


def command(
    cell: Annotated[list[str] | None, typer.Option(help="Cells to measure; all by default. May be repeated.")] = None,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Measure how fast this machine trains: every cell, the native engine beside NumPy.

    A step is forward, backward and Adam in float32; I inputs, H hidden units, B rows of T time steps. Whatever else
    runs on the machine slows it down.

    Example: unrolled bench
    """
    from ...nn.cells import CELLS, cell_named
    from ...nn.engines import ENGINES, active_engine

    began = time.perf_counter()
    talk = opt.talker(quiet)
    native: Any = ENGINES.get("native")
    threads = 1 if native is None else native.threads
    talk(f"engine {active_engine().identity}, {threads} thread(s); training steps a second\n")
    rows = []
    for kind in cell or sorted(CELLS):
        rule = cell_named(kind)
        for shape in SHAPES:
            fast = None if native is None else steps_per_s(native, rule, shape)
            plain = steps_per_s(ENGINES["numpy"], rule, shape)
            times = fast / plain if fast and plain else None
            rows.append({"cell": kind, "shape": str(shape), "native": fast, "numpy": plain, "times": times})
    wall_s = time.perf_counter() - began
    if as_json:
        give_json(
            {
                "engine": active_engine().identity,
                "levels": [] if native is None else list(native.instruction_sets),
                "threads": threads,
                "measured": rows,
                "seconds": round(wall_s, 3),
            }
        )
    else:
        show(rows)
    talk(f"\n{wall_s:.1f} s")


def show(rows: Sequence[dict[str, Any]]) -> None:
    import pandas as pd

    table = pd.DataFrame(rows)
    for name in ("native", "numpy", "times"):
        table[name] = [None if v is None else float(f"{v:.3g}") for v in table[name]]
    give_table(table)


def steps_per_s(engine: Engine, rule: type, shape: Shape) -> float | None:
    """Training steps a second of an engine; None where it has no kernel for this cell."""
    import numpy as np

    from ...nn.datasets import Arrays
    from ...nn.engines import Job
    from ...nn.layers import Dense, Last
    from ...nn.losses import loss_named
    from ...nn.network import Network
    from ...nn.optimizers import Adam

    net = Network([rule(shape.hidden), Last(), Dense(1)], shape.inputs)
    x = np.linspace(-1, 1, shape.batch * shape.steps * shape.inputs, dtype=np.float32)
    x = x.reshape(shape.batch, shape.steps, shape.inputs)
    optimizer, loss = Adam(1e-4), loss_named("mse")
    if engine.missing(net.program, loss, optimizer) is not None:
        return None
    job = Job(net.program, Arrays(x, x.mean(axis=1)[:, :1]), loss, optimizer, shape.batch, 1.0, 0)
    params = net.parameters.copy()
    state = optimizer.start(params)

    def steps(count: int) -> None:
        order = np.tile(np.arange(shape.batch), count)
        engine.train(job, params, state, order, 0, 0, np.full(count, 1e-4))

    return 1 / seconds_each(steps)


def seconds_each(work: Callable[[int], None], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that one piece of work takes at its fastest: whatever else runs on a machine only makes it slower."""
    best, count, began = inf, 1, clock()
    while True:
        started = clock()
        work(count)
        now = clock()
        best = min(best, (now - started) / count)
        if now - began >= ALLOWED_S:
            return best
        if now - started < LEAST_S:  # too short to time
            count *= 4
