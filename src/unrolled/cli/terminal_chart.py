"""A small chart of a series and its forecast for the terminal: lines of braille dots, and a shaded interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plurals import counted

if TYPE_CHECKING:
    import pandas as pd

    from ..arrays import Array
    from ..series.panel import Panel

HEIGHT, MAX_WIDTH, MIN_WIDTH = 10, 90, 40  # of a chart with its labels, in characters
SEASONS_SHOWN, HORIZONS_SHOWN = 4, 4  # of the history, whichever is longer
BRAILLE = 0x2800  # the empty braille character
# the bits of the dots of a braille character, row by row; Unicode numbers them column by column
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
SHADE, PRESENT = "░", "┊"


def draw_forecast(name: str, panel: Panel, forecast: pd.DataFrame, columns: int, level: float | None) -> str:
    """The end of the first series and column `name` of its forecast as lines of text, the last one a legend.

    `columns` is the width of the terminal; the interval of this level, in per cent, is shaded unless it is None.
    """
    horizon = len(forecast) // len(panel.ids)
    shown = max(HORIZONS_SHOWN * horizon, SEASONS_SHOWN * panel.frequency.season)
    rows = panel.series(0)
    past = np.where(panel.observed[rows], panel.y[rows], np.nan)[-shown:]
    ahead = forecast.iloc[:horizon]
    band = None
    if level is not None:
        band = np.stack([ahead[f"{name}-{end}-{level:g}"].to_numpy(float) for end in ("lo", "hi")])
    lines = chart(past, ahead[name].to_numpy(float), band, min(columns, MAX_WIDTH))
    legend = [] if panel.ids[0] is None else [f"{panel.ids[0]} (the first of {len(panel.ids)} series)"]
    legend += [f"last {counted(len(past), 'period')} {PRESENT} {horizon} ahead"]
    legend += [] if level is None else [f"{SHADE} {level:g} %"]
    return "\n".join([*lines, "  " + " · ".join(legend)])


def chart(
    past: Array, ahead: Array, band: Array | None = None, columns: int = MAX_WIDTH, height: int = HEIGHT
) -> list[str]:
    """The lines of a chart.

    Args:
        past: values, NaN where they are missing, (T,).
        ahead: the forecast, (H,).
        band: lower and upper bounds of its interval, (2, H).
        columns, height: of the chart with the labels of its axis, in characters.

    >>> print("\\n".join(chart(np.arange(8.0), np.arange(8.0, 12.0), columns=20, height=3)))
    11 ┤         ┊⣀⠤⠔⠒⠉
       │    ⢀⡠⠤⠒⠉┊
     0 ┤⣀⠤⠒⠊⠁    ┊
    """
    values = np.concatenate([past, ahead, *([] if band is None else band)])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    labels = [f"{v:,.0f}" if max(abs(low), abs(high)) >= 1000 else f"{v:.4g}" for v in (high, low)]
    margin = max(map(len, labels))
    width = columns - margin - 4
    left = max(1, min(width - 2, round(width * len(past) / (len(past) + len(ahead)))))
    begin, end = _dots(past, left, height, low, high), _dots(ahead, width - left, height, low, high)
    marks = np.hstack([begin, np.zeros((height, 1), int), end])
    shade = np.zeros((height, width + 1), bool)
    if band is not None:
        at = np.linspace(0, len(ahead) - 1, width - left)
        bottom, top = (_row_of(np.interp(at, np.arange(len(ahead)), ends), height, low, high) for ends in band)
        rows = np.arange(height)[:, None]
        shade[:, left + 1 :] = (rows >= top) & (rows <= bottom)
    lines = []
    for row in range(height):
        text = "".join(
            PRESENT if k == left else chr(BRAILLE + mark) if mark else SHADE if shade[row, k] else " "
            for k, mark in enumerate(marks[row])
        )
        label = {0: labels[0], height - 1: labels[1]}.get(row, "")
        lines.append(f"{label:>{margin}} {'┤' if label else '│'}{text}".rstrip())
    return lines


def _row_of(values: Array, count: int, low: float, high: float) -> Array:
    """The row of each value, out of `count` rows counted from the top; NaN for missing values."""
    share = (values - low) / (high - low) if high > low else 0 * values + 0.5
    return np.rint((1 - np.clip(share, 0, 1)) * (count - 1))


def _dots(values: Array, width: int, height: int, low: float, high: float) -> Array:
    """A line as braille patterns, (height, width), with gaps at missing values."""
    marks = np.zeros((height, width), int)
    fine = np.linspace(0, len(values) - 1, 2 * width)
    known = ~np.isnan(values)
    if not known.any():
        return marks
    line = np.interp(fine, np.flatnonzero(known), values[known])
    line[np.isnan(values[np.rint(fine).astype(int)])] = np.nan
    rows = _row_of(line, 4 * height, low, high)
    previous = np.nan
    for x, row in enumerate(rows):
        if not np.isnan(row):
            begin = row if np.isnan(previous) else previous + np.sign(row - previous) * (row != previous)
            for y in range(int(min(begin, row)), int(max(begin, row)) + 1):
                marks[y // 4, x // 2] |= DOTS[y % 4, x % 2]
        previous = row
    return marks
