"""Windows that are read by segments, and a network that decodes their horizon, for several test files."""

from __future__ import annotations

import numpy as np

from unrolled.nn.cells import Cell
from unrolled.nn.datasets import Windows
from unrolled.nn.layers import Concatenate, Dense, Embedding, Last
from unrolled.nn.program import Program, ProgramBuilder

SEGMENT, WINDOW, HORIZON = 2, 6, 5  # the last of three segments ahead is not full
CHANNELS, SCALED, KNOWN = 4, 3, 2  # the first of the channels known ahead is scaled, the second is not
SERIES, FIXED, CODES = 4, 3, 5
KINDS: dict[str, tuple[str, ...]] = {  # the options of windows besides segments
    "segments": (),
    "decoded": ("decoded",),
    "known": ("decoded", "known"),
    "fixed": ("decoded", "series", "fixed"),
    "codes": ("decoded", "series", "codes"),
    "drift": ("drift",),
    "drift ahead": ("decoded", "drift"),
    "all": ("decoded", "known", "weight", "series", "fixed", "codes", "lags"),
}


def segmented(kind: str, rng: np.random.Generator, rows: int, ragged: bool = False, table: int = 120) -> Windows:
    """Random windows of one kind; if ragged, of 0 to 3 segments."""
    lengths = SEGMENT * rng.integers(0, WINDOW // SEGMENT + 1, rows) if ragged else np.full(rows, WINDOW)
    has = {
        "decoded": True,
        "known": KNOWN,
        "weight": rng.uniform(0.5, 2, rows) * rng.choice([0, 1], rows, p=(0.2, 0.8)),
        "series": rng.integers(SERIES, size=rows),
        "fixed": rng.standard_normal((SERIES, FIXED)),
        "codes": rng.integers(CODES, size=(SERIES, 2)),
        "lags": np.array([2, 5, 3, 4, 6]),
        "drift": rng.standard_normal(rows),
    }
    return Windows(
        values=rng.standard_normal((table, CHANNELS)),
        observed=rng.choice([0.0, 1.0], table, p=(0.2, 0.8)),
        starts=rng.integers(4, table - WINDOW - HORIZON, rows),  # an empty window still has anchors before it
        lengths=lengths,
        loc=rng.standard_normal((rows, SCALED)),
        scale=rng.uniform(0.5, 2, (rows, SCALED)),
        window=WINDOW,
        horizon=HORIZON,
        segment=SEGMENT,
        **{name: has[name] for name in KINDS[kind]},
    )


def network(data: Windows, cell: Cell, levels: int | None = None) -> Program:
    """A cell reads segments; where the horizon is decoded, the same cell branches into all of its steps.

    `levels`: quantiles per target.
    """
    builder = ProgramBuilder()
    x = builder.input("x", data.segment * data.values.shape[1])
    h = builder.add(cell, builder.add(Dense(cell.hidden, "tanh"), x, name="read"), name="encoder")
    targets = data.horizon
    if data.decoded:
        h, targets = _decoder(builder, data, cell), data.segment
    else:
        h = builder.add(Last(), h, name="last")
    return builder.build(builder.add(Dense((targets, levels) if levels else targets), h, name="head"))


def _decoder(builder: ProgramBuilder, data: Windows, cell: Cell):
    fixed = 0 if data.fixed is None else data.fixed.shape[1]
    parts = [builder.input("ahead", data.segment * data.known + fixed + data.steps_ahead, masked=False)]
    for k in range(0 if data.codes is None else data.codes.shape[1]):
        code = builder.input(f"code {k}", 1, masked=False)
        parts.append(builder.add(Embedding(CODES, 2 + k), code, name=f"vector {k}"))
    ahead = builder.add(Concatenate(), *parts, name="ahead and vectors")
    ahead = builder.add(Dense(cell.hidden, "tanh"), ahead, name="look")
    return builder.add(cell, ahead, name="decoder", shares="encoder", initial="encoder.final", branching=True)
