"""The register of baselines: simple ones, and statistical ones of statsforecast."""

from collections.abc import Iterable

from ...arrays import Array
from ...errors import InputError
from ...series.origins import Origins
from .naive2 import naive2
from .simple import drift, naive, seasonal_naive
from .statistical import STATISTICAL, statistical_forecasts

# each: origins, horizon, season → forecasts (N, horizon)
SIMPLE = {"Naive": naive, "SeasonalNaive": seasonal_naive, "Drift": drift, "Naive2": naive2}
COMPARED = ("Naive", "SeasonalNaive", "Drift")  # with every network
BASELINES = (*SIMPLE, *STATISTICAL)


def check_baselines(names: bool | str | Iterable[str] | None) -> list[str]:
    """Names of baselines in their usual spelling, each once; True: all simple ones.

    >>> check_baselines(["naive", "autoets"])
    ['Naive', 'AutoETS']
    """
    if names is None or isinstance(names, bool):
        return list(SIMPLE) if names else []
    spelt = {name.lower(): name for name in BASELINES}
    wanted = list(names) if isinstance(names, Iterable) and not isinstance(names, str) else [names]
    for name in wanted:
        if not isinstance(name, str) or name.lower() not in spelt:
            raise InputError(f"no baseline is called {name!r}; known: {', '.join(BASELINES)}.")
    return list(dict.fromkeys(spelt[name.lower()] for name in wanted))


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
        fitted: where the rows of each series end on which statistical methods are chosen and estimated, (S,); they
            keep their parameters at later origins.
        horizon: periods ahead.
        season: of the other simple baselines.
        naive2_season: of Naive2, whose errors are part of M4's OWA.
        estimated_season: of statistical methods; None: the season of simple baselines.
    """
    out = {}
    for name in names:
        if name in STATISTICAL:
            out[name] = statistical_forecasts(name, origins, fitted, horizon, estimated_season or season)
        else:
            out[name] = SIMPLE[name](origins, horizon, naive2_season if name == "Naive2" else season)
    return out
