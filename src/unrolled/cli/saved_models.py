"""What commands read of saved and fitted forecasters: their facts, and newer tables for them."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, ModelFileError
from .console import option_words
from .input_tables import text_covariates

if TYPE_CHECKING:
    from ..forecaster import Forecaster
    from ..series.files import FileTable, ReadOptions


def load_forecaster(path: Path) -> Forecaster:
    """The forecaster in a model file; a `ModelFileError` if it holds only a network."""
    from ..forecaster import Forecaster
    from ..loading import load

    fc = load(path)
    if not isinstance(fc, Forecaster):
        raise ModelFileError(f"{path} holds a network, not a forecaster: it can't forecast tables by itself.")
    return fc


def read_newer(fc: Forecaster, file: Path, reading: ReadOptions) -> FileTable:
    """A table of the same form as that of the training, read by the same options unless others are given."""
    from ..series.files import CovariateColumns, read_file

    own, merged = fc.columns_, reading.with_defaults(fc.reading_)
    kinds = text_covariates([one.context for one in fc.fitted.predictors.values()])
    beside = CovariateColumns(own.past, own.future, own.static, kinds=kinds)
    kept = {name: value for name, value in merged.given.items() if name not in reading.given}
    options = shlex.join(option_words(kept))
    taken = f"{options}; options given here take precedence"
    if merged.dates is None and any(one.context.frequency.unit == "integer" for one in fc.fitted.predictors.values()):
        merged = replace(merged, dates="number")  # numbers that would be dates, such as years, stay numbers
    try:
        table = read_file(str(file), merged, beside, prefer=own)
    except DataError as error:
        if not options:
            raise
        raise DataError(f"{str(error).rstrip('.')}. It was read as in training, with {taken}.") from error
    notes = [f"read as in training, with {taken}"] if options else []
    if table.columns.target != own.target:
        before, now = own.shown_target, table.columns.shown_target
        notes.append(f"the model was trained on {before}, and {now} is forecast now; change with `target`")
    notes += _numbering_notes(fc, table) if "freq" in kept and reading.start is None else []
    return replace(table, notes=(*notes, *table.notes))


def _numbering_notes(fc: Forecaster, table: FileTable) -> list[str]:
    """A note where rows without timestamps, numbered as in training, end before those of the training."""
    import numpy as np

    from ..series.stamp_texts import format_stamp

    if "time" in table.roles.values():
        return []
    context = fc.fitted.only.context  # rows that are numbered have one frequency
    ends = context.first + context.lengths
    last, following = context.frequency.local_stamps(ends.max() - np.array([1, 0]))
    end = np.max(np.asarray(table.frame[table.columns.time]))
    if end >= last:
        return []
    return [
        "this table has no timestamps, so its rows were assumed to start where the training data start; they end at "
        f"{format_stamp(end)}, before the training data end ({format_stamp(last)}). If they continue the training "
        f"data, use --start {format_stamp(following)}"
    ]


def describe_model(path: Path) -> dict[str, Any]:
    """The facts that `unrolled info` prints about a model file."""
    from ..forecaster import Forecaster
    from ..loading import load
    from ..series.files import ReadOptions

    model = load(path)
    if not isinstance(model, Forecaster):
        return {"kind": "network", "network": repr(model), "parameters": model.parameters.size, "seed": model.seed}
    first, spec = model.fitted.only.ensemble, model.fitted.only.ensemble.spec
    contexts = [one.context for one in model.fitted.predictors.values()]
    return {
        "kind": "forecaster",
        "network": first.description,
        **({"ensemble": len(first.members)} if first.members else {}),
        **({"combine": str(first.combination)} if first.combination.weights else {}),
        "horizon": model.parameters.horizon,
        "frequency": ", ".join(context.frequency.name for context in contexts),
        "season": spec.season,
        "window": spec.window,
        "series": sum(len(context.ids) for context in contexts),
        "columns": [model.columns_.id, model.columns_.time, model.columns_.target],
        "reading": shlex.join(option_words(ReadOptions().with_defaults(model.reading_).given)),
        "seed": model.parameters.seed,
        "size": f"{path.stat().st_size / 1000:.1f} kB",
    }


def parameters_from_data(fc: Forecaster) -> dict[str, dict[str, Any]]:
    """The parameters that were not given but chosen from the data, by frequency ("" for a single one)."""
    found: dict[str, dict[str, Any]] = {}
    for frequency, one in (fc.parts_ or {"": fc}).items():
        spec, members = one.model_.spec, one.model_.members
        if not members:  # nothing was chosen
            found[frequency] = {}
            continue
        used = {
            "season": spec.season,
            "hidden": members[0].architecture.hidden,
            "window": spec.window,
            "segment": spec.segment,
            "scaling": ",".join(view.name for view in one.model_.views),
            "ensemble": len(members),
            "decoder": members[0].architecture.decoder,
        }
        if one.model_.interrupted:
            del used["scaling"], used["ensemble"]  # fewer networks were trained than chosen
        found[frequency] = {name: value for name, value in used.items() if one.chosen_[name] is None}
    return found


def networks_of(fc: Forecaster) -> int:
    """The number of networks of a fit, over all frequencies."""
    return sum(len(one.model_.members) for one in (fc.parts_ or {"": fc}).values())


def was_interrupted(fc: Forecaster) -> bool:
    """Whether Ctrl-C ended the training or the search of a forecaster."""
    return bool(fc.interrupted_ or fc.search_interrupted_)
