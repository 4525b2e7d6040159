"""Newer tables for a saved model are read as in training, without the options."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, table
from unrolled import storage
from unrolled.cli.console import option_words
from unrolled.series.files import ReadOptions

MODEL = "out/model.safetensors"


def y(count: int) -> np.ndarray:
    return 50 + 10.0 * (np.arange(count) % 7) + np.random.default_rng(0).normal(size=count)


def across(first: int, last: int, mark: str = ",") -> list[str]:
    """Lines with two series as columns, in the format of a German spreadsheet; -200 stands for a missing value."""
    days = pd.date_range("2024-01-01", periods=last)
    rows = [
        f"{days[k]:%d.%m.%Y};{y(last)[k]:.2f};{-200 if k % 11 == 5 else 3 + y(last)[k]:.2f}"
        for k in range(first, last)
    ]
    return ["Tag;Nord;West", *(row[:10] + row[10:].replace(".", mark) for row in rows)]


WORDS = ("--wide", "--na=-200", "--dates", "dmy", "--decimal", ",", "--delimiter", ";")


@pytest.fixture
def wide(command, file):
    """A model of such a table; its command."""
    old = file(*across(0, 100), name="old.csv")
    done = command("forecast", old, "-H", 3, *WORDS, *QUICK, "--out", "out")
    assert done.code == 0, done.err
    return command


def test_a_newer_table_is_read_as_that_of_the_training(wide, file):
    newer = file(*across(92, 100), *across(100, 104)[1:], name="newer.csv")  # days that could also be months
    done = wide("predict", MODEL, newer)
    assert done.code == 0, done.err
    words = "--wide --na=-200 --dates dmy --decimal , --delimiter ';'"
    assert f"note: read as in training, with {words}; options given here take precedence\n" in done.err
    rows = table(done.out)
    assert rows["series"].unique().tolist() == ["Nord", "West"]
    assert rows["Tag"].min() == "2024-04-14"
    told = wide("predict", MODEL, newer, *WORDS)
    assert told.out == done.out
    assert "read as in training" not in told.err  # all options were given again
    assert json.loads(wide("info", MODEL, "--json").out)["reading"] == words
    picture = wide("plot", MODEL, newer, "--out", "newer.svg")
    assert picture.code == 0, picture.err
    assert "read as in training, with --wide" in picture.err
    assert "newer.svg: 2 series" in picture.err


def test_given_options_take_precedence(wide, file):
    frame = pd.DataFrame({"Tag": pd.date_range("2024-01-01", periods=60), "series": "Nord", "value": y(60)})
    long = file(frame.to_csv(index=False), name="long.csv")
    done = wide("predict", MODEL, long)
    assert done.code == 2
    assert "It was read as in training, with --wide --na=-200" in done.err
    done = wide("predict", MODEL, long, "--no-wide", "--decimal", ".", "--delimiter", ",", "--dates", "ymd")
    assert done.code == 0, done.err
    assert "read as in training, with --na=-200; options" in done.err
    assert table(done.out)["Tag"].tolist() == ["2024-03-01", "2024-03-02", "2024-03-03"]


def test_several_columns_of_a_role_are_kept_and_single_ones_preferred(command, file):
    stamps = pd.date_range("2024-01-01", periods=60)
    frame = pd.DataFrame({"day": stamps, "time": "06:00", "a": y(60), "b": 2 * y(60), "c": 1.0})
    path = file(frame.to_csv(index=False), name="old.csv")
    words = ("--time", "day,time", "--target", "a,b")
    assert command("forecast", path, "-H", 3, *words, *QUICK, "--out", "out").code == 0
    assert un.load(MODEL).reading_ == {"time": "day,time", "target": "a,b"}
    newer = table(command("predict", MODEL, path).out)
    assert newer.equals(table(command("predict", MODEL).out))
    assert command("forecast", path, "-H", 3, "--target", "a", *QUICK, "--out", "out").code == 0
    assert un.load(MODEL).reading_ == {}
    assert command("predict", MODEL, path).out == command("predict", MODEL).out


def test_numbered_rows_continue_if_the_whole_history_is_present(command, file):
    values = [f"{v:.3f}" for v in y(120)]
    old, whole, new = (
        file("a", *values[part], name=f"{name}.csv")
        for name, part in (("old", slice(100)), ("whole", slice(None)), ("new", slice(80, None)))
    )
    assert table(command("forecast", old, "-H", 5, "--freq", 1, *QUICK, "--out", "out").out)["ds"].iloc[0] == 101
    done = command("predict", MODEL, whole)
    assert table(done.out)["ds"].tolist() == [121, 122, 123, 124, 125]
    assert "If they continue the training data" not in done.err
    done = command("predict", MODEL, new)
    assert table(done.out)["ds"].iloc[0] == 41
    assert (
        "they end at 40, before the training data end (100). If they continue the training data, use --start 101"
        in done.err
    )
    done = command("predict", MODEL, new, "--start", 81)
    assert table(done.out)["ds"].iloc[0] == 121
    assert "If they continue the training data" not in done.err

    assert command("forecast", old, "-H", 5, "--freq", "D", "--start", "2024-01-01", *QUICK, "--out", "out").code == 0
    assert table(command("predict", MODEL, whole).out)["ds"].iloc[0] == "2024-04-30"
    assert (
        "before the training data end (2024-04-09). If they continue the training data, use --start 2024-04-10"
        in command("predict", MODEL, new).err
    )


def test_a_newer_table_is_aggregated_by_the_period_of_the_training(command, file):
    rng = np.random.default_rng(0)
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(600, 2400, 400)), unit="s")
    lines = [f"{moment:%Y-%m-%d %H:%M:%S},{k % 9}" for k, moment in enumerate(moments)]
    old = file("when,sold", *lines, name="old.csv")
    assert command("forecast", old, "-H", 3, "--aggregate", "sum", *QUICK, "--out", "out").code == 0
    assert un.load(MODEL).reading_ == {"aggregate": "sum", "freq": "30min"}
    rare = file("when,sold", *lines[::4], name="rare.csv")  # inferred from this table alone, it would be two hours
    done = command("predict", MODEL, rare)
    assert "note: sum of the rows in each period (30min)\n" in done.err
    steps = pd.to_datetime(table(done.out)["when"]).diff().dropna().unique()
    assert [str(step) for step in steps] == ["0 days 00:30:00"]


def rewritten(**changes: object) -> None:
    """Change the content of a model file; None removes a part."""
    kind, arrays, content = storage.read(MODEL)
    kept = {name: value for name, value in (content | changes).items() if value is not None}
    storage.write(MODEL, kind, arrays, kept)


def test_model_files_without_reading_options_are_read(command):
    assert command("forecast", AIR, "-H", 3, "--na", "x", *QUICK, "--out", "out").code == 0
    expected = command("predict", MODEL, AIR, "-q").out
    rewritten(reading=None)
    assert un.load(MODEL).reading_ == {}
    assert command("predict", MODEL, AIR).out == expected
    assert json.loads(command("info", MODEL, "--json").out)["reading"] == ""


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (["wide"], "is damaged: its content does not fit together"),
        ({"na": [1]}, "is damaged: its content does not fit together"),
        (
            {"colour": "red"},
            "was read with the options colour, which this version of unrolled does not have. Upgrade: pip install",
        ),
        ({"aggregate": "product"}, "--aggregate must be sum, mean, last or count; got 'product'"),
    ],
)
def test_invalid_reading_options_in_a_file_are_refused(reading, message, command):
    assert command("forecast", AIR, "-H", 3, *QUICK, "--out", "out").code == 0
    rewritten(reading=reading)
    done = command("predict", MODEL, AIR)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_fit_from_python_forgets_how_a_file_was_read(command):
    assert command("forecast", AIR, "-H", 3, "--na", "x", *QUICK, "--out", "out").code == 0
    fc = un.load(MODEL)
    assert fc.reading_ == {"na": "x"}
    fc.save(MODEL)
    assert un.load(MODEL).reading_ == {"na": "x"}
    df = un.read_table(str(AIR))
    assert fc.fit(df).reading_ == {}


def test_reading_options_survive_their_words_on_the_command_line(command):
    reading = ReadOptions(target="a b", na="-1,-2", wide=False, header=2, delimiter="tab", freq=3)
    assert (
        shlex.join(option_words(reading.given))
        == "--target 'a b' --no-wide --na=-1,-2 --freq 3 --delimiter '\t' --header 2"
    )
    assert ReadOptions().with_defaults(reading.given) == reading
    assert reading.with_defaults({"na": "7"}) == reading


def test_columns_that_were_taken_as_series_by_their_names_are_series_in_newer_tables(command, file):
    def columns(count):
        rows = [
            f"{day:%Y-%m-%d}," + ",".join(f"{y(60)[k] + c:.1f}" for c in range(count)) for k, day in enumerate(days)
        ]
        return ["day," + ",".join(f"s{c + 1}" for c in range(count)), *rows]

    days = pd.date_range("2024-01-01", periods=60)
    command("forecast", file(*columns(3), name="old.csv"), "-H", 3, *QUICK, "--out", "out")
    assert json.loads(command("info", MODEL, "--json").out)["reading"] == "--wide"
    for count in (2, 1):  # too few to be recognised by their names
        rows = table(command("predict", MODEL, file(*columns(count), name="newer.csv")).out)
        assert rows["series"].unique().tolist() == ["s1", "s2"][:count]
    one = command("predict", MODEL, "newer.csv", "--no-wide")
    assert list(table(one.out))[:2] == ["day", "GRU"]  # options take precedence
    assert (
        "note: the model was trained on 's1', 's2', 's3', and 's1' is forecast now; change with --target" in one.err
    )


def test_another_target_is_noted(command, file):
    command("forecast", AIR, "-H", 3, *QUICK, "--out", "out")
    renamed = pd.read_csv(AIR).rename(columns={"#Passengers": "Travellers"})
    assert "is forecast now" not in command("predict", MODEL, AIR).err
    renamed.to_csv("renamed.csv", index=False)
    done = command("predict", MODEL, "renamed.csv")
    assert (
        "note: the model was trained on '#Passengers', and 'Travellers' is forecast now; change with --target"
        in done.err
    )


def test_numbers_of_a_training_on_numbers_stay_numbers(command, tmp_path):
    """A column of years would be dates otherwise."""
    frame = pd.DataFrame({"year": range(1980, 2020), "y": y(40)})
    fc = un.Forecaster(horizon=2, steps=2, ensemble=1).fit(frame, time_col="year")
    fc.save(tmp_path / "numbered.safetensors")
    frame.assign(year=frame["year"] + 1).to_csv("newer.csv", index=False)
    done = command("predict", tmp_path / "numbered.safetensors", "newer.csv")
    assert done.code == 0, done.err
    assert table(done.out)["year"].tolist() == [2021, 2022]


def test_messages_of_a_table_of_columns_name_its_columns(command, file, tmp_path):
    """Inside, such a table is long, with columns that the file does not have."""
    days = pd.date_range("2024-01-01", periods=97)
    rows = [f"{day:%Y-%m-%d},{k % 7},{k % 5 + 1},{k % 3}" for k, day in enumerate(days)]
    old = file("Day,North,South,price", *rows[:90], name="old.csv")
    ahead = file("Day,price", *(f"{row[:10]}{row[-2:]}" for row in rows[90:]), name="ahead.csv")
    options = ("--wide", "--future", "price", "--future-file", ahead, "-H", 5, *QUICK, "--out", "out")
    done = command("forecast", old, *options, "--format", "md")
    assert done.code == 0, done.err
    assert table(done.out)["series"].tolist() == ["North"] * 5 + ["South"] * 5
    assert "time 'Day', target 'North', 'South'\n" in done.err
    assert "id 'series'" not in done.err
    report = (tmp_path / "out" / "report.md").read_text()
    assert "Forecast 'North', 'South' of 2 series 5 days ahead" in report
    assert "target 'North', 'South'" in command("inspect", old, "--wide").out
    scored = command("score", "out/forecast.csv", file("Day,North,South", *(r[:-2] for r in rows), name="all.csv"))
    assert "all.csv, target 'North', 'South'" in scored.err
    for text in (done.err, report, scored.err):
        assert "'value'" not in text
    assert un.load(tmp_path / MODEL).columns_.shown_target == "'North', 'South'"


def test_timestamps_that_occur_twice_in_a_table_of_columns_are_those_of_its_lines(command, file):
    old = file(
        "Day,North,South",
        *(f"2024-01-{k:02},{k},{n}" for n, k in enumerate((1, 2, 3, 3, 4, 5, 6, 7, 8))),
        name="old.csv",
    )
    done = command("inspect", old, "--wide")
    assert "the timestamp 2024-01-03 occurs twice, in lines 4 and 5 (1 such timestamp)" in done.err
