"""What commands say: data to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    pass

import json
from math import isfinite

STANDARD_OUTPUT = Path("-")  # as options name it


def say(text: str = "") -> None:
    """Talk, to standard error."""
    typer.echo(text, err=True)


def give(text: str) -> None:
    """Data, to standard output."""
    typer.echo(text)


def give_json(content: Any) -> None:
    give(json.dumps(content, indent=2, default=_plain, allow_nan=False))


def give_table(frame: Any, most: int = 60) -> None:
    """A data frame: aligned for a person at a terminal, CSV for a pipe."""
    if not sys.stdout.isatty():
        give(frame.to_csv(index=False).rstrip("\n"))
        return
    give(frame.head(most).to_string(index=False, float_format=lambda v: f"{v:.6g}", na_rep=""))
    if len(frame) > most:
        say(f"… {len(frame) - most} more rows")


def records(frame: Any) -> list[dict[str, Any]]:
    """A data frame as JSON records; stamps as ISO text, missing numbers as null."""
    content: list[dict[str, Any]] = json.loads(
        frame.to_json(orient="records", date_format="iso", double_precision=15)
    )
    return content


def or_null(value: Any) -> float | None:
    """A number for JSON, which has no NaN: what can't be said is null."""
    return float(value) if isfinite(value) else None


def by_model(table: Any) -> dict[str, dict[str, float | None]]:
    """A table with one row a model, for JSON."""
    return {str(model): {str(c): or_null(v) for c, v in row.items()} for model, row in table.iterrows()}


def _plain(value: Any) -> Any:
    """What json does not know: NumPy's numbers and arrays."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def tell_notes(notes: Sequence[str], talk: Callable[[str], None]) -> None:
    for note in notes:
        talk(f"note: {note}")
