"""Gradient checks: analytic gradients compared with central differences, in float64.

The error of a central difference (f(θ + δ) - f(θ - δ)) / 2δ is δ² f‴/6 plus the rounding of f, about ε |f| / δ. With
δ = ε^(1/3) both are about ε^(2/3) ≈ 4e-11 times the scale of the function; the tolerance leaves room for that scale.
Where the function has a kink (ReLU, absolute error) at θ, a difference does not approximate the derivative. An entry
that disagrees is therefore checked again at random points near θ: an error is still there, whereas a kink is not.
Kinks are counted separately.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ..argument_types import Count, check_type
from ..arrays import Array
from ..errors import InputError
from ..interactive.html import table, titled
from .argument_checks import numbers
from .datasets import target_array
from .engines import Engine, engine_for
from .losses import Loss, loss_named
from .network import Network
from .program import Program
from .randomness import Place, Purpose, checked_seed, generator
from .sequential import State, states_by_name

EPS = float(np.finfo(np.float64).eps)
DELTA = EPS ** (1 / 3)
TOLERANCE = 1e2 * EPS ** (2 / 3)  # about 4e-9, relative to the largest gradient (or loss) of the check
STEP_REFINEMENT = 16  # divides the step of the second attempt, which a kink near θ no longer disturbs
NEARBY_POINTS = 3


class ArrayCheck(NamedTuple):
    """The result for one array."""

    name: str
    size: int  # its number of entries
    checked: int  # entries compared
    kinks: int  # entries skipped because the loss has a kink there
    largest: float  # largest absolute analytic gradient
    error: float  # largest absolute difference
    ok: bool

    @property
    def verdict(self) -> str:
        return "ok" if self.ok else "WRONG"


@dataclass(frozen=True, repr=False)
class GradientReport:
    """The result of a gradient check: `ok` is its verdict, `print(report)` shows the table."""

    rows: list[ArrayCheck]
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
            f"  {r.verdict}"
            for r in self.rows
        ]
        return "\n".join([*lines, self._verdict("all gradients agree")])

    def __repr__(self) -> str:
        return self.table

    def _repr_html_(self) -> str:
        rows = [
            [r.name, f"{r.checked:,} of {r.size:,}", str(r.kinks), f"{r.largest:.3e}", f"{r.error:.1e}", r.verdict]
            for r in self.rows
        ]
        header = ["array", "checked", "kinks", "largest |gradient|", "largest error", ""]
        return titled(self._verdict("All gradients agree"), table(header, rows, words=[""]))

    def _verdict(self, good: str) -> str:
        verdict = good if self.ok else "GRADIENTS DISAGREE"
        return f"{verdict} within {self.tolerance:.1e} (loss {self.loss:.6g})"


@dataclass
class Problem:
    """A scalar function of a program's parameters, inputs and initial states, in float64.

    It is the loss of the first output plus a fixed random combination of the final states, so that gradients through
    these are checked too.
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
        return engine_for(self.program, warn=False)  # speed does not matter here

    def value(self) -> float:
        return self._run(keep=False)[0]

    def gradients(self) -> tuple[float, dict[str, Array]]:
        """The loss and all analytic gradients: parameters, inputs, initial states, by name."""
        value, tape, doutput = self._run(keep=True)
        found = self.engine.backward(tape, (doutput,), self.state_weights)
        return value, self._by_name(found.parameters, found.inputs, found.state)

    def arrays(self) -> dict[str, Array]:
        """The arrays that the gradients belong to, under the same names; changing them changes `value`."""
        return self._by_name(self.params, self.inputs, self.state)

    def _by_name(self, params: Array, inputs: dict[str, Array], states: dict[str, Any]) -> dict[str, Array]:
        named = self.program.views(params)
        named |= {f"input {name}": inputs[name] for name in self.program.inputs if name not in self.program.codes}
        for name, state in states.items():
            named |= {f"{name}.{part}": array for part, array in zip(state._fields, state, strict=True)}
        return named

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
    here = Linearization.at(problem)
    rng = generator(Purpose.SAMPLE, Place(seed))
    nearby: list[Linearization] = []
    rows = []
    for name, array in problem.arrays().items():
        count = min(max_entries, array.size)
        entries = np.arange(array.size) if count == array.size else rng.choice(array.size, count, replace=False)
        error, kinks = 0.0, 0
        for entry in entries:
            deviation = here.error(name, int(entry))
            if not deviation <= here.tolerance:  # an error or a kink: a smaller step may not reach the kink
                deviation = here.error(name, int(entry), DELTA / STEP_REFINEMENT)
            if not deviation <= here.tolerance:  # at nearby points an error is still there, a kink is not
                nearby = nearby or [Linearization.at(perturbed(problem, rng)) for _ in range(NEARBY_POINTS)]
                if all(point.error(name, int(entry)) <= point.tolerance for point in nearby):
                    kinks += 1
                    continue
            error = max(error, deviation if np.isfinite(deviation) else np.inf)
        largest = float(np.abs(here.analytic[name]).max(initial=0))
        rows.append(ArrayCheck(name, array.size, count - kinks, kinks, largest, error, error <= here.tolerance))
    return GradientReport(rows, here.loss, here.tolerance)


@dataclass(frozen=True)
class Linearization:
    """A problem, with its loss and analytic gradients."""

    problem: Problem
    loss: float
    analytic: dict[str, Array]
    tolerance: float

    @classmethod
    def at(cls, problem: Problem) -> Linearization:
        loss, analytic = problem.gradients()
        scale = max(1.0, abs(loss), *(float(np.abs(g).max(initial=0)) for g in analytic.values()))
        return cls(problem, loss, analytic, TOLERANCE * scale)

    def error(self, name: str, entry: int, delta: float = DELTA) -> float:
        """Absolute difference of one entry's analytic gradient and its central difference."""
        array = self.problem.arrays()[name]
        return abs(central_difference(self.problem.value, array, entry, delta) - self.analytic[name].flat[entry])


def perturbed(problem: Problem, rng: np.random.Generator) -> Problem:
    """The problem at a random nearby point, farther away than the step of a central difference."""

    def shift(array: Array) -> Array:
        return array + 1e-3 * np.maximum(1, np.abs(array)) * rng.uniform(-1, 1, array.shape)

    return replace(
        problem,
        params=shift(problem.params),
        inputs={
            name: array if name in problem.program.codes else shift(array) for name, array in problem.inputs.items()
        },
        state={name: type(parts)(*map(shift, parts)) for name, parts in problem.state.items()},
    )


def central_difference(value: Callable[[], float], array: Array, entry: int, delta: float = DELTA) -> float:
    """Central difference of `value` with respect to one entry of `array`."""
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
    state: State | None = None,
    lengths: Array | None = None,
    *,
    weight: Array | None = None,
    training: bool = False,
    max_entries: int = 200,
    seed: int = 0,
) -> GradientReport:
    """Compare all analytic gradients of a network with central differences in float64.

    The gradients with respect to parameters, input and initial state are checked; a random combination of the final
    state is added to the loss. Wrong gradients raise no error: look at `report.ok`, or print the report.

    Args:
        net: the network; it is not changed.
        x: input (N, T, F).
        y: target, as the loss requires it.
        loss: name or object.
        state: initial state; by default random, so that its gradient is checked too.
        lengths: valid steps of each row, (N,).
        weight: weights of the elements.
        training: with dropout, at one fixed mask.
        max_entries: the largest number of entries that are compared of each array.
        seed: of the random states and of the choice of entries.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.LSTM(3), un.Last(), un.Dense(1)], input_size=2)
    >>> x, y = np.ones((2, 4, 2)), np.zeros((2, 1))
    >>> un.check_gradients(net, x, y).ok
    True
    """
    if not isinstance(getattr(net, "program", None), Program):
        raise InputError(f"net must be a network such as un.Network([un.LSTM(8), un.Dense(1)], 1); got {net!r}.")
    check_type("max_entries", max_entries, Count)
    check_type("training", training, bool)
    seed = checked_seed(seed)
    program, rng = net.program, generator(Purpose.SAMPLE, Place(seed), layer=1)
    x = numbers(x, "x", np.dtype(np.float64)).copy()
    rows = len(x) if x.ndim else 0  # the shape is checked when the network runs
    problem = Problem(
        program=program,
        params=net.parameters.astype(np.float64),
        inputs={program.inputs[0]: x},
        target=target_array(y, np.dtype(np.float64)),
        loss=loss_named(loss),
        state=_initial_states(program, state, rows, rng),
        lengths=None if lengths is None else numbers(lengths, "lengths"),
        weight=None if weight is None else numbers(weight, "weight", np.dtype(np.float64)),
        place=Place(seed) if training else None,
        state_weights={name: _random_state(op.rule, rows, rng) for name, op in program.recurrent.items()},
    )
    return check_problem(problem, max_entries, seed)


def _initial_states(program: Program, state: State | None, rows: int, rng: np.random.Generator) -> dict[str, Any]:
    """The given states in float64, by name, and random ones in place of missing ones."""
    given = states_by_name(program, state)
    return {
        name: cell.State(*(numbers(part, f"state {name}", np.dtype(np.float64)).copy() for part in given[name]))
        if given.get(name) is not None
        else _random_state(cell, rows, rng)
        for name, cell in program.initial_states.items()
    }


def _random_state(cell: Any, rows: int, rng: np.random.Generator) -> Any:
    return cell.State(*(rng.uniform(-0.5, 0.5, (rows, cell.hidden)) for _ in cell.State._fields))
