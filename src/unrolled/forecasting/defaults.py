"""What is chosen from the data where the user leaves it open: views, window, segment, size of the networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..series.covariates import Covariates
from ..series.frequency import DAY
from ..series.panel import Panel
from .inputs.features import Features
from .inputs.framing import SHORTEST_WINDOW, View, WindowSpec
from .inputs.windows import (
    refuse_unforecastable,
    refuse_untrainable,
    window_ends,
)
from .preprocessing.logarithms import log_transformed

if TYPE_CHECKING:
    pass
from typing import NamedTuple

from .inputs.framing import views_of
from .inputs.windows import count_windows
from .model.likelihood import COUNTS, refuse_no_counts
from .model.settings import Settings
from .preprocessing.logarithms import choose_logs

if TYPE_CHECKING:
    from ..forecaster import Forecaster

SOME_WINDOWS = 300  # from here on a network finds level and season by itself well enough to be asked, too

MANY_WINDOWS = 1000  # from here on a larger network learns more than it overfits

SEASONS_SHOWN = 100  # windows in which a network sees how one season differs from the one before

SEASONS_READ = 14  # in a window of segments: two weeks of hours

LONG_SERIES = 20  # seasons that a typical series must have to be read by segments

LARGE = 5_000  # windows that it takes for that


class Size(NamedTuple):
    """How much network a training gets."""

    hidden: int
    steps: int
    batch_size: int
    rate: float
    dropout: float
    ensemble: int


SMALL = Size(16, 200, 32, 1e-2, 0.4, 6)

MEDIUM = Size(32, 1000, 32, 1e-2, 0.4, 6)

SEGMENTS = Size(128, 3000, 128, 5e-3, 0.0, 3)

MOST_PASSES = 10  # over the windows: what a network sees more often it learns by heart

LEAST_STEPS, LEAST_STEPS_OF_SEGMENTS = 5, 500  # that a training gets all the same

OFTEN, DROPOUT_SEEN_OFTEN = 2, 0.4  # passes over the windows, beyond which such networks begin to learn them by heart


Decision = tuple[WindowSpec, Array, Features, str | None]


def prepare(fc: Forecaster, panel: Panel, evaluate: bool = True) -> tuple[int, Panel, Decision]:
    """How many rows are held out, the panel without them, and what is decided there for both trainings.

    Raises:
        DataError: the panel can't be fitted.
    """
    refuse_no_counts(panel, fc.likelihood)
    left_out = held_out_rows(panel, fc.horizon) if evaluate else 0
    # whatever is chosen from data is chosen without the held-out end, for both trainings
    known = panel.until(left_out)
    decision = decide(fc, known, panel.lengths)
    if not len(window_ends(known, decision[0])):
        left_out, known, decision = 0, panel, decide(fc, panel)
    refuse_untrainable(panel, decision[0])
    refuse_unforecastable(panel, decision[0])
    return left_out, known, decision


def decide(fc: Forecaster, panel: Panel, rows: Array | None = None) -> Decision:
    """The framing, for each series whether it is taken in logarithms, what is read beside it, and the decoder.

    `rows` is how many rows each series of the last training has, where these are more than the panel's.
    """
    season = fc.season or panel.frequency.season
    logs = logs_of(fc, panel)
    calendar = choose_calendar(fc.calendar, panel, fc.decoder)
    features = Features.of(panel, calendar, season)
    decoder = choose_decoder(fc.decoder, panel.covariates, calendar)
    reach, scaling = fc.reach or fc.horizon, "count" if fc.likelihood in COUNTS else fc.scaling
    framing = choose_framing(panel, logs, reach, season, fc.window, fc.segment, scaling, decoder, rows)
    return framing, logs, features, decoder


def logs_of(fc: Forecaster, panel: Panel) -> Array:
    """Which series a forecaster takes in logarithms, (S,) bool."""
    log = False if fc.likelihood in COUNTS else fc.log
    return choose_logs(panel, log, fc.season or panel.frequency.season)


def choose_framing(
    panel: Panel,
    logs: Array,
    horizon: int,
    season: int,
    window: int | None = None,
    segment: int | None = None,
    scaling: str | Sequence[str] | None = None,
    decoder: str | None = None,
    rows: Array | None = None,
) -> WindowSpec:
    """Views, window and segment; what is given is kept.

    `rows` is how many rows each series of the networks' last training has (S',), where that is more than the values
    of `panel`, on which the choice is made.

    Where windows are very many, of long seasonal series, a segment is a season, and the window has 14 of them (two
    weeks of hours). Else the window has one and a quarter seasons, or without season two horizons within 8 .. 64, and
    the trend view stands beside the level view. The season view is taken where the seasonal naive errs less than the
    naive (less than half as much, where windows are few), and the mean view where there are many windows to learn
    level and season from.
    """
    rows = panel.lengths if rows is None else rows
    typical = int(np.median(rows))
    if season > 1 and typical < 2 * season + horizon:
        season = 1
    windows = count_windows(rows, horizon)
    large = season > 1 and typical >= LONG_SERIES * season and windows >= LARGE
    if segment is None:
        segment = season if large and (window is None or window % season == 0) else 1
    views: tuple[View, ...]
    if scaling is not None:
        views = views_of(scaling)
    else:
        views = ("level", "trend") if segment == 1 else ("level",)
        share = 1.0 if windows >= SEASONS_SHOWN else 0.5
        if season > 1 and seasonal_errs_less(panel, log_transformed(panel, logs), horizon, season, share):
            views += ("season",)
        if windows >= SOME_WINDOWS:
            views += ("mean",)
    if window is None:
        if segment > 1:
            wanted = SEASONS_READ * segment
        else:
            wanted = max(8, 5 * season // 4) if season > 1 else int(np.clip(2 * horizon, 8, 64))
        window = max(min(wanted, (typical - horizon) // 2 // segment * segment), SHORTEST_WINDOW, segment)
    if window % segment:
        raise InputError(f"window must be a multiple of segment; got window {window} and segment {segment}.")
    return WindowSpec(horizon, season, window, views, segment, decoder not in (None, "direct"))


def choose_size(rows: Array, framing: WindowSpec, likelihood: str | None = None) -> Size:
    """Many windows feed a larger network for longer. Few do, but for counts: no season is taken out of them."""
    windows = count_windows(rows, framing.horizon)
    if framing.segment > 1:
        size, least = SEGMENTS, LEAST_STEPS_OF_SEGMENTS
    else:
        size = MEDIUM if windows >= MANY_WINDOWS else SMALL
        least = size.steps if likelihood in COUNTS else LEAST_STEPS
    steps = int(np.clip(MOST_PASSES * windows // size.batch_size, least, size.steps))
    often = framing.segment > 1 and steps * size.batch_size > OFTEN * windows
    return size._replace(steps=steps, dropout=DROPOUT_SEEN_OFTEN if often else size.dropout)


def equal_turns(networks: int, views: Sequence[View]) -> int:
    """So many networks or a few more, so that every view is taken as often as the others."""
    return -(-networks // len(views)) * len(views)


def choose_settings(rows: Array, framing: WindowSpec, given: dict[str, Any]) -> Settings:
    """Sizes from how many rows each series has, where `given` has None."""
    size = choose_size(rows, framing, given["likelihood"])._asdict()
    size["ensemble"] = equal_turns(size["ensemble"], framing.views)
    settings = {name: given[name] for name in Settings._fields}
    settings |= {name: value for name, value in size.items() if settings[name] is None}
    settings["decoder"] = settings["decoder"] or "direct"
    return Settings(**settings)


def held_out_rows(panel: Panel, horizon: int) -> int:
    """Rows to hold out: a horizon for each of some origins, one row apart, at most a third of the typical series.

    Origins one row apart tell much the same, so a long series gives more of them: a twentieth of it, up to 100.
    """
    typical = int(np.median(panel.lengths))
    origins = min(max(horizon, 12, min(typical // 20, 100)), typical // 3 - horizon + 1)
    return horizon + origins - 1 if origins >= 1 else 0


CALENDAR_SPAN = np.timedelta64(2 * 365, "D")  # that a typical series must reach over for the calendar to be read


def choose_calendar(given: bool | None, panel: Panel, decoder: str | None) -> bool:
    """Whether the calendar is read; what is given is kept.

    Days and finer stamps have several seasons, of which the window holds the shortest; of weeks and months the season
    is taken out before. Two years show each day of the year twice.
    """
    if given is not None:
        return given
    frequency = panel.frequency
    daily = frequency.unit == "business day" or (frequency.unit == "fixed" and frequency.step <= DAY)
    if decoder == "direct" or not daily:
        return False
    first, last = frequency.stamps(np.array([0, int(np.median(panel.lengths))]))
    return bool(last - first >= CALENDAR_SPAN)


def choose_decoder(given: str | None, covariates: Covariates, calendar: bool) -> str | None:
    """How the horizon is written: by a decoder where anything is told of it; what is given is kept."""
    layout = covariates.layout
    told = [feature.name for feature in (*layout.future, *layout.static)] + ["calendar=True"] * calendar
    if not told:
        return given
    if given == "direct":
        raise InputError(
            f"decoder='direct' writes the horizon at once and can't be told of it: {', '.join(told)}. Leave decoder "
            "out, choose 'parallel' or 'recurrent', or name columns known ahead as past."
        )
    return given or "parallel"


MOST_ASKED = 500  # series that are looked at where one answer is wanted for all


def seasonal_errs_less(panel: Panel, z: Array, horizon: int, season: int, share: float = 1.0) -> bool:
    """Whether, over all steps ahead and series (of many, some evenly apart), the seasonal naive's absolute error is
    smaller than the naive's, or than a share of it."""
    naive = seasonal = 0.0
    asked = np.unique(np.linspace(0, len(panel.ids) - 1, min(len(panel.ids), MOST_ASKED)).astype(int))
    for k in asked:
        values = z[panel.series(k)]
        spread = values.std() or 1.0
        for ahead in range(1, horizon + 1):
            lag = season * -(-ahead // season)
            if len(values) > max(lag, ahead) + 1:
                # both are averaged over the same targets
                errors = np.abs(values[lag:] - values[: len(values) - lag])
                last = np.abs(values[lag:] - values[lag - ahead : len(values) - ahead])
                seasonal += errors.mean() / spread
                naive += last.mean() / spread
    return bool(seasonal < share * naive)
