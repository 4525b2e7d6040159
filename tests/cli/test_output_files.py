"""Outputs are checked before long work, and written whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from shell import AIR, QUICK, shell
from unrolled.cli import output_files
from unrolled.cli.output_files import created_folder, output_folder, parse_format
from unrolled.errors import InputError


@pytest.mark.parametrize("name", ["predict", "score", "plot", "backtest"])
def test_an_unwritable_output_is_refused_before_anything_is_read(name, command, tmp_path):
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


def test_an_input_is_never_overwritten(command, file):
    path = file("ds,y", *(f"2024-01-{day:02},{day}" for day in range(1, 30)), name="a.csv")
    before = Path(path).read_bytes()
    for words in (("backtest", "a.csv", "-H", 2, "-K", 2), ("score", "a.csv", "a.csv")):
        done = command(*words, "--out", "./a.csv")
        assert (done.code, "is an input of this command, and would be overwritten" in done.err) == (2, True)
    assert Path(path).read_bytes() == before


FORECASTS = ("forecast.csv", "model.safetensors", "report.html")
HISTORY = AIR.read_bytes()


def linked(place: Path) -> list[object]:
    (place / "link.csv").symlink_to("forecast.csv")
    return ["link.csv", "--out", place]


def in_a_file(place: Path) -> list[object]:
    (place / "options.toml").write_text('file = "forecast.csv"\nout = "."\n')
    return ["--config", place / "options.toml"]


def standard_input(place: Path) -> list[object]:
    return ["-", "--out", place]


INPUTS = {
    **{name: lambda place, name=name: [place / name, "--out", place] for name in FORECASTS},
    "in this folder": lambda place: ["forecast.csv", "--out", "."],
    "through a link": linked,
    "in a file of options": in_a_file,
    "known future": lambda place: [AIR, "--future", "x", "--future-file", place / "forecast.csv", "--out", place],
    "file of options": lambda place: [AIR, "--config", place / "forecast.csv", "--out", place],
    "standard input": standard_input,
}


@pytest.mark.parametrize("words", INPUTS.values(), ids=list(INPUTS))
def test_a_forecast_overwrites_none_of_its_inputs(words, command, tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    for name in FORECASTS:
        (place / name).write_bytes(b"" if words is INPUTS["file of options"] else HISTORY)
    before = (place / "forecast.csv").read_bytes()
    if words is standard_input:
        with (place / "forecast.csv").open("rb") as history:
            done = shell("forecast", *words(place), *QUICK, cwd=place, stdin=history)
    else:
        done = command("forecast", *words(place), *QUICK)
    assert (done.code, "is an input of this command, and would be overwritten. Choose another" in done.err) == (
        2,
        True,
    )
    assert {(place / name).read_bytes() for name in FORECASTS} == {before}
    assert not (place / "run.toml").exists()


def test_an_input_that_an_earlier_run_wrote_is_not_removed(command, file, tmp_path):
    """The next run removes the earlier outputs that it does not write again."""
    assert command("forecast", AIR, "--out", "out", "--format", "md", *QUICK).code == 0
    Path("out/report.md").write_bytes(HISTORY)
    run_file = Path("out/run.toml")
    text = re.sub(
        r"[0-9a-f]{64}  report\.md", hashlib.sha256(HISTORY).hexdigest() + "  report.md", run_file.read_text()
    )
    run_file.write_text(text)
    done = command("forecast", "out/report.md", "--out", "out", *QUICK)
    assert (done.code, "out/report.md is an input of this command" in done.err) == (2, True)
    assert Path("out/report.md").read_bytes() == HISTORY
    run_file.rename("rows.toml")
    Path("out/report.md").rename("report.md")
    Path("rows.toml").write_text(text.replace('"."', '"rows.csv"').replace("unrolled forecast", "unrolled backtest"))
    Path("rows.toml").write_text(Path("rows.toml").read_text().replace("run.toml", "rows.toml"))
    done = command("backtest", "report.md", "-H", 2, "-K", 2, "--out", "rows.csv")
    assert (done.code, "report.md is an input of this command" in done.err) == (2, True)


@pytest.mark.parametrize("name", ["forecast.csv", "model.safetensors", "report.html"])
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_outputs_that_are_no_files_are_refused_before_anything_is_read(make, name, command):
    Path("out").mkdir()
    make(Path("out") / name)
    done = command("forecast", "none.csv", "--out", "out")
    expected = f"error: can't write out/{name}: it is not a file. Choose another folder with --out.\n"
    assert (done.code, done.err) == (2, expected)
    assert os.listdir("out") == [name]
    assert not Path("out/nowhere").exists()


def test_a_pipe_in_the_place_of_the_run_file_is_left_alone(command):
    Path("out").mkdir()
    os.mkfifo("out/run.toml")
    assert command("forecast", AIR, "--out", "out", *QUICK).code == 0
    assert sorted(os.listdir("out")) == [
        "forecast.csv", "forecast.csv.toml", "model.safetensors", "report.html", "run.toml"
    ]  # fmt: skip


def test_a_link_to_nothing_is_refused_as_an_output(command):
    os.symlink("nowhere", "rows.csv")
    done = command("backtest", "none.csv", "-H", 2, "-K", 2, "--out", "rows.csv")
    assert (done.code, "can't write rows.csv: it is not a file. Choose another file" in done.err) == (2, True)
    assert os.listdir() == ["rows.csv"]


@pytest.mark.parametrize("out", ["gone", "gone/deeper/gone"])
def test_a_folder_that_is_removed_during_the_run_is_made_again(out, command, monkeypatch):
    write = output_files.write_forecast

    def remove_and_write(*given):
        shutil.rmtree("gone")
        return write(*given)

    monkeypatch.setattr(output_files, "write_forecast", remove_and_write)
    assert command("forecast", AIR, "--out", out, *QUICK).code == 0
    assert len(os.listdir(out)) == 4


def test_an_error_is_told_when_the_folder_has_been_removed(tmp_path):
    with pytest.raises(InputError, match="--format takes"), created_folder(tmp_path / "a" / "b"):
        parse_format(str(shutil.rmtree(tmp_path / "a")))


def test_a_check_of_an_output_creates_no_file(command, monkeypatch):
    """A second run would take it for an output, and its removal could remove that of another run."""
    opened = []
    plain_open = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *mode, **more: opened.append(path) or plain_open(path, *mode, **more)
    )
    command("backtest", "none.csv", "-H", 2, "-K", 2, "--out", "rows.csv")
    assert Path("rows.csv") not in opened


LONG = "x" * 5000  # no file can have this name


@pytest.mark.parametrize("words", [("forecast",), ("backtest", "-H", 2, "-K", 2), ("score", AIR)], ids=lambda w: w[0])
def test_a_text_that_no_path_can_be_is_refused_as_an_output(words, command):
    done = command(*words, AIR, "--out", LONG)
    assert done.code == 2
    assert re.search(
        r"error: can't write x+(/forecast\.csv)?: File name too long\. Choose another (file|folder) with", done.err
    )


def test_an_option_may_be_longer_than_any_path(command, file):
    """Each text is compared with the output, which must not be an input."""
    file("nothing", name="out.csv")
    done = command("backtest", AIR, "-H", 2, "-K", 2, "--target", LONG, "--out", "out.csv")
    assert (done.code, "there is no column 'xxx" in done.err) == (2, True)


def test_a_device_is_refused_as_an_output(command):
    done = command("predict", "none.safetensors", "--out", os.devnull)
    assert (done.code, done.err) == (
        2,
        f"error: can't write {os.devnull}: it is not a file. Choose another file with --out.\n",
    )
    assert not Path(os.devnull).is_file()  # a rename would have taken its place


@pytest.mark.parametrize(
    ("text", "names"),
    [("html", ["html"]), ("md", ["md"]), (" HTML, md ,html", ["html", "md"]), ("md,html", ["md", "html"])],
)
def test_formats_name_the_reports(text, names):
    assert parse_format(text) == [f"report.{name}" for name in names]


@pytest.mark.parametrize("text", ["", ",", "pdf", "html,pdf"])
def test_unknown_formats_are_refused(text):
    with pytest.raises(InputError, match=f"--format takes html, md or html,md; got '{text}'"):
        parse_format(text)


def test_new_folders_that_stay_empty_are_removed_after_an_error(tmp_path):
    (tmp_path / "old").mkdir()
    for name in ("old", "old/new/newer"):
        with pytest.raises(KeyboardInterrupt), created_folder(tmp_path / name):
            raise KeyboardInterrupt
    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]
    kept = tmp_path / "kept" / "deep"
    with pytest.raises(FileNotFoundError), created_folder(kept):
        (kept / "forecast.csv").touch() or (kept / "absent.csv").unlink()
    assert (kept / "forecast.csv").exists()


def test_the_folder_is_named_after_the_table():
    for out, file, expected in ((None, "a/b.csv", "b-forecast"), (None, "-", "stdin-forecast"), ("c", "b.csv", "c")):
        assert output_folder(out and Path(out), Path(file)) == Path(expected)
    assert output_folder(Path("-"), Path("b.csv")) is None
