"""Options and arguments that several commands share, with their help."""

from pathlib import Path
from typing import Annotated, NamedTuple

from typer import Argument, Option

from ..errors import InputError
from .csv_form import CsvForm
from .option_groups import OptionGroup, option

File = Annotated[Path, Argument(metavar="FILE", help="CSV, Excel or Parquet file; - reads standard input.")]
FutureFile = Annotated[
    Path | None,
    Option(
        "--future-file", help="Table of the covariates known ahead at the timestamps to forecast.", metavar="FILE"
    ),
]
Season = Annotated[int | None, Option("--season", help="Periods in a season.", show_default="from the frequency")]
Level = Annotated[str, Option("--level", help="Coverage of the intervals in per cent.")]
OutFile = Annotated[Path, Option("--out", help="CSV file; - is standard output.", metavar="FILE")]
AsJson = Annotated[bool, Option("--json", help="Print all results as one JSON object.")]
Seed = Annotated[int, Option("--seed", help="Random seed.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
EXCEL_SAFE = "Put a single quote before texts that a spreadsheet would execute."
OUT_DECIMAL = "Decimal separator of CSV outputs: a point, or a comma with semicolons between cells."


class OutputOptions(NamedTuple):
    """How a command prints and writes tables."""

    csv: CsvForm
    as_json: bool  # whether standard output is one JSON object
    quiet: bool  # whether messages and notes are suppressed


OUTPUT = OptionGroup(
    {
        "excel_safe": option(bool, "--excel-safe", EXCEL_SAFE, default=False),
        "out_decimal": option(str, "--out-decimal", OUT_DECIMAL, default="."),
        "as_json": (AsJson, False),
        "quiet": (Quiet, False),
    },
    lambda given: OutputOptions(
        CsvForm.checked(given["excel_safe"], given["out_decimal"]), given["as_json"], given["quiet"]
    ),
)


def names_in(text: str | None) -> list[str]:
    """The names in a text that separates them by commas.

    >>> names_in("a, b,"), names_in(None)
    (['a', 'b'], [])
    """
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def parse_levels(text: str) -> list[float]:
    """Coverage levels in per cent, checked."""
    from ..forecasting.probabilistic.quantiles import check_levels

    try:
        levels = [float(name) for name in names_in(text)]
    except ValueError as error:
        raise InputError(f"--level takes numbers such as 80,95; got {text!r}.") from error
    return check_levels(levels)
