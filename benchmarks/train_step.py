"""Time of one training step (forward, backward, Adam), unrolled beside PyTorch on the same CPU.

    make bench                                                   # or, with an environment that has torch:
    python benchmarks/train_step.py --output train_step.json     # the raw repeats as well

Both run in one process and take turns, so that a busy moment of the machine meets both. The network is a recurrent
layer, its last step, and a linear layer; the loss is the squared error; float32.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple


class Shape(NamedTuple):
    inputs: int
    hidden: int
    batch: int
    steps: int

    def __str__(self) -> str:
        return f"I{self.inputs} H{self.hidden} B{self.batch} T{self.steps}"


SHAPES = [
    Shape(1, 50, 1, 50),
    Shape(1, 50, 32, 50),
    Shape(8, 64, 32, 100),
    Shape(16, 128, 64, 100),
    Shape(32, 256, 64, 100),
    Shape(64, 512, 64, 50),
]
CELLS = ("RNN", "GRU", "LSTM")
BATCHES = 16  # different batches of data; a run goes round them
RATE = 1e-3
BUSY = 0.5  # load average of the last minute above which other work disturbs
# variables that make NumPy's BLAS take this CPU for another one
DISTURBING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")

Run = Callable[[int], None]  # does so many training steps


def unrolled_run(cell: str, shape: Shape, x: Any, y: Any) -> Run:
    """Steps by the engine in use, many to a call, as `Network.fit` asks for them."""
    import numpy as np

    import unrolled as un
    from unrolled.data import Arrays
    from unrolled.engines import Job
    from unrolled.losses import MSE

    net = un.Network([getattr(un, cell)(shape.hidden), un.Last(), un.Dense(1)], shape.inputs)
    job = Job(net.program, Arrays(x, y), MSE(), un.Adam(RATE), shape.batch, clip_norm=None, seed=0)
    state, order, engine = job.optimizer.start(net.parameters), np.arange(len(x)), un.active_engine()

    def run(steps: int) -> None:
        for first in range(0, steps, BATCHES):
            rates = np.full(min(BATCHES, steps - first), RATE)
            engine.train(job, net.parameters, state, order, 0, 0, rates)

    return run


def torch_run(cell: str, shape: Shape, x: Any, y: Any) -> Run:
    """Steps as PyTorch's own examples write them; the batches are ready tensors."""
    import torch
    from torch import nn

    recurrent = getattr(nn, cell)(shape.inputs, shape.hidden, batch_first=True)
    dense, loss = nn.Linear(shape.hidden, 1), nn.MSELoss()
    optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()], lr=RATE)
    batches = list(zip(torch.from_numpy(x).split(shape.batch), torch.from_numpy(y).split(shape.batch), strict=True))

    def run(steps: int) -> None:
        for step in range(steps):
            inputs, target = batches[step % BATCHES]
            optimizer.zero_grad()
            output, _ = recurrent(inputs)
            loss(dense(output[:, -1]), target).backward()
            optimizer.step()

    return run


def steps_within(run: Run, wall_s: float) -> int:
    """How many steps fill this time; it warms up on the way."""
    run(2)
    steps = 1
    while True:
        began = time.perf_counter()
        run(steps)
        took = time.perf_counter() - began
        if took > wall_s / 4:
            return max(1, round(steps * wall_s / took))
        steps *= 2


def measure(cell: str, shape: Shape, repeats: int, wall_s: float) -> dict[str, list[float]]:
    """Milliseconds a step in each repeat, the two libraries in turn."""
    import numpy as np

    rng = np.random.default_rng(0)
    rows = shape.batch * BATCHES
    x = rng.standard_normal((rows, shape.steps, shape.inputs), np.float32)
    y = rng.standard_normal((rows, 1), np.float32)
    runs = {"unrolled": unrolled_run(cell, shape, x, y), "torch": torch_run(cell, shape, x, y)}
    steps = {name: steps_within(run, wall_s) for name, run in runs.items()}
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            began = time.perf_counter()
            run(steps[name])
            found[name].append(1e3 * (time.perf_counter() - began) / steps[name])
    return found


def machine(threads: int) -> dict[str, Any]:
    """What the numbers depend on."""
    import numpy as np
    import torch

    import unrolled as un

    models = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_average": os.getloadavg()[0],
        "threads": threads,
        "engine": un.active_engine().name,
        "versions": {
            "unrolled": un.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="write everything measured to this JSON file")
    parser.add_argument("--repeats", type=int, default=7, help="timed runs of each library (default: 7)")
    parser.add_argument("--wall-s", type=float, default=0.3, help="seconds of each run (default: 0.3)")
    parser.add_argument("--threads", type=int, default=2, help="threads of each library (default: 2)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    disturbing = [name for name in DISTURBING if name in os.environ]
    if disturbing:
        unset = " ".join(f"-u {name}" for name in disturbing)
        print(
            f"{', '.join(disturbing)} is set: NumPy's BLAS would not run as it does for users, and the comparison "
            f"would not be fair. Run it as: env {unset} {' '.join(sys.orig_argv)}",
            file=sys.stderr,
        )
        return 2
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read once, when NumPy is imported
        os.environ[name] = str(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    with options.output.open("w", encoding="utf-8") if options.output else nullcontext() as file:
        facts = machine(options.threads)
        if facts["load_average"] > BUSY:
            print(
                f"the machine is busy (load average {facts['load_average']:.1f}): threads that wait for one another "
                "then wait for others too, and the times below mean little.",
                file=sys.stderr,
            )
        print(f"{facts['cpu']}, {facts['threads']} threads, engine {facts['engine']}, {facts['versions']}")
        print(f"{'cell':5} {'shape':20} {'unrolled ms':>12} {'torch ms':>12} {'torch / unrolled':>17}")
        results = []
        for cell in CELLS:
            for shape in SHAPES:
                found = measure(cell, shape, options.repeats, options.wall_s)
                ours, theirs = median(found["unrolled"]), median(found["torch"])
                print(f"{cell:5} {shape!s:20} {ours:12.3f} {theirs:12.3f} {theirs / ours:17.2f}", flush=True)
                medians = {"unrolled_ms": ours, "torch_ms": theirs}
                results.append({"cell": cell, **shape._asdict(), **medians, "raw_ms": found})
        if file:
            json.dump({"machine": facts, "wall_s_of_a_run": options.wall_s, "results": results}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
