"""Statistical baselines: those of statsforecast, one model per series. They need the extra `baselines`."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...arrays import Array
from ...errors import DataError, InputError
from ...plurals import counted
from ...series.origins import Origins

# as statsforecast calls them
STATISTICAL = ("AutoETS", "AutoARIMA", "AutoTheta")


def require_statsforecast(names: Iterable[str]) -> Any:
    """statsforecast's models, or an error that says how to get them; None where no name needs them."""
    wanted = [name for name in names if name in STATISTICAL]
    if not wanted:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from its imports
            from statsforecast import models
    except ImportError as error:
        raise InputError(
            f"the baseline {wanted[0]} needs statsforecast: pip install 'unrolled[baselines]', or leave it out."
        ) from error
    return models


def statistical_forecasts(name: str, origins: Origins, fitted: Array, horizon: int, season: int) -> Array:
    """Forecasts after each origin, (N, horizon), by models estimated on each series' rows up to `fitted` (S,)."""
    models, panel = require_statsforecast([name]), origins.panel
    out = np.empty((len(origins), horizon))
    for k in np.unique(origins.series):
        start = int(panel.offsets[k])
        past = panel.y[start : int(fitted[k])]
        # a season can be recognised from its second occurrence on
        model = getattr(models, name)(season_length=season if len(past) >= 2 * season else 1)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # its search tries models that do not converge
                model.fit(past)
                for row in np.flatnonzero(origins.series == k):
                    seen = panel.y[start : int(origins.ends[row])]
                    ahead = model.predict(horizon) if len(seen) == len(past) else model.forward(seen, horizon)
                    out[row] = ahead["mean"]
        except MemoryError:
            raise
        except Exception as error:  # whatever the library raises, the user must learn which series it is about
            raise DataError(
                f"{name} can't be fitted to {panel.name(int(k))} with {counted(len(past), 'period')} ({error}). "
                "Leave out this baseline or that series."
            ) from error
    return out
