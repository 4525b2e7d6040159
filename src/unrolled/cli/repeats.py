"""The file that repeats a run, which stands beside whatever a run writes: where it is, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from ..errors import InputError
from .config import NOT_IN_FILES, is_path, name_of

if TYPE_CHECKING:
    from ..forecasting import Forecaster

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


def with_choice(given: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a run with what a search has chosen in place of the search; the column keeps its name.

    Args:
        given: as the command was given them.
        parameters: a forecaster's after a search, None where there was none.
    """
    if parameters is None:
        return dict(given)
    return {**given, "alias": parameters["alias"], **_chosen(parameters), "budget": None, "max_trials": None}


def _chosen(parameters: Mapping[str, Any]) -> dict[str, Any]:
    from ..forecasting.candidates import Configuration

    return {name: parameters[name] for name in Configuration._fields}


def remarks_on_choice(parameters: Mapping[str, Any] | None, interrupted: bool) -> list[str]:
    """What the comments of a file say of a search, and of a run that was interrupted, so that nothing repeats it."""
    remarks = ["the run was interrupted: this repeats it as it would have been"] if interrupted else []
    if parameters is not None:
        names = [name for name, value in _chosen(parameters).items() if value is not None]
        remarks.append("chosen by --cell auto: " + ", ".join(["alias", *names]))
    return remarks


def remarks_on_data(fc: Forecaster) -> list[str]:
    """What the comments of a file say of a fit: what was decided by the data."""
    framing, first = fc.model_.framing, fc.model_.members[0].architecture
    decided = {
        "season": framing.season,
        "hidden": first.hidden,
        "window": framing.window,
        "segment": framing.segment,
        "scaling": ",".join(framing.views),
        "ensemble": len(fc.model_.members),
        "decoder": first.decoder,
    }
    return [f"by the data: {name} = {value}" for name, value in decided.items() if fc.chosen_[name] is None]
