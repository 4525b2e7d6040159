"""Networks: layers one after the other with one flat parameter vector."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np

from .. import storage
from ..argument_types import Between, Count, check_type
from ..arrays import Array
from ..errors import InputError, ModelFileError
from ..interactive.html import table, titled
from ..schema import read_object
from .argument_checks import checked_dtype, numbers, refuse_overflow
from .cells.base import CELLS
from .datasets import Arrays, target_array
from .engines import Engine, Forward, engine_for
from .layers import LAYERS
from .losses import Loss, loss_named
from .program import Rule
from .randomness import Place, checked_seed
from .sequential import State, sequential_program, states_by_layer, states_by_name
from .streaming import Stream

if TYPE_CHECKING:
    from ..interactive.progress import EpochEnd
    from .optimizers import Optimizer
    from .training.history import History
    from .training.plan import EarlyStopping


class Gradients(NamedTuple):
    """Gradients of a loss, by what they are taken with respect to."""

    parameters: Array  # flat, like `Network.parameters`
    x: Array  # (N, T, F)
    state: State  # of the initial state


@dataclass(frozen=True)
class StoredNetwork:
    """The content of a file; docs/model-file.md explains the keys."""

    layers: tuple[Mapping[str, Any], ...]
    input_size: Count
    dtype: Literal["float32", "float64"]
    seed: Annotated[int, Between(0, 2**64 - 1)]


class Network:
    """Layers one after the other, over sequences x (N, T, F).

    Args:
        layers: cells and layers, such as `[un.LSTM(64), un.Last(), un.Dense(1)]`.
        input_size: features F of the input.
        dtype: "float32" for training, "float64" for numerical checks.
        seed: of the initial parameters and of dropout.

    Raises:
        InputError: a layer does not fit the one before it, or an option is not allowed.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.LSTM(8), un.Last(), un.Dense(1)], input_size=1, seed=0)
    >>> x = np.linspace(0, 1, 50).reshape(5, 10, 1)
    >>> y, state = net.forward(x)
    >>> y.shape
    (5, 1)
    >>> net
    Network(LSTM(8) → Last → Dense(1); input 1, 329 parameters, float32)
    """

    def __init__(
        self, layers: Iterable[Rule], input_size: int, dtype: str | np.dtype = "float32", seed: int = 0
    ) -> None:
        check_type("layers", layers, Iterable[Rule])
        self._assemble(layers, input_size, dtype, seed)
        self._parameters = self.program.initialize(self.seed, self.dtype)

    def _assemble(self, layers: Iterable[Rule], input_size: int, dtype: str | np.dtype, seed: int) -> None:
        """Set everything but the parameters."""
        self.layers = tuple(layers)
        self.input_size = input_size
        self.dtype = checked_dtype(dtype)
        self.seed = checked_seed(seed)
        self.program = sequential_program(self.layers, input_size)

    @property
    def parameters(self) -> Array:
        """All parameters as one flat array; assigning to it copies new values."""
        return self._parameters

    @parameters.setter
    def parameters(self, values: Array) -> None:
        values = numbers(values, "parameters", self.dtype)
        if values.shape != self._parameters.shape:
            raise InputError(f"this network has {self._parameters.size} parameters; got an array of {values.shape}.")
        self._parameters[...] = values

    @property
    def views(self) -> dict[str, Array]:
        """Views into the flat parameters by name, such as "0.weight_hh"."""
        return self.program.views(self._parameters)

    def forward(
        self,
        x: Array,
        state: State | None = None,
        lengths: Sequence[int] | Array | None = None,
        training: bool = False,
    ) -> tuple[Array, State]:
        """Run the network.

        Args:
            x: (N, T, F).
            state: initial state, one entry per layer; None: zeros.
            lengths: valid steps of each row, (N,).
            training: turn dropout on.

        Returns:
            The output, and the final state, which continues the sequence when passed in again.

        Raises:
            InputError: a shape does not fit.
        """
        result = self._run(engine_for(self.program), x, state, lengths, training)
        return result.outputs[0], states_by_layer(self.program, result.state, "final")

    def gradients(
        self,
        x: Array,
        y: Array,
        loss: str | Loss = "mse",
        state: State | None = None,
        lengths: Sequence[int] | Array | None = None,
        weight: Array | None = None,
        training: bool = False,
    ) -> tuple[float, Gradients]:
        """The loss on targets y and its gradients with respect to parameters, input and initial state.

        The arguments are those of `forward` and `fit`.

        Raises:
            InputError: a shape does not fit.
        """
        engine = engine_for(self.program)
        lengths = None if lengths is None else numbers(lengths, "lengths")
        result = self._run(engine, x, state, lengths, training, keep=True)
        target = target_array(y, self.dtype)
        weight = None if weight is None else numbers(weight, "weight", self.dtype)
        evaluation = self.program.evaluate(loss_named(loss), result.outputs[0], target, weight, lengths)
        found = engine.backward(result.tape, (evaluation.dprediction,))
        return evaluation.mean, Gradients(
            found.parameters, found.inputs["x"], states_by_layer(self.program, found.state, "initial")
        )

    def _run(
        self, engine: Engine, x: Array, state: State | None, lengths: Any, training: bool, keep: bool = False
    ) -> Forward:
        check_type("training", training, bool)
        states = states_by_name(self.program, state)
        place = Place(self.seed) if training else None
        return engine.forward(self.program, self._parameters, {"x": x}, states, lengths, keep, place)

    def stream(self, rows: int = 1) -> Stream:
        """Feed the network step by step, `rows` sequences at once, from a state of zeros."""
        return Stream(self, rows)

    def fit(
        self,
        x: Array,
        y: Array,
        loss: str | Loss = "mse",
        optimizer: Optimizer | None = None,
        *,
        epochs: int = 20,
        batch_size: int = 32,
        shuffle: bool = True,
        validation: float | tuple[Array, Array] | None = None,
        lengths: Sequence[int] | Array | None = None,
        weight: Array | None = None,
        clip_norm: float | None = 1.0,
        early_stopping: int | EarlyStopping | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        callbacks: Sequence[Callable[[EpochEnd], bool | None]] = (),
        seed: int = 0,
        verbose: int = 1,
    ) -> History:
        """Train on rows x (N, T, F) with targets y. Ctrl-C ends the training and keeps the best weights.

        Args:
            loss: name or object.
            optimizer: `un.Adam(1e-3)` by default.
            epochs: passes over the rows.
            batch_size: rows in each step.
            shuffle: visit training rows in a new order every epoch.
            validation: share of the rows, taken from the end (rows are in time order), or a pair (x, y).
            lengths: valid steps of each row, (N,).
            weight: weights of the elements, (N,), (N, T) or like y.
            clip_norm: largest norm of a step's gradient; None: no limit.
            early_stopping: an `EarlyStopping`, or its patience in epochs; the best weights are restored.
            checkpoint: file with the state of the training, from which it resumes bit for bit if the file exists.
            checkpoint_every: epochs between writing it, besides after the last; None: as fits into 5 % of the time.
            callbacks: called with an `EpochEnd` after every epoch; one that returns True stops training.
            seed: of the order of rows and of dropout.
            verbose: 0 is silent; 1 shows progress in a notebook or on a terminal.

        Raises:
            InputError: shapes or options do not fit. As after all errors but the next, the network is unchanged.
            TrainingDiverged: the loss stopped being finite; the best weights so far are restored.

        >>> import numpy as np, unrolled as un
        >>> net = un.Network([un.RNN(4), un.Last(), un.Dense(1)], input_size=1)
        >>> x = np.random.default_rng(0).uniform(size=(64, 5, 1))
        >>> net.fit(x, x.sum(axis=1), optimizer=un.Adam(0.01), epochs=30).loss[-1] < 0.5
        True
        """
        from .optimizers import checked_optimizer  # importing it takes time, and `forward` does not need it
        from .training.loop import train
        from .training.plan import TrainingPlan

        data, rows = self._split(self._arrays(x, y, weight, lengths), validation)
        options = (epochs, batch_size, shuffle, clip_norm, early_stopping, checkpoint, checkpoint_every, callbacks)
        plan = TrainingPlan(*options, seed=seed, verbose=verbose)
        return train(
            self.program, self._parameters, data, loss_named(loss), checked_optimizer(optimizer), plan, *rows
        )

    def _split(
        self, data: Arrays, validation: float | tuple[Array, Array] | None
    ) -> tuple[Arrays, tuple[Array, Array]]:
        """All rows, the numbers of those to train on, and the numbers of those for validation."""
        rows = len(data)
        check_type("validation", validation, float | tuple | None)
        if isinstance(validation, tuple):
            if data.lengths is not None or data.weight is not None:
                raise InputError("a pair (x, y) for validation has no lengths or weights; give a share of the rows.")
            data = data.followed_by(self._arrays(*validation))
        elif validation:
            if not 0 < validation < 1:
                raise InputError(f"validation is a share of the rows in (0, 1); got {validation!r}.")
            held_out = max(1, round(validation * rows))
            if held_out >= rows:
                raise InputError(f"validation={validation} of {rows} rows leaves none to train on.")
            rows -= held_out
        return data, (np.arange(rows), np.arange(rows, len(data)))

    def _arrays(self, x: Any, y: Any, weight: Any = None, lengths: Any = None) -> Arrays:
        """Training rows, or an `InputError` if shapes do not fit or values are not finite."""
        x, target = numbers(x, "x"), numbers(y, "y")
        if x.ndim != 3 or x.shape[2] != self.input_size or 0 in x.shape:
            raise InputError(f"x must have shape (N, T, {self.input_size}) with N and T ≥ 1; got {x.shape}.")
        weight = None if weight is None else numbers(weight, "weight")
        lengths = None if lengths is None else numbers(lengths, "lengths")
        for name, array in (("y", target), ("weight", weight), ("lengths", lengths)):
            if array is not None and array.shape[:1] != x.shape[:1]:
                raise InputError(f"x has {len(x)} rows; {name} must have as many, but its shape is {array.shape}.")
        data = Arrays(x, target, weight, lengths)
        data.check_finite()
        for name, array in (("x", x), ("y", target), ("weight", weight)):
            if array is not None:
                refuse_overflow(array, name, self.dtype)
        return data

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file; `un.load` reads it."""
        storage.write(path, "network", self.views, self.describe())

    def describe(self) -> dict[str, Any]:
        return {
            "layers": [storage.describe(layer) for layer in self.layers],
            "input_size": self.input_size,
            "dtype": self.dtype.name,
            "seed": self.seed,
        }

    @classmethod
    def rebuild(cls, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Network:
        """The network that `describe` described, with these parameters."""
        stored = read_object(content, StoredNetwork, ignore_unknown=True)
        known: dict[str, type[Any]] = {**CELLS, **LAYERS}
        net = cls.__new__(cls)
        layers = [storage.restore(layer, known) for layer in stored.layers]
        net._assemble(layers, stored.input_size, stored.dtype, stored.seed)
        # before anything is allocated: the sizes in a damaged file may not be those of its arrays
        for name, parameter in net.program.parameters.items():
            found = (arrays[name].shape, arrays[name].dtype) if name in arrays else "nothing"
            if found != (parameter.shape, net.dtype):
                raise ModelFileError(
                    f"parameter {name} should be {(parameter.shape, net.dtype)}; the file has {found}."
                )
        net._parameters = np.empty(net.program.size, net.dtype)
        for name, view in net.views.items():
            view[...] = arrays[name]
        return net

    def __repr__(self) -> str:
        def short(layer: Rule) -> str:
            options = [repr(v) for v in storage.describe(layer).values()][1:2]
            return type(layer).__name__ + (f"({options[0]})" if options else "")

        return (
            f"Network({' → '.join(map(short, self.layers))}; input {self.input_size}, "
            f"{self._parameters.size} parameters, {self.dtype.name})"
        )

    def _repr_html_(self) -> str:
        rows = []
        for number, layer in enumerate(self.layers):
            own = {n.partition(".")[2]: v for n, v in self.views.items() if n.partition(".")[0] == str(number)}
            shapes = ", ".join(f"{name} {' × '.join(map(str, view.shape))}" for name, view in own.items())
            rows.append([str(number), repr(layer), f"{sum(view.size for view in own.values()):,}", shapes])
        return titled(repr(self), table(["layer", "", "parameters", "arrays"], rows, words=["", "arrays"]))
