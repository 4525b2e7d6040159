"""Texts that a spreadsheet would execute are escaped in outputs, and restored from inputs."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell import QUICK
from unrolled.cli.spreadsheet import FORMULA_STARTS, escape, escaped, is_formula, unescape, unescaped

EVIL = '=HYPERLINK("http://a.example","x")'


FORMULA = "=1+1"
TEXTS = st.one_of(st.text(), st.text(alphabet="'=+-@\t\r1.ab"), st.floats().map(str))


@pytest.fixture
def shops(file):
    """A table of two series, whose names are a formula and a minus sign."""
    frame = pd.DataFrame(
        {
            "shop": [EVIL] * 40 + ["-5 sq m"] * 40,
            "day": [*pd.date_range("2024-01-01", periods=40)] * 2,
            "sold": [k % 7 + 1.5 for k in range(80)],
        }
    )
    return file(frame.to_csv(index=False), name="shops.csv")


@given(TEXTS)
def test_escaping_is_reversible_and_leaves_no_formulas(text):
    assert unescape(escape(text)) == text
    shown = escape(text)
    try:
        float(shown)
    except ValueError:
        assert not shown.startswith(FORMULA_STARTS)


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1"])
def test_each_kind_of_formula_gets_a_quote(text):
    assert is_formula(text)
    assert escape(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+1e3", "a=b", "'tis", "", "2024-01-01"])
def test_numbers_and_harmless_texts_stay_as_they_are(text):
    assert escape(text) == text
    assert unescape(text) == text


def test_a_table_keeps_its_numbers_and_its_names_come_back():
    frame = pd.DataFrame({"=id": ["+a", None], "y": [-1.0, 2.0]})
    safe = escaped(frame)
    assert safe.columns.tolist() == ["'=id", "y"]
    assert safe["'=id"][0] == "'+a"
    pd.testing.assert_frame_equal(unescaped(safe), frame)


def ids(text: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(text)))
    return list(dict.fromkeys(row[0] for row in rows[1:]))


def test_without_the_option_there_is_a_note_and_with_it_a_quote(command, shops, tmp_path):
    plain = command("forecast", shops, "-H", 2, *QUICK, "--target", "sold", "--out", "plain")
    assert "note: column 'shop' holds texts that a spreadsheet may execute" in plain.err
    assert ids(plain.out) == [EVIL, "-5 sq m"]
    safe = command("forecast", shops, "-H", 2, *QUICK, "--target", "sold", "--out", "safe", "--excel-safe")
    assert "spreadsheet" not in safe.err
    assert ids(safe.out) == ["'" + EVIL, "'-5 sq m"]
    assert (tmp_path / "safe" / "forecast.csv").read_text() == safe.out


def test_score_and_predict_read_escaped_files(command, shops, file):
    command("forecast", shops, "-H", 2, *QUICK, "--target", "sold", "--out", "safe", "--excel-safe")
    frame = pd.read_csv(shops)
    came = pd.DataFrame(
        {"shop": [EVIL] * 2 + ["-5 sq m"] * 2, "day": ["2024-02-10", "2024-02-11"] * 2, "sold": [1.0, 2.0, 3.0, 4.0]}
    )
    newer = pd.concat([frame, came], ignore_index=True)
    actuals = file(newer.to_csv(index=False), name="newer.csv")
    words = ("score", "safe/forecast.csv", actuals, "--target", "sold", "--json")
    told = json.loads(command(*words, "--excel-safe").out)
    assert told["matched"] == told["rows"] == 4
    assert set(told["by_series"]) == {EVIL, "-5 sq m"}

    quoted = file(escaped(newer).to_csv(index=False), name="quoted.csv")
    model = "safe/model.safetensors"
    expected = command("predict", model, actuals, "--excel-safe").out
    assert command("predict", model, quoted, "--excel-safe").out == expected
    assert ids(expected) == ["'" + EVIL, "'-5 sq m"]


def test_rows_of_a_backtest_are_escaped_too(command, shops):
    words = ("backtest", shops, "-H", 2, "-K", 1, *QUICK, "--target", "sold", "--out", "-")
    assert ids(command(*words, "--excel-safe").out) == ["'" + EVIL, "'-5 sq m"]
    assert "may execute" in command(*words).err


def test_files_are_escaped_for_spreadsheets_on_request(command, file):
    rows = [f"{shop},2024-01-{day:02},{day + len(shop)}" for shop in (FORMULA, "b") for day in range(1, 31)]
    sales = file("shop,day,sold", *rows, name="sales.csv")
    assert command("forecast", sales, "-H", 2, "--target", "sold", *QUICK, "--out", "out").code == 0
    later = [f"{shop},2024-01-{day},1" for shop in (FORMULA, "b") for day in (31,)]
    newer = file("shop,day,sold", *rows, *later, name="newer.csv")
    for name, words in (
        ("predict", ("out/model.safetensors", sales)),
        ("score", ("out/forecast.csv", newer, "--target", "sold", "--by-series")),
    ):
        assert command(name, *words, "--out", "plain.csv").code == 0
        done = command(name, *words, "--out", "safe.csv", "--excel-safe")
        assert done.code == 0, done.err
        assert FORMULA in pd.read_csv("plain.csv").iloc[:, 0].tolist()
        assert "'" + FORMULA in pd.read_csv("safe.csv").iloc[:, 0].tolist()
        assert FORMULA not in pd.read_csv("safe.csv").iloc[:, 0].tolist()
        assert Path("safe.csv").read_text() == command(name, *words, "--excel-safe").out
        assert tomllib.loads(Path("safe.toml").read_text())["excel-safe"] is True
        for path in (*Path().glob("*.toml"),):
            path.unlink()
