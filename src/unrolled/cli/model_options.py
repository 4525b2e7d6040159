"""The options of a training: covariates, the parameters of a forecaster, intervals and baselines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from ..errors import InputError
from .common_options import Level, Season, names_in, parse_levels
from .option_groups import FLAG, INTEGER, NUMBER, TEXT, OptionGroup, option

if TYPE_CHECKING:
    from ..forecaster import Forecaster
    from ..series.files import CovariateColumns, ReadOptions

BY_DATA = "chosen from the data"


def _covariate_columns(given: dict[str, Any]) -> CovariateColumns:
    from ..series.files import CovariateColumns

    past, future, static = (tuple(names_in(given[name])) for name in ("past", "future", "static"))
    return CovariateColumns(past, future, static, given["weight"])


COVARIATES = OptionGroup(
    {
        "past": option(TEXT, "--past", "Covariates known up to the present, separated by commas."),
        "future": option(TEXT, "--future", "Covariates known ahead, such as prices and holidays."),
        "static": option(TEXT, "--static", "Columns with one value per series; texts are categories."),
        "weight": option(TEXT, "--weight", "Column of the weight of each series in training."),
    },
    _covariate_columns,
)


class TrainingOptions(NamedTuple):
    """The options of a training, parsed."""

    parameters: dict[str, Any]  # those of a `Forecaster` that are given, by name
    levels: list[float]  # coverage of the intervals in per cent
    baselines: list[str]  # to compare with beside the simple ones

    def forecaster(self, reading: ReadOptions, **more: Any) -> Forecaster:
        """A forecaster with these parameters, those of the table's timestamps and more, which are checked."""
        from ..forecaster import Forecaster
        from ..forecasting.baselines.statistical import require_statsforecast
        from ..forecasting.model.combination import weights_of

        fc = Forecaster(**self.parameters, freq=reading.freq, open=reading.open, **more)
        fc.parameters.check()
        require_statsforecast(weights_of(fc.parameters.combine))
        return fc


def _training_options(given: dict[str, Any]) -> TrainingOptions:
    parameters = {name: value for name, value in given.items() if value is not None}
    levels, baselines = parse_levels(parameters.pop("level")), parse_baselines(parameters.pop("baselines", None))
    for name, parse in (("scaling", names_in), ("budget", parse_budget), ("combine", parse_combine)):
        if name in parameters:
            parameters[name] = parse(parameters[name])
    return TrainingOptions(
        {name: value for name, value in parameters.items() if value is not None}, levels, baselines
    )


TRAINING = OptionGroup(
    {
        "season": (Season, None),
        "network": option(
            str,
            "--network",
            "Networks that forecast: trained (on this table), pretrained (without training), or both (their weighted "
            "average).",
            "both; trained with --likelihood, --reach or --cell auto",
        ),
        "cell": option(str, "--cell", "Recurrent cell: rnn, gru, lstm, or auto for a search.", default="gru"),
        "hidden": option(INTEGER, "--hidden", "Hidden units.", BY_DATA),
        "layers": option(
            int, "--layers", "Recurrent layers; all but the first have a residual connection.", default=1
        ),
        "window": option(INTEGER, "--window", "Periods that the network reads.", "from the season and the data"),
        "steps": option(INTEGER, "--steps", "Optimizer steps of each training.", BY_DATA),
        "ensemble": option(INTEGER, "--ensemble", "Networks whose median is the forecast.", BY_DATA),
        "segment": option(INTEGER, "--segment", "Periods that the network reads in one step.", BY_DATA),
        "scaling": option(
            TEXT,
            "--scaling",
            "Normalization of the windows: level, trend, season, mean, last or robust; the networks of an ensemble "
            "alternate between several, separated by commas.",
            BY_DATA,
        ),
        "decoder": option(
            TEXT,
            "--decoder",
            "How the network outputs the horizon: direct (all periods at once), parallel or recurrent (segment by "
            "segment).",
            "parallel with inputs known ahead, else direct",
        ),
        "calendar": option(
            FLAG,
            "--calendar/--no-calendar",
            "Whether the time of day, the days of the week, month and year, and the weekend are inputs.",
            "for daily and finer data over two years or more",
        ),
        "holidays": option(
            TEXT,
            "--holidays",
            "Country whose public holidays may have effects, such as DE or DE-BY.",
            "none",
        ),
        "log": option(FLAG, "--log/--no-log", "Whether to model logarithms.", "decided for each series"),
        "dropout": option(NUMBER, "--dropout", "Share of hidden units dropped in training.", BY_DATA),
        "batch_size": option(INTEGER, "--batch-size", "Windows per optimizer step.", BY_DATA),
        "rate": option(NUMBER, "--rate", "Largest learning rate.", BY_DATA),
        "weight_decay": option(float, "--weight-decay", "Weight decay of AdamW.", default=1e-2),
        "budget": option(TEXT, "--budget", "Time limit of the search of --cell auto, such as 60s, 2m or 1h.", "60s"),
        "max_trials": option(
            INTEGER,
            "--max-trials",
            "Number of trials of that search; without --budget, it makes the search reproducible.",
            "no limit",
        ),
        "likelihood": option(
            TEXT,
            "--likelihood",
            "Distribution to learn: normal, student_t; for counts poisson, negative_binomial.",
            "quantiles",
        ),
        "reach": option(
            INTEGER,
            "--reach",
            "Periods that the network outputs at once; beyond them it reads its own forecasts.",
            "the horizon",
        ),
        "nonnegative": option(
            FLAG,
            "--nonnegative/--signed",
            "Whether to keep forecasts and intervals at or above 0.",
            "for series without a negative value",
        ),
        "integer": option(bool, "--integer", "Round to whole numbers, intervals outwards.", default=False),
        "point": option(
            TEXT, "--point", "The forecast's column: median or mean.", "mean if half of the values are 0, else median"
        ),
        "combine": option(
            TEXT,
            "--combine",
            "Baselines to average with the networks' forecasts, such as AutoETS=0.3,Theta=0.2; the networks get the "
            "remaining weight. Without weights, the baselines together get one third.",
            "none",
        ),
        "level": (Level, "80,95"),
        "baselines": option(
            TEXT,
            "--baselines",
            "Baselines to compare with besides the simple ones, separated by commas: Naive2, HistoricAverage, SES, "
            "AutoETS, AutoARIMA, AutoTheta.",
            "the naive and seasonal naive, drift, averages, Theta",
        ),
    },
    _training_options,
)
Alias = Annotated[
    str | None, Option("--alias", help="Name of the forecast's column.", show_default="the cell in capitals")
]


def parse_baselines(text: str | None) -> list[str]:
    """Names of baselines, which are known and installed."""
    from ..forecasting.baselines.registry import check_baselines
    from ..forecasting.baselines.statistical import require_statsforecast

    names = check_baselines(names_in(text))
    require_statsforecast(names)
    return names


def parse_combine(text: str) -> list[str] | dict[str, float] | None:
    """Names of methods, or their weights.

    >>> parse_combine("AutoETS=0.3, Theta=0.2"), parse_combine("AutoETS")
    ({'AutoETS': 0.3, 'Theta': 0.2}, ['AutoETS'])
    """
    parts = names_in(text)
    if not any("=" in part for part in parts):
        return parts or None
    weights: dict[str, float] = {}
    for part in parts:
        name, _, weight = (piece.strip() for piece in part.partition("="))
        if name in weights:
            raise InputError(f"--combine names {name} twice: {text!r}. Give each method one weight.")
        try:
            weights[name] = float(weight)
        except ValueError as error:
            raise InputError(
                "--combine takes names such as AutoETS,Theta, or each with its weight, AutoETS=0.3,Theta=0.2; got "
                f"{part!r}."
            ) from error
    return weights


def parse_budget(text: str) -> float:
    """Seconds, from a number with the unit s, m or h or none.

    >>> parse_budget("2m")
    120.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([smh]?)", text.strip().lower())
    if match is None or not float(match[1]):
        raise InputError(f"--budget takes a time above 0 such as 60s, 2m or 1h; got {text!r}.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
