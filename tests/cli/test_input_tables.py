"""The tables of commands: what is printed about them, and errors that name the file and the line."""

from __future__ import annotations

from shell import QUICK
from unrolled.cli.input_tables import saved_reading
from unrolled.series.files import ReadOptions


def test_duplicate_timestamps_of_the_future_are_named_with_their_lines(command, tmp_path):
    rows = [f"2024-01-{k:02},{k},{k % 2}" for k in range(1, 31)]
    (tmp_path / "t.csv").write_text("\n".join(["date,sold,price", *rows]))
    (tmp_path / "ahead.csv").write_text("date,price\n\n2024-01-31,1\n2024-02-01,1\n2024-01-31,0\n")
    words = ("--target", "sold", "--future", "price", "--future-file", "ahead.csv")
    done = command("forecast", "t.csv", "-H", 2, *words, *QUICK)
    assert done.code == 2
    assert "ahead.csv, column 'date': '2024-01-31' occurs twice for one series, in lines 3 and 5" in done.err


def test_errors_of_a_grid_name_the_file_or_standard_input(command, file, monkeypatch):
    lines = [f"2024-01-{k:02},{k}" for k in range(1, 30)]
    path = file("day,sold", *lines, "2024-01-29 07:00,2", "2024-01-30,1", name="uneven.csv")
    done = command("forecast", path, "-H", 2, *QUICK)
    assert (done.code, f"error: {path}, " in done.err) == (2, True), done.err
    with open(path, "rb") as stream:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream}))
        done = command("forecast", "-", "-H", 2, *QUICK)
    assert (done.code, "error: standard input, " in done.err) == (2, True), done.err


def test_columns_known_ahead_are_named_before_their_file(command, file):
    path = file("day,sold", *(f"2024-01-{k:02},{k}" for k in range(1, 30)))
    done = command("forecast", path, "-H", 2, "--future-file", path, *QUICK)
    assert (done.code, done.out) == (2, "")
    assert "--future-file needs columns known ahead: name them with --future A,B when training" in done.err


def test_a_model_keeps_the_options_of_reading_except_single_columns():
    assert saved_reading(ReadOptions(id="a", time="day", target="y", na="-1", header=0)) == {"na": "-1", "header": 0}
    assert saved_reading(ReadOptions(id="a,b", time="day,hour", target="y,z")) == {
        "id": "a,b", "time": "day,hour", "target": "y,z"
    }  # fmt: skip
