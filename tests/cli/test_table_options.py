"""The options that describe how to read a table."""

from __future__ import annotations

import pytest

from shell import AIR, inside
from unrolled.cli.table_options import OPTIONS, READING, detected_columns
from unrolled.series.files import ReadOptions, read_file


@pytest.mark.parametrize("command", ["forecast", "backtest", "predict", "score", "inspect", "plot"])
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


def test_the_options_are_those_of_a_reading():
    given = dict.fromkeys(OPTIONS) | {"id_column": "shop", "freq": " 7 ", "header": 2, "wide": True}
    assert READING.value(given) == ReadOptions(id="shop", freq=7, header=2, wide=True)
    assert set(READING.value(dict.fromkeys(OPTIONS)).given) == set()


def test_detected_columns_are_options_unless_they_were_joined(file):
    rows = [f"{shop},2024-01-{day:02},06:00,{day},1" for shop in "ab" for day in range(1, 20)]
    path = file("shop,day,hour,sold,unit", *rows)
    table = read_file(path, ReadOptions(target="sold"))
    assert detected_columns(table) == {"id_column": "shop", "target": "sold"}  # the time is joined from two columns
    table = read_file(path, ReadOptions(target="sold", time="day"))
    assert detected_columns(table) == {"id_column": "shop", "time_column": "day", "target": "sold"}
