"""The lessons from which a network learns to forecast: synthetic series, cut into a past and a future.

Each lesson has one set of seasons, one length and one horizon, and is a function of its number, so that a training
that is resumed continues with the same lessons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ...synthetic import KINDS, distort
from .representation import represent

MAX_TARGET = 30.0  # targets are clipped to it
GAPPY_SHARE, GAP_SHARES = 0.25, (0.02, 0.1, 0.3)  # of lessons with gaps, and the shares of their values
KNOWN_END_SHARE = 0.7  # of series with gaps, whose last value is always kept
MAX_UNUSED_ROWS = 30  # before the past, so that series don't begin at the start of their process

BUSINESS = {
    "exponential smoothing": 0.42,
    "structural": 0.36,
    "fractional": 0.06,
    "gaussian process": 0.08,
    "regimes": 0.04,
    "counts": 0.04,
}
CLOCK = {
    "calendar": 0.62,
    "exponential smoothing": 0.08,
    "structural": 0.12,
    "fractional": 0.06,
    "gaussian process": 0.08,
    "counts": 0.04,
}


@dataclass(frozen=True)
class Subject:
    """Series of one kind of table."""

    seasons: tuple[int, ...]
    shortest: int  # rows of the past
    longest: int
    horizons: tuple[int, ...]
    series: int  # in a lesson
    share: float  # of the lessons
    kinds: Mapping[str, float]  # shares of the processes


HORIZONS = (6, 8, 12, 18, 24, 36)
SUBJECTS = (
    Subject((), 3, 100, HORIZONS, 1024, 0.12, BUSINESS),
    Subject((), 20, 300, HORIZONS, 1024, 0.06, BUSINESS),
    Subject((4,), 6, 100, HORIZONS, 1024, 0.10, BUSINESS),
    Subject((12,), 14, 150, HORIZONS, 1024, 0.16, BUSINESS),
    Subject((7,), 14, 120, HORIZONS, 1024, 0.05, BUSINESS),
    Subject((24,), 50, 300, HORIZONS, 1024, 0.05, BUSINESS),
    Subject((52,), 60, 220, HORIZONS, 1024, 0.06, BUSINESS),
    Subject((7,), 28, 400, (7, 14, 28, 56), 768, 0.13, CLOCK),
    Subject((7, 365), 730, 1300, (7, 14, 28, 56), 256, 0.07, CLOCK),
    Subject((24, 168), 336, 840, (24, 48, 168), 256, 0.13, CLOCK),
    Subject((48, 336), 672, 1008, (48, 96), 256, 0.07, CLOCK),
)
YEAR = 365.25  # days; the network reads it as 365


class Lesson(NamedTuple):
    """N series of T rows and H rows ahead."""

    inputs: Array  # (N, T + H, CHANNELS), float32
    targets: Array  # distances from the anchors in scales, 0 in the past, (N, T + H), float32
    weights: Array  # 0 in the past; smaller for series whose future lies far from the anchor, (N, T + H), float32


def lesson(number: int, seed: int = 0) -> Lesson:
    """The lesson of this number."""
    rng = np.random.default_rng((seed, number))
    subject = SUBJECTS[rng.choice(len(SUBJECTS), p=np.array([s.share for s in SUBJECTS]))]
    rows = int(np.exp(rng.uniform(np.log(subject.shortest), np.log(subject.longest + 1))))
    horizon = int(rng.choice(subject.horizons))
    series = _series(rng, subject, rows + horizon + int(rng.integers(0, MAX_UNUSED_ROWS)))[:, -rows - horizon :]
    return as_lesson(_with_gaps(rng, series[:, :rows]), series[:, rows:], subject.seasons)


def as_lesson(past: Array, future: Array, seasons: tuple[int, ...]) -> Lesson:
    """A past (N, T), with NaN where values are missing, and the future to be forecast, (N, H)."""
    rows, horizon = past.shape[1], future.shape[1]
    shown = represent(past, seasons, horizon)
    targets, weights = (np.zeros((len(past), rows + horizon), np.float32) for _ in range(2))
    targets[:, rows:] = ((future - shown.anchor) / shown.scale[:, None]).clip(-MAX_TARGET, MAX_TARGET)
    weights[:, rows:] = 1 / (1 + np.abs(targets[:, rows:]).mean(axis=1, keepdims=True))
    return Lesson(shown.inputs, targets, weights)


def _series(rng: np.random.Generator, subject: Subject, rows: int) -> Array:
    """Series of the processes of a subject, in random order, (N, rows)."""
    counts = rng.multinomial(subject.series, list(subject.kinds.values()))
    seasons = tuple(YEAR if season == round(YEAR) else float(season) for season in subject.seasons)
    parts = []
    for kind, count in zip(subject.kinds, counts.tolist(), strict=True):
        if count:
            values = KINDS[kind](rng, count, rows, seasons)
            parts.append(values if kind == "counts" else distort(rng, values))
    return np.concatenate(parts)[rng.permutation(subject.series)]


def _with_gaps(rng: np.random.Generator, past: Array) -> Array:
    """The past, in some lessons with missing values; the first value is always known."""
    if rng.random() >= GAPPY_SHARE:
        return past
    missing = rng.random(past.shape) < rng.choice(GAP_SHARES)
    missing[:, -1] &= rng.random(len(past)) >= KNOWN_END_SHARE
    missing[:, 0] = False
    return np.where(missing, np.nan, past)
