"""The file that repeats a run, which stands beside whatever a run writes: where it is, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from ..errors import InputError
from .config_file import NOT_IN_FILES, is_path, name_of

if TYPE_CHECKING:
    from ..forecaster import Forecaster
    from ..forecasting.selection.automatic import SelectionResult

# a forecaster's parameters after a search by the name of the frequency, "" where there is one; {} without a search
Choices = Mapping[str, Mapping[str, Any]]
NOT_REPEATED = (*NOT_IN_FILES, "as_json", "quiet")  # how a run was looked at, not what it did


class Repeats(NamedTuple):
    """Where the file is to stand; made before long work starts.

    Attributes:
        path: of the file.
        out: what the run writes: a file, or a folder of several.
        ctx: of the command.
    """

    path: Path
    out: Path
    ctx: typer.Context

    @classmethod
    def beside(cls, out: Path, ctx: typer.Context) -> Repeats:
        """Beside a file: of the same name with .toml for its ending; where that is taken, behind it."""
        return cls.at_one_of([out.with_suffix(".toml"), out.with_name(out.name + ".toml")], out, ctx)

    @classmethod
    def at_one_of(cls, places: Sequence[Path], out: Path, ctx: typer.Context) -> Repeats:
        """At the first place that is free: nothing is there, or what an earlier run with this output wrote.

        Raises:
            InputError: all are taken by something else.
        """
        for place in places:
            if place != out and (not os.path.lexists(place) or _repeats(place, str(ctx.info_name), out)):
                return cls(place, out, ctx)
        taken = " and ".join(map(str, places))
        raise InputError(
            f"{taken}, which would repeat this run, would overwrite what something else wrote. Move it away, or "
            "choose another --out."
        )

    def write(self, given: Mapping[str, Any], remarks: Sequence[str] = ()) -> None:
        """Write every option that was given.

        Args:
            given: the command's parameters by name, None where nothing was said.
            remarks: for a person to read.
        """
        from ..storage import write_bytes

        write_bytes(self.path, self.text(given, remarks).encode("utf-8", "surrogateescape"))

    def text(self, given: Mapping[str, Any], remarks: Sequence[str] = ()) -> str:
        """What the file holds."""
        import tomli_w

        from .. import __version__, active_engine

        values = {**given, "out": self.out}
        lines = [
            f"{_beginning(self.ctx.info_name)} {self.path.name} repeats this run",
            f"# unrolled {__version__}, engine {active_engine().identity}",
            *(f"# {remark}" for remark in remarks),
        ]
        for param in self.ctx.command.params:
            value = values.get(str(param.name))
            if value is None or param.name in NOT_REPEATED:
                continue
            if is_path(param):
                value = str(value) if str(value) == "-" else relative(Path(value), self.path.parent)
            elif isinstance(value, (list, tuple)):
                value = ",".join(map(str, value))
            lines.append(tomli_w.dumps({name_of(param): value}).rstrip())
        return "\n".join(lines) + "\n"


def relative(path: Path, folder: Path) -> str:
    """A path from a folder; both as they really lie, since `..` leads out of where a link leads to."""
    real = os.path.realpath(path) if path.is_dir() else os.path.join(os.path.realpath(path.parent), path.name)
    return os.path.relpath(real, os.path.realpath(folder))


def _beginning(command: str | None) -> str:
    return f"# unrolled {command} --config"


def _repeats(path: Path, command: str, out: Path) -> bool:
    """Whether a file is what an earlier run of this command wrote beside this output."""
    import tomllib

    try:
        text = path.read_text("utf-8", "surrogateescape")
        told = tomllib.loads(text).get("out")
    except (OSError, ValueError, RecursionError):
        return False
    same = isinstance(told, str) and os.path.realpath(path.parent / told) == os.path.realpath(out)
    return same and text.startswith(_beginning(command))


# --- what a training adds ---------------------------------------------------------------------------


def choices_of(fc: Forecaster) -> Choices:
    """What a fit has searched for."""
    return {} if fc.search_ is None else {name: one.chosen_ for name, one in (fc.parts_ or {"": fc}).items()}


def choices_found(found: SelectionResult | None) -> Choices:
    """What a backtest has searched for."""
    return {} if found is None else {name: one.parameters for name, one in (found.parts or {"": found}).items()}


def as_options(choices: Choices) -> str:
    """What a search has chosen, as the options that repeat it; for several frequencies, of each behind its name."""
    from ..forecasting.selection.space import Configuration

    if "" not in choices:
        return "; ".join(f"{name}: {as_options({'': chosen})}" for name, chosen in choices.items())
    chosen = {name: choices[""][name] for name in Configuration._fields if choices[""][name] is not None}
    words = {name: ",".join(v) if isinstance(v, (tuple, list)) else str(v) for name, v in chosen.items()}
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in words.items())


def with_choice(given: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    """The options of a run with what a search has chosen in place of the search; the column keeps its name.

    Where each frequency has a choice of its own, no options can hold them all, and the search stays.
    """
    if "" not in choices:
        return dict(given)
    return {**given, "alias": choices[""]["alias"], **_chosen(choices[""]), "budget": None, "max_trials": None}


def _chosen(parameters: Mapping[str, Any]) -> dict[str, Any]:
    from ..forecasting.selection.space import Configuration

    return {name: parameters[name] for name in Configuration._fields}


def remarks_on_choice(given: Mapping[str, Any], choices: Choices, interrupted: bool) -> list[str]:
    """What the comments of a file say of a search, and of a run that was interrupted, so that nothing repeats it.

    Args:
        given: the options that the search was given.
        choices: what came of it.
        interrupted: whether the run was.
    """
    remarks = ["the run was interrupted: this repeats it as it would have been"] if interrupted else []
    if "" in choices:
        names = [name for name, value in _chosen(choices[""]).items() if value is not None]
        return [*remarks, "chosen by --cell auto: " + ", ".join(["alias", *names])]
    if choices and (given["budget"] is not None or given["max_trials"] is None):
        remarks.append(
            "not repeated: what --cell auto chose under a budget of time. Each frequency has a choice of its own, "
            "which one set of options can't hold; the search is made again. By --max-trials alone it repeats itself"
        )
    return remarks + [f"chosen by --cell auto, {name}: {as_options({'': one})}" for name, one in choices.items()]


def remarks_on_data(fc: Forecaster) -> list[str]:
    """What the comments of a file say of a fit: what was decided by the data, of each frequency."""
    parts = (fc.parts_ or {"": fc}).items()
    return [
        f"by the data{f', {of}' if of else ''}: {name} = {value}"
        for of, one in parts
        for name, value in _decided(one).items()
        if one.chosen_[name] is None
    ]


def _decided(fc: Forecaster) -> dict[str, Any]:
    """What was decided in a fit of one frequency, by the parameters that may have been given instead."""
    framing, first = fc.model_.framing, fc.model_.members[0].architecture
    return {
        "season": framing.season,
        "hidden": first.hidden,
        "window": framing.window,
        "segment": framing.segment,
        "scaling": ",".join(framing.views),
        "ensemble": len(fc.model_.members),
        "decoder": first.decoder,
    }
