"""Invalid arguments of the compiled module are refused."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from native_arguments import (
    BENT,
    COPY,
    INSTRUCTION_SET,
    LENGTHS,
    LOC,
    REFUSALS,
    ROWS,
    STREAMED,
    SUMS,
    TABLE,
    F,
    H,
    N,
    P,
    S,
    T,
    X,
    Y,
    native,
    ones,
    options,
    read_only,
)
from unrolled.nn.engines import _native

AHEAD = {  # windows with all options
    **{"values": TABLE, "observed": TABLE[:, 0].copy(), "starts": ROWS, "lengths": np.full(N, 6)},
    **{"loc": LOC[:, :1].copy(), "scale": LOC[:, :1].copy(), "window": 6, "horizon": 4, "lags": None},
    **{"segment": 3, "decoded": True, "known": 1, "weight": np.ones(N), "series": ROWS % 3},
    **{"fixed": ones(3, 2, dtype=float), "codes": np.arange(6).reshape(3, 2)},
}
CHAIN, LSTM, DATA = native(), native(un.LSTM(H)), _native.arrays(X, Y, None, None, None)


def codes_program():
    """A program of 35 parameters that reads value 0, codes, and 1, of 2 features; and may write value 2, of 5."""
    program = _native.Program(35)
    for width in (1, 2, 5):
        program.add_value(width, width, True, False)
    program.add_input(0)
    program.add_input(1)
    program.add_state(5, 1, True)
    program.add_state(5, 1, False)
    return program


def made(name: str):
    call, arguments = CALLS[name]()
    return call(**arguments) or call.__self__  # a run itself, after its forward pass


CALLS = {  # a call, and its arguments by name
    "forward": lambda: (
        _native.Run32(CHAIN, INSTRUCTION_SET).forward,
        {"params": P, "inputs": [X], "lengths": LENGTHS, "initial": [S, S]}
        | {"keep": True, "place": (1, 2, 3), "outputs": [Y], "finals": [S, S]},
    ),
    "backward": lambda: (
        made("forward").backward,
        {"doutputs": [Y], "dfinals": [S, None], "dparams": P.copy(), "dinputs": [X.copy()], "dinitial": [S, S]},
    ),
    "arrays": lambda: (_native.arrays, {"x": X, "target": Y, "classes": None, "weight": Y, "lengths": LENGTHS}),
    "windows": lambda: (
        _native.windows,
        {"values": TABLE, "observed": TABLE[:, 0].copy(), "starts": ROWS, "lengths": LENGTHS, "loc": LOC}
        | {"scale": LOC, "window": T, "horizon": 2, "lags": np.full(2, 2)},
    ),
    "ahead": lambda: (_native.windows, AHEAD),
    "add_embedding": lambda: (
        codes_program().add_layer,
        {"kind": "embedding", "index": 0, "inputs": [0], "output": 2, "in_size": 4, "weight": 3},
    ),
    "add_cell": lambda: (
        codes_program().add_cell,
        {"kind": "rnn", "activation": "tanh", "reset_after": True, "index": 0, "inputs": [1], "output": 2}
        | {"hidden": 5, "features": 2, "initial": 0, "final": -1, "branching": True}
        | {"weight_ih": 0, "weight_hh": 10, "bias": -1, "bias_hn": -1},
    ),
    "trainer": lambda: (
        _native.Trainer32,
        {"program": CHAIN, "instruction_set": INSTRUCTION_SET, "data": DATA, "options": options()},
    ),
    "train": lambda: (
        _native.Trainer32(CHAIN, INSTRUCTION_SET, DATA, options(momentum=0.9)).train,
        {"params": P.copy(), "memory": [P.copy()], "steps_before": 0, "order": ROWS, "epoch": 0}
        | {"first_batch": 0, "rates": np.full(N, 0.1), "totals": SUMS.copy(), "weights": SUMS.copy()},
    ),
    "evaluate": lambda: (made("trainer").evaluate, {"params": P, "rows": ROWS, "totals": SUMS, "weights": SUMS}),
    "stream": lambda: (
        _native.Stream32,
        {"program": LSTM, "instruction_set": INSTRUCTION_SET, "params": P[:STREAMED], "rows": N},
    ),
    "step": lambda: (made("stream").step, {"x": ones(N, F), "y": S}),
    "read": lambda: (made("stream").read, {"layer": 0, "to": ones(2, N, H)}),
    "write": lambda: (made("stream").write, {"layer": 0, "from": ones(2, N, H)}),
}


COPIED = {f"forward {name}" for name in ("inputs", "lengths", "initial")} | {"backward doutputs", "backward dfinals"}
WRITTEN = {"outputs", "finals", "dparams", "dinputs", "dinitial", "memory", "totals", "weights", "y", "to"}
NO_MISTAKE = {
    ("train order", "twice"),
    ("arrays weight", "twice"),
    ("arrays target", "twice"),
    ("arrays lengths", "numbers"),
    ("ahead codes", "numbers"),  # an embedding refuses them
    ("add_embedding index", "-1"),  # the place of its random numbers, if it had any
    ("add_cell index", "-1"),
    ("add_cell final", "-1"),  # it has none
    ("add_cell bias", "-1"),
    ("add_cell bias_hn", "-1"),
} | {(f"arrays {name}", "precision") for name in ("x", "target", "weight")}
WRONG = {  # of the right kind, but for this call
    "forward lengths": [np.full(N, T + 1)],
    "arrays x": [ones(N, T), ones(N + 1, T, F)],
    "arrays weight": [ones(N, 0)],
    "arrays target": [None],
    "arrays classes": [np.zeros(N, np.int64)],  # beside a target
    "windows starts": [ROWS + 9],
    "windows lengths": [np.full(N, T + 1), np.full(N, 0)],
    "windows lags": [np.array(lags) for lags in ([0, 2], [1, 1], [9, 2], [2, 2**62])],
    "windows drift": [np.ones(N)],  # beside lags
    "windows window": [0, T - 1],
    "windows horizon": [0, 3, 2**62],
    "ahead values": [TABLE.ravel(), ones(20, 0, dtype=float), np.ones((0, 2**31))],
    "ahead starts": [ROWS + 6],
    "ahead lengths": [np.full(N, length) for length in (1, 2, 4, 9)],
    "ahead loc": [ones(N, 0, dtype=float), ones(N, F + 1, dtype=float), np.ones((0, 2**32))],
    "ahead scale": [ones(N, 2, dtype=float), ones(N, dtype=float)],
    "ahead window": [0, 5, 7, 3 * 2**40, 3 * 2**60],
    "ahead horizon": [0, 10, 2**31, 2**62, 2**63 - 1],
    "ahead segment": [0, 4, 5, 12, 2**31, 3 * 2**40, 2**62, 2**63 - 1],
    "ahead known": [F + 1, 2**31, 2**62],
    "ahead series": [np.full(N, 3), None],
    "ahead fixed": [ones(2, 2, dtype=float), ones(6, dtype=float), np.ones((3, 0, 2**40)), np.ones((0, 2**40))],
    "ahead codes": [np.zeros((4, 2), int), np.zeros((3, 2, 0), int), np.zeros((0, 2**32), int), np.zeros((), int)],
    "add_embedding inputs": [[1], [2], [3]],
    "add_embedding output": [0, 1, 3],
    "add_embedding in_size": [0, 7, 2**31, 2**62, 2**63 - 1],
    "add_embedding weight": [16, 2**62, 2**63 - 1],
    "add_cell inputs": [[0], [2], [3]],
    "add_cell output": [0, 1, 3],
    "add_cell hidden": [0, 4, 6, 2**62],
    "add_cell features": [0, 1, 2**62],
    "add_cell initial": [2, 2**31 - 1],
    "add_cell branching": [False],  # and no final state
    "add_cell weight_ih": [26, 2**62],
    "add_cell weight_hh": [11, 2**62],
    "add_cell bias": [31, 2**62],
    "trainer program": [LSTM, native(features=F + 1), native(un.Dense((2, 1)), un.Last())],
    "trainer options": [options(batch_size=0), options(batch_size=-(2**62))],
    "train order": [ROWS + 1],
    "train first_batch": [1, 2**62],  # there are as many batches as rates
    "evaluate rows": [ROWS + 1],
    "stream rows": [0],
    "stream program": [CHAIN, native(un.LSTM(H), features=F + 1)],
}


def mistakes(of: str, value) -> list:
    """Values that must be refused in place of this argument."""
    wrong = list(WRONG.get(of, []))
    if isinstance(value, list):
        wrong += [[], value * 3, None]
    elif isinstance(value, int) and not isinstance(value, bool):
        wrong += [-1, -(2**62), 2**63, "1", None]
        if (of, "-1") in NO_MISTAKE:
            wrong.remove(-1)
    elif not isinstance(value, np.ndarray):
        wrong += [1, "nonsense", (1, 2), (-1, 0, 0), (2**64, 0, 0)]
    first = value[0] if isinstance(value, list) else value
    if isinstance(first, np.ndarray):
        bends = BENT if of in COPIED else BENT | COPY
        bent = [bend(first) for how, bend in bends.items() if (of, how) not in NO_MISTAKE]
        if of.split()[1] in WRITTEN or of == "train params":
            bent.append(read_only(first))
        if first.dtype == np.int64 and (of, "numbers") not in NO_MISTAKE:
            bent += [np.full_like(first, number) for number in (-1, 2**62, -(2**62))]
        wrong += [[b, *value[1:]] if isinstance(value, list) else b for b in bent]
    return wrong


@pytest.mark.parametrize("name", CALLS)
def test_arguments_that_do_not_fit_are_refused(name):
    made(name)
    for argument, value in CALLS[name]()[1].items():
        for bad in mistakes(f"{name} {argument}", value):
            call, good = CALLS[name]()
            with pytest.raises(REFUSALS):
                pytest.fail(f"{argument}={bad!r} was taken: {call(**good | {argument: bad})}")
