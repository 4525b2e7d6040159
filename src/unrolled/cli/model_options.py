"""Options that several commands share: declared once, with their help, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, InputError
from .console import say

if TYPE_CHECKING:
    import pandas as pd

    from ..forecaster import Forecaster
    from ..series.columns import Columns
    from ..series.files import CovariateColumns, FileTable, ReadOptions
    from ..series.panel import Panel

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet file; - reads standard input.")]
Horizon = Annotated[int, typer.Option("--horizon", "-H", help="Periods to forecast.")]
Past = Annotated[str | None, typer.Option("--past", help="Covariates known up to the present, with commas between.")]
Future = Annotated[str | None, typer.Option("--future", help="Covariates known ahead, such as prices and holidays.")]
Static = Annotated[
    str | None, typer.Option("--static", help="Columns with one value a series; texts are categories.")
]
Weight = Annotated[
    str | None, typer.Option("--weight", help="Column that says how much a series counts in training.")
]
FutureFile = Annotated[
    Path | None,
    typer.Option("--future-file", help="Table of the known-ahead columns at the stamps to forecast.", metavar="FILE"),
]
Season = Annotated[
    int | None, typer.Option("--season", help="Periods in a season.", show_default="from the frequency")
]
Cell = Annotated[
    str, typer.Option("--cell", help="Recurrent cell: rnn, gru, lstm, or auto to search for what forecasts best.")
]
Hidden = Annotated[int | None, typer.Option("--hidden", help="Hidden units.", show_default="by the data")]
Window = Annotated[
    int | None, typer.Option("--window", help="Steps the network reads.", show_default="from season and data")
]
Steps = Annotated[
    int | None, typer.Option("--steps", help="Optimizer steps of each training.", show_default="by the data")
]
Ensemble = Annotated[
    int | None, typer.Option("--ensemble", help="Networks whose median is taken.", show_default="by the data")
]
Segment = Annotated[
    int | None, typer.Option("--segment", help="Periods the network takes at one step.", show_default="by the data")
]
Scaling = Annotated[
    str | None,
    typer.Option(
        "--scaling",
        help="How windows are seen: level, trend, season, mean, last, robust; several in turn, with commas between.",
        show_default="by the data",
    ),
]
Dropout = Annotated[
    float | None,
    typer.Option("--dropout", help="Share of hidden units dropped in training.", show_default="by the data"),
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", help="Windows in an optimizer step.", show_default="by the data")
]
Rate = Annotated[float | None, typer.Option("--rate", help="Largest learning rate.", show_default="by the data")]
Budget = Annotated[
    str | None,
    typer.Option("--budget", help="Time for the search of --cell auto, such as 60s, 2m or 1h.", show_default="60s"),
]
MaxTrials = Annotated[
    int | None,
    typer.Option("--max-trials", help="Trials of that search; it repeats itself.", show_default="no limit"),
]
Likelihood = Annotated[
    str | None,
    typer.Option(
        "--likelihood",
        help="Distribution to learn: normal, student_t; of counts poisson, negative_binomial.",
        show_default="quantiles",
    ),
]
Nonnegative = Annotated[bool, typer.Option("--nonnegative", help="Clip forecasts and intervals at 0.")]
Integer = Annotated[bool, typer.Option("--integer", help="Round to whole numbers, intervals outwards.")]
Level = Annotated[str, typer.Option("--level", help="Coverage of intervals in per cent.")]
Baselines = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        help="More baselines to compare with: Naive2, AutoETS, AutoARIMA, Theta, AutoTheta, with commas between.",
        show_default="naive, seasonal naive, drift",
    ),
]
Combine = Annotated[
    str | None,
    typer.Option(
        "--combine",
        help="Methods to average the networks' forecasts with, any baselines, such as AutoETS=0.3,Theta=0.2; names "
        "alone have a third together.",
        show_default="the networks alone",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Layers = Annotated[int, typer.Option("--layers", help="Recurrent layers, each but the first with a residual path.")]
Decoder = Annotated[
    str | None,
    typer.Option(
        "--decoder",
        help="How the horizon is written: direct, at once; parallel or recurrent, segment by segment.",
        show_default="parallel if anything is known ahead, else direct",
    ),
]
Calendar = Annotated[
    bool | None,
    typer.Option(
        "--calendar/--no-calendar",
        help="Whether to read where stamps lie in the day, the week and the year.",
        show_default="for days and finer stamps over two years",
    ),
]
Log = Annotated[
    bool | None,
    typer.Option("--log/--no-log", help="Whether to work on logarithms.", show_default="decided for each series"),
]
WeightDecay = Annotated[float, typer.Option("--weight-decay", help="Weight decay of AdamW.")]
Reach = Annotated[
    int | None,
    typer.Option(
        "--reach",
        help="Periods that the network gives at once; beyond them it reads its own forecasts.",
        show_default="the horizon",
    ),
]
Alias = Annotated[
    str | None,
    typer.Option("--alias", help="Name of the forecast's column.", show_default="the cell in capitals"),
]
ExcelSafe = Annotated[
    bool,
    typer.Option(
        "--excel-safe",
        help="Put a quote before texts that a spreadsheet would execute; take it off where such a file is read.",
    ),
]


OutFile = Annotated[Path, typer.Option("--out", help="CSV file; - is standard output.", metavar="FILE")]


def parse_levels(text: str) -> list[float]:
    from ..forecasting.probabilistic.quantiles import check_levels

    try:
        return check_levels([float(part) for part in text.split(",") if part.strip()])
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"--level takes numbers such as 80,95; got {text!r}.") from error


def parse_beside(past: str | None, future: str | None, static: str | None, weight: str | None) -> CovariateColumns:
    """The columns beside id, time and target that a command names."""
    from ..series.files import CovariateColumns

    def names(text: str | None) -> tuple[str, ...]:
        return tuple(part.strip() for part in (text or "").split(",") if part.strip())

    return CovariateColumns(names(past), names(future), names(static), weight)


def read_ahead(file: Path | None, columns: Columns, panels: Sequence[Panel]) -> pd.DataFrame | None:
    """The table of --future-file, of the columns that the panels' covariates know ahead."""
    from ..series.files import read_future

    if file is None:
        return None
    if not columns.future:
        raise InputError("--future-file needs columns known ahead: name them with --future A,B when training.")
    return read_future(str(file), columns, panels[0].ids[0] is not None, kinds(panels))


def kinds(panels: Sequence[Panel]) -> dict[str, bool]:
    """Whether each covariate holds texts, in the series of one frequency at least."""
    layouts = [panel.covariates.layout for panel in panels]
    features = [f for layout in layouts for f in (*layout.past, *layout.future, *layout.static)]
    return {f.name: any(other.texts is not None for other in features if other.name == f.name) for f in features}


def parse_baselines(text: str | None) -> list[str]:
    from ..forecasting.baselines.registry import check_baselines
    from ..forecasting.baselines.statistical import require_statsforecast

    names = check_baselines([part.strip() for part in (text or "").split(",") if part.strip()])
    require_statsforecast(names)
    return names


def parse_combine(text: str | None) -> list[str] | dict[str, float] | None:
    """Names of methods, or their weights.

    >>> parse_combine("AutoETS=0.3, Theta=0.2"), parse_combine("AutoETS")
    ({'AutoETS': 0.3, 'Theta': 0.2}, ['AutoETS'])
    """
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
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


def parse_budget(text: str | None) -> float | None:
    """Seconds, from a number with s, m, h or nothing behind it.

    >>> parse_budget("2m")
    120.0
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*([smh]?)", text.strip().lower())
    if match is None or not float(match[1]):
        raise InputError(f"--budget takes a time above 0 such as 60s, 2m or 1h; got {text!r}.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def parse_scaling(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def make_forecaster(given: Mapping[str, Any]) -> Forecaster:
    """A forecaster whose parameters have been checked, from all options of a command by name.

    Those that are no parameters of a forecaster are passed over; what is None is left to its defaults.
    """
    from ..forecaster import Forecaster
    from ..forecasting.baselines.statistical import require_statsforecast
    from ..forecasting.model.combination import weights_of

    parsed = {
        "scaling": parse_scaling(given["scaling"]),
        "budget": parse_budget(given["budget"]),
        "combine": parse_combine(given["combine"]),
    }
    options = {
        name: value
        for name, value in ({**given} | parsed).items()
        if value is not None and name in signature(Forecaster).parameters
    }
    fc = Forecaster(**options, verbose=0 if given["quiet"] else 1)
    fc.check_params()
    require_statsforecast(weights_of(fc.combine))
    return fc


def understand(fc: Forecaster, file: str, table: FileTable, talk: Callable[[str], None]) -> list[Panel]:
    """The table as panels, one a frequency; what was understood of it is said."""
    from ..series.by_frequency import read_panels
    from ..series.files.inspection import describe_panel

    try:
        panels = read_panels(table.frame, table.columns, fc.freq, fc.season)
    except DataError as error:
        raise DataError(f"{'standard input' if file == '-' else file}, {error}") from error
    fc.columns_ = table.columns
    fc.backend_, fc.reading_ = "pandas", to_remember(table.options)
    series = f"id {table.columns.id!r}, " if panels[0].ids[0] is not None else ""
    talk(f"{file}: {series}time {table.columns.time!r}, target {table.columns.target!r}")
    for panel in panels:
        talk(describe_panel(panel, table.columns))
    return panels


def to_remember(reading: ReadOptions) -> dict[str, Any]:
    """What a model keeps of how its table was read; single columns it prefers by its `columns_`."""
    return {
        name: value
        for name, value in reading.given.items()
        if name not in ("id", "time", "target") or "," in str(value)
    }


def talker(quiet: bool) -> Callable[[str], None]:
    """How a command talks: to standard error, or not at all."""
    return (lambda text: None) if quiet else say
