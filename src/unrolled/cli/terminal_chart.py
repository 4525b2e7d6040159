"""A small chart of a series and its forecast for the terminal: braille dots for lines, shade for the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ..arrays import Array
    from ..forecaster import Forecaster
    from ..series.panel import Panel

HEIGHT, WIDTH, LEAST_WIDTH = 10, 90, 40  # of a chart with its labels, in characters
SEASONS_SHOWN, HORIZONS_SHOWN = 4, 4  # of the past, whichever is more
BRAILLE = 0x2800
# the bits of the dots of a braille character, row by row; Unicode counts them column by column
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
SHADE, TODAY = "░", "┊"


def draw_forecast(fc: Forecaster, panel: Panel, forecast: pd.DataFrame, columns: int, most: float | None) -> str:
    """The end of the first series and its forecast.

    Args:
        fc: the fitted forecaster.
        panel: what it was fitted on.
        forecast: as `predict` gave it, one row a stamp.
        columns: of the terminal.
        most: level of the interval to shade, in per cent; None: none.

    Returns:
        Lines of text, the last one of which says what is shown.
    """
    horizon = len(forecast) // len(panel.ids)
    shown = max(HORIZONS_SHOWN * horizon, SEASONS_SHOWN * panel.frequency.season)
    rows = panel.series(0)
    past = np.where(panel.observed[rows], panel.y[rows], np.nan)[-shown:]
    ahead = forecast.iloc[:horizon]
    band = None
    if most is not None:
        band = np.stack([ahead[f"{fc.name}-{end}-{most:g}"].to_numpy(float) for end in ("lo", "hi")])
    lines = chart(past, ahead[fc.name].to_numpy(float), band, min(columns, WIDTH))
    names = ["" if panel.ids[0] is None else f"{panel.ids[0]} (the first of {len(panel.ids)} series)"]
    names += [f"last {len(past)} rows {TODAY} {horizon} ahead"]
    names += [] if most is None else [f"{SHADE} {most:g} %"]
    return "\n".join([*lines, "  " + " · ".join(filter(None, names))])


def chart(
    past: Array, ahead: Array, band: Array | None = None, columns: int = WIDTH, height: int = HEIGHT
) -> list[str]:
    """Lines of a chart.

    Args:
        past: values, NaN where they are missing, (T,).
        ahead: the forecast, (H,).
        band: lower and upper end of its interval, (2, H).
        columns, height: of the chart, in characters; labels of the axis take some of the columns.

    >>> print("\\n".join(chart(np.arange(8.0), np.arange(8.0, 12.0), columns=20, height=3)))
    11 ┤         ┊⣀⠤⠔⠒⠉
       │    ⢀⡠⠤⠒⠉┊
     0 ┤⣀⠤⠒⠊⠁    ┊
    """
    values = np.concatenate([past, ahead, *([] if band is None else band)])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    labels = [f"{v:,.0f}" if abs(high) >= 1000 else f"{v:.4g}" for v in (high, low)]
    margin = max(map(len, labels))
    width = columns - margin - 4
    left = max(1, min(width - 2, round(width * len(past) / (len(past) + len(ahead)))))
    cells = [
        _dots(past, left, height, low, high),
        np.zeros((height, 1), int),
        _dots(ahead, width - left, height, low, high),
    ]
    shade = np.zeros((height, width + 1), bool)
    if band is not None:
        shade[:, left + 1 :] = _shaded(band, width - left, height, low, high)
    marks = np.concatenate(cells, axis=1)
    lines = []
    for row in range(height):
        text = "".join(
            TODAY if k == left else chr(BRAILLE + mark) if mark else SHADE if shade[row, k] else " "
            for k, mark in enumerate(marks[row])
        )
        label = {0: labels[0], height - 1: labels[1]}.get(row, "")
        lines.append(f"{label:>{margin}} {'┤' if label else '│'}{text}".rstrip())
    return lines


def _places(values: Array, count: int, low: float, high: float) -> Array:
    """Which of `count` rows, counted from above, each value lies in."""
    share = (values - low) / (high - low) if high > low else 0 * values + 0.5  # what is missing stays so
    return np.rint((1 - np.clip(share, 0, 1)) * (count - 1))


def _dots(values: Array, width: int, height: int, low: float, high: float) -> Array:
    """A line as braille patterns, (height, width); a gap where a value is missing."""
    marks = np.zeros((height, width), int)
    fine = np.linspace(0, len(values) - 1, 2 * width)
    known = ~np.isnan(values)
    if not known.any():
        return marks
    line = np.interp(fine, np.flatnonzero(known), values[known])
    line[np.isnan(values[np.rint(fine).astype(int)])] = np.nan
    rows = _places(line, 4 * height, low, high)
    previous = np.nan
    for x, row in enumerate(rows):
        if not np.isnan(row):
            begin = row if np.isnan(previous) else previous + np.sign(row - previous) * (row != previous)
            for y in range(int(min(begin, row)), int(max(begin, row)) + 1):
                marks[y // 4, x // 2] |= DOTS[y % 4, x % 2]
        previous = row
    return marks


def _shaded(band: Array, width: int, height: int, low: float, high: float) -> Array:
    """Which characters lie inside of an interval, (height, width)."""
    at = np.linspace(0, band.shape[1] - 1, width)
    bottom, top = (_places(np.interp(at, np.arange(band.shape[1]), ends), height, low, high) for ends in band)
    rows = np.arange(height)[:, None]
    return np.asarray((rows >= top) & (rows <= bottom))
