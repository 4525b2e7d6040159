"""Layers that are not recurrent: each maps whole arrays, forward and backward.

Networks use `Dense`, `Embedding`, `Last` and `Dropout`; programs that are not sequential, such as a layer in both
directions, also use `Reverse`, `Concatenate` and `Add`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from ..argument_types import Count, check_fields
from ..arrays import Array
from ..errors import InputError
from . import randomness
from .activations import ACTIVATIONS
from .cells.base import glorot
from .lengths import valid_steps
from .randomness import Place, Purpose


@dataclass(frozen=True)
class Context:
    """Information for a layer besides its inputs."""

    lengths: Array | None  # (N,) valid steps; None: all
    place: Place | None  # of this batch in training; None: no training
    index: int  # the operation's position in the program

    def padding(self, x: Array) -> Array | None:
        """(N, T), True for the steps of x (N, T, ...) past the end of their row; None without lengths."""
        return None if self.lengths is None else ~valid_steps(self.lengths, x.shape[1])


@dataclass(frozen=True)
class Layer(ABC):
    """A layer is a value that holds sizes and options; methods get views of parameters `p` and gradients `dp`."""

    kind: ClassVar[str]
    recurrent: ClassVar[bool] = False
    causal: ClassVar[bool] = True
    sequence_output: ClassVar[bool | None] = None  # None: like the input
    differentiable: ClassVar[bool] = True  # with respect to its inputs; codes are not

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__}: {{}}")

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {}

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:  # noqa: B027  (most have none)
        """Write initial values into the parameters, if there are any."""

    def output_shape(self, *features: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of one element (a row, or a step of a row) from those of the inputs."""
        return features[0]

    @abstractmethod
    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        """Forward: inputs (N, ...) or (N, T, ...) → output, and what `apply_back` needs."""

    @abstractmethod
    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        """Backward: gradient of the output → gradients of the inputs; those of parameters are added to `dp`."""


@dataclass(frozen=True)
class Dense(Layer):
    """y = φ(W x + b) on the last axis, for rows (N, F) and for each step of sequences (N, T, F).

    Args:
        size: number of outputs, or the shape of the output, such as (horizon, quantiles).
        activation: φ: None, "tanh", "relu", "linear" or "sigmoid".
        bias: whether to add b.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.LSTM(4), un.Last(), un.Dense((12, 3))], input_size=1)
    >>> net.forward(np.zeros((5, 24, 1)))[0].shape
    (5, 12, 3)
    """

    size: int | tuple[int, ...]
    activation: str | None = None
    bias: bool = True
    kind: ClassVar[str] = "dense"

    def __post_init__(self) -> None:
        if isinstance(self.size, list):
            object.__setattr__(self, "size", tuple(self.size))
        if not self.shape or not all(isinstance(n, int) and n >= 1 for n in self.shape):
            raise InputError(f"Dense: size must be a whole number ≥ 1 or a tuple of them; got {self.size!r}.")
        super().__post_init__()
        if self.activation is not None and self.activation not in ACTIVATIONS:
            raise InputError(f"Dense: no activation is called {self.activation!r}; known: {', '.join(ACTIVATIONS)}.")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.size if isinstance(self.size, tuple) else (self.size,)

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"weight": (prod(self.shape), features[-1])}
        return shapes | {"bias": (prod(self.shape),)} if self.bias else shapes

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:
        p.weight[...] = glorot(p.weight.shape, rng)

    def output_shape(self, *features: tuple[int, ...]) -> tuple[int, ...]:
        return features[0][:-1] + self.shape

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        (x,) = inputs
        y = x @ p.weight.T
        if self.bias:
            y += p.bias
        if self.activation:
            ACTIVATIONS[self.activation].function(y, out=y)
        padding = context.padding(x)
        if padding is not None:
            y[padding] = 0  # outputs past the end are 0 in spite of the bias
        return y.reshape(*x.shape[:-1], *self.shape), (x, y, padding)

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        x, y, padding = saved
        da = dy.reshape(y.shape)
        if padding is not None:
            da = da.copy()
            da[padding] = 0
        if self.activation:
            da = da * ACTIVATIONS[self.activation].derivative(y)
        flat_da, flat_x = da.reshape(-1, da.shape[-1]), x.reshape(-1, x.shape[-1])
        dp.weight += flat_da.T @ flat_x
        if self.bias:
            dp.bias += flat_da.sum(axis=0)
        return [da @ p.weight]


@dataclass(frozen=True)
class Embedding(Layer):
    """A learned vector for each code: (N, T, 1) or (N, 1) → (N, T, size) or (N, size).

    Args:
        count: number of codes; the input must hold whole numbers 0 .. count - 1.
        size: length of the vectors.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.Embedding(27, 8), un.GRU(16), un.Dense(27)], input_size=1)
    >>> net.forward(np.array([[[0], [26]]]))[0].shape
    (1, 2, 27)
    """

    count: Count
    size: Count
    kind: ClassVar[str] = "embedding"
    differentiable: ClassVar[bool] = False

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.count, self.size)}

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:
        p.weight[...] = rng.standard_normal(p.weight.shape)

    def output_shape(self, *features: tuple[int, ...]) -> tuple[int, ...]:
        if features[0] != (1,):
            raise InputError(f"Embedding: its input is one code per step, (1,); got {features[0]}.")
        return (self.size,)

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        codes = inputs[0][..., 0]
        if not ((codes >= 0) & (codes < self.count) & (codes == np.floor(codes))).all():
            raise InputError(
                f"Embedding: codes must be whole numbers in 0..{self.count - 1}; "
                f"they range from {codes.min():g} to {codes.max():g}."
            )
        codes = codes.astype(np.int64)
        y = p.weight[codes]
        padding = context.padding(codes)
        if padding is not None:
            y[padding] = 0
        return y, (codes, padding, inputs[0].shape)

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        codes, padding, shape = saved
        if padding is not None:
            dy = np.where(padding[..., None], 0, dy)
        np.add.at(dp.weight, codes, dy)
        return [np.zeros(shape, dy.dtype)]  # codes have no gradient


class Last(Layer):
    """The last valid step of each sequence: (N, T, F) → (N, F); zeros where the length is 0.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.RNN(3), un.Last()], input_size=1)
    >>> net.forward(np.ones((2, 5, 1)), lengths=[5, 0])[0][1]
    array([0., 0., 0.], dtype=float32)
    """

    kind: ClassVar[str] = "last"
    sequence_output: ClassVar[bool | None] = False

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        (x,) = inputs
        if context.lengths is None:
            return x[:, -1].copy(), (x.shape, None)
        rows = np.flatnonzero(context.lengths)
        where = (rows, context.lengths[rows] - 1)
        y = np.zeros((len(x), *x.shape[2:]), x.dtype)
        y[rows] = x[where]
        return y, (x.shape, where)

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        shape, where = saved
        dx = np.zeros(shape, dy.dtype)
        if where is None:
            dx[:, -1] = dy
        else:
            dx[where] = dy[where[0]]
        return [dx]


@dataclass(frozen=True)
class Dropout(Layer):
    """Variational dropout: in training, each sequence has one mask for all of its steps.

    Kept units are scaled by 1 / (1 - p), so that outside training the layer does nothing.

    Args:
        p: the share of units set to zero, 0 ≤ p < 1.

    Source: Gal & Ghahramani, NIPS 2016 (arXiv:1512.05287).

    >>> import unrolled as un
    >>> net = un.Network([un.LSTM(8), un.Dropout(0.2), un.Last(), un.Dense(1)], input_size=1)
    """

    p: float
    kind: ClassVar[str] = "dropout"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.p < 1:
            raise InputError(f"Dropout: p must lie in [0, 1); got {self.p!r}.")

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        (x,) = inputs
        if context.place is None or self.p == 0:
            return x, None
        features = x.shape[-1]
        words = randomness.words(Purpose.DROPOUT, context.place, context.index, len(x) * features)
        kept = (words >= np.uint64(self.p * 2**64)).astype(x.dtype).reshape(len(x), features)
        mask = kept / x.dtype.type(1 - self.p)
        mask = mask.reshape(len(x), *(1,) * (x.ndim - 2), features)
        return x * mask, mask

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        return [dy if saved is None else dy * saved]


class Reverse(Layer):
    """The valid steps of each sequence in reverse order; padding is unchanged."""

    kind: ClassVar[str] = "reverse"
    causal: ClassVar[bool] = False

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        (x,) = inputs
        if context.lengths is None:
            return x[:, ::-1], None
        steps = np.arange(x.shape[1])
        source = np.where(steps < context.lengths[:, None], context.lengths[:, None] - 1 - steps, steps)
        index = (np.arange(len(x))[:, None], source)
        return x[index], index

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        return [dy[:, ::-1] if saved is None else dy[saved]]  # reversing is its own inverse


class Concatenate(Layer):
    """Several inputs concatenated along the last axis."""

    kind: ClassVar[str] = "concatenate"

    def output_shape(self, *features: tuple[int, ...]) -> tuple[int, ...]:
        if len({f[:-1] for f in features}) > 1:
            raise InputError(
                f"Concatenate: inputs may differ in the last axis only; got {', '.join(map(str, features))}."
            )
        return (*features[0][:-1], sum(f[-1] for f in features))

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        return np.concatenate(inputs, axis=-1), np.cumsum([x.shape[-1] for x in inputs])[:-1]

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        return np.split(dy, saved, axis=-1)


class Add(Layer):
    """The sum of several inputs of one shape, as in a residual connection."""

    kind: ClassVar[str] = "add"

    def output_shape(self, *features: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(features)) > 1:
            raise InputError(f"Add: its inputs must have one shape; got {', '.join(map(str, features))}.")
        return features[0]

    def apply(self, inputs: list[Array], p: SimpleNamespace, context: Context) -> tuple[Array, Any]:
        return sum(inputs[1:], start=inputs[0]), len(inputs)

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        return [dy] * saved


LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer for layer in (Dense, Embedding, Last, Dropout, Reverse, Concatenate, Add)
}
