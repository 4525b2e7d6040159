"""Why forecasts are what they are: the contributions of groups of causes, and the sensitivity to each input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import InputError
from ...interactive.figure import HEIGHT, INK, OURS, RIVALS, SOFT, WIDTH, styled_figure
from ...interactive.html import note, table, titled
from ...plurals import counted
from ...series.columns import Columns, free_name, series_name
from ...series.dataframe import in_library, in_one_zone
from ...series.panel import Panel
from ...series.to_frame import index_columns
from ..multi_frequency import FittedTable
from ..predictor import Predictor, SeriesToForecast, refuse_beyond_time, refuse_infinite
from ..preprocessing.transform import TransformedOrigins
from .contributions import MAX_GROUPS, Contributions, contributions
from .groups import groups_of, read_columns
from .sensitivities import sensitivities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from narwhals.typing import IntoDataFrame

MAX_SERIES = 100  # each is forecast once for each coalition of its groups
MAX_DRAWN = 6  # series in a figure
MAX_CELLS_IN_REPORT = 50_000  # rows of all coalitions, which take about 0.1 s
PALETTE = (OURS, *RIVALS, "#5f9ea0", "#c98f00", "#6b4226", "#94a3b2")


class Part(NamedTuple):
    """The series of one frequency, and what explains their forecasts."""

    predictor: Predictor
    series: SeriesToForecast
    origins: TransformedOrigins  # of the series
    found: Contributions


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why forecasts are what they are.

    Attributes:
        table: the Shapley values: id, timestamp, `group`, `contribution`, and `baseline` and `forecast` of that
            timestamp. The baseline and the contributions of all groups sum to the forecast.
        sensitivities: the derivatives of the medians: id, timestamp of the forecast, `input` (the target or a
            covariate), the timestamp of that input (its column begins with "input_") and `sensitivity`, in units of
            the target for each unit of the input. They are computed when they are read.
        summary: in pandas, one row for each series: the baseline, the contribution of each group and the forecast,
            averaged over the horizon.
    """

    parts: Sequence[Part]
    columns: Columns  # of the table

    def __repr__(self) -> str:
        return f"Explanation of the forecasts of {counted(len(self.summary), 'series', 'series')}"

    @cached_property
    def table(self) -> Any:
        return self._framed(self._contributions)

    @cached_property
    def sensitivities(self) -> Any:
        return self._framed(self._sensitivities)

    def _framed(self, data: Callable[[Part], dict[str, Array]]) -> Any:
        """The columns of all parts as one table in the library of the input, in the time zone of the first."""
        import narwhals as nw

        zones = [part.series.panel.frequency.zone for part in self.parts]
        times, frames = [self.columns.time, self._name(f"input_{self.columns.time}")], []
        for part, zone in zip(self.parts, zones, strict=True):
            library = part.series.library
            kind = {name: library.types[times[0]] for name in times if times[0] in library.types}
            frames.append(in_library(data(part), library._replace(types={**library.types, **kind}), zone))
        if len(frames) == 1:
            return frames[0]
        tables = [nw.from_native(frame, eager_only=True) for frame in frames]
        for name in times:
            tables = in_one_zone(tables, zones, name) if name in tables[0].columns else tables
        return nw.maybe_reset_index(nw.concat(tables)).to_native()

    def _name(self, name: str) -> str:
        return free_name(name, (self.columns.id, self.columns.time))

    def _contributions(self, part: Part) -> dict[str, Array]:
        panel, found = part.series.panel, part.found
        horizon, count = found.forecast.shape[1], len(found.groups)
        data = index_columns(panel, horizon, self.columns, count)
        names = np.array([group.name for group in found.groups], object)
        data[self._name("group")] = np.tile(np.repeat(names, horizon), len(panel.ids))
        data[self._name("contribution")] = np.moveaxis(found.shares, 0, 1).ravel()
        for name, values in (("baseline", found.baseline), ("forecast", found.forecast)):
            data[self._name(name)] = np.repeat(values[:, None], count, axis=1).ravel()
        return data

    def _sensitivities(self, part: Part) -> dict[str, Array]:
        horizon, found = part.found.forecast.shape[1], []
        for k in range(len(part.origins)):
            own = part.series.panel.select(np.arange(len(part.origins)) == k)
            found.append(self._of_series(part, own, part.origins.take(np.array([k])), horizon))
        return {name: np.concatenate([one[name] for one in found]) for name in found[0]}

    def _of_series(self, part: Part, panel: Panel, origins: TransformedOrigins, horizon: int) -> dict[str, Array]:
        derivatives = sensitivities(part.predictor, origins, horizon)
        past, names = len(panel.y), panel.covariates.names
        inputs, rows, values = [self.columns.target] * past, [np.arange(past)], [derivatives.target[:, :past]]
        for column in read_columns(part.predictor, panel):
            known_ahead = column >= len(names) - panel.covariates.known
            own = np.arange(past + horizon * known_ahead)
            inputs += [names[column]] * len(own)
            rows.append(own)
            values.append(derivatives.covariates[:, own, column])
        stamps = panel.frequency.instants(panel.first[0] + np.concatenate(rows))
        return index_columns(panel, horizon, self.columns, len(inputs)) | {
            self._name("input"): np.repeat(np.array(inputs, object), horizon),
            self._name(f"input_{self.columns.time}"): np.repeat(stamps, horizon),
            self._name("sensitivity"): np.concatenate(values, axis=1).T.ravel(),
        }

    @cached_property
    def summary(self) -> pd.DataFrame:
        rows, ids = [], []
        for part in self.parts:
            for k, name in enumerate(part.series.panel.ids):
                shares = zip(part.found.groups, part.found.shares[:, k].mean(axis=1).tolist(), strict=True)
                rows.append(
                    {"baseline": part.found.baseline[k].mean()}
                    | {group.name: share for group, share in shares}
                    | {"forecast": part.found.forecast[k].mean()}
                )
                ids.append(name)
        index = pd.Index(ids, name=self.columns.id) if ids != [None] else None
        frame = pd.DataFrame(rows, index=index)
        return frame[[*frame.columns.drop("forecast"), "forecast"]]

    def plot(self) -> Figure:
        """A figure of the contributions at each step, stacked on the baseline, and of the forecast, for the first
        six series.

        Returns:
            A Matplotlib figure, which a notebook displays.

        Raises:
            InputError: Matplotlib is not installed.
        """
        shown = [(part, k) for part in self.parts for k in range(len(part.origins))][:MAX_DRAWN]

        def draw(figure: Figure) -> None:
            panels = figure.subplots(len(shown), 1, squeeze=False).ravel()
            for axes, (part, k) in zip(panels, shown, strict=True):
                _draw(axes, part, k)
            handles, labels = panels[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside upper left", ncols=min(len(labels), 6), labelcolor=SOFT)

        return styled_figure(WIDTH, HEIGHT * max(1, 0.8 * len(shown)), draw)

    def _repr_html_(self) -> str:
        ids = [name for part in self.parts for name in part.series.panel.ids]
        rows = [
            [series_name(name), *(f"{value:,.6g}" for value in row)]
            for name, row in zip(ids, self.summary.head(MAX_DRAWN).to_numpy(), strict=False)
        ]
        more = len(self.summary) - len(rows)
        told = [note(f"and {more} more series")] if more else []
        how = note("contributions averaged over the horizon; together with the baseline they sum to the forecast")
        return titled(repr(self), how, table(["", *map(str, self.summary.columns)], rows), *told)


def _draw(axes: Axes, part: Part, k: int) -> None:
    panel, found = part.series.panel, part.found
    ordinals = panel.first[k] + panel.lengths[k] + np.arange(found.forecast.shape[1] + 1)
    stamps = panel.frequency.local_stamps(ordinals)
    stamps, width = stamps[:-1], 0.8 * np.diff(stamps)
    above, below = found.baseline[k].copy(), found.baseline[k].copy()
    for number, group in enumerate(found.groups):
        share, color = found.shares[number, k], PALETTE[number % len(PALETTE)]
        bottom = np.where(share >= 0, above, below)
        axes.bar(stamps, share, width, bottom=bottom, color=color, alpha=0.75, label=group.name)
        above, below = above + np.maximum(share, 0), below + np.minimum(share, 0)
    axes.plot(stamps, found.baseline[k], color=SOFT, lw=1, ls="--", label="baseline")
    axes.plot(stamps, found.forecast[k], color=INK, lw=2, label="forecast")
    if panel.ids[k] is not None:
        axes.set_title(str(panel.ids[k]), parse_math=False)
    low, high = below.min(), above.max()
    axes.set_ylim(low - 0.05 * (high - low or 1), high + 0.05 * (high - low or 1))


# --- making one -------------------------------------------------------------------------------------


@np.errstate(over="ignore", invalid="ignore")  # a forecast that is not finite is refused
def explain(
    fitted: FittedTable,
    df: IntoDataFrame | None = None,
    ids: Any | Iterable[Any] | None = None,
    horizon: int | None = None,
    future: IntoDataFrame | None = None,
) -> Explanation:
    """The explanation of forecasts; see `Forecaster.explain`."""
    parts = fitted.split(df)
    known = [name for _, series in parts for name in series.panel.ids]
    names = known if ids is None else _chosen(known, ids)
    if len(names) > MAX_SERIES:
        raise InputError(
            f"an explanation covers at most {MAX_SERIES} series; these are {len(names)}. Name some of them in `ids`."
        )
    found, wanted = [], set(names)
    for predictor, whole in parts:
        own = np.array([name in wanted for name in whole.panel.ids])
        if own.any():
            found.append(_part(predictor, _selected(whole, own), horizon, future))
    return Explanation(found, fitted.source.columns)


@np.errstate(over="ignore", invalid="ignore")  # as above
def explain_first(fitted: FittedTable, future: IntoDataFrame | None = None) -> Explanation | None:
    """The explanation of the first series of a fit, for reports; None if it would take long."""
    predictor = fitted.only
    series = predictor.series
    series = _selected(series, np.arange(len(series.panel.ids)) == 0)
    origins = predictor.origins(series, future, predictor.parameters.horizon)
    coalitions = 1 << min(len(groups_of(predictor, origins)), MAX_GROUPS)
    cells = coalitions * (len(series.panel.y) + predictor.parameters.horizon)
    if predictor.ensemble.combination.weights or cells > MAX_CELLS_IN_REPORT:
        return None
    return Explanation([_part(predictor, series, None, future)], fitted.source.columns)


def _selected(series: SeriesToForecast, own: Array) -> SeriesToForecast:
    """Those of the series for which `own` (S,) bool is true."""
    return series._replace(
        panel=series.panel.select(own),
        history=series.history.select(own),
        transform=series.transform.take(np.flatnonzero(own)),
    )


def _part(predictor: Predictor, series: SeriesToForecast, horizon: int | None, future: IntoDataFrame | None) -> Part:
    """The explanation of series of one frequency."""
    steps = predictor.parameters.checked_horizon(horizon)
    refuse_beyond_time(series.panel, steps)
    origins = predictor.origins(series, future, steps)
    found = contributions(predictor, origins, steps)
    refuse_infinite(series.panel, np.concatenate([found.forecast, *found.shares], axis=1))
    return Part(predictor, series, origins, found)


def _chosen(known: Sequence[Any], ids: Any | Iterable[Any]) -> list[Any]:
    """The ids among the known ones that are named, by their texts.

    Raises:
        InputError: there is no such series.
    """
    if known == [None]:
        raise InputError(f"the table has one series, without an id; got `ids={ids!r}`. Leave out `ids`.")
    by_text = {str(name): name for name in known}
    wanted = [ids] if isinstance(ids, str) or not isinstance(ids, Iterable) else list(ids)
    for name in wanted:
        if str(name) not in by_text:
            more = f" and {len(known) - 5} more" if len(known) > 5 else ""
            shown = ", ".join(repr(text) for text in list(by_text)[:5])
            raise InputError(f"there is no series {str(name)!r}; the series are {shown}{more}.")
    if not wanted:
        raise InputError("`ids` names no series. Name one, or leave it out.")
    return list(dict.fromkeys(by_text[str(name)] for name in wanted))
