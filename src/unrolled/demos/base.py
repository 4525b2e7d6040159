"""Common parts of the five demos: a transcript, a result, a verdict with its reasons, scaling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..nn.gradient_check import GradientReport
from ..nn.randomness import Place, Purpose, checked_seed, generator

if TYPE_CHECKING:
    import plotly.graph_objects as go

Say = Callable[[str], None] | None  # called with each line of a demo's output

BLUE, ORANGE, GREEN, GREY, RED = "#2563eb", "#ea7317", "#16803c", "#6b7280", "#c81e1e"
# options of `Network.fit`: plain gradient descent, without clipping, which would hide its behaviour
PLAIN: dict[str, Any] = {"clip_norm": None, "verbose": 0}


@dataclass
class Transcript:
    """Passes each line on at once, so that a long demo shows its progress, and keeps it for the result."""

    say: Say = None
    lines: list[str] = field(default_factory=list)

    def __call__(self, text: str = "") -> None:
        for line in text.split("\n"):
            self.lines.append(line)
            if self.say is not None:
                self.say(line)


@dataclass(frozen=True)
class DemoResult:
    """The result of a demo."""

    name: str  # of the demo
    lines: list[str]  # its output
    numbers: dict[str, Any]  # its results, ready for JSON
    report: GradientReport  # the gradient check of its network
    right: bool  # whether all claims of the demo hold
    why: str  # the claims, each with whether it holds
    figure: Callable[[], go.Figure]  # makes the interactive figure; Plotly is imported then and not before


def conclude(
    name: str,
    transcript: Transcript,
    report: GradientReport,
    claims: Sequence[tuple[bool, str]],
    numbers: dict[str, Any],
    figure: Callable[[], go.Figure],
) -> DemoResult:
    """Add the verdict to the transcript and make the result; a claim is whether it holds, and a sentence."""
    claims = [(report.ok, "all gradients agree with central differences"), *claims]
    right = all(holds for holds, _ in claims)
    why = "\n".join(f"  {'yes' if holds else 'NO '}  {text}" for holds, text in claims)
    transcript(f"\n{'right' if right else 'NOT RIGHT'}, because\n{why}")
    check = {"ok": report.ok, "tolerance": report.tolerance, "error": max(row.error for row in report.rows)}
    numbers = {**numbers, "gradient_check": check, "right": right}
    return DemoResult(name, transcript.lines, numbers, report, right, why, figure)


def rng_of(seed: int) -> np.random.Generator:
    """The generator for a demo's own random values (data, first weights); the same seed gives the same values."""
    return generator(Purpose.SAMPLE, Place(checked_seed(seed)))


class Scale(NamedTuple):
    """An affine scale of values."""

    origin: float
    unit: float

    @classmethod
    def standard(cls, values: Array) -> Scale:
        """With mean 0 and standard deviation 1 of these values."""
        return cls(float(values.mean()), float(values.std()))

    @classmethod
    def min_max(cls, values: Array) -> Scale:
        """With these values between 0 and 1."""
        return cls(float(values.min()), float(values.max()) - float(values.min()))

    def transform(self, values: Array) -> Array:
        return (values - self.origin) / self.unit

    def inverse_transform(self, scaled: Array) -> Array:
        return scaled * self.unit + self.origin


def windows(values: Array, size: int) -> tuple[Array, Array]:
    """All windows of a series, x (N, size, 1), and the value after each, y (N, 1)."""
    x = np.lib.stride_tricks.sliding_window_view(values, size)[:-1, :, None]
    return x, values[size:, None]


def rmse(forecast: Array, truth: Array | float) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def show_parameters(parameters: dict[str, Array]) -> str:
    """Parameters by name, one block each, to four decimals."""
    blocks = []
    for name, value in parameters.items():
        text = np.array2string(value, precision=4, suppress_small=True, floatmode="fixed", max_line_width=100)
        blocks.append(f"{name} {value.shape}\n  " + text.replace("\n", "\n  "))
    return "\n".join(blocks)


PLOTLY = "plotly.min.js"  # the script that all pages in a folder share: it has more than four megabytes
NARROW_PX = 700  # widths below it get one panel per row
PANEL_PX = 300  # height of a panel there
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%(title)s</title>
</head>
<body style="margin: 0">
<div id="figure"></div>
<noscript>This figure is drawn by a script, which is switched off here.</noscript>
<script src="%(script)s"></script>
<script>
const wide = %(wide)s, narrow = %(narrow)s;
function draw() {
  const { data, layout } = innerWidth < %(limit)d ? narrow : wide;
  Plotly.react("figure", data, layout, { responsive: true, displayModeBar: innerWidth >= %(limit)d });
}
if (window.Plotly) draw();
else document.getElementById("figure").textContent = "%(script)s must be in the folder of this page.";
addEventListener("resize", draw);
</script>
</body>
</html>
"""


def page(figure: go.Figure) -> str:
    """A page of a figure, with the panels one below the other on a narrow screen; it needs `PLOTLY` beside it."""
    # a "<" inside a name must not end the script
    wide, narrow = (str(one.to_json()).replace("<", "\\u003c") for one in (figure, stacked(figure)))
    title = escape(figure.layout.title.text)
    return PAGE % {"title": title, "script": PLOTLY, "wide": wide, "narrow": narrow, "limit": NARROW_PX}


def stacked(figure: go.Figure) -> go.Figure:
    """A copy of a figure with its panels one below the other."""
    import plotly.graph_objects as go

    copy = go.Figure(figure)
    axes = sorted((name for name in copy.layout if name.startswith("xaxis")), key=lambda name: (len(name), name))
    share = 1 / len(axes)
    for k, (name, title) in enumerate(zip(axes, copy.layout.annotations, strict=False)):
        top = 1 - k * share - 0.1 * share
        bottom = top - 0.62 * share  # room for the labels of the axis and the next title
        y = copy.layout[name].anchor
        copy.layout[name].domain = [0, 1]
        copy.layout[y.replace("y", "yaxis")].domain = [bottom, top]
        title.update(x=0.5, y=top, font_size=13)
        for trace in copy.data:
            if (trace.yaxis or "y") == y and getattr(trace, "colorbar", None) is not None:
                trace.colorbar.update(x=1, y=(top + bottom) / 2, len=top - bottom, thickness=8)
    heading = "<br>".join(wrap(copy.layout.title.text, 40))
    margin = {"l": 50, "r": 15, "t": 100, "b": 40}
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "top"}
    return copy.update_layout(
        title={"text": heading, "font_size": 14}, height=PANEL_PX * len(axes) + 140, margin=margin, legend=legend
    )


def style(figure: go.Figure, title: str, height: int = 560) -> go.Figure:
    """One look for all demos."""
    return figure.update_layout(
        title=title, template="plotly_white", height=height, margin={"l": 60, "r": 30, "t": 90, "b": 50}
    )
