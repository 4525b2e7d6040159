"""The parameters of a forecaster as a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, dataclass, fields, replace
from math import inf
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..argument_types import Count, check_fields, check_type, fits
from ..errors import InputError
from ..nn.cells import cell_named
from ..nn.randomness import checked_seed
from ..series.columns import Columns
from ..series.frequency import Frequency, mase_season
from ..series.holidays import checked_country
from ..series.zones import checked_zone
from .baselines.registry import BASELINES
from .evaluation.shares import EQUAL
from .inputs.views import views_named
from .model.architecture import MAX_LAYERS, Decoder
from .model.combination import Combination, weights_of
from .model.distributions import OutputDistribution, distribution_named
from .model.settings import MAX_NETWORKS
from .probabilistic.interval_columns import Point
from .probabilistic.support import Support

if TYPE_CHECKING:
    from .pretrained.network import Pretrained

AUTO = "auto"  # the cell of a forecaster that searches for its configuration
MAX_HORIZON = 100_000  # of the pretrained network; others are limited by the rows of a table
Networks = Literal["trained", "pretrained", "both"]  # on the table; before, on synthetic series; and their average
SHARES = {"pretrained": 1.0, "both": EQUAL}  # of the pretrained network, before held-out windows call for another
DEFAULT_BUDGET_S = 60.0
MIN_TRIALS = 4  # of a search: the default and one challenger, each screened and trained in full
RANGES = {  # of numbers: the smallest, a number above the largest, and both in words
    "rate": (np.finfo(float).tiny, inf, "a number above 0"),
    "weight_decay": (0, inf, "a number ≥ 0"),
    "dropout": (0, 1, "a number ≥ 0 and below 1"),
}
COUNT_PARAMETERS = ("hidden", "layers", "window", "segment", "season", "steps", "batch_size", "ensemble", "reach")


@dataclass(frozen=True)
class Parameters:
    """The parameters of a `Forecaster`, as given; its docstring explains them."""

    horizon: int
    cell: str = "gru"
    _: KW_ONLY
    hidden: int | None = None
    layers: int = 1
    window: int | None = None
    segment: int | None = None
    scaling: str | Sequence[str] | None = None
    decoder: str | None = None
    calendar: bool | None = None
    season: int | None = None
    freq: str | int | None = None
    open: str | None = None
    zone: str | None = None
    log: bool | None = None
    steps: int | None = None
    batch_size: int | None = None
    rate: float | None = None
    weight_decay: float = 1e-2
    dropout: float | None = None
    ensemble: int | None = None
    likelihood: str | None = None
    reach: int | None = None
    nonnegative: bool | None = None
    integer: bool = False
    seed: int = 0
    alias: str | None = None
    verbose: int | bool = 1
    budget: float | None = None
    max_trials: int | None = None
    combine: str | Sequence[str] | Mapping[str, float] | None = None
    network: Networks | None = None
    holidays: str | None = None
    point: Point | None = None

    def as_dict(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def name(self) -> str:
        """The column of the forecast."""
        if self.alias:
            return self.alias
        return self.cell.upper() if self.trains else "Pretrained"

    @property
    def networks(self) -> Networks:
        """Those that forecast: as given, or both unless a parameter is only for networks that are trained."""
        return self.network or ("trained" if self._only_for_trained else "both")

    @property
    def _only_for_trained(self) -> dict[str, str]:
        """The given parameters that only networks trained on the table have, with the reasons."""
        reasons = {
            "likelihood": "it gives learned quantiles",
            "reach": "it forecasts any horizon at once",
            "cell": "a search would only try networks that are trained",
        }
        given = {"likelihood": self.likelihood, "reach": self.reach, "cell": self.cell == AUTO}
        return {name: reasons[name] for name, value in given.items() if value}

    @property
    def with_pretrained_alone(self) -> Parameters:
        """The same for series that are too short to train on; the forecast's column keeps its name."""
        return replace(self, network="pretrained", alias=self.name)

    @property
    def trains(self) -> bool:
        """Whether networks are trained on the table."""
        return self.networks != "pretrained"

    @property
    def pretrained(self) -> Pretrained | None:
        """The pretrained network, if it takes part.

        Raises:
            InputError: its file is missing or damaged.
        """
        if self.networks == "trained":
            return None
        from .pretrained.network import Pretrained, pretrained_network  # its import takes time

        return Pretrained(pretrained_network(), SHARES[self.networks], self.season)

    @property
    def steps_at_once(self) -> int:
        """Periods that a network forecasts at once."""
        return self.reach or self.horizon

    @property
    def search_limit_s(self) -> float | None:
        """Seconds that a search may take; None: no limit."""
        return DEFAULT_BUDGET_S if self.budget is None and self.max_trials is None else self.budget

    @property
    def distribution(self) -> OutputDistribution:
        return distribution_named(self.likelihood)

    @property
    def support(self) -> Support:
        return self.distribution.support(self.integer)

    def combination(self, season: int, frequency: Frequency) -> Combination:
        """What the networks are averaged with for series of this frequency and windows with this season."""
        return Combination(weights_of(self.combine), season, mase_season(frequency, self.season))

    def season_of(self, frequency: Frequency) -> int:
        """Periods in a season of series of this frequency."""
        return self.season or frequency.season

    def check(self) -> None:
        """Raise an `InputError` if a parameter is invalid."""
        checked_horizon(self.horizon)
        checked_seed(self.seed)
        self._check_numbers()
        check_fields(self, "`{}`")
        self._check_search()
        if self.scaling is not None:
            views_named(self.scaling)
        if self.decoder not in (None, *get_args(Decoder)):
            raise InputError(f"`decoder` must be one of {', '.join(get_args(Decoder))}; got {self.decoder!r}.")
        self._check_distribution()
        self._check_network()
        weights_of(self.combine)
        if (self.reach or 0) > self.horizon:
            raise InputError(f"`reach` must be ≤ the horizon, {self.horizon}; got {self.reach}.")

    def _check_numbers(self) -> None:
        """Raise if a number is of another kind or out of its range."""
        optional = {f.name for f in fields(self) if f.default is None}
        for name in COUNT_PARAMETERS:
            value = getattr(self, name)
            if not (is_count(value) or (value is None and name in optional)):
                raise InputError(f"`{name}` must be a whole number ≥ 1; got {value!r}.")
        for name, most in (("ensemble", MAX_NETWORKS), ("layers", MAX_LAYERS)):
            if (getattr(self, name) or 0) > most:
                raise InputError(f"`{name}` must be ≤ {most}; got {getattr(self, name)}.")
        for name, (low, high, meaning) in RANGES.items():
            value = getattr(self, name)
            if not (value is None and name in optional) and not (fits(value, float) and low <= value < high):
                raise InputError(f"`{name}` must be {meaning}; got {value!r}.")
        if self.zone is not None:
            checked_zone(self.zone)
        if self.holidays is not None:
            checked_country(self.holidays)

    def _check_search(self) -> None:
        """Raise if the cell is not known, or a limit of the search is invalid."""
        budget, trials = self.budget, self.max_trials
        if budget is not None and not 0 < budget < inf:
            raise InputError(f"`budget` must be a number of seconds > 0, such as 60; got {budget!r}.")
        if trials is not None and trials < MIN_TRIALS:
            raise InputError(
                f"`max_trials` must be a whole number ≥ {MIN_TRIALS} (the default and a challenger, each screened "
                f"and trained in full); got {trials!r}."
            )
        if self.cell != AUTO:
            cell_named(self.cell)
            for name, value in (("budget", budget), ("max_trials", trials)):
                if value is not None:
                    raise InputError(
                        f"`{name}` is for the automatic choice, but the cell is {self.cell!r}. Use `cell='auto'`."
                    )

    def _check_distribution(self) -> None:
        """Raise if the likelihood is not known, or contradicts other parameters."""
        if not self.distribution.counts:
            return
        wrong = None
        if self.log:
            wrong = "have no logarithms. Leave out `log`."
        elif self.scaling not in (None, "count", ["count"], ("count",)):
            wrong = f"are measured from 0 in a view of their own; got scaling {self.scaling!r}. Leave out `scaling`."
        elif self.holidays:
            wrong = "are used as they are, without linear effects. Leave out `holidays`."
        elif self.nonnegative is not None and not self.nonnegative:
            wrong = "are never negative. Leave out `nonnegative=False`."
        if wrong:
            raise InputError(f"`likelihood={self.likelihood!r}` is for counts, which {wrong}")

    def _check_network(self) -> None:
        """Raise if the choice of networks contradicts other parameters."""
        if self.networks == "trained":
            return
        if self.horizon > MAX_HORIZON:
            raise InputError(f"`horizon` must be ≤ {MAX_HORIZON} with a pretrained network; got {self.horizon}.")
        for name, reason in self._only_for_trained.items():
            raise InputError(
                f"`{name}={getattr(self, name)!r}` can't be combined with `network={self.network!r}`: {reason}. "
                "Leave out one of them."
            )

    def check_name(self, columns: Columns) -> None:
        """Raise an `InputError` if the forecast's column has the name of a baseline or of a column of the table."""
        for names, owner in ((BASELINES, "a baseline"), (columns.keys, "a column of the table")):
            if self.name in names:
                raise InputError(
                    f"the column of the forecast would be called {self.name!r}, as {owner} is. Choose another name "
                    "with `alias`."
                )

    def checked_horizon(self, horizon: int | None) -> int:
        """Periods ahead that a fitted forecaster can forecast; None: those it was trained for.

        Raises:
            InputError: they exceed the trained horizon, and the forecaster does not read its own forecasts.
        """
        horizon = self.horizon if horizon is None else checked_horizon(horizon)
        if horizon > self.horizon and self.reach is None:
            raise InputError(
                f"this forecaster was trained for horizon {self.horizon}; {horizon} lies beyond it. Fit it again "
                "with that horizon, or with `reach`, which lets it continue from its own forecasts."
            )
        return horizon


DEFAULT_CELL = Parameters.cell
DEFAULTS = {f.name: f.default for f in fields(Parameters) if f.default is not MISSING}


def is_count(value: Any) -> bool:
    """Whether this is a whole number ≥ 1."""
    return fits(value, int) and bool(value >= 1)


def checked_horizon(horizon: Any) -> int:
    """The horizon as an int, or an `InputError`."""
    if not is_count(horizon):
        raise InputError(f"`horizon` must be a whole number of periods ≥ 1; got {horizon!r}.")
    return int(horizon)


def check_paths(n: int) -> None:
    """Raise an `InputError` if this is no number of paths."""
    if not is_count(n):
        raise InputError(f"`n` must be a whole number of paths ≥ 1; got {n!r}.")
    check_type("`n`", n, Count)
