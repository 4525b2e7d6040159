"""How fast unrolled is, beside other libraries on the same CPU in one run.

    make bench                                          # everything, in an environment that has the others
    python benchmarks/speed.py training --output speed.json

All contestants of a line run in one process and take turns, so that a busy moment of the machine meets each of them;
a line shows medians. Numbers are float32. What each contestant does stands in contestants.py.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any, NamedTuple

# variables that make NumPy's BLAS take this CPU for another one
DISTURBING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
BUSY = 0.5  # load average of the last minute above which other work disturbs
CELLS = ("RNN", "GRU", "LSTM")
STOCK = 555  # windows of the stock demo


class Target(NamedTuple):
    """What is wanted of one figure; `least` False: it should be small."""

    must: float
    aim: float
    least: bool = True


class Bench:
    """Measures, prints and remembers."""

    def __init__(self, repeats: int, wall_s: float, threads: int) -> None:
        self.repeats, self.wall_s, self.threads = repeats, wall_s, threads
        self.lines: list[dict[str, Any]] = []
        self.figures: list[dict[str, Any]] = []

    def in_turns(self, runs: Mapping[str, Callable[[int], Any]]) -> dict[str, float]:
        """Median milliseconds of one unit of work of each; a run is called with how many units to do."""
        counts = {name: self._units(run) for name, run in runs.items()}
        found: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(self.repeats):
            for name, run in runs.items():
                run(
                    max(getattr(run, "together", 1), counts[name] // 4)
                )  # until the others' threads have gone to sleep
                began = time.perf_counter()
                run(counts[name])
                found[name].append(1e3 * (time.perf_counter() - began) / counts[name])
        self.lines.append({"units": counts, "raw_ms": found})
        return {name: median(values) for name, values in found.items()}

    def _units(self, run: Callable[[int], Any]) -> int:
        step = getattr(run, "together", 1)  # a run that can't do fewer
        run(step)
        units = step
        while True:
            began = time.perf_counter()
            run(units)
            took = time.perf_counter() - began
            if took > self.wall_s / 4:
                return max(step, round(units * self.wall_s / took / step) * step)
            units *= 2

    def line(self, section: str, what: str, ms: Mapping[str, float]) -> None:
        self.lines[-1] |= {"section": section, "what": what, "median_ms": dict(ms)}
        ours = ms["unrolled"]
        others = "  ".join(f"{name} {t:9.4f} ({t / ours:6.2f}x)" for name, t in ms.items() if name != "unrolled")
        print(f"{what:26} unrolled {ours:9.4f} ms  {others}", flush=True)

    def figure(self, what: str, value: float, target: Target) -> None:
        must, aim, least = target
        reached = [value >= wanted if least else value <= wanted for wanted in (must, aim)]
        verdict = "aim reached" if reached[1] else "holds" if reached[0] else "MISSED"
        self.figures.append({"what": what, "value": value, "must": must, "aim": aim, "verdict": verdict})
        sign = "≥" if least else "≤"
        print(f"  → {what}: {value:.2f} (must {sign} {must:g}, aim {sign} {aim:g}): {verdict}\n", flush=True)


def shapes() -> list[Any]:
    from contestants import Shape

    return [
        Shape(1, 50, 1, 50),
        Shape(1, 50, 32, 50),
        Shape(8, 64, 32, 100),
        Shape(16, 128, 64, 100),
        Shape(32, 256, 64, 100),
        Shape(64, 512, 64, 50),
    ]


# --- sections ------------------------------------------------------------------------------------------------------


def stock(bench: Bench) -> None:
    """One epoch of the stock demo: 555 windows of 50 days, one at a time, SGD."""
    import contestants as c
    import numpy as np

    import unrolled as un

    shape = c.Shape(1, 50, 1, 50)
    rng = np.random.default_rng(0)
    rows = c.Rows(
        rng.standard_normal((STOCK, 50, 1), np.float32),
        rng.standard_normal((STOCK, 1), np.float32),
    )
    net = un.Network([un.RNN(50), un.Last(), un.Dense(1)], 1)

    def fit(epochs: int) -> None:
        net.fit(*rows, optimizer=un.SGD(c.RATE), epochs=epochs, batch_size=1, clip_norm=None, verbose=0)

    def epochs_of(run: c.Run) -> c.Run:
        return lambda epochs: run(epochs * STOCK)

    jax = c.jax_training("RNN", shape, rows, "SGD", together=STOCK)
    ms = bench.in_turns(
        {
            "unrolled": fit,
            "torch": epochs_of(c.torch_training("RNN", shape, rows, "SGD")),
            "numpy": epochs_of(c.numpy_stock_epoch(shape, rows)),
            "jax": epochs_of(jax),
        }
    )
    bench.line("stock", "one epoch, Network.fit", ms)
    for name, target in (("torch", Target(60, 110)), ("numpy", Target(20, 45)), ("jax", Target(2, 4))):
        bench.figure(f"stock epoch, {name} / unrolled", ms[name] / ms["unrolled"], target)


def training(bench: Bench) -> None:
    """A training step: forward, backward, Adam."""
    import contestants as c

    compile_s, torch_ratios, rival_ratios = {}, [], []
    for cell in CELLS:
        for shape in shapes():
            rows = c.random_rows(shape)
            jax = c.jax_training(cell, shape, rows)
            compile_s[f"{cell} {shape}"] = jax.compile_s  # type: ignore[attr-defined]
            ms = bench.in_turns(
                {
                    "unrolled": c.unrolled_training(cell, shape, rows),
                    "torch": c.torch_training(cell, shape, rows),
                    "jax": jax,
                }
            )
            bench.line("training", f"{cell} {shape}", ms)
            torch_ratios.append(ms["torch"] / ms["unrolled"])
            rival_ratios.append(min(ms["torch"], ms["jax"]) / ms["unrolled"])
    print(f"  JAX compiled each in {min(compile_s.values()):.1f} to {max(compile_s.values()):.1f} s, not counted.")
    bench.lines[-1]["jax_compile_s"] = compile_s
    bench.figure("training step, torch / unrolled, worst", min(torch_ratios), Target(1.2, 1.5))
    bench.figure("training step, torch / unrolled, geometric mean", geometric_mean(torch_ratios), Target(5, 8))
    bench.figure("training step, faster rival / unrolled, worst", min(rival_ratios), Target(1.0, 1.3))
    bench.figure("training step, faster rival / unrolled, mean", geometric_mean(rival_ratios), Target(2, 3))


def arithmetic(bench: Bench) -> None:
    """The rate of multiplications and additions in a training step, as a share of NumPy's matrix product."""
    import contestants as c
    import numpy as np

    from unrolled.engines import native

    roof = bench.threads * native.multiply_add_rate() / 1e9
    print(f"{bench.threads} cores that only multiply and add would reach {roof:.0f} Gflop/s")

    a, b = np.random.default_rng(0).standard_normal((2, 2048, 2048), np.float32)

    def product(times: int) -> None:
        for _ in range(times):
            a @ b

    shape = c.Shape(32, 256, 64, 100)
    shares = []
    for cell, gates in (("GRU", 3), ("LSTM", 4)):
        # forward: x and h times all gates; backward: dh, and the gradients of both weights
        once = shape.batch * shape.steps * gates * shape.hidden
        flops = 2 * once * (2 * (shape.inputs + shape.hidden) + shape.hidden)
        ms = bench.in_turns(
            {"unrolled": c.unrolled_training(cell, shape, c.random_rows(shape)), "product": product},
        )
        bench.line("arithmetic", f"{cell} {shape}", ms)
        ours, theirs = flops / ms["unrolled"] / 1e6, 2 * 2048**3 / ms["product"] / 1e6
        print(f"  {ours:.0f} Gflop/s beside {theirs:.0f}: {100 * ours / roof:.0f} % of the roof")
        bench.lines[-1] |= {"gflops": ours, "product_gflops": theirs, "roof_gflops": roof}
        shares.append(100 * ours / theirs)
    bench.figure("arithmetic rate of a training step, % of a matrix product, worse", min(shares), Target(60, 80))


def inference(bench: Bench) -> None:
    """Whole sequences, outputs of all steps."""
    import contestants as c

    ratios = []
    for cell in CELLS:
        for shape in shapes():
            x = c.random_rows(shape).x[: shape.batch]
            ms = bench.in_turns(
                {
                    "unrolled": c.unrolled_inference(cell, shape, x),
                    "onnx": c.onnx_inference(cell, shape, x, bench.threads),
                }
            )
            bench.line("inference", f"{cell} {shape}", ms)
            ratios.append(ms["onnx"] / ms["unrolled"])
    bench.figure("inference, ONNX Runtime / unrolled, worst", min(ratios), Target(1.0, 1.2))
    bench.figure("inference, ONNX Runtime / unrolled, geometric mean", geometric_mean(ratios), Target(1.5, 3))


def streaming(bench: Bench) -> None:
    """One step at a time from Python, 50 units, one row."""
    import contestants as c

    ratios = []
    for cell in CELLS:
        shape = c.Shape(1, 50, 1, 1)
        x = c.random_rows(shape).x[0]
        ms = bench.in_turns(
            {"unrolled": c.unrolled_stream(cell, shape, x), "onnx": c.onnx_stream(cell, shape, x)},
        )
        bench.line("streaming", f"{cell} H50, one step", ms)
        ratios.append(ms["onnx"] / ms["unrolled"])
    bench.figure("streaming step, ONNX Runtime / unrolled, worst", min(ratios), Target(1.5, 4))


def lengths(bench: Bench) -> None:
    """A batch of random lengths 1..T against the padded one."""
    import contestants as c
    import numpy as np

    shares = []
    for cell in CELLS:
        shape = c.Shape(16, 128, 64, 100)
        rows = c.random_rows(shape)
        random = np.random.default_rng(0).integers(1, shape.steps, len(rows.x), endpoint=True)
        ms = bench.in_turns(
            {
                "unrolled": c.unrolled_training(cell, shape, rows, lengths=random),
                "padded": c.unrolled_training(cell, shape, rows),
            }
        )
        bench.line("lengths", f"{cell} {shape}", ms)
        shares.append(ms["unrolled"] / ms["padded"])
    bench.figure("random lengths, share of the padded time, worst", max(shares), Target(0.65, 0.55, least=False))


def threads(bench: Bench) -> None:
    """Two threads against one."""
    import contestants as c

    ratios = []
    for cell in CELLS:
        for shape in (c.Shape(16, 128, 32, 100), *shapes()[3:]):
            run = c.unrolled_training(cell, shape, c.random_rows(shape))
            ms = bench.in_turns({"unrolled": with_threads(run, bench.threads), "one thread": with_threads(run, 1)})
            bench.line("threads", f"{cell} {shape}", ms)
            ratios.append(ms["one thread"] / ms["unrolled"])
    bench.figure(f"{bench.threads} threads against one, worst", min(ratios), Target(1.7, 1.9))


def with_threads(run: Callable[[int], Any], n: int) -> Callable[[int], Any]:
    from threadpoolctl import threadpool_limits

    def limited(units: int) -> None:
        with threadpool_limits(n, user_api="openmp"):
            run(units)

    return limited


def levels(bench: Bench) -> None:
    """AVX2 against AVX-512, where the machine has both."""
    import contestants as c

    from unrolled.engines.native import LEVELS, NativeEngine

    if "avx512" not in LEVELS:
        print("this machine has no AVX-512.\n")
        return
    shares = []
    for cell in CELLS:
        shape = c.Shape(16, 128, 64, 100)
        narrow = c.unrolled_training(cell, shape, c.random_rows(shape), engine=NativeEngine("avx2"))
        ms = bench.in_turns({"unrolled": c.unrolled_training(cell, shape, c.random_rows(shape)), "avx2": narrow})
        bench.line("levels", f"{cell} {shape}", ms)
        shares.append(ms["avx2"] / ms["unrolled"])
    bench.figure("AVX2, share of AVX-512's time, worst", max(shares), Target(2.2, 1.8, least=False))


def keras(bench: Bench) -> None:
    """Keras's `Model.fit`, for the record."""
    import contestants as c

    for cell in CELLS:
        shape = c.Shape(8, 64, 32, 100)
        rows = c.random_rows(shape)
        ms = bench.in_turns(
            {"unrolled": c.unrolled_training(cell, shape, rows), "keras": c.keras_training(cell, shape, rows)}
        )
        bench.line("keras", f"{cell} {shape}", ms)
    print()


SECTIONS = (stock, training, arithmetic, inference, streaming, lengths, threads, levels, keras)


# --- the run -------------------------------------------------------------------------------------------------------


def in_process_of_its_own(section: str, options: argparse.Namespace, bench: Bench) -> None:
    """Threads that a library keeps waiting would disturb the sections after it."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "section.json"
        command = [sys.executable, __file__, section, "--output", str(output), "--repeats", str(options.repeats)]
        command += ["--wall-s", str(options.wall_s), "--threads", str(options.threads)]
        found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if found.returncode not in (0, 1):
            raise SystemExit(f"the section {section} failed: run `{' '.join(command)}` to see why.")
        print("\n".join(found.stdout.splitlines()[2:]).rpartition("\n\n")[0], end="\n\n", flush=True)
        measured = json.loads(output.read_text(encoding="utf-8"))
    bench.lines += measured["lines"]
    bench.figures += measured["figures"]


def machine(n_threads: int) -> dict[str, Any]:
    """What the numbers depend on."""
    from importlib.metadata import version

    import unrolled as un

    names = ("torch", "jax", "onnxruntime", "keras", "numpy")
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_average": os.getloadavg()[0],
        "threads": n_threads,
        "engine": un.active_engine().identity,
        "versions": {"unrolled": un.__version__, **{name: version(name) for name in names}}
        | {"python": platform.python_version()},
    }


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [section.__name__ for section in SECTIONS]
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(known)} (default: all)")
    parser.add_argument("--output", type=Path, help="write everything measured to this JSON file")
    parser.add_argument("--repeats", type=int, default=7, help="timed runs of each contestant (default: 7)")
    parser.add_argument("--wall-s", type=float, default=0.25, help="seconds of each run (default: 0.25)")
    parser.add_argument("--threads", type=int, default=2, help="threads of each library (default: 2)")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(known):
        parser.error(f"no section is called {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return options


def main() -> int:
    options = arguments()
    if disturbing := [name for name in DISTURBING if name in os.environ]:
        unset = " ".join(f"-u {name}" for name in disturbing)
        print(
            f"{', '.join(disturbing)} is set: NumPy's BLAS would not run as it does for users, and the comparison "
            f"would not be fair. Run it as: env {unset} {' '.join(sys.orig_argv)}",
            file=sys.stderr,
        )
        return 2
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read once, when a library is imported
        os.environ[name] = str(options.threads)
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
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
        print(f"{facts['cpu']}, {facts['threads']} threads, {facts['engine']}, {facts['versions']}\n")
        bench = Bench(options.repeats, options.wall_s, options.threads)
        chosen = [s for s in SECTIONS if not options.sections or s.__name__ in options.sections]
        for section in chosen:
            if len(chosen) == 1:
                print(f"{section.__name__}: {section.__doc__}")
                section(bench)
            else:
                in_process_of_its_own(section.__name__, options, bench)
        print("\n".join(f"{f['verdict']:12} {f['value']:8.2f}  {f['what']}" for f in bench.figures))
        if file:
            facts["wall_s_of_a_run"] = options.wall_s
            json.dump({"machine": facts, "figures": bench.figures, "lines": bench.lines}, file, indent=1)
    return int(any(f["verdict"] == "MISSED" for f in bench.figures))


if __name__ == "__main__":
    sys.exit(main())
