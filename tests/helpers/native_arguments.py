"""Arguments of the compiled module, valid ones and damaged ones, for several test files."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un

pytest.importorskip("unrolled.nn.engines._native", exc_type=ImportError)

from unrolled.nn.engines import _native
from unrolled.nn.engines.native import INSTRUCTION_SETS
from unrolled.nn.engines.native_program import NativeProgram
from unrolled.nn.losses import CrossEntropy

REFUSALS = (un.UnrolledError, ValueError, TypeError, MemoryError)
N, T, F, H = 6, 5, 2, 4
INSTRUCTION_SET, CE = INSTRUCTION_SETS[0], CrossEntropy()


def native(*layers, features=F):
    program = un.Network(layers or (un.LSTM(H), un.Last(), un.Dense(1)), features).program
    return NativeProgram(program, _native.Program(program.size)).native


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


def options(loss="mse", batch_size=1, optimizer="sgd", **settings):
    made = _native.TrainerOptions()
    made.batch_size = batch_size
    made.set_loss(loss, levels=[0.5])
    made.set_optimizer(optimizer)
    for name, value in settings.items():
        setattr(made.optimizer, name, value)
    return made


STREAMED = 4 * H * (F + H + 1)  # parameters of the LSTM
P, X, S, Y, LENGTHS = ones(STREAMED + H + 1), ones(N, T, F), ones(N, H), ones(N, 1), np.full(N, T)
ROWS, SUMS, TABLE, LOC = np.arange(N), np.zeros(N), ones(20, F, dtype=float), ones(N, F, dtype=float)


def read_only(a):
    return np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape)


BENT = {
    "shorter": lambda a: a.ravel()[:-1],
    "twice": lambda a: np.concatenate([a.ravel(), a.ravel()]),
    "empty": lambda a: a[:0],
    "number": lambda a: a.dtype.type(1),
    "text": lambda a: "abc",
    "misaligned": lambda a: np.frombuffer(bytearray(b"x" + a.tobytes()), a.dtype, offset=1).reshape(a.shape),
}
COPY = {  # arrays that would have to be copied first
    "precision": lambda a: a.astype({"f4": "f8", "f8": "f4", "i8": "i4"}[a.dtype.str[1:]]),
    "complex": lambda a: a.astype(complex),
    "byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "backwards": lambda a: np.concatenate([a, a])[::-2],
    "gaps": lambda a: np.stack([a, a], axis=-1)[..., 0],
}
