"""The run file next to the outputs of a run: its place, its content, and the repeated run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT, QUICK, shell
from unrolled.cli.run_file import CHECKSUM


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with a table without its last year, its forecast, and the whole table."""
    place = tmp_path_factory.mktemp("trained")
    lines = AIR.read_text().splitlines()
    (place / "old.csv").write_text("\n".join(lines[:-12]))
    (place / "air.csv").write_text("\n".join(lines))
    done = shell("forecast", "old.csv", "-H", 6, *QUICK, "--out", "out", cwd=place)
    assert done.code == 0, done.err
    return place


RUNS = {
    "predict": (("predict", "out/model.safetensors", "air.csv", "-H", 4, "--level", "50,80"), "deep/rows.csv"),
    "predict its own": (("predict", "out/model.safetensors"), "deep/own.csv"),
    "score": (("score", "out/forecast.csv", "air.csv", "--season", 12), "deep/score.csv"),
    "score by series": (("score", "out/forecast.csv", "air.csv", "--by-series"), "deep/series.csv"),
    "plot": (("plot", "out/forecast.csv", "air.csv", "--last", 30), "deep/figure.svg"),
    "plot of a model": (("plot", "out/model.safetensors", "air.csv", "--level", "80"), "deep/model.svg"),
    "plot as PDF": (("plot", "out/forecast.csv"), "deep/print.pdf"),
    "plot as a page": (("plot", "out/forecast.csv", "air.csv"), "deep/page.html"),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_run_is_repeated_to_the_byte_from_any_folder(run, trained, command, tmp_path, monkeypatch):
    words, out = RUNS[run]
    monkeypatch.chdir(trained)
    (trained / "deep").mkdir(exist_ok=True)
    done = command(*words, "--out", out)
    assert (done.code, done.out) == (0, ""), done.err
    written, repeats = Path(out), Path(out).with_suffix(".toml")
    assert repeats.read_text().startswith(f"# unrolled {words[0]} --config {repeats.name} repeats this run\n")
    content, text = written.read_bytes(), repeats.read_bytes()
    assert tomllib.loads(text.decode())["out"] == written.name
    assert repeats.name in done.err

    monkeypatch.chdir(tmp_path)
    other = tmp_path / f"other{written.suffix}"
    assert command(words[0], "--config", trained / repeats, "--out", other).code == 0
    assert other.read_bytes() == content
    written = trained / written
    written.unlink()
    assert command(words[0], "--config", trained / repeats).code == 0
    assert written.read_bytes() == content
    assert (trained / repeats).read_bytes() == text


def test_the_run_file_records_the_checksums_of_the_other_files(trained):
    lines = (trained / "out" / "run.toml").read_text().splitlines()
    sums = dict(line.removeprefix("# sha256 ").split("  ")[::-1] for line in lines if line.startswith("# sha256 "))
    files = [path for path in sorted((trained / "out").iterdir()) if path.name != "run.toml"]
    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert len(sums) == 3


def test_the_run_file_is_put_in_place_after_the_other_files(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    moved = []
    replace, unlink = os.replace, os.unlink
    words = ("forecast", AIR, "--horizon", 3, *QUICK, "--out", "d")
    command(*words, "--format", "html,md")
    monkeypatch.setattr(os, "replace", lambda old, new: (replace(old, new), moved.append(Path(new))))
    monkeypatch.setattr(os, "unlink", lambda path, **where: (unlink(path, **where), moved.append(Path(path))))
    assert command(*words).code == 0
    names = ["report.md", "forecast.csv", "model.safetensors", "report.html", "run.toml"]
    assert [str(path) for path in moved if path.parent == Path("d")] == [f"d/{name}" for name in names]


def test_a_report_of_an_earlier_run_does_not_stay_beside_newer_files(command, tmp_path, monkeypatch):
    """Unless it has been changed: then it may be the user's."""
    monkeypatch.chdir(tmp_path)
    words = ("forecast", AIR, "--horizon", 3, *QUICK, "--out", "d")
    for changed in (False, True):
        command(*words, "--format", "html,md")
        Path("d/notes.md").write_text("mine")
        if changed:
            Path("d/report.md").write_text("corrected by hand")
        assert command(*words).code == 0
        left = {"forecast.csv", "model.safetensors", "notes.md", "report.html", "run.toml"}
        assert {path.name for path in Path("d").iterdir()} == left | ({"report.md"} if changed else set())


def written(folder: str, name: str = "forecast.csv") -> bytes:
    return Path(folder, name).read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        (),
        (
            "--cell",
            "lstm",
            "--seed",
            3,
            "--level",
            "50",
            "--integer",
            "--alias",
            "Näch=st",
            "--no-log",
            "--layers",
            2,
        ),
        ("--likelihood", "normal", "--reach", 3, "--calendar", "--decoder", "parallel", "--rate", 0.003),
        ("--cell", "auto", "--max-trials", 4),
    ],
    ids=["defaults", "many", "likelihood", "auto"],
)
def test_a_run_is_repeated_to_the_bit_by_the_file_that_it_writes(words, command):
    done = command("forecast", AIR, "-H", 6, "--steps", 4, "--hidden", 4, "--out", "out", *words)
    assert done.code == 0, done.err
    again = command("forecast", "--config", "out/run.toml", "--out", "other")
    assert again.code == 0, again.err
    assert written("other") == written("out")
    assert again.out == done.out
    text = written("out", "run.toml").decode()
    assert text.startswith("# unrolled forecast --config run.toml repeats this run\n")
    assert f"# unrolled {un.__version__}, engine {un.active_engine().identity}\n" in text
    assert tomllib.loads(text)["seed"] == (3 if "--seed" in words else 0)
    # and so does the second file, in another folder
    assert tomllib.loads(text) == tomllib.loads(written("other", "run.toml").decode())


def test_runs_with_covariates_known_ahead_are_repeated(command, file):
    days = pd.date_range("2024-01-01", periods=63)
    frame = pd.DataFrame({"ds": days, "price": [k % 5 for k in range(63)], "town": "A", "y": range(63)})
    file(frame[:60].to_csv(index=False), name="sales.csv")
    file(frame[60:].to_csv(index=False), name="ahead.csv")
    words = ("--future", "price", "--future-file", "ahead.csv", "--static", "town", "--target", "y")
    assert command("forecast", "sales.csv", "-H", 3, *QUICK, *words, "--out", "deep/out").code == 0
    again = command("forecast", "--config", "deep/out/run.toml", "--out", "other")
    assert again.code == 0, again.err
    assert written("other") == written("deep/out")


def test_a_backtest_is_repeated_by_its_run_file(command):
    done = command("backtest", AIR, "-H", 3, "-K", 2, "--no-refit", *QUICK, "--out", "rows.csv")
    assert done.code == 0, done.err
    assert tomllib.loads(Path("rows.toml").read_text("utf-8"))["refit"] is False
    again = command("backtest", "--config", "rows.toml", "--out", "other.csv")
    assert again.code == 0, again.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()
    assert again.out == done.out


def test_files_of_other_origin_are_never_overwritten(trained, command, monkeypatch):
    monkeypatch.chdir(trained)
    Path("kept").mkdir()
    predicted = command("predict", "out/model.safetensors", "--out", "kept/one.csv")
    assert "kept/one.csv, kept/one.toml" in predicted.err
    text = Path("kept/one.toml").read_bytes()
    # of another command, and of another output
    for name in ("one.svg", "one.html"):
        done = command("plot", "out/forecast.csv", "--out", f"kept/{name}")
        assert done.code == 0, done.err
        assert f"kept/{name}.toml repeats it" in done.err
        assert tomllib.loads(Path(f"kept/{name}.toml").read_text())["out"] == name
    assert Path("kept/one.toml").read_bytes() == text
    # its own run file is replaced, from any folder
    assert "kept/one.csv, kept/one.toml" in command("predict", "out/model.safetensors", "--out", "kept/one.csv").err
    assert "kept/one.svg.toml" in command("plot", "out/forecast.csv", "--out", "kept/one.svg").err
    assert sorted(path.name for path in Path("kept").iterdir()) == [
        *("one.csv", "one.html", "one.html.toml", "one.svg", "one.svg.toml", "one.toml")
    ]


@pytest.mark.parametrize(
    "taken", ["[tool]\nname = 1\n", "not toml at all", 'out = "a\\u0000"\n', 'out = "a.csv"\n', "\udcff"]
)
def test_user_files_are_kept_and_no_run_starts_without_a_free_name(taken, trained, command, monkeypatch, tmp_path):
    model = trained / "out" / "model.safetensors"
    content = taken.encode("utf-8", "surrogateescape")
    Path("a.toml").write_bytes(content)
    assert "a.csv, a.csv.toml" in command("predict", model, "--out", "a.csv").err
    assert Path("a.toml").read_bytes() == content
    Path("a.csv.toml").write_bytes(content)
    done = command("predict", model, "--out", "a.csv")
    assert (done.code, done.out) == (2, "")
    assert "the run file would overwrite a.toml and a.csv.toml, written by something else" in done.err
    Path("out").mkdir()
    for name in ("run.toml", "forecast.csv.toml"):
        Path("out", name).write_bytes(content)
    done = command("forecast", AIR, "-H", 3, *QUICK, "--out", "out")
    assert (done.code, len(list(Path("out").iterdir()))) == (2, 2)
    Path("out", "forecast.csv.toml").unlink()
    done = command("forecast", AIR, "-H", 3, *QUICK, "--out", "out")
    assert (done.code, Path("out", "run.toml").read_bytes()) == (0, content)
    assert "report.html, forecast.csv.toml" in done.err
    expected = Path("out", "forecast.csv").read_bytes()
    assert command("forecast", "--config", "out/forecast.csv.toml", "--out", "other").code == 0
    assert Path("other", "forecast.csv").read_bytes() == expected


def test_paths_are_relative_to_the_real_folder_behind_a_link(trained, command, tmp_path):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "away")
    (tmp_path / "air.csv").write_text(AIR.read_text())
    done = command("predict", trained / "out" / "model.safetensors", "air.csv", "--out", "near/rows.csv")
    assert done.code == 0, done.err
    assert tomllib.loads(Path("near/rows.toml").read_text())["file"] == "../../air.csv"
    expected = Path("near/rows.csv").read_text()
    assert command("predict", "--config", "near/rows.toml", "--out", "-").out == expected


def test_a_pipe_of_the_shell_is_an_input_and_repeated_by_its_name(tmp_path):
    words = [sys.executable, "-m", "unrolled", "forecast", "--out", "out", "-H", "2", *QUICK]
    piped = f"{shlex.join(words)} <(cat {shlex.quote(str(AIR))})"
    done = subprocess.run(["bash", "-c", piped], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert tomllib.loads((tmp_path / "out/run.toml").read_text())["file"].startswith("/dev/fd/")


def test_standard_input_is_repeated_from_standard_input(trained, command, monkeypatch):
    class Stdin:
        buffer = io.BytesIO((trained / "air.csv").read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    model = trained / "out" / "model.safetensors"
    assert command("predict", model, "-", "--out", "rows.csv").code == 0
    assert tomllib.loads(Path("rows.toml").read_text())["file"] == "-"
    Stdin.buffer.seek(0)
    assert command("predict", "--config", "rows.toml", "--out", "other.csv").code == 0
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()


def test_file_names_of_any_bytes_are_repeated(trained, command, tmp_path):
    name = os.fsdecode(b"sales-\xff.csv")
    Path(name).write_bytes(AIR.read_bytes())
    model = trained / "out" / "model.safetensors"
    assert shell("predict", model, name, "--out", "rows.csv", "-q", cwd=tmp_path).code == 0
    done = shell("predict", "--config", "rows.toml", "--out", "other.csv", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()


@pytest.mark.parametrize("run", ["predict", "score", "score by series"])
def test_a_table_in_a_file_equals_that_on_standard_output(run, trained, command, monkeypatch):
    words, _ = RUNS[run]
    monkeypatch.chdir(trained)
    plain, dash = command(*words), command(*words, "--out", "-")
    assert plain == dash
    told = command(*words, "--out", "table.csv", "--json")
    assert json.loads(told.out)["files"] == ["table.csv", "table.toml"]
    assert Path("table.csv").read_bytes() == plain.out.encode()
    assert json.loads(command(*words, "--json").out)["files"] == []
    Path("table.toml").unlink()


def test_outputs_that_a_run_file_names_may_be_any_text(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("forecast", AIR, "--horizon", 2, "--steps", 2, "--ensemble", 1, "--out", "f")
    assert command(*words).code == 0
    run = Path("f/run.toml")
    run.write_text(f"{run.read_text()}# {CHECKSUM}{'0' * 64}  {'x' * 5000}\n")
    assert command(*words).code == 0
