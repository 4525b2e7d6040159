"""What the five demos share: a transcript that streams, a result, a verdict with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..nn.gradient_check import GradientReport
from ..nn.randomness import Place, Purpose, checked_seed, generator

if TYPE_CHECKING:
    import plotly.graph_objects as go

Say = Callable[[str], None]

BLUE, ORANGE, GREEN, GREY, RED = "#2563eb", "#ea7317", "#16803c", "#6b7280", "#c81e1e"


def silent(line: str) -> None:
    """What a demo says to when nobody listens."""


@dataclass
class Transcript:
    """Passes each line on at once, so that a long demo shows how far it is, and keeps it for the result."""

    listener: Say = silent
    lines: list[str] = field(default_factory=list)

    def __call__(self, text: str = "") -> None:
        for line in text.split("\n"):
            self.lines.append(line)
            self.listener(line)


@dataclass(frozen=True)
class DemoResult:
    """What a demo hands back.

    Attributes:
        name: the demo.
        lines: all that it said.
        numbers: its results, ready for JSON.
        report: the gradient check of its network.
        right: whether everything the demo promises holds.
        why: each promise in words, kept or broken.
        draw: makes the picture; call `figure`.
    """

    name: str
    lines: list[str]
    numbers: dict[str, Any]
    report: GradientReport
    right: bool
    why: str
    draw: Callable[[], go.Figure]

    def figure(self) -> go.Figure:
        """The interactive picture, a Plotly figure; Plotly is imported here and not before."""
        return self.draw()


def conclude(
    name: str,
    say: Transcript,
    report: GradientReport,
    promises: Sequence[tuple[bool, str]],
    numbers: dict[str, Any],
    draw: Callable[[], go.Figure],
) -> DemoResult:
    """Say the verdict and put the result together; `promises` are facts in words, each with whether it holds."""
    promises = [(report.ok, "all gradients agree with central differences"), *promises]
    right = all(kept for kept, _ in promises)
    why = "\n".join(f"  {'yes' if kept else 'NO '}  {text}" for kept, text in promises)
    say("")
    say("right, because" if right else "NOT RIGHT, because")
    say(why)
    check = {"ok": report.ok, "tolerance": report.tolerance, "error": max(row.error for row in report.rows)}
    return DemoResult(name, say.lines, {**numbers, "gradient_check": check, "right": right}, report, right, why, draw)


def whole(name: str, value: int, least: int = 1) -> int:
    """A whole number ≥ least, or an `InputError`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} must be a whole number ≥ {least}; got {value!r}.")
    return int(value)


def rng_of(seed: int) -> np.random.Generator:
    """The generator for a demo's own random values (data, first weights); the same seed gives the same values."""
    return generator(Purpose.SAMPLE, Place(checked_seed(seed)))


def windows(values: Array, size: int) -> tuple[Array, Array]:
    """All windows of a series, x (N, size, 1), and the value after each, (N, 1)."""
    x = np.lib.stride_tricks.sliding_window_view(values, size)[:-1, :, None]
    return x, values[size:, None]


def rmse(forecast: Array, truth: Array | float) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def copies(views: dict[str, Array]) -> dict[str, Array]:
    """Parameters by name as they are now; the views themselves go on changing."""
    return {name: view.copy() for name, view in views.items()}


def show_parameters(parameters: dict[str, Array]) -> str:
    """Parameters by name, one block each, to four decimals."""
    blocks = []
    for name, value in parameters.items():
        text = np.array2string(value, precision=4, suppress_small=True, floatmode="fixed", max_line_width=100)
        blocks.append(f"{name} {value.shape}\n  " + text.replace("\n", "\n  "))
    return "\n".join(blocks)


def style(figure: go.Figure, title: str, height: int = 560) -> go.Figure:
    """One look for all demos."""
    return figure.update_layout(
        title=title, template="plotly_white", height=height, margin={"l": 60, "r": 30, "t": 90, "b": 50}
    )
