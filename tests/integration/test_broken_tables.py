"""Broken tables: exit code 2 with one message, or a correct result; never a traceback, a hang or a partial file."""

from __future__ import annotations

import resource
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import broken
from shell import Done, inside, shell
from unrolled.cli.command_group import load
from unrolled.cli.console import with_options

TABLES = dict(broken.tables())
COMMAND = ("forecast", "table.csv", "--horizon", 2, "--steps", 2, "--ensemble", 1, "--hidden", 2, "--out", "out")
IN_SHELL = list(TABLES)[:: broken.COUNT // 15]
MAX_MEMORY = 600 << 20  # bytes allocated by Python and NumPy for one table; the largest has 2 MB
OUTPUT_FILES = {"forecast.csv", "model.safetensors", "report.html", "run.toml"}


def assert_refused_or_right(done: Done, place) -> None:
    assert done.code in (0, 2), done
    assert "Traceback" not in done.err
    # messages and notes name options of the command, not parameters of the library
    assert with_options(done.err, load("forecast").make_context("forecast", [], resilient_parsing=True)) == done.err
    errors = [line for line in done.err.split("\n") if line.startswith("error:")]
    files = {path.name for path in (place / "out").glob("*")} if (place / "out").exists() else set()
    if done.code == 2:
        assert len(errors) == 1
        assert done.err.rstrip("\n").split("\n")[-1] == errors[0]
        assert len(errors[0]) < 1000
        assert (done.out, files) == ("", set())
        return
    assert not errors
    assert files == OUTPUT_FILES
    forecast = pd.read_csv(place / "out" / "forecast.csv")
    assert len(forecast) % 2 == 0
    assert len(forecast) > 0
    assert np.isfinite(forecast.select_dtypes("number").to_numpy()).all()


def test_the_three_hundred_broken_tables_are_always_the_same():
    assert len(TABLES) == broken.COUNT == 300
    assert {name.rpartition("-")[0] for name in TABLES} == {kind.__name__ for kind in broken.KINDS}
    assert dict(broken.tables()) == TABLES


@pytest.mark.parametrize("name", TABLES)
def test_a_broken_table_is_refused_or_forecast(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_bytes(TABLES[name])
    assert_refused_or_right(inside(*COMMAND, capsys=capsys), tmp_path)


@pytest.mark.parametrize("name", IN_SHELL)
def test_the_real_command_refuses_or_forecasts_broken_tables(name, tmp_path):
    (tmp_path / "table.csv").write_bytes(TABLES[name])
    assert_refused_or_right(shell(*COMMAND, cwd=tmp_path), tmp_path)


@pytest.mark.parametrize("kind", ["many_columns", "huge_field", "packed"])
def test_memory_stays_bounded(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    largest = max((name for name in TABLES if name.startswith(kind)), key=lambda name: len(TABLES[name]))
    (tmp_path / "table.csv").write_bytes(TABLES[largest])
    tracemalloc.start()
    try:
        inside(*COMMAND, capsys=capsys)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_MEMORY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < 4 * MAX_MEMORY
