from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer import Option

from ...plurals import counted
from ..common_options import AsJson, Quiet
from ..console import Console, print_json, print_table

if TYPE_CHECKING:
    from ...nn.engines import Engine

MIN_MEASURED_S = 0.03  # shorter runs are too short to time
TIME_LIMIT_S = 0.5  # for one cell, shape and engine: nine of each take nine seconds


class Shape(NamedTuple):
    """The sizes of a training step."""

    inputs: int
    hidden: int
    batch: int
    steps: int

    def __str__(self) -> str:
        return f"I{self.inputs} H{self.hidden} B{self.batch} T{self.steps}"


# a forecast of one short series, one of many series, and a network that keeps both engines busy
SHAPES = (Shape(1, 16, 32, 18), Shape(8, 64, 32, 100), Shape(16, 128, 64, 100))
Cells = Annotated[
    list[str] | None, Option("--cell", help="Cell to measure, may be repeated.", show_default="all cells")
]


def command(ctx: typer.Context, *, cell: Cells = None, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Measure the training speed on this machine: every cell, with the native engine and with NumPy.

    A step is forward pass, backward pass and Adam in float32, with I inputs, H hidden units, and B rows of T time
    steps. Other programs that run at the same time lower the speed.

    Example: unrolled bench
    """
    from ...nn.cells import CELLS, cell_named
    from ...nn.engines import ENGINES, active_engine

    console = Console(ctx, quiet)
    native: Any = ENGINES.get("native")
    threads = 1 if native is None else native.threads
    console.message(f"engine {active_engine().identity}, {counted(threads, 'thread')}; training steps per second\n")
    rows = []
    for kind in cell or sorted(CELLS):
        rule = cell_named(kind)
        for shape in SHAPES:
            fast = None if native is None else steps_per_s(native, rule, shape)
            plain = steps_per_s(ENGINES["numpy"], rule, shape)
            times = fast / plain if fast and plain else None
            rows.append({"cell": kind, "shape": str(shape), "native": fast, "numpy": plain, "times": times})
    if as_json:
        print_json(
            {
                "engine": active_engine().identity,
                "levels": [] if native is None else list(native.instruction_sets),
                "threads": threads,
                "measured": rows,
                "seconds": round(console.elapsed_s, 3),
            }
        )
    else:
        import pandas as pd

        table = pd.DataFrame(rows)
        for name in ("native", "numpy", "times"):
            table[name] = [None if v is None else float(f"{v:.3g}") for v in table[name]]
        print_table(table)
    console.message(f"\ntotal run time {console.elapsed_s:.1f} s")


def steps_per_s(engine: Engine, rule: type, shape: Shape) -> float | None:
    """Training steps per second of an engine; None if it has no kernel for this cell."""
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

    return 1 / fastest_s(steps)


def fastest_s(work: Callable[[int], None], clock: Callable[[], float] = time.perf_counter) -> float:
    """The shortest time of one call, in seconds: other programs on the machine only make it longer."""
    best, count, began = inf, 1, clock()
    while True:
        started = clock()
        work(count)
        now = clock()
        best = min(best, (now - started) / count)
        if now - began >= TIME_LIMIT_S:
            return best
        if now - started < MIN_MEASURED_S:
            count *= 4
