"""Proof of gradients: the analytic ones against central differences, in float64.

A central difference (f(θ + δ) - f(θ - δ)) / 2δ is off by δ² f‴/6 and by the rounding of f, about ε |f| / δ. With
δ = ε^(1/3) both are about ε^(2/3) ≈ 4e-11 times the scale of the function; the tolerance leaves room for that scale.
Where a function has a kink (ReLU, absolute error) at θ, no difference can tell the derivative. An entry that is
off is looked at again at random points beside θ: a fault is still there, and what has gone was a kink, which is
counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..interactive.html import table, titled
from .engines import Engine, engine_for
from .losses import Loss, loss_named
from .program import Program
from .randomness import Place, Purpose, generator

if TYPE_CHECKING:
    from .network import Network

EPS = float(np.finfo(np.float64).eps)
DELTA = EPS ** (1 / 3)
TOLERANCE = 1e2 * EPS ** (2 / 3)  # about 4e-9, relative to the largest gradient (or loss) of the check
FINER = 16  # how many times smaller the second step is, which a kink beside θ no longer reaches
POINTS_BESIDE = 3


class Row(NamedTuple):
    """What the check found for one array."""

    name: str
    size: int  # entries it has
    checked: int  # entries compared
    kinks: int  # entries left out because the loss has a kink there
    largest: float  # largest analytic gradient
    error: float  # largest difference, absolute
    ok: bool


@dataclass(frozen=True, repr=False)
class GradientReport:
    """The outcome of a gradient check. `ok` says it all; `print(report)` shows the table."""

    rows: list[Row]
    loss: float
    tolerance: float  # absolute, for all rows

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    @property
    def table(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{'':{width}}  entries  checked  kinks  largest |gradient|  largest error"]
        lines += [
            f"{r.name:{width}}  {r.size:7d}  {r.checked:7d}  {r.kinks:5d}  {r.largest:18.3e}  {r.error:13.1e}"
            f"  {'ok' if r.ok else 'WRONG'}"
            for r in self.rows
        ]
        verdict = "all gradients agree" if self.ok else "GRADIENTS DISAGREE"
        return "\n".join([*lines, f"{verdict} within {self.tolerance:.1e} (loss {self.loss:.6g})"])

    def __repr__(self) -> str:
        return self.table

    def _repr_html_(self) -> str:
        rows = [
            [r.name, f"{r.checked:,} of {r.size:,}", str(r.kinks), f"{r.largest:.3e}", f"{r.error:.1e}", judged]
            for r in self.rows
            for judged in ["ok" if r.ok else "WRONG"]
        ]
        verdict = "All gradients agree" if self.ok else "GRADIENTS DISAGREE"
        header = ["array", "checked", "kinks", "largest |gradient|", "largest error", ""]
        return titled(
            f"{verdict} within {self.tolerance:.1e} (loss {self.loss:.6g})", table(header, rows, words=[""])
        )


@dataclass
class Problem:
    """A scalar function of a program's parameters, inputs and initial states, in float64.

    The loss is that of the first output plus, so that final states take part, a fixed random combination of theirs.
    """

    program: Program
    params: Array
    inputs: dict[str, Array]
    target: Array
    loss: Loss
    state: dict[str, Any]
    lengths: Array | None = None
    weight: Array | None = None
    place: Place | None = None
    state_weights: dict[str, Any] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return engine_for(self.program, say=False)  # a check of a rule that has no kernel is slow for no one

    def value(self) -> float:
        return self._run(keep=False)[0]

    def gradients(self) -> tuple[float, dict[str, Array]]:
        """The loss and all analytic gradients: parameters, inputs, initial states, by name."""
        value, tape, doutput = self._run(keep=True)
        found = self.engine.backward(tape, (doutput,), self.state_weights)
        named = self.program.views(found.parameters)
        named |= {f"input {name}": found.inputs[name] for name in self._smooth_inputs}
        for name, gradient in found.state.items():
            named |= {f"{name}.{part}": g for part, g in zip(gradient._fields, gradient, strict=True)}
        return value, named

    def arrays(self) -> dict[str, Array]:
        """The arrays that the gradients are taken by, under the same names; changing them changes `value`."""
        named = self.program.views(self.params)
        named |= {f"input {name}": self.inputs[name] for name in self._smooth_inputs}
        for name, state in self.state.items():
            named |= {f"{name}.{part}": array for part, array in zip(state._fields, state, strict=True)}
        return named

    @property
    def _smooth_inputs(self) -> list[str]:
        """Inputs that gradients are taken by: all but codes."""
        return [name for name in self.program.inputs if name not in self.program.codes]

    def _run(self, keep: bool) -> tuple[float, Any, Array]:
        result = self.engine.forward(
            self.program, self.params, self.inputs, self.state, self.lengths, keep, self.place
        )
        loss = self.program.evaluate(self.loss, result.outputs[0], self.target, self.weight, self.lengths)
        value = loss.mean
        for name, parts in self.state_weights.items():
            value += sum(float((a * b).sum()) for a, b in zip(result.state[name], parts, strict=True))
        return value, result.tape, loss.dprediction


def check_problem(problem: Problem, max_entries: int = 200, seed: int = 0) -> GradientReport:
    """Check every gradient of a problem; at most `max_entries` entries of each array, chosen by `seed`."""
    here = Point.at(problem)
    rng = generator(Purpose.SAMPLE, Place(seed))
    beside: list[Point] = []
    rows = []
    for name, array in problem.arrays().items():
        count = min(max_entries, array.size)
        entries = np.arange(array.size) if count == array.size else rng.choice(array.size, count, replace=False)
        error, kinks = 0.0, 0
        for entry in entries:
            off = here.error(name, int(entry))
            if not off <= here.tolerance:  # a fault, or a kink: a finer step leaves one nearby behind
                off = here.error(name, int(entry), DELTA / FINER)
            if not off <= here.tolerance:  # at points beside this one a fault is still there, a kink is not
                beside = beside or [Point.at(moved(problem, rng)) for _ in range(POINTS_BESIDE)]
                if all(point.error(name, int(entry)) <= point.tolerance for point in beside):
                    kinks += 1
                    continue
            error = max(error, off if np.isfinite(off) else np.inf)
        largest = float(np.abs(here.analytic[name]).max(initial=0))
        rows.append(Row(name, array.size, count - kinks, kinks, largest, error, error <= here.tolerance))
    return GradientReport(rows, here.loss, here.tolerance)


@dataclass(frozen=True)
class Point:
    """A problem, with its loss and analytic gradients."""

    problem: Problem
    loss: float
    analytic: dict[str, Array]
    tolerance: float

    @classmethod
    def at(cls, problem: Problem) -> Point:
        loss, analytic = problem.gradients()
        scale = max(1.0, abs(loss), *(float(np.abs(g).max(initial=0)) for g in analytic.values()))
        return cls(problem, loss, analytic, TOLERANCE * scale)

    def error(self, name: str, entry: int, delta: float = DELTA) -> float:
        """How far the analytic gradient of one entry lies from its central difference."""
        array = self.problem.arrays()[name]
        return abs(difference(self.problem.value, array, entry, delta) - self.analytic[name].flat[entry])


def moved(problem: Problem, rng: np.random.Generator) -> Problem:
    """The problem at a random point beside its own, far enough away for a kink to be out of reach of a difference."""

    def beside(array: Array) -> Array:
        return array + 1e-3 * np.maximum(1, np.abs(array)) * rng.uniform(-1, 1, array.shape)

    return replace(
        problem,
        params=beside(problem.params),
        inputs={
            name: array if name in problem.program.codes else beside(array) for name, array in problem.inputs.items()
        },
        state={name: type(parts)(*map(beside, parts)) for name, parts in problem.state.items()},
    )


def difference(value: Callable[[], float], array: Array, entry: int, delta: float = DELTA) -> float:
    """Central difference of `value` by one entry of `array`."""
    place = np.unravel_index(entry, array.shape)
    kept = array[place]
    delta *= max(1.0, abs(kept))
    array[place] = kept + delta
    plus = value()
    array[place] = kept - delta
    minus = value()
    array[place] = kept
    return (plus - minus) / (2 * delta)


def check_gradients(
    net: Network,
    x: Array,
    y: Array,
    loss: str | Loss = "mse",
    state: tuple[Any, ...] | None = None,
    lengths: Array | None = None,
    weight: Array | None = None,
    training: bool = False,
    max_entries: int = 200,
    seed: int = 0,
) -> GradientReport:
    """Compare all analytic gradients of a network with central differences in float64.

    Parameters, input and initial state are checked; the final state takes part through a random combination that is
    added to the loss. Raises nothing by itself: look at `report.ok`, print `report`.

    Args:
        net: the network; it is not changed.
        x: input (N, T, F).
        y: target, as the loss wants it.
        loss: name or object.
        state: initial state; by default a random one, so that its gradient is put to the test.
        lengths: valid steps of each row, (N,).
        weight: weights of the elements.
        training: with dropout, at one fixed mask.
        max_entries: at most so many entries of each array are compared.
        seed: of what is random here.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.LSTM(3), un.Last(), un.Dense(1)], input_size=2)
    >>> x, y = np.ones((2, 4, 2)), np.zeros((2, 1))
    >>> un.check_gradients(net, x, y).ok
    True
    """
    program = net.program
    rng = generator(Purpose.SAMPLE, Place(seed), layer=1)

    def random_state(cell: Any) -> Any:
        return cell.State(*(rng.uniform(-0.5, 0.5, (len(x), cell.hidden)) for _ in cell.State._fields))

    given: Mapping[str, Any] = net.named_state(state)
    states = {
        name: cell.State(*(np.array(part, np.float64) for part in given[name]))
        if given.get(name) is not None
        else random_state(cell)
        for name, cell in program.initial_states.items()
    }
    problem = Problem(
        program,
        net.parameters.astype(np.float64),
        {program.inputs[0]: np.array(x, np.float64)},
        _as_float64(y),
        loss_named(loss),
        states,
        None if lengths is None else np.asarray(lengths),
        None if weight is None else np.asarray(weight, np.float64),
        Place(seed) if training else None,
        state_weights={name: random_state(op.rule) for name, op in program.recurrent.items()},
    )
    return check_problem(problem, max_entries, seed)


def _as_float64(y: Array) -> Array:
    y = np.asarray(y)
    return y if y.dtype.kind in "iu" else y.astype(np.float64)
