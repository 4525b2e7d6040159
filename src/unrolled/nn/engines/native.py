"""The native engine: hands programs and arrays to the compiled kernels of `native/`.

Here names become numbers and arrays are checked; the way through a program, its loss, clipping and optimizer, batch
after batch, is C++. This is the only module that imports `_native`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..argument_checks import checked_arrays
from ..cells import GRU, LSTM, RNN
from ..datasets import Arrays, Data, Windows
from ..layers import Add, Concatenate, Dense, Dropout, Embedding, Last, Reverse
from ..lengths import checked_lengths
from ..losses import MAE, MSE, CrossEntropy, Huber, Loss, NegativeBinomial, Normal, Poisson, Quantile, StudentT
from ..program import Program
from ..randomness import Place
from . import _native
from .base import Backward, Forward, Job, Sums
from .native_program import Compiled, parts_of, ready

if TYPE_CHECKING:
    from ..optimizers import Optimizer, OptimizerState

RULES = (RNN, GRU, LSTM, Dense, Embedding, Last, Dropout, Reverse, Concatenate, Add)
LOSSES = (MSE, MAE, Huber, CrossEntropy, Quantile, Normal, StudentT, Poisson, NegativeBinomial)
OPTIMIZERS = ("SGD", "RMSprop", "Rprop", "Adagrad", "Adam", "AdamW")
POOLED = 1 << 24  # numbers of a run's buffers up to which it is kept for the next call
LEVELS: tuple[str, ...] = tuple(_native.levels())  # instruction sets that this machine can run, fastest first


class NativeEngine:
    """Fused kernels for whole epochs; see docs/performance.md.

    Args:
        level: the instruction set; by default the one that the environment variable `UNROLLED_SIMD` names, else the
            fastest that this machine can run.
    """

    name = "native"
    levels = LEVELS

    def __init__(self, level: str | None = None) -> None:
        self._level = level
        self._compiled: WeakKeyDictionary[Program, Compiled] = WeakKeyDictionary()
        self._trainers: WeakKeyDictionary[Job, dict[str, Any]] = WeakKeyDictionary()  # by precision

    @cached_property
    def level(self) -> str:
        level = self._level or os.environ.get("UNROLLED_SIMD") or LEVELS[0]
        if level not in LEVELS:
            raise InputError(f"UNROLLED_SIMD={level!r}: this machine can run {', '.join(LEVELS)}.")
        return level

    @property
    def identity(self) -> str:
        return f"native {self.level}"

    @property
    def threads(self) -> int:
        """Threads that a large piece of work would be shared out over now; `OMP_NUM_THREADS` sets them."""
        return int(_native.threads())

    @contextmanager
    def limited(self, threads: int) -> Iterator[None]:
        before = self.threads
        _native.limit_threads(threads)
        try:
            yield
        finally:
            _native.limit_threads(before)

    def missing(self, program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None) -> str | None:
        for op in program.operations:
            if type(op.rule) not in RULES:
                return f"layer {op.name} ({op.kind})"
        if loss is not None and type(loss) not in LOSSES:
            return f"the loss {loss.kind!r}"
        if optimizer is not None and not _is_builtin(optimizer):
            return f"the optimizer {optimizer.kind!r}"
        return None

    # --- runs ---------------------------------------------------------------------------------------

    def forward(
        self,
        program: Program,
        params: Array,
        inputs: Mapping[str, Array],
        state: Mapping[str, Any] | None = None,
        lengths: Array | None = None,
        keep: bool = False,
        place: Place | None = None,
    ) -> Forward:
        values, states, lengths = checked_arrays(program, params.dtype, inputs, state, lengths, zeros=False)
        compiled = self._compile(program)
        arrays = [ready(values[name], params.dtype) for name in program.inputs]
        outputs = [np.empty(compiled.shape(name, values), params.dtype) for name in program.outputs]
        finals = compiled.final_parts.empty(len(arrays[0]), params.dtype)
        idle = compiled.idle.setdefault(params.dtype.char, [])
        run = idle.pop() if idle and not keep else _class("Run", params.dtype)(compiled.native, self.level)
        with _as_input_error:
            run.forward(
                params,
                arrays,
                lengths,
                compiled.initial_parts.ready(states, params.dtype),
                keep,
                None if place is None else tuple(place),
                outputs,
                finals,
            )
        if not keep and compiled.width * arrays[0].size // compiled.input_width < POOLED:
            idle.append(run)
        return Forward(
            tuple(outputs),
            compiled.final_parts.named(finals),
            Tape(program, compiled, run, {name: v.shape for name, v in values.items()}, params) if keep else None,
        )

    def backward(self, tape: Tape, doutputs: tuple[Array, ...], dstate: Mapping[str, Any] | None = None) -> Backward:
        program, compiled, dtype = tape.program, tape.compiled, tape.params.dtype
        dparams = np.empty_like(tape.params)
        dinputs = [np.empty(tape.shapes[name], dtype) for name in program.inputs]
        dinitial = compiled.initial_parts.empty(len(dinputs[0]), dtype)
        with _as_input_error:
            tape.run.backward(
                [ready(d, dtype) for d in doutputs],
                compiled.final_parts.ready(dstate, dtype),
                dparams,
                dinputs,
                dinitial,
            )
        return Backward(
            dparams,
            dict(zip(program.inputs, dinputs, strict=True)),
            compiled.initial_parts.named(dinitial),
        )

    def stream(self, program: Program, params: Array, rows: int) -> Any:
        return NativeStream(program, self._compile(program), params, rows, self.level)

    # --- training -----------------------------------------------------------------------------------

    def train(
        self,
        job: Job,
        params: Array,
        optimizer_state: OptimizerState,
        order: Array,
        epoch: int,
        first_batch: int,
        rates: Array,
    ) -> Sums:
        sums = Sums(np.zeros(len(rates)), np.zeros(len(rates)))
        with _as_input_error:
            optimizer_state.step += self._trainer(job, params.dtype).train(
                params,
                [optimizer_state.vectors[name] for name in job.optimizer.slots()],
                optimizer_state.step,
                ready(order, np.int64),
                epoch,
                first_batch,
                ready(rates, np.float64),
                sums.totals,
                sums.weights,
            )
        return sums

    def evaluate(self, job: Job, params: Array, rows: Array) -> Sums:
        batches = -(-len(rows) // job.batch_size)
        sums = Sums(np.zeros(batches), np.zeros(batches))
        with _as_input_error:
            self._trainer(job, params.dtype).evaluate(params, ready(rows, np.int64), sums.totals, sums.weights)
        return sums

    def _trainer(self, job: Job, dtype: np.dtype) -> Any:
        trainers = self._trainers.setdefault(job, {})
        if dtype.char not in trainers:
            trainers[dtype.char] = _class("Trainer", dtype)(
                self._compile(job.program).native, self.level, _data(job, dtype), _options(job)
            )
        return trainers[dtype.char]

    def _compile(self, program: Program) -> Compiled:
        if program not in self._compiled:
            self._compiled[program] = Compiled(program, _native.Program(program.size))
        return self._compiled[program]


class Tape(NamedTuple):
    program: Program
    compiled: Compiled
    run: Any
    shapes: dict[str, tuple[int, ...]]
    params: Array


class NativeStream:
    """One step at a time; the state stays in the engine."""

    def __init__(self, program: Program, compiled: Compiled, params: Array, rows: int, level: str) -> None:
        self._states = program.initial_states
        self._rows, self._dtype = rows, params.dtype
        self._output_shape = (rows, *program.buffers[program.outputs[0]].shape)
        with _as_input_error:
            self._native = _class("Stream", params.dtype)(compiled.native, level, params, rows)

    def step(self, x: Array) -> Array:
        y = np.empty(self._output_shape, self._dtype)
        self._native.step(ready(x, self._dtype), y)
        return y

    @property
    def state(self) -> dict[str, Any]:
        found = {}
        for k, (name, cell) in enumerate(self._states.items()):
            parts = np.empty((parts_of(cell), self._rows, cell.hidden), self._dtype)
            self._native.read(k, parts)
            found[name] = cell.State(*parts)
        return found

    @state.setter
    def state(self, states: Mapping[str, Any]) -> None:
        for k, name in enumerate(self._states):
            self._native.write(k, ready(states[name], self._dtype))


def multiply_add_rate(level: str = LEVELS[0]) -> float:
    """Operations a second of one core that does nothing but multiply and add float32: the roof of all kernels."""
    return float(_native.multiply_add_rate(level))


# --- helpers ---------------------------------------------------------------------------------------


def _class(name: str, dtype: np.dtype) -> Any:
    return getattr(_native, f"{name}{8 * dtype.itemsize}")


class _AsInputError:
    """What the kernels refuse is the caller's input. (A generator's context manager would cost a microsecond.)"""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, (ValueError, TypeError)) and not isinstance(error, InputError):
            raise InputError(str(error)) from None


_as_input_error = _AsInputError()


# --- jobs -------------------------------------------------------------------------------------------


def _data(job: Job, dtype: np.dtype) -> Any:
    data: Data = job.data
    if isinstance(data, Windows):
        return _native.windows(
            ready(data.values, np.float64),
            ready(data.observed, np.float64),
            *(ready(a, np.int64) for a in (data.starts, data.lengths)),
            *(ready(a, np.float64) for a in (data.loc, data.scale)),
            data.window,
            data.horizon,
            _optional(data.lags, np.int64),
            data.segment,
            data.decoded,
            data.known,
            _optional(data.weight, np.float64),
            _optional(data.drift, np.float64),
            _optional(data.series, np.int64),
            _optional(data.fixed, np.float64),
            _optional(data.codes, np.int64),
        )
    assert isinstance(data, Arrays), "training data is rows in arrays or windows"
    output = job.program.buffers[job.program.outputs[0]]
    shape = (*data.x.shape[: 1 + output.sequence], *output.shape)
    lengths = None if data.lengths is None else checked_lengths(data.lengths, *data.x.shape[:2])
    job.loss.check(shape, data.target, data.weight, lengths if output.masked else None)
    classes = isinstance(job.loss, CrossEntropy)
    return _native.arrays(
        _floats(data.x, dtype),
        None if classes else _floats(data.target, dtype),
        ready(data.target, np.int64) if classes else None,
        None if data.weight is None else _floats(data.weight, dtype),
        lengths,
    )


def _optional(a: Array | None, dtype: Any) -> Array | None:
    return None if a is None else ready(a, dtype)


def _floats(a: Array, dtype: np.dtype) -> Array:
    """Numbers of either precision as they lie, others as copies."""
    return ready(a, a.dtype if a.dtype in (np.float32, np.float64) else dtype)


def _is_builtin(optimizer: Optimizer) -> bool:
    from .. import optimizers

    return type(optimizer) in (getattr(optimizers, name) for name in OPTIMIZERS)


def _options(job: Job) -> Any:
    from .. import optimizers as o

    options = _native.TrainerOptions()
    options.batch_size, options.seed = job.batch_size, job.seed
    options.clip_norm = job.clip_norm or 0.0
    loss = job.loss
    options.set_loss(loss.kind, getattr(loss, "delta", 1.0), list(getattr(loss, "levels", ())))
    optimizer = job.optimizer
    kind = "adam" if isinstance(optimizer, o.Adam) else optimizer.kind
    settings: dict[str, Any] = {
        name: getattr(optimizer, name)
        for name in ("weight_decay", "momentum", "nesterov", "alpha", "eps")
        if hasattr(optimizer, name)
    }
    if isinstance(optimizer, o.Adam):
        settings["beta1"], settings["beta2"] = optimizer.betas
        settings["decoupled"] = isinstance(optimizer, o.AdamW)
    if isinstance(optimizer, o.Rprop):
        settings["shrink"], settings["grow"] = optimizer.etas
        settings["smallest"], settings["largest"] = optimizer.sizes
    options.set_optimizer(kind, **settings)
    return options
