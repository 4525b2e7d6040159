"""How the networks of an ensemble are built and trained."""

from dataclasses import dataclass
from typing import Any

from ..inputs.features import Features
from ..inputs.views import View
from ..inputs.window_spec import WindowSpec
from .architecture import Architecture, Decoder
from .distributions import OutputDistribution

MAX_NETWORKS = 1000  # in an ensemble: each seed of a forecaster stands for this many seeds of networks


@dataclass(frozen=True, kw_only=True)
class Settings:
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
    distribution: OutputDistribution

    def architecture(self, spec: WindowSpec, view: View, features: Features) -> Architecture:
        return Architecture(
            cell=self.cell,
            hidden=self.hidden,
            layers=self.layers,
            dropout=self.dropout,
            outputs=self.distribution.size,
            decoder=self.decoder,
            **network_sizes(spec, view, features),
        )


def network_sizes(spec: WindowSpec, view: View, features: Features) -> dict[str, Any]:
    """The sizes of a network that follow from what it reads, by their names in `Architecture`."""
    return {
        "segment": spec.segment,
        "channels": view.channels + features.n_channels,
        "horizon": spec.horizon,
        "n_known_ahead": features.n_known_ahead,
        "n_static": features.n_static,
        "category_sizes": features.category_sizes,
    }
