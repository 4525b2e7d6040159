"""The networks that forecasts come from: an encoder reads the window, and a head or a decoder writes the horizon."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np

from ...argument_types import Between, Count, Index
from ...arrays import Array
from ...nn.cells import cell_named
from ...nn.engines import engine_for
from ...nn.layers import Add, Concatenate, Dense, Dropout, Embedding, Last
from ...nn.program import Buffer, Program, ProgramBuilder

Decoder = Literal["direct", "parallel", "recurrent"]

MAX_LAYERS = 1000
INITIAL_HEAD_WEIGHT = 0.1  # times the usual one, so that forecasts begin near their anchors


@dataclass(frozen=True)
class Architecture:
    """One network, from what it reads to what it writes.

    The encoder is a stack of recurrent layers over the window, a segment of it at each step; from the second layer
    on, there are residual connections. It is followed by one of

    - "direct": a dense layer from the last state to the whole horizon;
    - "parallel": the cell of the encoder's last layer takes one step for each segment of the horizon, all from the
      encoder's last state, reading the position of the segment and what is known ahead. Source: Lin et al.,
      "SegRNN", 2023 (arXiv:2308.11200);
    - "recurrent": the same steps, one after the other. Source: Sutskever, Vinyals & Le, NIPS 2014.
    """

    cell: str  # name of the recurrent cell
    hidden: Count  # its units
    layers: Annotated[int, Between(1, MAX_LAYERS)]  # recurrent layers of the encoder
    dropout: float  # share of hidden units dropped in training
    segment: Count  # values of each channel that a step reads or writes
    channels: Count  # of the window
    horizon: Count  # values to forecast
    outputs: Count  # numbers for each of them, such as quantiles
    decoder: Decoder  # one of the three above
    n_known_ahead: Index = 0  # channels known ahead, the last ones
    n_static: Index = 0  # numbers that are the same for all rows of a series
    category_sizes: tuple[Count, ...] = ()  # the number of codes of each category of a series

    def __repr__(self) -> str:
        stack = f"{self.layers} × " if self.layers > 1 else ""
        segments = f" on segments of {self.segment}" if self.segment > 1 else ""
        return f"{stack}{self.cell.upper()}({self.hidden}){segments}, {self.decoder} decoding"

    @cached_property
    def program(self) -> Program:
        builder = ProgramBuilder()
        h = builder.input("x", self.segment * self.channels)
        ahead = self._inputs_ahead(builder) if self.decoder != "direct" else None
        if self.segment > 1 or ahead is not None:  # the decoder shares the cell's weights and thus its input size
            h = builder.add(Dense(self.hidden, "relu"), h, name="read")
        for k in range(self.layers):
            below, h = h, builder.add(cell_named(self.cell)(self.hidden), h, name=f"encoder {k}")
            if k:
                h = builder.add(Add(), below, h, name=f"residual {k}")
        if ahead is not None:
            last = f"encoder {self.layers - 1}"
            where = builder.add(Dense(self.hidden), ahead, name="ahead read")
            h = builder.add(
                cell_named(self.cell)(self.hidden),
                where,
                name="decoder",
                shares=last,
                initial=f"{last}.final",
                branching=self.decoder == "parallel",
            )
        else:
            h = builder.add(Last(), h, name="last")
        if self.dropout:
            h = builder.add(Dropout(self.dropout), h, name="dropout")
        shape = (self.horizon if ahead is None else self.segment, self.outputs)
        return builder.build(builder.add(Dense(shape), h, name="head"))

    def _inputs_ahead(self, builder: ProgramBuilder) -> Buffer:
        """All that the decoder reads for a segment of the horizon."""
        steps = -(-self.horizon // self.segment)
        parts = [builder.input("ahead", self.segment * self.n_known_ahead + self.n_static + steps, masked=False)]
        codes = [builder.input(f"code {k}", 1, masked=False) for k in range(len(self.category_sizes))]
        for k, (code, count) in enumerate(zip(codes, self.category_sizes, strict=True)):
            size = int(np.clip(round(1.6 * count**0.56), 1, 32))  # fastai's rule of thumb
            parts.append(builder.add(Embedding(count, size), code, name=f"embedding {k}"))
        return builder.add(Concatenate(), *parts, name="told") if codes else parts[0]

    def initialize(self, seed: int) -> Array:
        """Initial parameters."""
        params = self.program.initialize(seed, np.dtype(np.float32))
        self.program.views(params)["head.weight"][...] *= INITIAL_HEAD_WEIGHT
        return params

    def forward(self, params: Array, inputs: dict[str, Array], lengths: Array | None) -> Array:
        """Inputs of N windows → (N, horizon, outputs), float64."""
        y = engine_for(self.program).forward(self.program, params, inputs, None, lengths).outputs[0]
        return y.astype(np.float64).reshape(len(y), -1, self.outputs)[:, : self.horizon]
