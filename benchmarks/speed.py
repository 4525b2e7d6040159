"""Measure the speed of unrolled and of other libraries on the same CPU, in one run.

    make bench                                          # everything, in an environment that has the other libraries
    python benchmarks/speed.py training --output speed.json

All contestants of a section run in one process and take turns, and so do its lines: if the machine is busy for a
moment, all are affected alike. A line shows medians of the times, and of the ratios within a turn. Numbers
are float32. The contestants are defined in contestants.py.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from measuring import Bench, Run, Target

# environment variables that make NumPy's BLAS take this CPU for another one
DISTURBING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
BUSY = 0.5  # load average of the last minute above which other programs disturb the measurement
CELLS = ("RNN", "GRU", "LSTM")
STOCK = 555  # windows of the stock demo


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

    def epochs_of(run: Run) -> Run:
        return lambda epochs: run(epochs * STOCK)

    runs = {
        "unrolled": fit,
        "torch": epochs_of(c.torch_training("RNN", shape, rows, "SGD")),
        "numpy": epochs_of(c.numpy_stock_epoch(shape, rows)),
        "jax": epochs_of(c.jax_training("RNN", shape, rows, "SGD", together=STOCK)),
    }
    (ratios,) = bench.measure("stock", {"one epoch, Network.fit": runs})
    for name, target in (("torch", Target(60, 110)), ("numpy", Target(20, 45)), ("jax", Target(2, 4))):
        bench.figure(f"stock epoch, {name} / unrolled", ratios[name], target)


def training(bench: Bench) -> None:
    """A training step: forward, backward, Adam."""
    import contestants as c

    lines = {}
    for cell in CELLS:
        for shape in shapes():
            rows = c.random_rows(shape)
            lines[f"{cell} {shape}"] = {
                "unrolled": c.unrolled_training(cell, shape, rows),
                "torch": c.torch_training(cell, shape, rows),
                "jax": c.jax_training(cell, shape, rows),
            }
    found = bench.measure("training", lines)
    compile_s = {what: runs["jax"].compile_s for what, runs in lines.items()}
    print(f"  JAX compiled each in {min(compile_s.values()):.1f} to {max(compile_s.values()):.1f} s, not counted.")
    bench.lines[-1]["jax_compile_s"] = compile_s
    torch = [ratios["torch"] for ratios in found]
    rival = [min(ratios["torch"], ratios["jax"]) for ratios in found]
    bench.figure("training step, torch / unrolled, worst", min(torch), Target(1.2, 1.5))
    bench.figure("training step, torch / unrolled, geometric mean", geometric_mean(torch), Target(5, 8))
    bench.figure("training step, faster rival / unrolled, worst", min(rival), Target(1.0, 1.3))
    bench.figure("training step, faster rival / unrolled, mean", geometric_mean(rival), Target(2, 3))


def arithmetic(bench: Bench) -> None:
    """The rate of multiplications and additions in a training step, as a share of NumPy's matrix product."""
    import contestants as c
    import numpy as np

    from unrolled.nn.engines import native

    roof = bench.threads * native.multiply_add_rate() / 1e9
    memory = copy_rate() / 1e9
    print(f"{bench.threads} cores that only multiply and add would reach {roof:.0f} Gflop/s,")
    print(f"one that only copies {memory:.0f} GB/s")

    a, b = np.random.default_rng(0).standard_normal((2, 2048, 2048), np.float32)

    def product(times: int) -> None:
        for _ in range(times):
            a @ b

    shape = c.Shape(32, 256, 64, 100)
    lines = {
        f"{cell} {shape}": {"unrolled": c.unrolled_training(cell, shape, c.random_rows(shape)), "product": product}
        for cell in ("GRU", "LSTM")
    }
    shares = []
    for gates, ratios, line in zip((3, 4), bench.measure("arithmetic", lines), bench.lines[-2:], strict=True):
        # forward: x and h times all gates; backward: dh, and the gradients of both weights
        once = shape.batch * shape.steps * gates * shape.hidden
        flops = 2 * once * (2 * (shape.inputs + shape.hidden) + shape.hidden)
        # written and read: h, the gates and q of a GRU, or h, c, the gates and tanh c of an LSTM; and four gradients
        kept = {3: 5, 4: 7}[gates]
        moved = 4 * shape.batch * shape.steps * shape.hidden * 2 * (kept + 4)
        ours = flops / line["median_ms"]["unrolled"] / 1e6
        theirs = 2 * 2048**3 / line["median_ms"]["product"] / 1e6
        print(f"  {ours:.0f} Gflop/s beside {theirs:.0f}: {100 * ours / roof:.0f} % of the roof", end="; ")
        print(f"{flops / moved:.0f} operations per byte of the values that the backward pass needs")
        line |= {"gflops": ours, "product_gflops": theirs, "roof_gflops": roof}
        line |= {"copy_gb_s": memory, "flops_per_byte": flops / moved}
        shares.append(100 * flops * ratios["product"] / (2 * 2048**3))
    bench.figure("arithmetic rate of a training step, % of a matrix product, worse", min(shares), Target(60, 80))


def copy_rate() -> float:
    """Bytes per second, read or written, of one core that copies arrays too large for the caches."""
    import numpy as np

    source = np.zeros(1 << 26, np.float32)
    copy = np.empty_like(source)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        np.copyto(copy, source)
        times.append(time.perf_counter() - began)
    return 2 * source.nbytes / min(times)


def inference(bench: Bench) -> None:
    """Inference on whole sequences, with the outputs of all steps."""
    import contestants as c

    lines = {}
    for cell in CELLS:
        for shape in shapes():
            x = c.random_rows(shape).x[: shape.batch]
            lines[f"{cell} {shape}"] = {
                "unrolled": c.unrolled_inference(cell, shape, x),
                "onnx": c.onnx_inference(cell, shape, x, bench.threads),
            }
    found = [ratios["onnx"] for ratios in bench.measure("inference", lines)]
    bench.figure("inference, ONNX Runtime / unrolled, worst", min(found), Target(1.0, 1.2))
    bench.figure("inference, ONNX Runtime / unrolled, geometric mean", geometric_mean(found), Target(1.5, 3))


def streaming(bench: Bench) -> None:
    """One step at a time from Python, 50 units, one row."""
    import contestants as c

    shape = c.Shape(1, 50, 1, 1)
    x = c.random_rows(shape).x[0]
    lines = {
        f"{cell} H50, one step": {
            "unrolled": c.unrolled_stream(cell, shape, x),
            "onnx": c.onnx_stream(cell, shape, x),
        }
        for cell in CELLS
    }
    found = [ratios["onnx"] for ratios in bench.measure("streaming", lines)]
    bench.figure("streaming step, ONNX Runtime / unrolled, worst", min(found), Target(1.5, 4))


def lengths(bench: Bench) -> None:
    """A batch of random lengths 1..T against the padded one."""
    import contestants as c
    import numpy as np

    shape = c.Shape(16, 128, 64, 100)
    rows = c.random_rows(shape)
    random = np.random.default_rng(0).integers(1, shape.steps, len(rows.x), endpoint=True)
    lines = {
        f"{cell} {shape}": {
            "unrolled": c.unrolled_training(cell, shape, rows, lengths=random),
            "padded": c.unrolled_training(cell, shape, rows),
        }
        for cell in CELLS
    }
    shares = [1 / ratios["padded"] for ratios in bench.measure("lengths", lines)]
    bench.figure("random lengths, share of the padded time, worst", max(shares), Target(0.65, 0.55, least=False))


def threads(bench: Bench) -> None:
    """Two threads against one."""
    import contestants as c
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController()

    def limited(run: Run, n: int) -> Run:
        def run_limited(units: int) -> None:
            with libraries.limit(limits=n, user_api="openmp"):
                run(units)

        return run_limited

    lines = {}
    for cell in CELLS:
        for shape in (c.Shape(16, 128, 32, 100), *shapes()[3:]):
            run = c.unrolled_training(cell, shape, c.random_rows(shape))
            lines[f"{cell} {shape}"] = {"unrolled": limited(run, bench.threads), "one thread": limited(run, 1)}
    found = [ratios["one thread"] for ratios in bench.measure("threads", lines)]
    bench.figure(f"{bench.threads} threads against one, worst", min(found), Target(1.7, 1.9))


def levels(bench: Bench) -> None:
    """AVX2 against AVX-512, if the machine has both."""
    import contestants as c

    from unrolled.nn.engines.native import INSTRUCTION_SETS, NativeEngine

    if "avx512" not in INSTRUCTION_SETS:
        print("this machine has no AVX-512.\n")
        return
    shape = c.Shape(16, 128, 64, 100)
    rows = c.random_rows(shape)
    lines = {
        f"{cell} {shape}": {
            "unrolled": c.unrolled_training(cell, shape, rows),
            "avx2": c.unrolled_training(cell, shape, rows, engine=NativeEngine("avx2")),
        }
        for cell in CELLS
    }
    shares = [ratios["avx2"] for ratios in bench.measure("levels", lines)]
    bench.figure("AVX2, share of AVX-512's time, worst", max(shares), Target(2.2, 1.8, least=False))


def keras(bench: Bench) -> None:
    """Keras's `Model.fit`, without a target."""
    import contestants as c

    shape = c.Shape(8, 64, 32, 100)
    rows = c.random_rows(shape)
    lines = {
        f"{cell} {shape}": {
            "unrolled": c.unrolled_training(cell, shape, rows),
            "keras": c.keras_training(cell, shape, rows),
        }
        for cell in CELLS
    }
    bench.measure("keras", lines)
    print()


BUSY_PROCESS = "while True: pass"
TRAINING_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
import contestants as c
shape = c.Shape(*map(int, sys.argv[3:]))
run = c.unrolled_training(sys.argv[2], shape, c.random_rows(shape))
while True:
    run(100)
"""


@contextmanager
def neighbours(*commands: list[str]) -> Iterator[Callable[[Run], Run]]:
    """Processes that only run during the runs that the returned function changes."""
    processes = [subprocess.Popen([sys.executable, "-c", *command]) for command in commands]

    def send(number: int) -> None:
        for process in processes:
            process.send_signal(number)

    def beside(run: Run) -> Run:
        def run_beside(units: int) -> None:
            send(signal.SIGCONT)
            run(units)
            send(signal.SIGSTOP)

        return run_beside

    time.sleep(5)  # until they have begun
    send(signal.SIGSTOP)
    try:
        yield beside
    finally:
        send(signal.SIGKILL)
        for process in processes:
            process.wait()


def contention(bench: Bench) -> None:
    """A training beside another one, and beside two processes that do nothing but compute, against alone."""
    import contestants as c

    worst = 0.0
    for cell, shape in (
        ("GRU", c.Shape(32, 32, 1, 40)),
        *((cell, shapes()[2]) for cell in CELLS),
        ("LSTM", shapes()[4]),
    ):
        run = c.unrolled_training(cell, shape, c.random_rows(shape))
        other = [TRAINING_PROCESS, str(Path(__file__).parent), cell, *map(str, shape)]
        with neighbours(other) as beside_training, neighbours([BUSY_PROCESS], [BUSY_PROCESS]) as beside_busy:
            line = {"unrolled": run, "another": beside_training(run), "two busy": beside_busy(run)}
            ratios = bench.measure("contention", {f"{cell} {shape}": line})[0]
        worst = max(worst, ratios["another"], ratios["two busy"])
    bench.figure("a training beside others, worst", worst, Target(2.5, 2.1, least=False))


SECTIONS = (stock, training, arithmetic, inference, streaming, lengths, threads, contention, levels, keras)


# --- the run -------------------------------------------------------------------------------------------------------


def in_process_of_its_own(section: str, options: argparse.Namespace, bench: Bench) -> None:
    """Run a section in its own process, because waiting threads of a library would disturb later sections."""
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
    """The machine and the versions that the numbers depend on."""
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
    parser.add_argument("--repeats", type=int, default=9, help="timed runs of each contestant (default: 9)")
    parser.add_argument("--wall-s", type=float, default=0.15, help="seconds of each run (default: 0.15)")
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
