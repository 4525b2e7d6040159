"""How the networks of an ensemble are built and trained."""

from __future__ import annotations

from typing import NamedTuple

from ..inputs.features import Features
from ..inputs.framing import View, WindowSpec
from .architecture import Architecture, Decoder
from .likelihood import outputs_of

MOST_NETWORKS = 1000  # in an ensemble: so many seeds belong to each seed of a forecaster


class Settings(NamedTuple):
    """How networks are built and trained."""

    cell: str
    hidden: int
    layers: int
    dropout: float
    decoder: Decoder
    steps: int
    batch_size: int
    rate: float
    weight_decay: float
    ensemble: int
    seed: int
    verbose: int
    likelihood: str | None = None

    def architecture(self, framing: WindowSpec, view: View, features: Features) -> Architecture:
        return Architecture(
            self.cell,
            self.hidden,
            self.layers,
            self.dropout,
            framing.segment,
            (2 if view == "season" else 1) + features.beside,
            framing.horizon,
            outputs_of(self.likelihood),
            self.decoder,
            features.known,
            features.fixed,
            features.levels,
        )
