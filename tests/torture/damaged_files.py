"""Damaged and hostile model files: each gives a finite answer or an `UnrolledError`, in little time and memory.

Models and checkpoints are damaged at random, read in a process of their own, and used if they could be read. Damage
of bytes must be refused. Damage of the JSON and of the arrays gets a new checksum, so that the checks behind the
checksum are tested.
"""

from __future__ import annotations

import contextlib
import copy
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars

import unrolled as un
from unrolled import storage
from unrolled.cli.saved_models import describe_model

from .outcomes import Failure, Kind, Run

MAX_SECONDS = 2.0  # of processor time, for reading a file and using it
HUNG_S = 30.0  # after so long a process is ended
MAX_GROWTH = 500 * 2**20  # of a process, in bytes


# --- files ------------------------------------------------------------------------------------------


def table(periods: int = 70, series: str = "ab", freq: str = "D", start: str = "2024-01-01") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for name in series:
        part = pd.DataFrame({"unique_id": name, "ds": pd.date_range(start, periods=periods, freq=freq)})
        part["y"] = 50 + 10 * np.sin(np.arange(periods) * 2 * np.pi / 7) + rng.normal(size=periods)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def known_ahead() -> pd.DataFrame:
    days, rng = table(), np.random.default_rng(1)
    days["price"], days["sky"] = rng.uniform(1, 2, len(days)), rng.choice(["blue", "grey"], len(days))
    days["shop"] = days["unique_id"]
    days["size"] = days["unique_id"].map({"a": 0.0, "b": 1.0})
    days["weight"] = days["size"] + 1
    days.loc[days.groupby("unique_id").cumcount() >= 66, "y"] = np.nan
    return days


def frequencies() -> pd.DataFrame:
    return pd.concat([table(60, "a", "MS", "2018-01-01"), table(50, "q", "QS", "2006-01-01")])


def zoned() -> pd.DataFrame:
    hours = table(24 * 14, "a", "h")[["ds", "y"]]
    return hours[hours["ds"].dt.hour.between(8, 19)].reset_index(drop=True)


def numbered() -> pd.DataFrame:
    return table().assign(ds=lambda t: t.groupby("unique_id").cumcount())


def quick(horizon: int = 4, **options: Any) -> un.Forecaster:
    return un.Forecaster(horizon, **{"steps": 3, "ensemble": 2, "hidden": 4, "verbose": 0} | options)


ROLES = {"past_cols": ["sky"], "future_cols": ["price"], "static_cols": ["shop", "size"], "weight_col": "weight"}
AVERAGE = {"combine": {"Naive2": 0.2, "Theta": 0.1}, "season": 7, "scaling": ["level", "trend", "season"]}
TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "known ahead": known_ahead,
    "frequencies": frequencies,
    "zoned": zoned,
    "counts": lambda: table(series="a").assign(y=lambda t: (t["y"] / 10).round()),
    "recursive": table,
    "averaged": numbered,
    "searched": lambda: table(40),
}
FORECASTERS: dict[str, Callable[[pd.DataFrame], un.Forecaster]] = {
    "known ahead": lambda df: quick(calendar=True).fit(df, **ROLES),
    "frequencies": lambda df: quick(ensemble=1).fit(df),
    "zoned": lambda df: quick(ensemble=1, zone="Europe/Berlin", open="08:00-20:00").fit(df),
    "counts": lambda df: quick(likelihood="negative_binomial", ensemble=1).fit(df),
    "recursive": lambda df: quick(reach=3, likelihood="normal", ensemble=1).fit(df),
    "averaged": lambda df: quick(**AVERAGE).fit(df),
    "searched": lambda df: un.Forecaster(4, cell="auto", max_trials=4, verbose=0, batch_size=8).fit(df),
}
NETWORKS: dict[str, Callable[[], un.Network]] = {
    "deep": lambda: un.Network(
        [un.GRU(3), un.Dropout(0.1), un.LSTM(2), un.RNN(2), un.Last(), un.Dense((2, 3), "tanh")], 2
    ),
    "codes": lambda: un.Network([un.Embedding(5, 3), un.GRU(2, "before"), un.Dense(1)], 1),
}
CHECKPOINT = "checkpoint"
NAMES = (*FORECASTERS, *NETWORKS, CHECKPOINT)
X = np.linspace(-1, 1, 60).reshape(6, 5, 2)


def trained(checkpoint: str | os.PathLike[str], epochs: int = 3) -> Any:
    """A training that writes a checkpoint, or resumes it."""
    net = un.Network([un.GRU(2), un.Last(), un.Dense(1)], 2)
    stop = un.EarlyStopping(5)
    calls: Iterator[int] = iter(range(99))
    # the first run is interrupted after two epochs, so that the second one has something to resume
    stops = [lambda end: next(calls) == 1] if not os.path.exists(checkpoint) else []
    options = {"epochs": epochs, "early_stopping": stop, "validation": 0.34, "callbacks": stops, "verbose": 0}
    return net.fit(X, X[:, 0, :1], checkpoint=checkpoint, **options)


def write_files(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if name == CHECKPOINT:
            trained(folder / name)
        else:
            model = NETWORKS[name]() if name in NETWORKS else FORECASTERS[name](TABLES[name]())
            model.save(folder / name)


# --- damage -----------------------------------------------------------------------------------------

NUMBERS = [-1, 0, 1, 2, 3, 7, 1000, 10_000, 10**6, 10**7, 10**9, 2**31, 2**53, 2**63 - 1, 2**64, 10**30, 0.5, -0.5]
NUMBERS += [1e-300, 1e300, -1e300, float("nan"), float("inf"), float("-inf")]
TEXTS = [
    "",
    "x",
    "month",
    "fixed",
    "integer",
    "normal",
    "poisson",
    "level",
    "lstm",
    "auto",
    "a" * 10_000,
    "\0",
    "é🎉",
]
TEXTS += [
    "2020-01-01",
    "polars",
    "pyarrow",
    "dask",
    "datetime64[s]",
    "category",
    "S1000000000",
    "direct",
    "recurrent",
]
OTHERS: list[Any] = [None, True, False, [], {}, [1], [[]], ["x"], {"x": 1}, [0] * 10_000, [[[[[[]]]]]]]
DEEP = 100_000  # brackets within each other


class File(NamedTuple):
    """The parts of a model file."""

    header: dict[str, Any]  # without metadata
    metadata: dict[str, str]
    content: Any
    arrays: bytes

    @classmethod
    def of(cls, data: bytes) -> File:
        begin = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:begin])
        metadata = header.pop("__metadata__")
        return cls(header, metadata, json.loads(metadata["unrolled"]), data[begin:])

    def written(self, text: str | None = None, header: str | None = None) -> bytes:
        """The file with a valid checksum; `text` and `header` are given where JSON can't hold the damage."""
        text = json.dumps(self.content) if text is None else text
        metadata = {**self.metadata, "checksum": storage.NO_CHECKSUM, "unrolled": text}
        header = json.dumps({"__metadata__": metadata, **self.header}) if header is None else header
        raw = header.encode("utf-8", "surrogatepass")
        raw += b" " * (-len(raw) % 8)
        return storage.with_checksum(len(raw).to_bytes(8, "little") + raw + self.arrays)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values within a JSON value; of long lists the first three and the last."""
    yield place
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*place, key))
    elif isinstance(value, list):
        for k in sorted({*range(min(len(value), 3)), len(value) - 1} - {-1}):
            yield from places(value[k], (*place, k))


def at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def choose(rng: np.random.Generator, values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def other_value(rng: np.random.Generator, old: Any) -> Any:
    """Another value in place of this one: of another type, scaled, or a neighbour."""
    if isinstance(old, (int, float)) and rng.random() < 0.4:
        factor = choose(rng, [-1, 0.5, 2, 10, 1000])
        whole = int(old * factor) if np.isfinite(old) else 0  # damage of damage
        return choose(rng, [old + 1, old - 1, old * factor, whole, float(old), str(old), not old])
    if isinstance(old, str) and rng.random() < 0.3:
        return choose(rng, [old + old, old[:-1], old.upper(), [old], old.encode().hex()])
    if isinstance(old, list) and old and rng.random() < 0.5:
        return choose(
            rng, [old + old, old[:-1], old[::-1], [old], old * 1000, old[:1], dict(enumerate(map(str, old)))]
        )
    return choose(rng, [choose(rng, NUMBERS), choose(rng, TEXTS), choose(rng, OTHERS)])


def damage_content(rng: np.random.Generator, file: File, times: int = 1) -> bytes:
    """Values of the content deleted, replaced, exchanged or added."""
    for _ in range(times):
        found = [place for place in places(file.content) if place]
        place = choose(rng, found)
        parent, key = at(file.content, place[:-1]), place[-1]
        kind = rng.random()
        if kind < 0.15:
            del parent[key]
        elif kind < 0.25:
            parent[key] = copy.deepcopy(at(file.content, choose(rng, found)))
        elif kind < 0.3 and isinstance(parent, dict):
            parent[choose(rng, ["x", f"{key}x", "kind", "season", "rows"])] = copy.deepcopy(other_value(rng, None))
        else:
            parent[key] = copy.deepcopy(other_value(rng, parent[key]))
    return file.written()


def damage_text(rng: np.random.Generator, file: File) -> bytes:
    """JSON that no writer of JSON would give: deep nesting, repeated keys, endless numbers, cut texts."""
    text = json.dumps(file.content)
    place = int(rng.integers(len(text)))
    scalar = choose(
        rng, ["1e999", "-1e999", "NaN", "1" * 5000, "0." + "1" * 5000, "1e-999", "\\ud800", "01", "[" * DEEP]
    )
    changes = [
        text[:place],
        text[:place] + text[place + 1 :],
        text[:place] + choose(rng, list('{}[]",:019\\')) + text[place + 1 :],
        text[:-1] + f', "{choose(rng, list(file.content))}": {scalar}}}',
        text.replace(str(choose(rng, [1, 2, 3, 4, 7])), scalar, 1),
        text.replace(": ", f': {"[" * DEEP}{"]" * DEEP}, "x": ', 1),
        text.replace(": ", f': {"[" * 900}{"]" * 900}, "x": ', 1),
    ]
    return file.written(text=choose(rng, changes))


def damage_header(rng: np.random.Generator, file: File) -> bytes:
    """Types, shapes, places and names of arrays changed, and arrays exchanged."""
    name, other = choose(rng, list(file.header)), choose(rng, list(file.header))
    entry = file.header[name]
    shape = entry["shape"]
    kind = int(rng.integers(9))
    if kind == 0:
        entry["dtype"] = choose(rng, ["F64", "F32", "F16", "BF16", "I64", "U64", "I32", "U8", "BOOL", "C64", "X"])
    elif kind == 1:
        entry["shape"] = choose(
            rng, [shape[::-1], [*shape, 1], [1, *shape], shape[1:], [], [0], [2**62, 4], [-1], None]
        )
    elif kind == 2:
        entry["data_offsets"] = choose(rng, [[0, 0], [0, 8], [8, 0], [0, 2**63], [1, 9], [len(file.arrays)] * 2])
    elif kind == 3:
        del file.header[name]
    elif kind == 4:
        file.header[name], file.header[other] = file.header[other], file.header[name]
    elif kind == 5:
        file.header[choose(rng, [name + "x", "x", "network.0", "network.99"])] = file.header.pop(name)
    elif kind == 6:
        same = [n for n, e in file.header.items() if e["dtype"] == entry["dtype"] and e["shape"] == shape]
        other = choose(rng, same)
        file.header[name], file.header[other] = file.header[other], file.header[name]
    elif kind == 7:
        extra = {f"x{k}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for k in range(10_000)}
        file.header.update(extra)
    else:
        text = json.dumps({"__metadata__": {"unrolled": json.dumps(file.content)}, **file.header})
        return file.written(
            header=choose(rng, [text[:-1], text.replace("shape", "Shape", 1), "[" * DEEP, "{}", text * 2])
        )
    return file.written()


def damage_values(rng: np.random.Generator, file: File) -> bytes:
    """Values of an array replaced."""
    name = choose(rng, list(file.header))
    entry = file.header[name]
    begin, end = entry["data_offsets"]
    kinds = {"F64": np.float64, "F32": np.float32, "I64": np.int64, "BOOL": np.uint8}
    values = np.frombuffer(file.arrays[begin:end], kinds[entry["dtype"]]).copy()
    some = rng.random(len(values)) < choose(rng, [0.01, 0.2, 1.0])
    with np.errstate(all="ignore"):
        drawn = rng.integers(-9, 9, len(values)).astype(values.dtype)
        changes = [-values, values[::-1], values * values.dtype.type(100), values * 0, drawn, values + 1]
        if values.dtype.kind == "f":
            tiny, huge = (1e-300, 1e300) if values.itemsize == 8 else (1e-38, 1e38)
            changes += [np.full(len(values), c) for c in (np.nan, np.inf, -np.inf, huge, -huge, tiny)]
            changes += [values.view(f"u{values.itemsize}").byteswap().view(values.dtype)]
        if values.dtype == np.int64:
            changes += [np.full(len(values), c) for c in (2**62, -(2**62), 2**63 - 1, -(2**63))]
        values[some] = choose(rng, changes)[some].astype(values.dtype)
    return file._replace(arrays=file.arrays[:begin] + values.tobytes() + file.arrays[end:]).written()


def damage_bytes(rng: np.random.Generator, data: bytes) -> bytes:
    """Bits flipped, blocks lost, exchanged or overwritten, the end torn off: the checksum stays as it was."""
    changed, size = bytearray(data), len(data)
    one, other = sorted(int(k) for k in rng.integers(size, size=2))
    kind = int(rng.integers(7))
    if kind == 0:
        del changed[one:]
    elif kind == 1:
        del changed[one : other + 1]
    elif kind == 2:
        changed[one : other + 1] = bytes(other + 1 - one)
    elif kind == 3:
        changed += rng.bytes(int(rng.integers(1, 100)))
    elif kind == 4:
        changed[one:other], changed[other:] = changed[other:], changed[one:other]
    for _ in range(int(rng.integers(1, 4)) if kind > 4 or changed == data else 0):
        changed[int(rng.integers(size))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


DAMAGES: dict[str, Callable[[np.random.Generator, File], bytes]] = {
    "content": damage_content,
    "contents": lambda rng, file: damage_content(rng, file, times=3),
    "text": damage_text,
    "header": damage_header,
    "values": damage_values,
}
SHARES = {"bytes": 0.25, "content": 0.4, "contents": 0.05, "text": 0.05, "header": 0.1, "values": 0.15}


class Try(NamedTuple):
    """One try."""

    name: str  # of the file
    kind: str  # of the damage
    rng: np.random.Generator  # of the damage

    @classmethod
    def of(cls, number: int, seed: int, names: Iterable[str]) -> Try:
        rng = np.random.default_rng([seed, number])
        return cls(choose(rng, sorted(names)), str(rng.choice(list(SHARES), p=list(SHARES.values()))), rng)

    def damaged(self, data: bytes) -> bytes:
        if self.kind == "bytes":
            return damage_bytes(self.rng, data)
        return DAMAGES[self.kind](self.rng, File.of(data))


# --- use --------------------------------------------------------------------------------------------


def use(path: Path, name: str, folder: Path) -> None:
    """Read a file and use it in all ways; raises an `AssertionError` if an answer is not finite."""
    if name == CHECKPOINT:
        history = trained(path)
        assert np.isfinite([*history.loss, *history.validation_loss]).all(), "a loss is not finite"
        return
    model = un.load(path)
    model.save(folder / "again")
    shown = [repr(model), model._repr_html_(), describe_model(path)]
    if isinstance(model, un.Network):
        x = np.zeros((2, 3, model.input_size))
        assert np.isfinite(model.forward(x)[0]).all(), "an output is not finite"
        return
    shown += [model.notes_, model.search_, model.chosen_]
    answers = [model.predict(level=[80]), model.sample(2)]
    shown.append(model.report().to_markdown())
    # a damaged model may not fit any table, but this must be an error of its own
    with contextlib.suppress(un.UnrolledError):
        answers.append(model.predict(TABLES[name](), level=[80]))
    for frame in answers:
        numbers = (frame.to_pandas() if hasattr(frame, "to_pandas") else frame).select_dtypes("number")
        assert np.isfinite(numbers.to_numpy(float)).all(), "a forecast is not finite"
    assert all(part is None or len(part) >= 0 for part in shown)


def attempt(
    number: int, seed: int, folder: Path, files: dict[str, bytes], usual: dict[str, float]
) -> tuple[str, str]:
    """The outcome of one try: "refused" or "loaded", or the failure; `usual` is the time of the undamaged files."""
    this = Try.of(number, seed, files)
    path, data = folder / "damaged", this.damaged(files[this.name])
    path.write_bytes(data)
    started = time.process_time()
    try:
        # damaged bytes must be refused by the reader itself
        un.load(path) if this.kind == "bytes" and this.name != CHECKPOINT else use(path, this.name, folder)
        outcome = "loaded" if this.kind != "bytes" or data == files[this.name] else "failure: damaged bytes were read"
    except un.UnrolledError:
        outcome = "refused"
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        outcome = f"failure: {type(error).__name__}: {str(error)[:150]} ({Path(last.filename).name}:{last.lineno})"
    seconds = time.process_time() - started
    if seconds > MAX_SECONDS + usual[this.name]:
        outcome = f"failure: {seconds:.1f} s, {outcome}"
    return outcome, f"{this.name}, {this.kind}"


def serve(connection: Connection, seed: int, folder: Path) -> None:
    """Answer numbers of tries with their outcomes, in a process with little memory."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (for the rest of the process)
    own = Path(tempfile.mkdtemp(dir=folder))
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    usual = {}
    for name in files:  # modules that are imported late are imported now
        (own / "whole").write_bytes(files[name])
        started = time.process_time()
        use(own / "whole", name, own)
        usual[name] = time.process_time() - started
        (own / "whole").unlink()
    polars.DataFrame({"y": [1.0]}).lazy().collect().to_pandas()  # its threads reserve memory; a file may name it
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MAX_GROWTH, size + MAX_GROWTH))
    connection.send(("ready", ""))
    while True:
        connection.send(attempt(connection.recv(), seed, own, files, usual))


class Worker:
    """A process that serves; a new one takes its place when it dies or hangs."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.begin()

    def begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.seed, self.folder), daemon=True)
        self.process.start()
        theirs.close()
        self.connection.recv()

    def outcome(self, number: int) -> tuple[str, str]:
        self.connection.send(number)
        try:
            if self.connection.poll(HUNG_S):
                return self.connection.recv()
            found = "failure: it hangs"
        except EOFError:
            found = "failure: the process died"
        self.end()
        self.begin()
        return found, ""

    def end(self) -> None:
        self.process.kill()
        self.process.join()


def of_files(names: Iterable[str]) -> Run:
    """A run that damages these files."""

    def run(numbers: Iterable[int], seed: int) -> list[Failure]:
        failures = []
        with tempfile.TemporaryDirectory() as name:
            write_files(Path(name), names)
            worker = Worker(seed, Path(name))
            try:
                for number in numbers:
                    outcome, what = worker.outcome(number)
                    if outcome.startswith("failure"):
                        fault = "hung" if "it hangs" in outcome else "wrong"
                        failures.append(Failure(fault, number, f"{what}: {outcome}"))
                        print(f"  try {number}: {failures[-1].text}", file=sys.stderr, flush=True)
            finally:
                worker.end()
        return failures

    return run


KIND = Kind(of_files(NAMES), tries=21_000, few=40, short=of_files(("averaged", CHECKPOINT)))
