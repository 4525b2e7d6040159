"""The pretrained network, read from its file: it forecasts series that it has never seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files

import numpy as np

from ... import storage
from ...arrays import Array
from ...errors import InputError, ModelFileError
from ...nn.layers import Last
from ...nn.network import Network
from ...series.frequency import Frequency
from ..preprocessing.transform import TransformedOrigins
from ..probabilistic.quantiles import LEARNED
from .representation import MAX_SEASONS, represent

FILE = "network.safetensors"
# cycles of a season that is read; with less than two, the first one has no effect yet
LEAST_CYCLES, LEAST_CYCLES_OF_FIRST = 2, 1.15
CYCLES_READ, LEAST_ROWS_READ, MAX_ROWS_READ = 4, 200, 3000  # of the longest season; rows
LENGTHS_PER_OCTAVE = 32  # lengths are rounded down, so that series of similar lengths are read together
CELLS_AT_ONCE = 60_000  # series times rows that are read at a time; their inputs fit the cache
DAYS_OF_SEASON, DAYS_OF_YEAR = 364, 365.25  # a season of 52 weeks stands for a year


@dataclass(frozen=True)
class Pretrained:
    """The network, and its share of the forecasts of an ensemble."""

    network: Network
    share: float  # from 0 to 1
    season: int | None  # as given; None: those of the frequency

    def rows_read(self, frequency: Frequency) -> int:
        """Rows of a long series on which a forecast depends."""
        return rows_read(self.seasons(frequency, MAX_ROWS_READ))

    def seasons(self, frequency: Frequency, rows: int) -> tuple[int, ...]:
        """The seasons of a series of this many rows that are read, the shortest first."""
        given = (self.season,) if self.season is not None else calendar_seasons(frequency)
        found: list[int] = []
        for length in given:
            least = LEAST_CYCLES if found else LEAST_CYCLES_OF_FIRST
            if length > 1 and least * length <= min(rows, MAX_ROWS_READ) and len(found) < MAX_SEASONS:
                found.append(length)
        return tuple(found)

    def lengths(self, origins: TransformedOrigins) -> Array:
        """Rows that are read at each origin, (N,)."""
        known, of = np.unique(origins.ends - origins.starts, return_inverse=True)
        rows = np.minimum(known, [rows_read(self.seasons(origins.panel.frequency, n)) for n in known.tolist()])
        return np.asarray((rows - rows % np.maximum(1, rows // LENGTHS_PER_OCTAVE))[of])

    def outputs(self, origins: TransformedOrigins, horizon: int) -> tuple[Array, Array, Array]:
        """The outputs of the network at N origins; values that are not observed are read as missing.

        Returns:
            The level and seasons ahead, in the units of the target or its logarithm, (N, H); the scale of each
            origin, (N,); and quantiles at `LEARNED`, as distances from the former in units of the scale, (N, H, L).
        """
        panel = origins.panel
        z = origins.transform.transformed(panel)
        seen = np.where(panel.observed, z, np.nan)
        rows, count = self.lengths(origins), len(origins)
        found = np.empty((count, horizon)), np.empty(count), np.empty((count, horizon, len(LEARNED)))
        for length in np.unique(rows).tolist():
            same = np.flatnonzero(rows == length)
            at_once = max(1, CELLS_AT_ONCE // (length + horizon))
            for start in range(0, len(same), at_once):
                some = same[start : start + at_once]
                cells = origins.ends[some, None] + np.arange(-length, 0)
                past = seen[cells]
                empty = np.isnan(past).all(axis=1)
                past[empty] = z[cells[empty]]  # filled gaps are better than nothing
                own = self._read(past, self.seasons(panel.frequency, length), horizon)
                for part, values in zip(found, own, strict=True):
                    part[some] = values
        return found

    def _read(self, past: Array, seasons: tuple[int, ...], horizon: int) -> tuple[Array, Array, Array]:
        """The outputs for series of one length (N, T), NaN where a value is missing."""
        shown = represent(past, seasons, horizon)
        rows = past.shape[1]
        _, state = self._reader.forward(shown.inputs[:, :rows])
        values, _ = self.network.forward(shown.inputs[:, rows:], (*state[:-1], *self._no_state))
        return shown.anchor, shown.scale, values

    @cached_property
    def _reader(self) -> Network:
        """The layers up to the recurrent one, for the past: only its last state matters for what comes after."""
        whole = self.network
        count = 1 + max(k for k, layer in enumerate(whole.layers) if layer.recurrent)
        reader = Network((*whole.layers[:count], Last()), whole.input_size, whole.dtype)
        reader.parameters = whole.parameters[: reader.parameters.size]
        return reader

    @cached_property
    def _no_state(self) -> tuple[None, ...]:
        """Of the layers that `_reader` lacks."""
        return (None,) * (len(self.network.layers) - len(self._reader.layers) + 1)


def calendar_seasons(frequency: Frequency) -> list[int]:
    """Periods in the seasons of the calendar, the shortest first; a year of days has 365."""
    stretch = DAYS_OF_YEAR / DAYS_OF_SEASON if frequency.unit == "fixed" and not frequency.open else 1.0
    return [round(n * stretch) if name == "year" else n for name, n in frequency.seasons.items()]


def rows_read(seasons: tuple[int, ...]) -> int:
    """Rows of a series with these seasons on which a forecast depends."""
    return int(np.clip(CYCLES_READ * max(seasons, default=1), LEAST_ROWS_READ, MAX_ROWS_READ))


@cache
def pretrained_network() -> Network:
    """The network of this installation.

    Raises:
        InputError: its file is missing or damaged.
    """
    try:
        with as_file(files(__package__) / FILE) as path:
            _, arrays, content = storage.read(path)
            with storage.guarded(path):
                return Network.rebuild(content, arrays)
    except ModelFileError as error:
        raise InputError(
            f"the pretrained network can't be read ({error}). Install unrolled again; without it, networks can still "
            "be trained on the table (`network='trained'`)."
        ) from error
