"""What commands write: a file, or the folder of a forecast, each with the one file that repeats the run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import InputError
from .run_file import Repeats, choices_of, remarks_on_choice, remarks_on_data, with_choice

if TYPE_CHECKING:
    import pandas as pd

    from ..forecaster import Forecaster
    from ..report import Report

FORECAST, MODEL, REPEAT = "forecast.csv", "model.safetensors", "run.toml"


def parse_format(text: str) -> list[str]:
    """The report's files, from the names of formats with commas between.

    >>> parse_format("html,md")
    ['report.html', 'report.md']
    """
    names = list(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    if not names or not set(names) <= {"html", "md"}:
        raise InputError(f"--format takes html, md or html,md; got {text!r}.")
    return [f"report.{name}" for name in names]


# --- one file ---------------------------------------------------------------------------------------


def file_for(out: Path | None, ctx: typer.Context) -> Repeats | None:
    """The file to write and the one that repeats the run, before long work; None for standard output or nothing.

    Raises:
        InputError: one of them can't be written.
    """
    if out is None or str(out) == "-":
        return None
    if out.exists() and not out.is_file():
        raise InputError(f"can't write {out}: it is not a file. Choose another file with --out.")
    try:
        existed = out.exists()
        with out.open("ab"):
            pass
        if not existed:
            out.unlink()
        with tempfile.TemporaryFile(dir=out.parent):  # files are written under another name and renamed
            pass
    except OSError as error:
        raise InputError(f"can't write {out}: {error.strerror}. Choose another file with --out.") from error
    return Repeats.beside(out, ctx)


def write_file(
    repeats: Repeats | None, content: bytes, given: Mapping[str, Any], remarks: Sequence[str] = ()
) -> list[Path]:
    """Write a file and the one beside it; which files were written."""
    from ..storage import write_bytes

    if repeats is None:
        return []
    write_bytes(repeats.out, content)
    repeats.write(given, remarks)
    return [repeats.out, repeats.path]


def write_table(
    repeats: Repeats | None, table: pd.DataFrame, given: Mapping[str, Any], remarks: Sequence[str] = ()
) -> list[Path]:
    """`write_file` for a table as CSV, which is made safe for spreadsheets if that is given."""
    from .spreadsheet import as_csv

    content = b"" if repeats is None else as_csv(table, given["excel_safe"]).encode()
    return write_file(repeats, content, given, remarks)


# --- the folder of a forecast -----------------------------------------------------------------------


def repeats_in(folder: Path | None, ctx: typer.Context) -> Repeats | None:
    """What repeats the run whose files stand in a folder."""
    if folder is None:
        return None
    return Repeats.at_one_of([folder / REPEAT, folder / f"{FORECAST}.toml"], folder, ctx)


def write(
    repeats: Repeats | None,
    fc: Forecaster,
    result: pd.DataFrame,
    report: Report,
    reports: list[str],
    given: dict[str, Any],
) -> list[Path]:
    """All files of a forecast, in the order in which a person wants them; `given`: the command's options by name."""
    from ..storage import write_bytes
    from .spreadsheet import as_csv

    if repeats is None:
        return []
    folder = repeats.out
    write_bytes(folder / FORECAST, as_csv(result, given["excel_safe"]).encode())
    fc.save(folder / MODEL)
    for name in reports:
        report.save(folder / name)
    interrupted = fc.interrupted_ or fc.search_interrupted_
    choices = choices_of(fc)
    remarks = [*remarks_on_choice(given, choices, interrupted), *remarks_on_data(fc)]
    repeats.write(with_choice(given, choices), remarks)
    return [*(folder / name for name in (FORECAST, MODEL, *reports)), repeats.path]


def folder_for(out: Path | None, file: Path) -> AbstractContextManager[Path | None]:
    """The folder to write to, or none."""
    if str(out) == "-":
        return nullcontext()
    return made_folder(out or Path(f"{'stdin' if str(file) == '-' else file.stem}-forecast"))


@contextmanager
def made_folder(folder: Path) -> Iterator[Path]:
    """A folder that can be written to, made before long work starts; if that fails, what was made is gone again."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"can't write to {folder}: {error.strerror}. Choose another folder with --out.") from error
    try:
        yield folder
    except BaseException:
        for parent in made:
            if not any(parent.iterdir()):
                parent.rmdir()
        raise
