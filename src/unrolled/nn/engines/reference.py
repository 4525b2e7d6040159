"""The NumPy engine: the specification of all engines.

It goes through a program and, for a recurrent operation, loops over time and calls the cell's `step` and `step_back`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..argument_checks import checked_arrays
from ..cells.base import Cell
from ..datasets import Batch
from ..layers import Context
from ..lengths import valid_steps
from ..program import Program
from ..randomness import Place
from .base import Backward, Forward, Job, Sums

if TYPE_CHECKING:
    from ..losses import Evaluation, Loss
    from ..optimizers import Optimizer, OptimizerState


class Packing:
    """The valid steps of a batch, time-major and without padding: the rows of a step form one block.

    Rows are sorted longest first, so that those still running at step t are the first `counts[t]`. The cost of a
    batch is proportional to the sum of its lengths.
    """

    def __init__(self, rows: int, steps: int, lengths: Array | None) -> None:
        self.shape = (rows, steps)
        if lengths is None:
            self.order = None
            counts = [rows] * steps
        else:
            self.order = np.argsort(-lengths, kind="stable")
            counts = [int(n) for n in (lengths[:, None] > np.arange(lengths.max())).sum(axis=0)]
            self._rows = np.concatenate([self.order[:n] for n in counts] or [self.order[:0]])
            self._steps = np.repeat(np.arange(len(counts)), counts)
        ends = np.cumsum([0, *counts]).tolist()
        self.blocks = [slice(a, b) for a, b in pairwise(ends)]

    def pack(self, x: Array) -> Array:
        """(N, T, F) → (R, F) for R valid steps."""
        if self.order is None:
            return x.transpose(1, 0, 2).reshape(-1, x.shape[2])
        return x[self._rows, self._steps]

    def unpack(self, packed: Array) -> Array:
        """(R, F) → (N, T, F) with zeros past the end of each row."""
        rows, steps = self.shape
        if self.order is None:
            return packed.reshape(steps, rows, -1).transpose(1, 0, 2)
        x = np.zeros((rows, steps, packed.shape[1]), packed.dtype)
        x[self._rows, self._steps] = packed
        return x

    def sort(self, state: Any) -> Any:
        """A copy of a state with its rows longest first."""
        return type(state)(*(part.copy() if self.order is None else part[self.order] for part in state))

    def unsort(self, state: Any) -> Any:
        if self.order is None:
            return state
        back = np.argsort(self.order)
        return type(state)(*(part[back] for part in state))


class Scanned(NamedTuple):
    """The values that a recurrent operation keeps for its backward pass."""

    packing: Packing
    x: Array  # (R, F)
    a: Array  # (R, G·H), in which cells work in place
    steps: list[Any]  # `saved` of each step


def scan(
    cell: Cell, x: Array, initial: Any, lengths: Array | None, p: SimpleNamespace, keep: bool
) -> tuple[Array, Any, Scanned | None]:
    """Run a cell through time: x (N, T, F) → outputs (N, T, H), final state, the values that backward needs."""
    packing = Packing(x.shape[0], x.shape[1], lengths)
    rows = packing.pack(x)
    a = cell.project(rows, p)
    y = np.empty((len(rows), cell.hidden), a.dtype)
    saved_steps = []
    final = packing.sort(initial)
    state = packing.sort(initial)
    for block in packing.blocks:
        n = block.stop - block.start
        if n < len(state[0]):  # some rows have ended: their state is final
            for whole, part in zip(final, state, strict=True):
                whole[n : len(part)] = part[n:]
            state = cell.State(*(part[:n] for part in state))
        state, saved = cell.step(a[block], state, p)
        y[block] = state.h
        if keep:
            saved_steps.append(saved)
    for whole, part in zip(final, state, strict=True):
        whole[: len(part)] = part
    kept = Scanned(packing, rows, a, saved_steps) if keep else None
    return packing.unpack(y), packing.unsort(final), kept


def scan_back(
    cell: Cell, kept: Scanned, dy: Array | None, dfinal: Any, p: SimpleNamespace, dp: SimpleNamespace
) -> tuple[Array, Any]:
    """The adjoint of `scan`: dx (N, T, F) and the gradient of the initial state."""
    packing, rows, a, saved_steps = kept
    dy_packed = None if dy is None else packing.pack(dy)
    dinitial = packing.sort(dfinal)
    dstate = cell.State(*(part[:0] for part in dinitial))
    for block, saved in zip(reversed(packing.blocks), reversed(saved_steps), strict=True):
        n, running = block.stop - block.start, len(dstate[0])
        if n > running:  # going back, each row joins at its last step with the gradient of its final state
            dstate = cell.State(
                *(np.concatenate((part, end[running:n])) for part, end in zip(dstate, dinitial, strict=True))
            )
        if dy_packed is not None:
            np.add(dstate.h, dy_packed[block], out=dstate.h)
        a[block], dstate = cell.step_back(dstate, saved, p, dp)
    for whole, part in zip(dinitial, dstate, strict=True):
        whole[: len(part)] = part
    dx = cell.project_back(a, rows, p, dp)
    return packing.unpack(dx), packing.unsort(dinitial)


def branch(
    cell: Cell, x: Array, initial: Any, lengths: Array | None, p: SimpleNamespace, keep: bool
) -> tuple[Array, Any, Scanned | None]:
    """One step from the initial state for each step of x, independently: (N, T, F) → (N, T, H)."""
    rows, steps, features = x.shape
    repeated = cell.State(*(np.repeat(part, steps, axis=0) for part in initial))
    y, _, kept = scan(cell, x.reshape(rows * steps, 1, features), repeated, None, p, keep)
    return y.reshape(rows, steps, -1), None, kept


def branch_back(
    cell: Cell, kept: Scanned, dy: Array | None, dfinal: Any, p: SimpleNamespace, dp: SimpleNamespace
) -> tuple[Array, Any]:
    """The adjoint of `branch`: the gradients of all steps add up in the initial state."""
    rows, count = len(dfinal[0]), kept.packing.shape[0]
    dy = None if dy is None else dy.reshape(count, 1, -1)
    dx, drepeated = scan_back(cell, kept, dy, cell.zero_state(count, kept.x.dtype), p, dp)
    dinitial = cell.State(*(part.reshape(rows, -1, cell.hidden).sum(axis=1) for part in drepeated))
    return dx.reshape(rows, -1, dx.shape[2]), dinitial


class ReferenceTape(NamedTuple):
    program: Program
    params: Array
    saved: list[Any]  # one entry for each operation
    shapes: dict[str, tuple[int, ...]]  # of the buffers
    lengths: Array | None


class ReferenceEngine:
    """Plain NumPy, a direct transcription of the equations."""

    name = identity = "numpy"
    threads = 1

    def limited(self, threads: int) -> AbstractContextManager[None]:
        return nullcontext()

    def missing(self, program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None) -> str | None:
        return None  # every rule has its own NumPy code

    @np.errstate(over="ignore", invalid="ignore")  # silent as the native engine; callers refuse what is not finite
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
        values, states, lengths = checked_arrays(program, params.dtype, inputs, state, lengths)
        tape: list[Any] = []
        for index, (op, p) in enumerate(zip(program.operations, program.local_views(params), strict=True)):
            ins = [values[name] for name in op.inputs]
            valid = lengths if op.masked else None
            if isinstance(op.rule, Cell):
                assert op.initial is not None
                run = branch if op.branching else scan
                values[op.output], final, saved = run(op.rule, ins[0], states[op.initial], valid, p, keep)
                if op.final is not None:
                    states[op.final] = final
            else:
                values[op.output], saved = op.rule.apply(ins, p, Context(valid, place, index))
            if keep:
                tape.append(saved)
        return Forward(
            tuple(values[name] for name in program.outputs),
            {name: states[name] for name in program.recurrent},
            ReferenceTape(program, params, tape, {name: v.shape for name, v in values.items()}, lengths)
            if keep
            else None,
        )

    def backward(
        self, tape: ReferenceTape, doutputs: tuple[Array, ...], dstate: Mapping[str, Any] | None = None
    ) -> Backward:
        program, dtype = tape.program, tape.params.dtype
        dparams = np.zeros_like(tape.params)
        dvalues: dict[str, Array] = {}
        dstates: dict[str, Any] = {name: d for name, d in (dstate or {}).items() if d is not None}
        for name, doutput in zip(program.outputs, doutputs, strict=True):
            _accumulate(dvalues, name, np.asarray(doutput, dtype))
        walk = zip(
            program.operations,
            program.local_views(tape.params),
            program.local_views(dparams),
            tape.saved,
            strict=True,
        )
        for op, p, dp, saved in reversed(list(walk)):
            dy = dvalues.pop(op.output, None)
            if isinstance(op.rule, Cell):
                rows = tape.shapes[op.output][0]
                dfinal = None if op.final is None else dstates.pop(op.final, None)
                if dfinal is None:
                    dfinal = op.rule.zero_state(rows, dtype)
                else:
                    dfinal = op.rule.State(*(np.asarray(part, dtype) for part in dfinal))
                back = branch_back if op.branching else scan_back
                dx, dinitial = back(op.rule, saved, dy, dfinal, p, dp)
                dinputs = [dx]
                assert op.initial is not None
                if op.initial in dstates:
                    dinitial = type(dinitial)(*(a + b for a, b in zip(dstates[op.initial], dinitial, strict=True)))
                dstates[op.initial] = dinitial
            elif dy is None:
                continue  # no output depends on it
            else:
                dinputs = op.rule.apply_back(dy, saved, p, dp)
            for name, dx in zip(op.inputs, dinputs, strict=True):
                _accumulate(dvalues, name, dx)
        dinputs_by_name = {
            name: dvalues[name] if name in dvalues else np.zeros(tape.shapes[name], dtype) for name in program.inputs
        }
        if tape.lengths is not None:  # padding is read as 0: nothing depends on its values
            for name in program.inputs:
                if program.buffers[name].masked:
                    valid = valid_steps(tape.lengths, tape.shapes[name][1])[..., None]
                    dinputs_by_name[name] = np.where(valid, dinputs_by_name[name], dtype.type(0))
        return Backward(dparams, dinputs_by_name, {name: dstates[name] for name in program.initial_states})

    def train(
        self, job: Job, params: Array, state: OptimizerState, order: Array, epoch: int, first_batch: int, rates: Array
    ) -> Sums:
        from ..optimizers import clip_by_norm

        sums, norm = Sums(np.zeros(len(rates)), np.zeros(len(rates))), None
        with np.errstate(over="ignore", invalid="ignore"):  # a loss that is not finite is reported by the caller
            for k, rate in enumerate(rates):
                number = first_batch + k
                batch = job.data.batch(order[number * job.batch_size : (number + 1) * job.batch_size], params.dtype)
                place = Place(job.seed, epoch, number)
                result = self.forward(job.program, params, batch.inputs, None, batch.lengths, True, place)
                loss = loss_and_gradient(job, result.outputs[0], batch)
                sums.totals[k], sums.weights[k] = loss.total, loss.weight
                if not np.isfinite(loss.total):
                    break
                grads = self.backward(result.tape, (loss.dprediction,)).parameters
                norm = clip_by_norm(grads, inf if job.clip_norm is None else job.clip_norm)
                job.optimizer.step(params, grads, state, float(rate))
        return sums._replace(gradient_norm=norm)

    def evaluate(self, job: Job, params: Array, rows: Array) -> Sums:
        pieces = [rows[k : k + job.batch_size] for k in range(0, len(rows), job.batch_size)]
        sums = Sums(np.zeros(len(pieces)), np.zeros(len(pieces)))
        with np.errstate(over="ignore", invalid="ignore"):
            for k, piece in enumerate(pieces):
                batch = job.data.batch(piece, params.dtype)
                outputs = self.forward(job.program, params, batch.inputs, None, batch.lengths).outputs
                loss = loss_and_gradient(job, outputs[0], batch)
                sums.totals[k], sums.weights[k] = loss.total, loss.weight
        return sums

    def stream(self, program: Program, params: Array, rows: int) -> ReferenceStream:
        return ReferenceStream(self, program, params.copy(), rows)


class ReferenceStream:
    """A stream of the NumPy engine."""

    def __init__(self, engine: ReferenceEngine, program: Program, params: Array, rows: int) -> None:
        if not program.causal:
            raise InputError(
                "a stream goes step by step, but a layer here reads later steps or branches. Use whole sequences."
            )
        self._engine, self._program, self._params = engine, program, params
        self.state = {name: cell.zero_state(rows, params.dtype) for name, cell in program.initial_states.items()}

    def step(self, x: Array) -> Array:
        result = self._engine.forward(self._program, self._params, {self._program.inputs[0]: x[:, None]}, self.state)
        finals = {op.initial: result.state[name] for name, op in self._program.recurrent.items()}
        self.state = {name: finals[name] for name in self.state}
        y = result.outputs[0]
        return y[:, 0] if self._program.buffers[self._program.outputs[0]].sequence else y


def loss_and_gradient(job: Job, prediction: Array, batch: Batch) -> Evaluation:
    return job.program.evaluate(job.loss, prediction, batch.target, batch.weight, batch.lengths, batch.unit)


def _accumulate(gradients: dict[str, Array], name: str, gradient: Array) -> None:
    gradients[name] = gradients[name] + gradient if name in gradients else gradient
