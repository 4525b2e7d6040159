from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from ...errors import InputError
from ..common_options import AsJson, Quiet, Seed
from ..console import Console, print_data, print_json
from ..exit_codes import FAILURE
from ..output_files import created_folder
from ..run_file import RunFile

Name = Annotated[str, Argument(metavar="NAME", help="fish, symbols, counting, sales, stock, or all.")]
Epochs = Annotated[int | None, Option("--epochs", help="Passes over the data.", show_default="depends on the demo")]
Horizon = Annotated[int | None, Option("--horizon", help="Days to forecast (stock only).")]
Ticker = Annotated[
    str | None, Option("--ticker", help="Stock whose prices are downloaded from Yahoo Finance (stock only).")
]
Start = Annotated[str | None, Option("--start", help="First day, such as 2020-04-01 (stock only).")]
End = Annotated[str | None, Option("--end", help="Day after the last, such as 2023-04-01 (stock only).")]
OutFolder = Annotated[Path, Option("--out", help="Folder for the figure, an interactive page, and its script.")]


def command(
    ctx: typer.Context,
    *,
    name: Name,
    epochs: Epochs = None,
    seed: Seed = 0,
    horizon: Horizon = None,
    ticker: Ticker = None,
    start: Start = None,
    end: End = None,
    out: OutFolder = Path("demos"),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run one of the five classic demos: a gradient check, the training of a network, and a figure.

    A run file (.toml, for --config) that repeats the run is written next to the figure.

    Example: unrolled demo fish
    """
    from plotly.offline import get_plotlyjs

    from ...demos import DEMOS
    from ...demos.base import PLOTLY, page
    from ...file_sets import write_bytes, write_files
    from ...interactive.interrupts import interruptible

    given = {"epochs": epochs, "horizon": horizon, "ticker": ticker, "start": start, "end": end}
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if name != "all" and name not in DEMOS:
        raise InputError(f"no demo is called {name!r}; known: {', '.join(DEMOS)}, all.")
    only_stock = sorted(options.keys() - {"epochs"})
    if only_stock and name != "stock":
        raise InputError(f"--{only_stock[0]} belongs to the demo stock, not to {name}.")
    console = Console(ctx, quiet)
    results = {}
    with created_folder(out) as folder, interruptible() as interrupted:

        def say(line: str) -> None:
            if interrupted():  # a training that was cut short shows nothing
                raise KeyboardInterrupt
            if not as_json:
                print_data(line)

        run_file = RunFile.at_one_of([folder / f"{name}.toml", folder / f"{name}.html.toml"], folder, ctx)
        for demo in DEMOS if name == "all" else [name]:
            if name == "all":
                console.message(f"\n== {demo} ==\n")
            results[demo] = DEMOS[demo](say=say, seed=seed, **options)
            write_files(
                folder, {PLOTLY: get_plotlyjs().encode(), f"{demo}.html": page(results[demo].figure()).encode()}
            )
            console.message(f"\nfigure: {folder / f'{demo}.html'}")
        write_bytes(run_file.path, run_file.content(ctx.params))
    if as_json:
        print_json({demo: result.numbers for demo, result in results.items()})
    if not all(result.right for result in results.values()):
        raise typer.Exit(FAILURE)
