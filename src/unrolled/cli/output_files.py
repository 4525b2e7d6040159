"""The outputs of commands: a file, or the folder of a forecast, each with the run file that repeats it."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import InputError
from ..file_sets import is_same_file, locked, reason, write_files
from ..plurals import counted
from .common_options import names_in
from .csv_form import CsvForm, as_csv, readable
from .run_file import CHECKSUM, RunFile
from .saved_models import networks_of, parameters_from_data, was_interrupted
from .search_summary import choice_remarks, chosen_by_fit, with_choice

if TYPE_CHECKING:
    import pandas as pd

    from ..forecaster import Forecaster
    from ..report import Report

STANDARD_INPUT = 0  # the number of the open file
FORECAST, MODEL, RUN_FILE = "forecast.csv", "model.safetensors", "run.toml"


def parse_format(text: str) -> list[str]:
    """The names of the report's files, from names of formats separated by commas.

    >>> parse_format("html,md")
    ['report.html', 'report.md']
    """
    names = list(dict.fromkeys(names_in(text.lower())))
    if not names or not set(names) <= {"html", "md"}:
        raise InputError(f"--format takes html, md or html,md; got {text!r}.")
    return [f"report.{name}" for name in names]


def run_file_for(out: Path | None, ctx: typer.Context) -> RunFile | None:
    """The run file of an output; None for standard output or no output. Both are checked before long work."""
    if out is None or str(out) == "-":
        _require_standard_output()
        return None
    check_outputs([out], "file", ctx)
    try:
        with tempfile.TemporaryFile(dir=out.parent):  # files are written under a temporary name and renamed
            pass
    except (OSError, ValueError) as error:
        raise InputError(f"can't write {out}: {reason(error)}. Choose another file with --out.") from error
    run_file = RunFile.next_to(out, ctx)
    check_outputs([out.parent / name for name in run_file.obsolete(out.parent, [out.name])], "file", ctx)
    return run_file


def check_outputs(paths: Sequence[Path], place: str, ctx: typer.Context) -> None:
    """Refuse outputs that are inputs of the command, or that can't be written; `place` is what --out takes."""
    remedy = f"Choose another {place} with --out."
    inputs = [value for name, value in ctx.params.items() if name != "out" and isinstance(value, (str, Path))]
    for path in paths:
        if any(is_same_file(STANDARD_INPUT if str(value) == "-" else value, path) for value in inputs):
            raise InputError(f"{path} is an input of this command, and would be overwritten. {remedy}")
        try:
            with suppress(FileNotFoundError, NotADirectoryError):  # of a folder that is none, the caller tells
                path.lstat()
                if not path.is_file():
                    raise OSError(None, "it is not a file")
                with path.open("r+b"):
                    pass
        except (OSError, ValueError) as error:
            raise InputError(f"can't write {path}: {reason(error)}. {remedy}") from error


def _require_standard_output() -> None:
    if sys.stdout is None:
        raise InputError("standard output is closed, and nothing else takes the result. Name a file with --out.")


def write_file(
    run_file: RunFile | None, content: bytes, given: Mapping[str, Any], remarks: Sequence[str] = ()
) -> list[Path]:
    """Write an output and its run file; returns the files that were written."""
    if run_file is None:
        return []
    return _write_set(run_file, run_file.out.parent, {run_file.out.name: content}, given, remarks)


def _write_set(
    run_file: RunFile, folder: Path, contents: Mapping[str, bytes], given: Mapping[str, Any], remarks: Sequence[str]
) -> list[Path]:
    """Write outputs together with their run file, which comes last and records their checksums."""
    sums = [f"{CHECKSUM}{hashlib.sha256(content).hexdigest()}  {name}" for name, content in contents.items()]
    contents = {**contents, run_file.path.name: run_file.content(given, [*remarks, *sums])}
    with suppress(OSError):  # the folder may have been removed during the run
        folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, contents, run_file.obsolete(folder, list(contents)))
    return [folder / name for name in contents]


def write_table(
    run_file: RunFile | None, table: pd.DataFrame, given: Mapping[str, Any], remarks: Sequence[str] = ()
) -> list[Path]:
    """`write_file` for a table as CSV."""
    return write_file(run_file, b"" if run_file is None else _csv_file(table, given), given, remarks)


def _csv_file(table: pd.DataFrame, given: Mapping[str, Any]) -> bytes:
    form = CsvForm(given["excel_safe"], given["out_decimal"])
    return as_csv(table, form).encode(form.encoding)


def run_file_in(folder: Path | None, names: Sequence[str], ctx: typer.Context) -> RunFile | None:
    """The run file of a forecast whose outputs are in a folder, under these names; None for standard output alone.
    They are checked before long work."""
    if folder is None:
        _require_standard_output()
        return None
    run_file = RunFile.at_one_of([folder / RUN_FILE, folder / f"{FORECAST}.toml"], folder, ctx)
    check_outputs([folder / name for name in (*names, *run_file.obsolete(folder, names))], "folder", ctx)
    return run_file


def write_forecast(
    run_file: RunFile | None,
    fc: Forecaster,
    result: pd.DataFrame,
    report: Report,
    report_names: list[str],
    given: dict[str, Any],
) -> list[Path]:
    """Write all files of a forecast together; `given`: the command's options by name."""
    if run_file is None:
        return []
    chosen = chosen_by_fit(fc)
    stopped = interrupt_remarks(was_interrupted(fc), networks_of(fc))
    remarks = [*stopped, *choice_remarks(given, chosen), *_data_remarks(fc)]
    contents = {FORECAST: _csv_file(readable(result, fc.columns_), given), MODEL: fc.to_bytes()}
    for name in report_names:
        text = report.to_html() if name.endswith(".html") else report.to_markdown()
        contents[name] = text.encode("utf-8", "replace")  # the name of a table may hold bytes that are not UTF-8
    return _write_set(run_file, run_file.out, contents, with_choice(given, chosen), remarks)


def interrupt_remarks(interrupted: bool, networks: int | None = None) -> list[str]:
    """A comment of the run file of a run that Ctrl-C ended; `networks` were trained by then."""
    if not interrupted:
        return []
    trained = "" if networks is None else f" with {counted(networks, 'network')}"
    return [f"the run was interrupted{trained}; a run of this file is not cut short, so its results may differ"]


def _data_remarks(fc: Forecaster) -> list[str]:
    """Comments of a run file on the parameters that were chosen from the data, by frequency."""
    return [
        f"chosen from the data{f', {frequency}' if frequency else ''}: {name} = {value}"
        for frequency, parameters in parameters_from_data(fc).items()
        for name, value in parameters.items()
    ]


def output_folder(out: Path | None, file: Path) -> Path | None:
    """The folder of a forecast, or None for standard output alone."""
    if str(out) == "-":
        return None
    return out or Path(f"{'stdin' if str(file) == '-' else file.stem}-forecast")


@contextmanager
def created_folder(folder: Path) -> Iterator[Path]:
    """A writable folder, created before long work starts; new folders that stay empty are removed after an error."""
    created = [parent for parent in (folder, *folder.parents) if not os.path.exists(parent)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        raise InputError(f"can't write to {folder}: {reason(error)}. Choose another folder with --out.") from error
    try:
        with locked(folder, "choose another folder with --out"):
            yield folder
    except BaseException:
        with suppress(OSError):  # a folder that is not empty, or has been removed by then
            for parent in created:
                parent.rmdir()
        raise
