from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as opt
from .forecast import executed, tell_notes
from .reading import reads_a_table
from .talk import give_json, give_table, records


@reads_a_table
def command(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Model file that `unrolled forecast` or Forecaster.save wrote.")
    ],
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Table to forecast from; without it, the series of the training."),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option("--horizon", "-H", help="Periods, at most those trained, or any number if trained with reach."),
    ] = None,
    level: Annotated[str, typer.Option(help="Coverage of intervals in per cent.")] = "80,95",
    future_file: opt.FutureFile = None,
    reading: Any = None,
    excel_safe: opt.ExcelSafe = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the forecast as JSON.")] = False,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast with a saved model, without training.

    What a table holds that training has not seen, such as a new category, is said.

    Example: unrolled predict sales-forecast/model.safetensors newer.csv
    """
    from ..errors import ModelFileError
    from ..forecasting import Forecaster
    from ..loading import load
    from ..tables import Beside, read
    from .spreadsheet import escaped, unescaped

    levels = opt.parse_levels(level)
    fc = load(model)
    if not isinstance(fc, Forecaster):
        raise ModelFileError(f"{model} holds a network, not a forecaster: it can't forecast tables by itself.")
    frame, notes = None, list[str]()
    tails = [one.tail_ for one in fc.parts]
    if file is not None:
        own = fc.columns_
        beside = Beside(own.past, own.future, own.static, kinds=opt.kinds(tails))
        table = read(file, reading, beside, prefer=own)
        notes += table.notes
        fc.columns_, frame = table.columns, unescaped(table.frame) if excel_safe else table.frame
    result = fc.predict(frame, levels, horizon, opt.read_ahead(future_file, fc.columns_, tails))
    notes += [*fc.predict_notes_, *executed(result, excel_safe)]
    tell_notes(notes, opt.talker(quiet))
    if as_json:
        give_json({"forecast": records(result), "notes": notes})
    else:
        give_table(escaped(result) if excel_safe else result)
