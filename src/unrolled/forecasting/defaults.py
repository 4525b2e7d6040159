"""Defaults that depend on the data: views, window, segment, calendar, decoder, size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..series.covariates import Covariates
from ..series.frequency import DAY
from ..series.panel import Panel
from .evaluation.metrics import has_many_zeros
from .inputs.features import Features
from .inputs.views import VIEWS, View, views_named
from .inputs.window_spec import SHORTEST_WINDOW, WindowSpec
from .inputs.windows import count_windows, refuse_untrainable, window_ends, without_short
from .model.architecture import Decoder
from .model.distributions import OutputDistribution
from .model.settings import Settings
from .parameters import Parameters
from .preprocessing.effects import NO_TERMS, Terms, choose_terms, estimate_effects
from .preprocessing.logarithms import choose_logs, log_transformed, never_negative
from .preprocessing.transform import SeriesTransform, estimate_transform

MIN_WINDOWS_FOR_MEAN_VIEW = 300  # from here on a network finds level and season well enough by itself
MIN_WINDOWS_FOR_MEDIUM_SIZE = 1000  # from here on a larger network learns more than it overfits
MIN_WINDOWS_TO_READ_CHANGE = 100  # with fewer, the season view needs a large advantage
SEASONS_IN_WINDOW_OF_SEGMENTS = 14  # two weeks of hours
MIN_SEASONS_FOR_SEGMENTS, MIN_WINDOWS_FOR_SEGMENTS = 20, 5_000  # of the typical series; of all together
CALENDAR_SPAN = np.timedelta64(2 * 365, "D")  # that the typical series must cover for the calendar to be read
MAX_SERIES_TO_COMPARE_NAIVES = 500
MIN_SHARES_PER_SEASON_HELD_OUT = 8  # a series is at least that many times as long as a season that is held out


class Size(NamedTuple):
    """How large a network is and how long it is trained."""

    hidden: int
    steps: int
    batch_size: int
    rate: float
    dropout: float
    ensemble: int


SMALL = Size(16, 200, 32, 1e-2, 0.4, 6)
MEDIUM = Size(32, 1000, 32, 1e-2, 0.4, 6)
SEGMENTS = Size(128, 3000, 128, 5e-3, 0.0, 3)
MAX_SHARE_UNSEEN = 0.03  # of the rows of the typical series that networks which forecast are not trained on
MAX_PASSES = 10  # over the windows: with more, a network memorises them
MIN_STEPS, MIN_STEPS_ON_SEGMENTS = 5, 500
# beyond this many passes, networks on segments memorise their windows unless they have dropout
MAX_PASSES_WITHOUT_DROPOUT, DROPOUT_BEYOND = 2, 0.4


@dataclass(frozen=True)
class Decisions:
    """The decisions for a panel."""

    spec: WindowSpec  # how windows are cut
    logs: Array  # which series are taken in logarithms, (S,) bool
    features: Features  # what is read besides the target
    decoder: Decoder  # how the horizon is forecast
    terms: Terms = NO_TERMS  # what has linear effects


@dataclass(frozen=True)
class FitPlan:
    """All decisions before a training, from the part of a panel that is not held out."""

    parameters: Parameters  # as given, with what is forecast
    panel: Panel  # the whole panel, without series that are too short
    known: Panel  # the panel without its held-out end, or the whole one if nothing can be held out
    left_out: int  # rows held out at the end of each series
    decisions: Decisions  # for both trainings
    chose_means: bool = False  # whether means are forecast, although medians are the default

    @property
    def trains_once(self) -> bool:
        """Whether the networks that are compared forecast, too: all rows would teach them little more."""
        typical = float(np.median(self.panel.lengths))
        return self.parameters.trains and 0 < self.left_out <= MAX_SHARE_UNSEEN * typical

    @property
    def settings(self) -> Settings:
        decisions = self.decisions
        return choose_settings(self.parameters, self.panel.lengths, decisions.spec, decisions.decoder)


def plan_fit(parameters: Parameters, panel: Panel, *, evaluate: bool = True) -> FitPlan:
    """Plan the fit of a panel without the series that are too short; `evaluate=False` holds nothing out.

    Raises:
        DataError: the panel can't be fitted.
    """
    parameters.distribution.refuse_other_targets(panel)
    left_out = held_out_rows(panel, parameters.horizon, parameters.season) if evaluate else 0
    known = panel.until(left_out)
    decisions = decide(parameters, known, panel.lengths)
    if not len(window_ends(known, decisions.spec)):
        left_out, known, decisions = 0, panel, decide(parameters, panel, panel.lengths)
    longer = without_short(panel, decisions.spec)
    if longer is not panel:  # they may call for other decisions
        return plan_fit(parameters, longer, evaluate=evaluate)
    if parameters.networks == "both" and panel.lengths.max() < decisions.spec.needed:
        note = (
            f"the forecast is that of the pretrained network alone: networks that are trained need "
            f"{decisions.spec.needed} periods, and the longest series has {panel.lengths.max()}"
        )
        panel = replace(panel, notes=(*panel.notes, note))
        return plan_fit(parameters.with_pretrained_alone, panel, evaluate=evaluate)
    refuse_untrainable(panel, decisions.spec)
    means = parameters.point is None and has_many_zeros(np.where(known.observed, known.y, np.nan))
    chosen = replace(parameters, point="mean") if means else parameters
    return FitPlan(chosen, panel, known, left_out, decisions, chose_means=means)


def decide(parameters: Parameters, panel: Panel, rows: Array) -> Decisions:
    """The decisions for a panel; `rows` (S',) are the lengths of the series in the last training."""
    season = parameters.season_of(panel.frequency)
    logs = logs_of(parameters, panel)
    z = log_transformed(panel, logs)
    counts = parameters.distribution.counts  # which are used as they are
    terms = NO_TERMS if counts else choose_terms(panel, z, parameters.horizon, parameters.holidays)
    if not parameters.trains and parameters.pretrained is not None:
        window = parameters.pretrained.rows_read(panel.frequency)
        season = season if np.median(rows) >= 2 * season else 1
        return Decisions(WindowSpec(parameters.horizon, season, window, ()), logs, Features(), "direct", terms)
    calendar = choose_calendar(parameters, panel)
    decoder = choose_decoder(parameters.decoder, panel.covariates, calendar)
    rest = z - estimate_effects(panel, z, terms).of(panel)
    spec = choose_window_spec(parameters, panel, rest, decoder, rows)
    return Decisions(spec, logs, Features.of(panel, calendar, season), decoder, terms)


def held_out_rows(panel: Panel, horizon: int, season: int | None) -> int:
    """Rows to hold out: a horizon for each of some origins, one row apart, at most a third of the typical series.

    The errors of neighbouring origins are alike, so a long series gets more: a twentieth of its rows, up to 100. It
    gets an origin at each place of the longest season, the given one or one of the calendar, that takes no more than
    an eighth of the rows: errors on Mondays or in winter may be unlike those of the last days.
    """
    typical = int(np.median(panel.lengths))
    seasons = (season or 1, *panel.frequency.seasons.values())
    whole = max((n for n in seasons if n + horizon - 1 <= typical // MIN_SHARES_PER_SEASON_HELD_OUT), default=1)
    origins = min(max(horizon, 12, min(typical // 20, 100), whole), typical // 3 - horizon + 1)
    return horizon + origins - 1 if origins >= 1 else 0


def logs_of(parameters: Parameters, panel: Panel) -> Array:
    """Which series are taken in logarithms, (S,) bool."""
    log = False if parameters.distribution.counts or not parameters.trains else parameters.log
    return choose_logs(panel, log, parameters.season_of(panel.frequency))


def estimate_for(
    parameters: Parameters, panel: Panel, spec: WindowSpec, logs: Array, terms: Terms
) -> SeriesTransform:
    """The transform of a panel for windows that are cut like this; `logs` (S,) are series taken in logarithms, and
    `terms` have linear effects.

    Unless it is given, series without a negative value are kept at or above 0.
    """
    given = True if parameters.distribution.counts else parameters.nonnegative
    bounded = never_negative(panel) if given is None else np.full(len(panel.ids), bool(given))
    return estimate_transform(
        panel,
        logs,
        spec.season,
        spec.horizon,
        nonnegative=bounded,
        terms=terms,
        for_networks=bool(spec.views),
        with_trends=spec.follows_trend,
    )


# --- windows ----------------------------------------------------------------------------------------


def choose_window_spec(parameters: Parameters, panel: Panel, z: Array, decoder: Decoder, rows: Array) -> WindowSpec:
    """Views, window and segment, unless they are given.

    Long seasonal series with very many windows are read by segments of one season, 14 of them in a window (two weeks
    of hours). Other windows have one and a quarter seasons or, without a season, two horizons within 8 .. 64.

    Args:
        parameters: as given.
        panel: on which the choice is made.
        z: its values without linear effects, in logarithms where these are taken, (n,).
        decoder: how the horizon is forecast.
        rows: lengths of the series in the networks' last training, (S',).
    """
    horizon, segment, window = parameters.steps_at_once, parameters.segment, parameters.window
    season = parameters.season_of(panel.frequency)
    typical = int(np.median(rows))
    if typical < 2 * season + horizon:
        season = 1
    windows = count_windows(rows, horizon)
    if segment is None:
        long = season > 1 and typical >= MIN_SEASONS_FOR_SEGMENTS * season and windows >= MIN_WINDOWS_FOR_SEGMENTS
        segment = season if long and (window is None or window % season == 0) else 1
    if parameters.distribution.counts:
        views = views_named("count")
    elif parameters.scaling is not None:
        views = views_named(parameters.scaling)
    else:
        views = choose_views(panel, z, horizon, season, segment, windows)
    if window is None:
        if segment > 1:
            wanted = SEASONS_IN_WINDOW_OF_SEGMENTS * segment
        else:
            wanted = max(8, 5 * season // 4) if season > 1 else int(np.clip(2 * horizon, 8, 64))
        window = max(min(wanted, (typical - horizon) // 2 // segment * segment), SHORTEST_WINDOW, segment)
    if window % segment:
        raise InputError(f"`window` must be a multiple of `segment`; got window {window} and segment {segment}.")
    return WindowSpec(horizon, season, window, views, segment, decoded=decoder != "direct")


def choose_views(panel: Panel, z: Array, horizon: int, season: int, segment: int, windows: int) -> tuple[View, ...]:
    """The views for the values z (n,) of a panel, as in `choose_window_spec`.

    The level view always, and except on segments the trend view. The season view if the seasonal naive forecast has a
    smaller error than the naive one (less than half of it, if there are few windows). The mean view if there are
    enough windows to learn level and season.
    """
    names = ["level", "trend"] if segment == 1 else ["level"]
    share = 1.0 if windows >= MIN_WINDOWS_TO_READ_CHANGE else 0.5
    if season > 1 and seasonal_errs_less(panel, z, horizon, season, share):
        names.append("season")
    if windows >= MIN_WINDOWS_FOR_MEAN_VIEW:
        names.append("mean")
    return tuple(VIEWS[name] for name in names)


def seasonal_errs_less(panel: Panel, z: Array, horizon: int, season: int, share: float) -> bool:
    """Whether the absolute error of the seasonal naive forecast, over all steps ahead and series, is smaller than
    this share of the naive forecast's. Of many series, an evenly spaced part is compared."""
    naive = seasonal = 0.0
    count = len(panel.ids)
    compared = np.unique(np.linspace(0, count - 1, min(count, MAX_SERIES_TO_COMPARE_NAIVES)).astype(int))
    for k in compared:
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


# --- covariates, calendar and decoder -------------------------------------------------------------


def choose_calendar(parameters: Parameters, panel: Panel) -> bool:
    """Whether the calendar is read, unless this is given.

    Daily and finer series have several seasons, and a window holds only the shortest. From weekly and monthly series
    the season is removed. Two years contain each day of the year twice.
    """
    if parameters.calendar is not None:
        return parameters.calendar
    frequency = panel.frequency
    daily = frequency.unit == "fixed" and frequency.step <= DAY
    if parameters.decoder == "direct" or not daily:
        return False
    first, last = frequency.stamps(np.array([0, int(np.median(panel.lengths))]))
    return bool(last - first >= CALENDAR_SPAN)


def choose_decoder(given: str | None, covariates: Covariates, calendar: bool) -> Decoder:
    """How the horizon is forecast, unless this is given: segment by segment if anything is known ahead.

    Raises:
        InputError: the direct decoder is given, and something is known ahead.
    """
    layout = covariates.layout
    known = [feature.name for feature in (*layout.future, *layout.static)] + ["calendar=True"] * calendar
    if known and given == "direct":
        raise InputError(
            f"`decoder='direct'` writes the horizon at once and can't read what is known ahead: {', '.join(known)}. "
            "Leave out `decoder`, choose 'parallel' or 'recurrent', or name columns known ahead as past."
        )
    return cast(Decoder, given or ("parallel" if known else "direct"))


# --- size -------------------------------------------------------------------------------------------


def choose_settings(parameters: Parameters, rows: Array, spec: WindowSpec, decoder: Decoder) -> Settings:
    """Sizes from the lengths of the series (S,), unless they are given."""
    distribution = parameters.distribution
    size = choose_size(rows, spec, distribution)
    sizes = size._replace(ensemble=equal_turns(size.ensemble, spec.views))._asdict()
    asked = {name: value for name in sizes if (value := getattr(parameters, name)) is not None}
    if parameters.batch_size is not None:  # a step of all windows needs no more of them
        asked["batch_size"] = min(parameters.batch_size, max(trainable_windows(rows, spec), 1))
    return Settings(
        cell=parameters.cell,
        layers=parameters.layers,
        weight_decay=parameters.weight_decay,
        seed=parameters.seed,
        verbose=parameters.verbose,
        decoder=decoder,
        distribution=distribution,
        **(sizes | asked),
    )


def choose_size(rows: Array, spec: WindowSpec, distribution: OutputDistribution) -> Size:
    """A large network with many steps for many windows, a small one with few steps for few. Counts always have all
    steps, because their networks must learn the season themselves."""
    windows = count_windows(rows, spec.horizon)
    if spec.segment > 1:
        size, least = SEGMENTS, MIN_STEPS_ON_SEGMENTS
    else:
        size = MEDIUM if windows >= MIN_WINDOWS_FOR_MEDIUM_SIZE else SMALL
        least = size.steps if distribution.counts else MIN_STEPS
    steps = int(np.clip(MAX_PASSES * windows // size.batch_size, least, size.steps))
    whole = trainable_windows(rows, spec)
    if whole < size.batch_size and not distribution.counts:
        return size._replace(steps=min(MAX_PASSES, max(MIN_STEPS, whole)), batch_size=max(whole, 1))
    memorises = spec.segment > 1 and steps * size.batch_size > MAX_PASSES_WITHOUT_DROPOUT * windows
    return size._replace(steps=steps, dropout=DROPOUT_BEYOND if memorises else size.dropout)


def trainable_windows(rows: Array, spec: WindowSpec) -> int:
    """The number of windows with all their targets in series of these lengths (S,)."""
    return int(np.maximum(rows - spec.needed + 1, 0).sum())


def equal_turns(networks: int, views: Sequence[View | str]) -> int:
    """This number of networks or a few more, so that every view is used equally often."""
    return -(-networks // len(views)) * len(views)
