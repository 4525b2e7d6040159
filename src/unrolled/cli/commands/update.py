from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from ..common_options import AsJson, Quiet
from ..console import Console, print_json
from ..option_groups import with_option_groups
from ..saved_models import load_forecaster, read_newer
from ..table_options import READING

Model = Annotated[Path, Argument(metavar="MODEL", help="Model file from `unrolled forecast` or `Forecaster.save`.")]
File = Annotated[
    Path, Argument(metavar="FILE", help="Table with newer rows, read like the training table; it may begin earlier.")
]
Out = Annotated[
    Path | None,
    Option("--out", help="Model file to write.", metavar="FILE", show_default="MODEL, which is replaced"),
]


@with_option_groups(reading=READING)
def command(
    ctx: typer.Context,
    *,
    model: Model,
    file: File,
    reading: Any,
    out: Out = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Add newer rows to a saved model, without training.

    The model then forecasts the periods after them, and the calibration of its intervals has moved with the new
    values. Messages say what was added, and whether forecasts have become so much worse that the table should be
    forecast afresh. After an error the model file is as before.

    Example: unrolled update sales-forecast/model.safetensors newer.csv
    """
    from ...errors import DataError, InputError
    from ...file_sets import is_same_file, write_bytes

    place = out or model
    if is_same_file(file, place):
        raise InputError(f"{place} is the table of this command, and would be overwritten. Choose another --out.")
    fc = load_forecaster(model)
    own = fc.columns_
    table = read_newer(fc, file, reading)
    if table.columns.target != own.target:
        raise DataError(
            f"{file} has no column {own.shown_target}, whose values the model continues, but "
            f"{table.columns.shown_target}. Name the column with `target`."
        )
    newer = fc.with_columns(table.columns).update(table.frame)
    found = newer.update_
    assert found is not None
    write_bytes(place, newer.with_columns(own).to_bytes())
    console = Console(ctx, quiet)
    notes = console.notes(dict.fromkeys([*table.notes, *found.notes]))
    if as_json:
        added = {"rows": found.rows, "last": found.last, "values": found.values, "inside": found.inside}
        print_json({**added, "notes": notes, "files": [str(place)]})
    else:
        console.message(f"{place}: {found}")
