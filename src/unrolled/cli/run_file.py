"""The run file, which is written next to the outputs of a run and repeats it: its place and its content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from ..errors import InputError
from .config_file import NOT_IN_FILES, is_path, name_in_file

CHECKSUM = "sha256 "  # begins a remark with the checksum and the name of an output
NOT_REPEATED = (*NOT_IN_FILES, "as_json", "quiet")  # which change what is printed, not what is computed


class RunFile(NamedTuple):
    """A run file, whose place is determined before long work starts."""

    path: Path  # of the file
    out: Path  # the output of the run: a file, or a folder of several
    ctx: typer.Context  # of the command

    @classmethod
    def next_to(cls, out: Path, ctx: typer.Context) -> RunFile:
        """Next to a file: of the same name, with .toml in place of its ending, or after it if that is taken."""
        return cls.at_one_of([out.with_suffix(".toml"), out.with_name(out.name + ".toml")], out, ctx)

    @classmethod
    def at_one_of(cls, places: Sequence[Path], out: Path, ctx: typer.Context) -> RunFile:
        """At the first free place: one without a file, or with the run file of an earlier run with this output."""
        for place in places:
            if place != out and (not os.path.lexists(place) or _is_run_file(place, str(ctx.info_name), out)):
                return cls(place, out, ctx)
        taken = " and ".join(map(str, places))
        raise InputError(
            f"the run file would overwrite {taken}, written by something else. Move one of them, or choose another "
            "--out."
        )

    def content(self, given: Mapping[str, Any], remarks: Sequence[str] = ()) -> bytes:
        """The command's parameters by name, without those that are None, after comments for the reader."""
        import tomli_w

        from .. import __version__, active_engine

        values = {**given, "out": self.out}
        lines = [
            f"{_first_words(self.ctx.info_name)} {self.path.name} repeats this run",
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
            lines.append(tomli_w.dumps({name_in_file(param): value}).rstrip())
        return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")

    def obsolete(self, folder: Path, names: Sequence[str]) -> list[str]:
        """The outputs of an earlier run that are not among these names, and have not been changed since then."""
        try:
            lines = self.path.read_text("utf-8", "surrogateescape").splitlines() if self.path.is_file() else []
        except OSError:
            return []
        sums = [
            line.removeprefix(f"# {CHECKSUM}").split("  ", 1) for line in lines if line.startswith(f"# {CHECKSUM}")
        ]
        return [
            name
            for digest, name in sums
            if name not in names
            and os.path.basename(name) == name
            and os.path.isfile(folder / name)
            and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        ]


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, both resolved, since `..` goes up from the target of a link."""
    if path.parts[:2] == ("/", "dev"):  # such as /dev/fd/63, a link to a folder that ends with the process
        return str(path)
    real = os.path.realpath(path) if path.is_dir() else os.path.join(os.path.realpath(path.parent), path.name)
    return os.path.relpath(real, os.path.realpath(folder))


def _first_words(command: str | None) -> str:
    return f"# unrolled {command} --config"


def _is_run_file(path: Path, command: str, out: Path) -> bool:
    """Whether a file is the run file of an earlier run of this command with this output."""
    import tomllib

    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        text = path.read_text("utf-8", "surrogateescape")
        recorded = tomllib.loads(text).get("out")
        same = isinstance(recorded, str) and os.path.realpath(path.parent / recorded) == os.path.realpath(out)
    except (OSError, ValueError, RecursionError):
        return False
    return same and text.startswith(_first_words(command))
