"""The files of a forecast, and the folder that they stand in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ..forecasting import Forecaster
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


def names(reports: list[str]) -> list[str]:
    """What is written, in the order in which a person wants it."""
    return [FORECAST, MODEL, *reports, REPEAT]


def write(
    folder: Path,
    fc: Forecaster,
    result: pd.DataFrame,
    report: Report,
    reports: list[str],
    ctx: typer.Context,
    given: dict[str, Any],
) -> None:
    """All of it; `given` are the command's options by name."""
    from ..storage import write_bytes
    from .config import run_file
    from .spreadsheet import as_csv

    write_bytes(folder / FORECAST, as_csv(result, given["excel_safe"]).encode())
    fc.save(folder / MODEL)
    for name in reports:
        report.save(folder / name)
    interrupted = fc.interrupted_ or fc.search_interrupted_
    repeats = run_file(ctx, {**given, "out": folder}, fc, folder / REPEAT, interrupted)
    write_bytes(folder / REPEAT, repeats.encode("utf-8", "surrogateescape"))


def folder_for(out: Path | None, file: str) -> AbstractContextManager[Path | None]:
    """The folder to write to, or none."""
    if str(out) == "-":
        return nullcontext()
    return made_folder(out or Path(f"{'stdin' if file == '-' else Path(file).stem}-forecast"))


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
