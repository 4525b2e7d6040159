"""`unrolled inspect`: what is understood of a table, and the options that all commands share."""

from __future__ import annotations

import json

import pytest

from shell import AIR, QUICK, inside
from unrolled.cli.table_options import OPTIONS

DAYS = [f"{day:02}.01.2024" for day in range(1, 31)]
SHOPS = ["Filiale;Tag;Umsatz;Wetter"] + [f"{s};{day};{k},5;-200" for s in "ab" for k, day in enumerate(DAYS)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shops.csv").write_text("\n".join(SHOPS))
    return tmp_path


def test_what_is_understood_is_said(place, capsys):
    done = inside("inspect", "shops.csv", capsys=capsys)
    assert (done.code, done.err) == (0, "")
    for words in (
        "2 series · daily · 2024-01-01 … 2024-01-30 · 30 rows each",
        "target 'Umsatz' · 60 values · 0 gaps · season 7",
        "note: column 'Umsatz': commas read as decimal points",
        "unrolled forecast shops.csv --horizon 6",
    ):
        assert words in done.out


def test_all_of_it_comes_as_json_and_the_command_works(place, capsys):
    found = json.loads(inside("inspect", "shops.csv", "--target", "Umsatz", "--json", capsys=capsys).out)
    roles = {column["name"]: column["role"] for column in found["columns"]}
    assert roles == {"Filiale": "id", "Tag": "time", "Umsatz": "target", "Wetter": None}
    assert (found["series"], found["frequency"], found["gaps"], found["error"]) == (2, "daily", 0, None)
    assert found["command"] == "unrolled forecast shops.csv --horizon 6 --target Umsatz"
    done = inside(*found["command"].split()[1:], *QUICK, capsys=capsys)
    assert done.code == 0, done.err
    assert "2 series · daily · 2024-01-01 … 2024-01-30 · 60 values · target 'Umsatz'" in done.err
    assert "note: column 'Umsatz': commas read as decimal points" in done.err


def test_what_is_missing_is_an_error_below_what_is_known(place, capsys):
    (place / "two.csv").write_text("\n".join(["date,a,b", *(f"2024-01-{k:02},{k},{k % 3}" for k in range(1, 20))]))
    done = inside("inspect", "two.csv", capsys=capsys)
    assert done.code == 2
    assert "numbers" in done.out
    assert done.err.startswith("error: two.csv: several columns hold numbers: 'a', 'b'")
    assert json.loads(inside("inspect", "two.csv", "--json", capsys=capsys).out)["columns"][0]["role"] == "time"


@pytest.mark.parametrize("command", ["forecast", "backtest", "predict", "score", "inspect"])
def test_every_command_that_reads_a_table_has_the_options(command, capsys):
    text = inside(command, "--help", capsys=capsys).out
    for name in OPTIONS:
        assert f"--{name.removesuffix('_column').replace('_', '-')}" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--aggregate", "max"), "--aggregate must be sum, mean, last or count; got 'max'"),
        (("--decimal", "x"), "--decimal must be , or .; got 'x'"),
        (("--delimiter", "::"), "--delimiter must be one character, tab or space; got '::'"),
        (("--header", 99), "--header must be the number of header rows, 0 to 10; got 99"),
        (("--dates", "day"), "--dates must be dmy, mdy, ymd, number or a format"),
        (("--freq", 0), "--freq must be ≥ 1 if it is a number; got 0"),
        (("--start", "2024-01-01"), "--start numbers the rows of a table without timestamps, and needs --freq"),
        (("--encoding", "latin-99"), "no encoding is called 'latin-99'"),
        (
            ("--na", "112", "--target", "Passengers"),
            "there is no column 'Passengers'; it has: 'Month', '#Passengers'",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(words, message, capsys):
    done = inside("inspect", AIR, *words, capsys=capsys)
    assert done.code == 2
    assert message in done.err


def test_a_model_reads_newer_tables_the_same_way(place, capsys):
    assert inside("forecast", "shops.csv", "-H", 2, *QUICK, "--out", "m", capsys=capsys).code == 0
    done = inside("predict", "m/model.safetensors", "shops.csv", "--delimiter", ";", capsys=capsys)
    assert done.code == 0, done.err
    assert len(done.out.strip().split("\n")) == 1 + 2 * 2


def test_doubled_stamps_of_the_future_are_named_by_their_lines(place, capsys):
    rows = [f"2024-01-{k:02},{k},{k % 2}" for k in range(1, 31)]
    (place / "t.csv").write_text("\n".join(["date,sold,price", *rows]))
    (place / "ahead.csv").write_text("date,price\n\n2024-01-31,1\n2024-02-01,1\n2024-01-31,0\n")
    done = inside(
        "forecast", "t.csv", "-H", 2, "--target", "sold", "--future", "price", "--future-file", "ahead.csv", *QUICK,
        capsys=capsys,
    )  # fmt: skip
    assert done.code == 2
    assert "ahead.csv, column 'date': '2024-01-31' occurs twice for one series, in lines 3 and 5" in done.err
