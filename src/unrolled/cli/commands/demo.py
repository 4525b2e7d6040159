from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import InputError
from .. import model_options as opt
from ..console import give, give_json
from ..exit_codes import FAILED


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="fish, symbols, counting, sales, stock, or all.")],
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.", show_default="the demo's own")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    horizon: Annotated[int | None, typer.Option(help="stock: days to forecast.")] = None,
    ticker: Annotated[str | None, typer.Option(help="stock: download this share's prices from Yahoo.")] = None,
    start: Annotated[str | None, typer.Option(help="stock: first day, such as 2020-04-01.")] = None,
    end: Annotated[str | None, typer.Option(help="stock: day after the last, such as 2023-04-01.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the picture, an interactive page.")] = Path("demos"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead.")] = False,
    quiet: opt.Quiet = False,
) -> None:
    """Run one of the five classic systems, done right: what it learns, its gradient check, its picture.

    Beside the pictures stands a file that is named as the demo, ends in .toml and repeats the run.

    Example: unrolled demo fish
    """
    from ...demos import DEMOS
    from ...storage import write_bytes
    from ..output_files import made_folder
    from ..run_file import Repeats

    given = {"epochs": epochs, "horizon": horizon, "ticker": ticker, "start": start, "end": end}
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if name != "all" and name not in DEMOS:
        raise InputError(f"no demo is called {name!r}; there are: {', '.join(DEMOS)}, all.")
    only_stock = sorted(options.keys() - {"epochs"})
    if only_stock and name != "stock":
        raise InputError(f"--{only_stock[0]} belongs to the demo stock, not to {name}.")
    talk = opt.talker(quiet)
    results = {}
    with made_folder(out) as folder:
        repeats = Repeats.at_one_of([folder / f"{name}.toml", folder / f"{name}.html.toml"], folder, ctx)
        for demo in DEMOS if name == "all" else [name]:
            if name == "all":
                talk(f"\n== {demo} ==\n")
            result = DEMOS[demo](say=(lambda line: None) if as_json else give, seed=seed, **options)
            results[demo] = result
            picture = folder / f"{demo}.html"
            # named, since plotly would make up a name that differs from run to run
            page = result.figure().to_html(include_plotlyjs=True, div_id=demo)
            write_bytes(picture, page.encode())
            talk(f"\npicture: {picture}")
        repeats.write(ctx.params)
    if as_json:
        give_json({demo: result.numbers for demo, result in results.items()})
    if not all(result.right for result in results.values()):
        raise typer.Exit(FAILED)
