"""Outputs are checked before long work, and written whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from shell import AIR
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


LONG = "x" * 5000  # no file can have this name


@pytest.mark.parametrize("words", [("forecast",), ("backtest", "-H", 2, "-K", 2), ("score", AIR)], ids=lambda w: w[0])
def test_a_text_that_no_path_can_be_is_refused_as_an_output(words, command):
    done = command(*words, AIR, "--out", LONG)
    assert done.code == 2
    assert re.search(r"error: can't write (to )?x+: File name too long\. Choose another (file|folder) with", done.err)


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


def test_the_folder_is_named_after_the_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for out, file, expected in ((None, "a/b.csv", "b-forecast"), (None, "-", "stdin-forecast"), ("c", "b.csv", "c")):
        with output_folder(out and Path(out), Path(file)) as folder:
            assert folder == Path(expected)
    with output_folder(Path("-"), Path("b.csv")) as folder:
        assert folder is None
