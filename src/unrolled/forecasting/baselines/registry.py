"""The register of baselines: simple ones, and statistical ones of statsforecast."""

from collections.abc import Iterable

from ...argument_types import check_type
from ...arrays import Array
from ...errors import InputError
from ...series.frequency import SEASONS, Frequency
from ...series.origins import Origins
from .naive2 import naive2
from .simple import drift, historic_average, naive, seasonal_naive, seasonal_window_average, window_average
from .statistical import STATISTICAL, statistical_forecasts
from .theta import exponential_smoothing, theta

SEASONAL_NAIVES = {f"SeasonalNaive-{name}": name for name in SEASONS}  # each with its season of the calendar
# each: origins, horizon, season → forecasts (N, horizon)
FROM_LAST_VALUES = {
    "Naive": naive,
    "SeasonalNaive": seasonal_naive,
    **dict.fromkeys(SEASONAL_NAIVES, seasonal_naive),
    "Drift": drift,
    "WindowAverage": window_average,
    "SeasonalWindowAverage": seasonal_window_average,
    "HistoricAverage": historic_average,
    "Naive2": naive2,
}
# each: origins, horizon, season, the rows on which it is estimated → forecasts (N, horizon)
ESTIMATED = {"SES": exponential_smoothing, "Theta": theta}
SIMPLE = (*FROM_LAST_VALUES, *ESTIMATED)
BASELINES = (*SIMPLE, *STATISTICAL)
FOR_MANY_ZEROS = ("HistoricAverage", "SES")  # compared where half of the values are 0
COMPARED = tuple(name for name in SIMPLE if name not in (*FOR_MANY_ZEROS, "Naive2"))  # with every network
# from the same table, for a frequency in which a baseline would equal another one
STAND_INS = dict.fromkeys(SEASONAL_NAIVES, "SeasonalNaive") | {"SeasonalWindowAverage": "WindowAverage"}


def check_baselines(names: bool | str | Iterable[str] | None) -> list[str]:
    """Names of baselines in their usual spelling, each once; True: all simple ones.

    >>> check_baselines(["naive", "autoets"])
    ['Naive', 'AutoETS']
    """
    if names is None or isinstance(names, bool):
        return list(SIMPLE) if names else []
    check_type("`baselines`", names, str | Iterable[str])
    spelt = {name.lower(): name for name in BASELINES}
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if not isinstance(name, str) or name.lower() not in spelt:
            raise InputError(f"no baseline is called {name!r}; known: {', '.join(BASELINES)}.")
    return list(dict.fromkeys(spelt[name.lower()] for name in wanted))


def season_of(name: str, frequency: Frequency, season: int) -> int:
    """The season of a simple baseline, where `season` is the usual one of the series."""
    if name in SEASONAL_NAIVES:
        return frequency.seasons.get(SEASONAL_NAIVES[name], season)
    return frequency.seasons.get("week", season) if name == "SeasonalWindowAverage" else season


def distinct(names: Iterable[str], frequency: Frequency, season: int, rows: int) -> list[str]:
    """The baselines that series of this many rows tell apart.

    Without a season, the seasonal naive is the naive. A season of the calendar must be another one than the usual
    one, and like the season of an average occur twice.
    """

    def useful(name: str) -> bool:
        own = season_of(name, frequency, season)
        if name in SEASONAL_NAIVES:
            return own != season and rows >= 2 * own
        if name == "SeasonalWindowAverage":
            return own > 1 and rows >= 2 * own
        return name != "SeasonalNaive" or own > 1

    return [name for name in dict.fromkeys(names) if useful(name)]


def stand_in(name: str, known: Iterable[str]) -> str:
    """The baseline among those known that equals this one in series without its season.

    >>> stand_in("SeasonalNaive-week", ["Naive", "SeasonalNaive"]), stand_in("SeasonalNaive-week", ["Naive"])
    ('SeasonalNaive', 'Naive')
    """
    while name not in known:
        name = STAND_INS.get(name, "Naive")
    return name


def baseline_forecasts(
    names: Iterable[str],
    origins: Origins,
    fitted: Array,
    horizon: int,
    *,
    season: int,
    naive2_season: int,
    estimated_season: int | None = None,
) -> dict[str, Array]:
    """Forecasts of baselines after each origin, (N, horizon) each.

    Args:
        names: of the baselines.
        origins: N.
        fitted: where the rows of each series end on which methods are chosen and estimated, (S,); they keep their
            parameters at later origins.
        horizon: periods ahead.
        season: of the simple baselines that have no season of the calendar.
        naive2_season: of Naive2, whose errors are part of M4's OWA.
        estimated_season: of statistical methods; None: the season of simple baselines.
    """
    out = {}
    for name in names:
        own = naive2_season if name == "Naive2" else season_of(name, origins.panel.frequency, season)
        if name in STATISTICAL:
            out[name] = statistical_forecasts(name, origins, fitted, horizon, estimated_season or season)
        elif name in ESTIMATED:
            out[name] = ESTIMATED[name](origins, horizon, own, fitted)
        else:
            out[name] = FROM_LAST_VALUES[name](origins, horizon, own)
    return out
