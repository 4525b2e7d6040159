"""The native engine: passes programs and arrays to the compiled kernels of `native/`.

This module checks arrays and replaces names by numbers; programs, losses, clipping and optimizers run in C++, batch
after batch. It is the only module that imports `_native`.
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
from ..datasets import Arrays, Dataset, Windows
from ..layers import Add, Concatenate, Dense, Dropout, Embedding, Last, Reverse
from ..lengths import checked_lengths
from ..losses import MAE, MSE, CrossEntropy, Huber, Loss, NegativeBinomial, Normal, Poisson, Quantile, StudentT
from ..program import Program
from ..randomness import Place
from .base import Backward, Forward, Job, Sums
from .native_program import NativeProgram, arrays_in_state, kernel_array
from .openmp import openmp_settings

with openmp_settings():
    import unrolled.nn.engines._native as _native

if TYPE_CHECKING:
    from ..optimizers import Optimizer, OptimizerState

RULES = (RNN, GRU, LSTM, Dense, Embedding, Last, Dropout, Reverse, Concatenate, Add)
LOSSES = (MSE, MAE, Huber, CrossEntropy, Quantile, Normal, StudentT, Poisson, NegativeBinomial)
OPTIMIZERS = ("SGD", "RMSprop", "Rprop", "Adagrad", "Adam", "AdamW")
WINDOW_FLOATS = ("values", "observed", "loc", "scale", "weight", "drift", "fixed")
WINDOW_INTEGERS = ("starts", "lengths", "lags", "series", "codes")
MAX_IDLE_RUN_NUMBERS = 1 << 24  # in the buffers of a run that is kept for the next call
INSTRUCTION_SETS: tuple[str, ...] = tuple(_native.instruction_sets())  # of this machine, fastest first


class NativeEngine:
    """Fused kernels for whole epochs; see docs/native-engine.md.

    Args:
        instruction_set: by default that of the environment variable `UNROLLED_SIMD`, else the fastest one that this
            machine can run.
    """

    name = "native"
    instruction_sets = INSTRUCTION_SETS

    def __init__(self, instruction_set: str | None = None) -> None:
        self._instruction_set = instruction_set
        self._programs: WeakKeyDictionary[Program, NativeProgram] = WeakKeyDictionary()
        self._trainers: WeakKeyDictionary[Job, dict[str, Any]] = WeakKeyDictionary()  # by precision

    @cached_property
    def instruction_set(self) -> str:
        name = self._instruction_set or os.environ.get("UNROLLED_SIMD") or INSTRUCTION_SETS[0]
        if name not in INSTRUCTION_SETS:
            raise InputError(f"UNROLLED_SIMD={name!r}: this machine can run {', '.join(INSTRUCTION_SETS)}.")
        return name

    @property
    def identity(self) -> str:
        return f"native {self.instruction_set}"

    @property
    def threads(self) -> int:
        """Threads for large work of the calling thread: the cores granted to the process, or `OMP_NUM_THREADS`."""
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
        arrays = [kernel_array(values[name], params.dtype) for name in program.inputs]
        outputs = [np.empty(compiled.shape(name, values), params.dtype) for name in program.outputs]
        finals = compiled.final_states.empty(len(arrays[0]), params.dtype)
        idle = compiled.idle_runs.setdefault(params.dtype.char, [])
        run = idle.pop() if idle and not keep else _class("Run", params.dtype)(compiled.native, self.instruction_set)
        initial = compiled.initial_states.to_list(states, params.dtype)
        with _as_input_error:
            run.forward(params, arrays, lengths, initial, keep, place, outputs, finals)
        if not keep and compiled.width * arrays[0].size // compiled.input_width < MAX_IDLE_RUN_NUMBERS:
            idle.append(run)
        shapes = {name: v.shape for name, v in values.items()}
        return Forward(
            tuple(outputs),
            compiled.final_states.by_name(finals),
            NativeTape(program, compiled, run, shapes, params) if keep else None,
        )

    def backward(
        self, tape: NativeTape, doutputs: tuple[Array, ...], dstate: Mapping[str, Any] | None = None
    ) -> Backward:
        program, compiled, dtype = tape.program, tape.compiled, tape.params.dtype
        dparams = np.empty_like(tape.params)
        dinputs = [np.empty(tape.shapes[name], dtype) for name in program.inputs]
        dinitial = compiled.initial_states.empty(len(dinputs[0]), dtype)
        arrays = [kernel_array(d, dtype) for d in doutputs]
        with _as_input_error:
            tape.run.backward(arrays, compiled.final_states.to_list(dstate, dtype), dparams, dinputs, dinitial)
        by_name = dict(zip(program.inputs, dinputs, strict=True))
        return Backward(dparams, by_name, compiled.initial_states.by_name(dinitial))

    def stream(self, program: Program, params: Array, rows: int) -> Any:
        return NativeStream(program, self._compile(program), params, rows, self.instruction_set)

    def train(
        self, job: Job, params: Array, state: OptimizerState, order: Array, epoch: int, first_batch: int, rates: Array
    ) -> Sums:
        sums = Sums(np.zeros(len(rates)), np.zeros(len(rates)))
        with _as_input_error:
            trainer = self._trainer(job, params.dtype)
            done = trainer.train(
                params,
                memory=[state.vectors[name] for name in job.optimizer.slots()],
                steps_before=state.step,
                order=kernel_array(order, np.int64),
                epoch=epoch,
                first_batch=first_batch,
                rates=kernel_array(rates, np.float64),
                totals=sums.totals,
                weights=sums.weights,
            )
        state.step += done
        return sums._replace(gradient_norm=trainer.gradient_norm()) if done else sums

    def evaluate(self, job: Job, params: Array, rows: Array) -> Sums:
        batches = -(-len(rows) // job.batch_size)
        sums = Sums(np.zeros(batches), np.zeros(batches))
        with _as_input_error:
            trainer = self._trainer(job, params.dtype)
            trainer.evaluate(params, kernel_array(rows, np.int64), sums.totals, sums.weights)
        return sums

    def _trainer(self, job: Job, dtype: np.dtype) -> Any:
        trainers = self._trainers.setdefault(job, {})
        if dtype.char not in trainers:
            trainers[dtype.char] = _class("Trainer", dtype)(
                self._compile(job.program).native, self.instruction_set, _data(job, dtype), _options(job)
            )
        return trainers[dtype.char]

    def _compile(self, program: Program) -> NativeProgram:
        if program not in self._programs:
            self._programs[program] = NativeProgram(program, _native.Program(program.size))
        return self._programs[program]


class NativeTape(NamedTuple):
    program: Program
    compiled: NativeProgram
    run: Any
    shapes: dict[str, tuple[int, ...]]
    params: Array


class NativeStream:
    """One step at a time; the state stays in the engine."""

    def __init__(
        self, program: Program, compiled: NativeProgram, params: Array, rows: int, instruction_set: str
    ) -> None:
        self._states = program.initial_states
        self._rows, self._dtype = rows, params.dtype
        self._output_shape = (rows, *program.buffers[program.outputs[0]].shape)
        with _as_input_error:
            self._native = _class("Stream", params.dtype)(compiled.native, instruction_set, params, rows)

    def step(self, x: Array) -> Array:
        y = np.empty(self._output_shape, self._dtype)
        self._native.step(kernel_array(x, self._dtype), y)
        return y

    @property
    def state(self) -> dict[str, Any]:
        found = {}
        for k, (name, cell) in enumerate(self._states.items()):
            parts = np.empty((arrays_in_state(cell), self._rows, cell.hidden), self._dtype)
            self._native.read(k, parts)
            found[name] = cell.State(*parts)
        return found

    @state.setter
    def state(self, states: Mapping[str, Any]) -> None:
        for k, name in enumerate(self._states):
            self._native.write(k, kernel_array(states[name], self._dtype))


def multiply_add_rate(instruction_set: str = INSTRUCTION_SETS[0]) -> float:
    """The peak rate of one core in float32 operations per second: it only multiplies and adds."""
    return float(_native.multiply_add_rate(instruction_set))


def _class(name: str, dtype: np.dtype) -> Any:
    return getattr(_native, f"{name}{8 * dtype.itemsize}")


class _AsInputError:
    """Turns errors of the kernels into `InputError`; a generator-based context manager would take a microsecond."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, (ValueError, TypeError)) and not isinstance(error, InputError):
            raise InputError(str(error)) from None


_as_input_error = _AsInputError()


def _data(job: Job, dtype: np.dtype) -> Any:
    data: Dataset = job.data
    if isinstance(data, Windows):
        arrays = {name: _optional(getattr(data, name), np.float64) for name in WINDOW_FLOATS}
        arrays |= {name: _optional(getattr(data, name), np.int64) for name in WINDOW_INTEGERS}
        sizes = {name: getattr(data, name) for name in ("window", "horizon", "segment", "decoded", "known")}
        return _native.windows(**arrays, **sizes)
    assert isinstance(data, Arrays), "training data must be Arrays or Windows"
    output = job.program.buffers[job.program.outputs[0]]
    shape = (*data.x.shape[: 1 + output.sequence], *output.shape)
    lengths = None if data.lengths is None else checked_lengths(data.lengths, *data.x.shape[:2])
    job.loss.check(shape, data.target, data.weight, lengths if output.masked else None)
    classes = isinstance(job.loss, CrossEntropy)
    return _native.arrays(
        _floats(data.x, dtype),
        None if classes else _floats(data.target, dtype),
        kernel_array(data.target, np.int64) if classes else None,
        None if data.weight is None else _floats(data.weight, dtype),
        lengths,
    )


def _optional(a: Array | None, dtype: Any) -> Array | None:
    return None if a is None else kernel_array(a, dtype)


def _floats(a: Array, dtype: np.dtype) -> Array:
    """Numbers of either precision without a copy if possible, others converted to `dtype`."""
    return kernel_array(a, a.dtype if a.dtype in (np.float32, np.float64) else dtype)


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
    options.set_optimizer("adam" if isinstance(optimizer, o.Adam) else optimizer.kind)
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
    for name, value in settings.items():
        setattr(options.optimizer, name, value)
    return options
