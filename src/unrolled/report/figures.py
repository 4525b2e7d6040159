"""Figures of forecasts with Matplotlib: the past, the forecast and its intervals.

Figures are made without pyplot: they change no global state, and need no screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from ..argument_types import check_type
from ..errors import InputError
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..interactive.figure import HEIGHT, INK, OURS, RIVALS, SOFT, WIDTH, styled_figure
from .content import ReportContent
from .curves import Curve, of_predictor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture


DEFAULT_SERIES = 6  # drawn if none are named
MAX_SERIES = 60  # in one figure
MIN_HISTORY = 60  # rows of the past that are drawn by default


def of_curves(shown: Sequence[Curve], target: str, model: str | None = None, history: int | None = None) -> Picture:
    """A figure of series with their forecasts, one panel each.

    Args:
        shown: the series.
        target: the name of the values.
        model: the forecast to draw with its intervals; None: the first. Others are lines.
        history: rows of the past; None: six horizons, at least 60.
    """
    check_type("`history`", history, int | None)
    if not shown:
        raise InputError("there is no series to draw. Name one that the forecast has.")
    if len(shown) > MAX_SERIES:
        raise InputError(f"{len(shown)} series are too many for one figure; draw {MAX_SERIES} at most.")
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 8 else 4
    rows = ceil(len(shown) / columns)
    size = (WIDTH, HEIGHT) if columns == 1 else (WIDTH * 1.4, max(HEIGHT, 2.2 * rows))

    def draw(figure: Picture) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, curve in zip(panels, shown, strict=False):
            _draw_curve(axes, curve, target, model, history)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        if zones := {curve.zone for curve in shown} - {None}:
            figure.supxlabel(f"local time of {', '.join(sorted(map(str, zones)))}", color=SOFT, fontsize="small")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), labelcolor=SOFT)

    return styled_figure(*size, draw)


def _draw_curve(axes: Axes, curve: Curve, target: str, model: str | None, history: int | None) -> None:
    steps = len(curve.stamps) - len(curve.y)
    part = curve.last(max(6 * steps, MIN_HISTORY) if history is None else history)
    names = [name for name in part.forecast if INTERVAL.fullmatch(name) is None]
    ours = model or names[0]
    n, stamps = len(part.y), part.local
    join = slice(n - 1 if n and np.isfinite(part.y[-1]) else n, None)  # the forecast starts at the last value

    def joined(values: Any) -> Any:
        return np.concatenate((part.y[join], values))

    if n:
        axes.plot(stamps[:n], part.y, color=INK, lw=1.2, label=target)
        axes.axvline(stamps[n - 1], color=SOFT, lw=0.8, ls=(0, (1, 3)))
    for k, name in enumerate(name for name in names if name != ours):
        color = RIVALS[k % len(RIVALS)]
        axes.plot(stamps[join], joined(part.forecast[name]), color=color, lw=1.2, ls="--", label=name)
    axes.plot(stamps[join], joined(part.forecast[ours]), color=OURS, lw=2, label=ours)
    levels = sorted({float(m["level"]) for m in map(INTERVAL.fullmatch, part.forecast) if m and m["model"] == ours})
    shades = iter(_shades(len(levels)))
    for level in reversed(levels):
        low, high = (joined(part.forecast[f"{ours}-{end}-{level:g}"]) for end in ("lo", "hi"))
        axes.fill_between(stamps[join], low, high, color=next(shades), lw=0, label=f"{level:g} %")
    if curve.id is not None:
        axes.set_title(curve.name, parse_math=False)
    _ticks(axes, stamps)


def _shades(count: int) -> list[tuple[float, float, float]]:
    """Colours of the bands from the widest to the innermost, opaque, so that they look the same in a legend."""
    ours = np.array([int(OURS[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return [tuple((1 - share * (1 - ours)).tolist()) for share in 1 - 0.82 ** np.arange(1, count + 1)]


def _ticks(axes: Axes, stamps: Any) -> None:
    """A few short stamps, and values with thousands separators."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if stamps.dtype.kind == "M":
        locator = AutoDateLocator(minticks=3, maxticks=7)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}".replace("-", "−")))
    axes.margins(x=0.01)


def figure_of(content: ReportContent, ids: Any | Iterable[Any] | None = None, history: int | None = None) -> Picture:
    """The figure of a forecast, with these series or the first few; see `Forecaster.plot`."""
    everything = [
        curve
        for part in content.parts
        for curve in of_predictor(part.predictor, part.panel, part.forecast, len(part.panel.ids))
    ]
    return of_curves(chosen(everything, ids), str(content.columns.target), content.name, history)


def chosen(everything: Sequence[Curve], ids: Any | Iterable[Any] | None) -> list[Curve]:
    """The series of these ids, in this order; the first few if there are no ids."""
    if ids is None:
        return list(everything[:DEFAULT_SERIES])
    by_name = {curve.name: curve for curve in everything}
    wanted = [ids] if isinstance(ids, str) or not isinstance(ids, Iterable) else list(ids)
    for name in wanted:
        if str(name) not in by_name:
            raise InputError(f"there is no series {str(name)!r}; {_series_named(list(by_name))}.")
    return [by_name[str(name)] for name in wanted]


def _series_named(names: list[str]) -> str:
    if names == [""]:
        return "the forecast has one series, without an id"
    return f"the series are {', '.join(map(repr, names[:5]))}" + (f" and {len(names) - 5} more" if names[5:] else "")
