"""The interface of recurrent cells, and the registry that makes new ones known everywhere.

Shapes: N rows, T steps, F features, H hidden units, G gates. Weights have PyTorch's layout:
`weight_ih` (G·H, F), `weight_hh` (G·H, H), gates stacked in the order of `Cell.gates`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from ...argument_types import Count, check_fields
from ...arrays import Array
from ...errors import InputError, NotRegisteredError


class HiddenState(NamedTuple):
    """The state of a cell that carries over only its hidden output."""

    h: Array  # (N, H)


@dataclass(frozen=True)
class Cell(ABC):
    """One step of a recurrence, forward and backward; engines run it through time.

    A cell is a value: it holds its sizes and options, never parameters or activations. `p` and `dp` are
    namespaces of parameter views and of their gradients; `step` returns whatever `step_back` needs
    as `saved`.

    The output of a step is its `state.h`.
    """

    hidden: Count
    kind: ClassVar[str]  # the name in programs, files and on the command line
    gates: ClassVar[tuple[str, ...]]  # the order in which weights and pre-activations are stacked
    State: ClassVar[type] = HiddenState  # a NamedTuple of (N, H) arrays with a field `h`
    causal: ClassVar[bool] = True  # step t sees steps ≤ t only: it can be streamed
    variants: ClassVar[tuple[dict[str, Any], ...]] = ({},)  # options whose mathematics differ, for checks
    recurrent: ClassVar[bool] = True
    sequence_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__}: {{}}")

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters for inputs of this many features."""
        rows = len(self.gates) * self.hidden
        return {"weight_ih": (rows, features[0]), "weight_hh": (rows, self.hidden), "bias": (rows,)}

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:
        """Write initial values, gate by gate: Glorot uniform inputs, orthogonal recurrence, zero biases."""
        for gate in range(len(self.gates)):
            rows = slice(gate * self.hidden, (gate + 1) * self.hidden)
            p.weight_ih[rows] = glorot(p.weight_ih[rows].shape, rng)
            p.weight_hh[rows] = orthogonal(self.hidden, rng)

    def output_shape(self, features: tuple[int, ...]) -> tuple[int, ...]:
        return (self.hidden,)

    def split(self, a: Array) -> list[Array]:
        """Views of the parts of (..., G·H) that belong to each gate, in the order of `gates`."""
        H = self.hidden
        return [a[..., k * H : (k + 1) * H] for k in range(len(self.gates))]

    def zero_state(self, rows: int, dtype: np.dtype) -> Any:
        return self.State(*(np.zeros((rows, self.hidden), dtype) for _ in self.State._fields))  # type: ignore[attr-defined]

    def project(self, x: Array, p: SimpleNamespace) -> Array:
        """The contribution of the input to all pre-activations: x (..., F) → (..., G·H)."""
        a = x @ p.weight_ih.T
        if hasattr(p, "bias"):
            a += p.bias
        return a

    def project_back(self, da: Array, x: Array, p: SimpleNamespace, dp: SimpleNamespace) -> Array:
        """The adjoint of `project` for flat rows: da (R, G·H), x (R, F) → dx (R, F)."""
        dp.weight_ih += da.T @ x
        if hasattr(p, "bias"):
            dp.bias += da.sum(axis=0)
        return da @ p.weight_ih

    @abstractmethod
    def step(self, a: Array, state: Any, p: SimpleNamespace) -> tuple[Any, Any]:
        """One step forward: projected input a (N, G·H), which it may overwrite → new state, saved."""

    @abstractmethod
    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        """One step backward: gradient of the new state → da (N, G·H), gradient of the old state.

        Gradients of the recurrent parameters are added into `dp` in place. `saved` can be used only once: the
        returned `da` may overwrite it.
        """


CELLS: dict[str, type[Cell]] = {}
C = TypeVar("C", bound=type)


def register_cell(cls: C) -> C:
    """Class decorator: make a cell known to files, the command line, gradient checks and tests.

    >>> import unrolled as un
    >>> sorted(un.CELLS)
    ['gru', 'lstm', 'rnn']
    """
    kind = getattr(cls, "kind", None)
    if not isinstance(cls, type) or not issubclass(cls, Cell) or not isinstance(kind, str):
        name = cls.__name__ if isinstance(cls, type) else repr(cls)
        raise InputError(f"{name} is not a cell: derive it from un.Cell and give it a `kind`.")
    CELLS[kind] = cls
    return cls


def cell_named(kind: str) -> type[Cell]:
    try:
        return CELLS[kind]
    except (KeyError, TypeError):  # TypeError: it can't be the key of a dictionary
        raise NotRegisteredError(f"no cell is called {kind!r}; known: {', '.join(sorted(CELLS))}.") from None


def glorot(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Uniform in ±sqrt(6 / (fan_in + fan_out)). Source: Glorot & Bengio, AISTATS 2010."""
    limit = np.sqrt(6 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape)


def orthogonal(size: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix, uniform over the group. Source: Saxe et al., ICLR 2014."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return q * np.sign(np.diag(r))  # the sign makes the factorisation unique, and therefore the distribution uniform
