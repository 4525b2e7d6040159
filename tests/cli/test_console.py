"""The output of commands, and options in messages."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from inspect import signature

import numpy as np
import pandas as pd
import pytest
import typer

import unrolled as un
from shell import AIR, QUICK, Watched, shell
from unrolled.cli.command_group import load
from unrolled.cli.console import (
    MAX_ROWS_SHOWN,
    Console,
    number_or_null,
    option_words,
    print_json,
    print_table,
    records,
    records_by_model,
    with_options,
)
from unrolled.series.files import ReadOptions

OPTIONS_IN_MESSAGES = {
    "Give the frequency (`freq`).": "Give the frequency (--freq).",
    "such as `freq='D'`": "such as --freq D",
    "`freq='30 min'`": "--freq '30 min'",
    "`freq=2`": "--freq 2",
    "take each column as a series with `wide=True`": "take each column as a series with --wide",
    "`wide=False`": "--no-wide",
    "`calendar=False` or `log=True`": "--no-calendar or --log",
    "`na='-200'`": "--na=-200",
    "`scaling=['level', 'last']`": "--scaling level,last",
    "Forecast each separately (`un.by_frequency`), or not.": "Forecast each separately, or not.",
    "`combine={'AutoETS': 0.3}`": "--combine AutoETS=0.3",
    "`freq='D', start='2024-12-31'`": "--freq D --start 2024-12-31",
    "Lower `batch_size` or `max_trials`.": "Lower --batch-size or --max-trials.",
    "`id_col`, `time_col='day'`, `past_cols=['rain', 'wind']`": "--id, --time day, --past rain,wind",
    "Give them in `future`, named by `future_cols` or `future=['price']`.": (
        "Give them in --future-file, named by --future or --future price."
    ),
    "`n_windows` and `step_size=2`": "`n_windows` and `step_size=2`",  # options of `backtest` alone
    "`nonnegative=False`": "--signed",
    "`integer=False`": "`integer=False`",  # there is no --no-integer
    "`freq=None`": "`freq=None`",
    "`Forecaster.fit`, `fc.predict(level=[80])`, `a b`, `verbose=1`, `freq=FREQ`, ``, `": (
        "`Forecaster.fit`, `fc.predict(level=[80])`, `a b`, `verbose=1`, `freq=FREQ`, ``, `"
    ),
    "`time` and `day`": "--time and `day`",
    "`time, day`": "`time, day`",
    "no code": "no code",
}


def context(name: str) -> typer.Context:
    return load(name).make_context(name, [], resilient_parsing=True)


@pytest.mark.parametrize("text", OPTIONS_IN_MESSAGES)
def test_parameters_in_messages_become_options_of_the_command(text):
    assert with_options(text, context("forecast")) == OPTIONS_IN_MESSAGES[text]


def test_only_options_of_the_running_command_are_named():
    text = "`n_windows=2`, `step_size`, `future`, `future_cols`, `horizon`"
    assert with_options(text, context("backtest")) == "--windows 2, --step, `future`, --future, --horizon"
    assert (
        with_options(text, context("predict"))
        == "`n_windows=2`, `step_size`, --future-file, `future_cols`, --horizon"
    )
    assert with_options(text, context("info")) == text


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_every_parameter_of_a_forecaster_becomes_its_option(name):
    ctx = context(name)
    for parameter in signature(un.Forecaster).parameters:
        if parameter != "verbose":  # --quiet
            assert with_options(f"`{parameter}`", ctx) == f"--{parameter.replace('_', '-')}"


@pytest.mark.parametrize("name", ["forecast", "backtest", "predict", "score", "inspect", "plot"])
def test_every_option_of_a_reading_becomes_an_option(name):
    for field in fields(ReadOptions):
        assert with_options(f"`{field.name}`", context(name)) == f"--{field.name.replace('_', '-')}"


def test_none_is_no_value_of_an_option():
    for text, expected in (
        ("`point` must be 'median', 'mean' or None; got 'mode'.", "--point must be 'median' or 'mean'; got 'mode'."),
        ("`season` must be a whole number or None; got 2.5.", "--season must be a whole number; got 2.5."),
    ):
        assert with_options(text, context("forecast")) == expected


def test_words_of_options_are_parsed_as_the_same_options():
    given = {"target": "a b", "na": "-1,-2", "wide": False, "header": 2, "delimiter": "\t", "freq": 3}
    words = option_words(given)
    assert shlex.join(words) == "--target 'a b' --na=-1,-2 --no-wide --header 2 --delimiter '\t' --freq 3"
    parsed = load("inspect").make_context("inspect", ["table.csv", *words]).params
    assert {name: parsed[name] for name in given} == given | {"freq": "3"}
    assert option_words({"freq": None}) == []


def test_notes_are_printed_and_returned_as_options(capsys):
    ctx = context("forecast")
    note = "one column is missing; name it with `target`"
    assert Console(ctx).notes([note]) == ["one column is missing; name it with --target"]
    assert capsys.readouterr() == ("", "note: one column is missing; name it with --target\n")
    assert Console(ctx, quiet=True).notes([note]) == ["one column is missing; name it with --target"]
    assert capsys.readouterr() == ("", "")


def test_tables_are_csv_in_a_pipe_and_aligned_at_a_terminal(capsys, monkeypatch):
    frame = pd.DataFrame({"a": range(MAX_ROWS_SHOWN + 5), "b": 0.1})
    print_table(frame)
    assert capsys.readouterr() == (frame.to_csv(index=False), "")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_table(frame)
    out, err = capsys.readouterr()
    assert (len(out.splitlines()), err) == (MAX_ROWS_SHOWN + 1, "… 5 more rows\n")


def test_json_has_neither_nan_nor_numpy():
    assert [number_or_null(v) for v in (1, np.float32(0.5), np.nan, np.inf)] == [1, 0.5, None, None]
    table = pd.DataFrame({"MAE": [1.0, np.nan]}, index=["GRU", "Naive"])
    assert records_by_model(table) == {"GRU": {"MAE": 1.0}, "Naive": {"MAE": None}}
    assert records(pd.DataFrame({"ds": pd.to_datetime(["2024-01-31"]), "y": [np.nan]})) == [
        {"ds": "2024-01-31T00:00:00.000", "y": None}
    ]


def test_json_takes_numpy_values(capsys):
    print_json({"a": np.float64(1.5), "b": np.arange(2)})
    assert json.loads(capsys.readouterr().out) == {"a": 1.5, "b": [0, 1]}
    with pytest.raises(TypeError, match="object has no JSON form"):
        print_json(object())


# --- output at a terminal and elsewhere ---------- ----------------------------------------------------


def test_output_without_a_terminal_has_no_escape_sequences(tmp_path):
    for words in (["--help"], ["forecast", "--help"], ["forecast"], ["forecast", AIR, "-H", 2, *QUICK], ["info"]):
        done = shell(*words, cwd=tmp_path)
        assert "\x1b" not in done.out + done.err, words


def test_no_color_turns_colours_off_at_a_terminal(tmp_path):
    done = Watched("forecast", AIR, "-H", 2, *QUICK, cwd=tmp_path, NO_COLOR="1").leave()
    assert done.code == 0, done.err
    assert "┊" in done.err  # the chart
    assert not any(f"\x1b[{colour}" in done.err for colour in (*range(30, 50), *range(90, 108))), done.err


def test_quiet_prints_no_messages_at_a_terminal(tmp_path):
    done = Watched("forecast", AIR, "-H", 2, *QUICK, "--quiet", cwd=tmp_path).leave()
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3


@pytest.mark.parametrize(
    "words",
    [["check", "--cell", "rnn", "--depth", 1], ["demo", "fish"], ["inspect", AIR], ["info"]],
    ids=lambda w: w[0],
)
def test_quiet_commands_print_only_their_data(words, command):
    silent = [] if words[0] in ("inspect", "info") else ["--quiet"]
    done = command(*words, *silent)
    assert (done.code, done.err) == (0, "")
    assert done.out
