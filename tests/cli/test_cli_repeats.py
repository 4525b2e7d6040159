"""Beside what a run writes stands the file that repeats it: where it is, what it holds, what it never overwrites."""

from __future__ import annotations

import io
import json
import os
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, shell

EVIL = "=1+1"


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
def test_a_run_is_repeated_to_the_byte_from_wherever_one_stands(run, trained, command, tmp_path, monkeypatch):
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


@pytest.mark.parametrize("run", ["predict", "score", "score by series"])
def test_a_table_in_a_file_is_the_one_on_standard_output(run, trained, command, monkeypatch):
    words, _ = RUNS[run]
    monkeypatch.chdir(trained)
    plain, dash = command(*words), command(*words, "--out", "-")
    assert plain == dash
    told = command(*words, "--out", "table.csv", "--json")
    assert json.loads(told.out)["files"] == ["table.csv", "table.toml"]
    assert Path("table.csv").read_bytes() == plain.out.encode()
    assert json.loads(command(*words, "--json").out)["files"] == []
    Path("table.toml").unlink()


def test_files_are_safe_for_spreadsheets_where_that_is_asked_for(command, file):
    rows = [f"{shop},2024-01-{day:02},{day + len(shop)}" for shop in (EVIL, "b") for day in range(1, 31)]
    sales = file("shop,day,sold", *rows, name="sales.csv")
    assert command("forecast", sales, "-H", 2, "--target", "sold", *QUICK, "--out", "out").code == 0
    later = [f"{shop},2024-01-{day},1" for shop in (EVIL, "b") for day in (31,)]
    newer = file("shop,day,sold", *rows, *later, name="newer.csv")
    for name, words in (
        ("predict", ("out/model.safetensors", sales)),
        ("score", ("out/forecast.csv", newer, "--target", "sold", "--by-series")),
    ):
        assert command(name, *words, "--out", "plain.csv").code == 0
        done = command(name, *words, "--out", "safe.csv", "--excel-safe")
        assert done.code == 0, done.err
        assert EVIL in pd.read_csv("plain.csv").iloc[:, 0].tolist()
        assert "'" + EVIL in pd.read_csv("safe.csv").iloc[:, 0].tolist()
        assert EVIL not in pd.read_csv("safe.csv").iloc[:, 0].tolist()
        assert Path("safe.csv").read_text() == command(name, *words, "--excel-safe").out
        assert tomllib.loads(Path("safe.toml").read_text())["excel-safe"] is True
        for path in (*Path().glob("*.toml"),):
            path.unlink()


def test_a_search_of_a_backtest_is_repeated_by_what_it_chose(command):
    words = ("backtest", AIR, "-H", 3, "-K", 3, "--steps", 4, "--hidden", 4)
    done = command(*words, "--cell", "auto", "--budget", "1.5s", "--out", "rows.csv")
    assert done.code == 0, done.err
    assert done.err.count("note: automatic choice") == 1
    options = tomllib.loads(Path("rows.toml").read_text())
    assert options["cell"] in un.CELLS
    assert options["alias"] == "AUTO"
    assert {"budget", "max-trials"} & options.keys() == set()
    again = command("backtest", "--config", "rows.toml", "--out", "other.csv")
    assert again.code == 0, again.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()
    assert again.out == done.out
    told = json.loads(command(*words, "--cell", "auto", "--max-trials", 4, "--json").out)["search"]
    assert told["trials"]
    assert f"--cell {told['chosen']['cell']} " in told["options"]


def test_a_demo_is_repeated_too(command):
    first = command("demo", "counting", "--seed", 3, "--out", "deep")
    assert first.code == 0
    page = Path("deep/counting.html").read_bytes()
    again = command("demo", "--config", "deep/counting.toml")
    assert again.out == first.out
    assert tomllib.loads(Path("deep/counting.toml").read_text()) == {"name": "counting", "seed": 3, "out": "."}
    assert Path("deep/counting.html").read_bytes() == page


# --- what is there already --------------------------------------------------------------------------


def test_what_something_else_wrote_is_never_overwritten(trained, command, monkeypatch):
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
    # its own is made anew, wherever it stands
    assert "kept/one.csv, kept/one.toml" in command("predict", "out/model.safetensors", "--out", "kept/one.csv").err
    assert "kept/one.svg.toml" in command("plot", "out/forecast.csv", "--out", "kept/one.svg").err
    assert sorted(path.name for path in Path("kept").iterdir()) == [
        *("one.csv", "one.html", "one.html.toml", "one.svg", "one.svg.toml", "one.toml")
    ]


@pytest.mark.parametrize("taken", ["[tool]\nname = 1\n", "not toml at all", 'out = "a.csv"\n', "\udcff"])
def test_a_file_of_a_persons_own_is_kept_and_where_all_are_taken_nothing_is_begun(
    taken, trained, command, monkeypatch, tmp_path
):
    model = trained / "out" / "model.safetensors"
    content = taken.encode("utf-8", "surrogateescape")
    Path("a.toml").write_bytes(content)
    assert "a.csv, a.csv.toml" in command("predict", model, "--out", "a.csv").err
    assert Path("a.toml").read_bytes() == content
    Path("a.csv.toml").write_bytes(content)
    done = command("predict", model, "--out", "a.csv")
    assert (done.code, done.out) == (2, "")
    assert "a.toml and a.csv.toml, which would repeat this run, would overwrite what something else wrote" in done.err
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


@pytest.mark.parametrize("name", ["predict", "score", "plot", "backtest"])
def test_an_output_that_can_not_be_written_is_refused_before_anything_is_read(name, command, tmp_path):
    words = {
        "predict": ("none.safetensors",),
        "score": ("none.csv", "none.csv"),
        "plot": ("none.csv",),
        "backtest": ("none.csv", "-H", 3, "-K", 2),
    }[name]
    ending = ".svg" if name == "plot" else ".csv"
    done = command(name, *words, "--out", f"no/such{ending}")
    assert done.code == 2
    assert (
        done.err
        == f"error: can't write no/such{ending}: No such file or directory. Choose another file with --out.\n"
    )
    Path(f"folder{ending}").mkdir()
    assert "it is not a file. Choose another file" in command(name, *words, "--out", f"folder{ending}").err
    assert [path.name for path in tmp_path.iterdir()] == [f"folder{ending}"]


def test_a_device_is_no_file(trained, command):
    done = command("predict", trained / "out" / "model.safetensors", "--out", os.devnull)
    assert (done.code, done.err) == (
        2,
        f"error: can't write {os.devnull}: it is not a file. Choose another file with --out.\n",
    )
    assert not Path(os.devnull).is_file()  # a rename would have taken its place


def test_a_folder_behind_a_link_is_told_by_where_it_lies(trained, command, tmp_path):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "away")
    (tmp_path / "air.csv").write_text(AIR.read_text())
    done = command("predict", trained / "out" / "model.safetensors", "air.csv", "--out", "near/rows.csv")
    assert done.code == 0, done.err
    assert tomllib.loads(Path("near/rows.toml").read_text())["file"] == "../../air.csv"
    expected = Path("near/rows.csv").read_text()
    assert command("predict", "--config", "near/rows.toml", "--out", "-").out == expected


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


def test_names_of_any_bytes_are_repeated(trained, command, tmp_path):
    name = os.fsdecode(b"sales-\xff.csv")
    Path(name).write_bytes(AIR.read_bytes())
    model = trained / "out" / "model.safetensors"
    assert shell("predict", model, name, "--out", "rows.csv", "-q", cwd=tmp_path).code == 0
    done = shell("predict", "--config", "rows.toml", "--out", "other.csv", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()
