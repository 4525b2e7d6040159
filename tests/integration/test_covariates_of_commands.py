"""Covariates on the command line: named columns, a file of the future, and errors where something is missing."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import QUICK
from unrolled.series.files import CovariateColumns, ReadOptions, read_file

OPTIONS = ("--past", "rain", "--future", "price, sky", "--static", "town", "--weight", "w")


@pytest.fixture
def files(tmp_path, rng):
    """A table of two shops, and a table of the known future of the four days after it."""
    rows, ahead = 60, 4
    parts = []
    for k, shop in enumerate(("a", "b")):
        price = rng.normal(size=rows + ahead)
        parts.append(
            pd.DataFrame(
                {
                    "shop": shop,
                    "day": pd.date_range("2024-01-01", periods=rows + ahead).strftime("%Y-%m-%d"),
                    "sales": 20 + 5 * price + rng.normal(size=rows + ahead),
                    "rain": rng.normal(size=rows + ahead),
                    "price": price,
                    "sky": rng.choice(["blue", "grey"], rows + ahead),
                    "town": ("Rome", "Bonn")[k],
                    "w": 1 + k,
                }
            )
        )
    df = pd.concat(parts)
    late = df.groupby("shop").cumcount(ascending=False) < ahead
    df[~late].to_csv(tmp_path / "sales.csv", index=False)
    df[late][["shop", "day", "price", "sky"]].to_csv(tmp_path / "next.csv", index=False)
    whole = df.assign(sales=df["sales"].mask(late))
    whole.to_csv(tmp_path / "whole.csv", index=False)
    return tmp_path


def test_a_forecast_with_covariates_and_a_model_that_requires_them(command, files):
    names = ("--target", "sales", *OPTIONS)
    done = command("forecast", "sales.csv", "-H", 4, *names, "--future-file", "next.csv", "--out", "one", *QUICK)
    assert done.code == 0, done.err
    assert "note: besides the target, the networks read rain (past); price, sky=blue" in done.err
    assert "town (categories)" in done.err
    assert len(pd.read_csv(io.StringIO(done.out))) == 8
    model = "one/model.safetensors"
    assert command("predict", model, "--future-file", "next.csv").out == done.out
    assert command("predict", model, "sales.csv", "--future-file", "next.csv").out == done.out
    assert command("predict", model, "whole.csv").out == done.out
    same = command("forecast", "whole.csv", "-H", 4, *names, "--out", "two", *QUICK)
    assert same.out == done.out
    assert command("predict", "two/model.safetensors").out == done.out

    (files / "dear.csv").write_text((files / "next.csv").read_text().replace("0.", "9."))
    assert command("predict", model, "--future-file", "dear.csv").out != done.out
    size = Path("next.csv").stat().st_size  # the limit applies to each table of a command
    beyond = command("predict", model, "--future-file", "next.csv", "--max-bytes", size - 1)
    assert beyond.code == 2
    assert re.search(rf"error: next\.csv holds more than {size - 1:,} bytes\. .* with --max-bytes \d+", beyond.err)
    assert command("predict", model, "--future-file", "next.csv", "--max-bytes", size).out == done.out

    missing = command("predict", model)
    assert missing.code == 2
    assert "the future covariates 'price', 'sky' are missing" in missing.err


def test_a_forecast_asks_for_the_future_before_it_trains(command, files):
    done = command("forecast", "sales.csv", "-H", 4, "--target", "sales", "--future", "price", *QUICK)
    assert (done.code, done.out) == (2, "")
    assert "Give them in the table of the future" in done.err
    assert not (files / "sales-forecast").exists()
    done = command("forecast", "sales.csv", "-H", 4, "--target", "sales", "--future-file", "next.csv", *QUICK)
    assert done.code == 2
    assert "name them with --future A,B" in done.err
    done = command("forecast", "sales.csv", "-H", 4, "--target", "sales", "--past", "snow", *QUICK)
    assert done.code == 2
    assert "sales.csv: there is no column 'snow'; it has: 'shop', 'day'" in done.err
    words = ("--target", "sales", "--future", "rain", "--future-file", "next.csv")
    done = command("forecast", "sales.csv", "-H", 4, *words, *QUICK)
    assert "next.csv: there is no column 'rain'" in done.err


def test_predictions_report_texts_not_seen_in_training(command, files):
    words = ("--target", "sales", *OPTIONS, "--future-file", "next.csv", "--out", "one", *QUICK)
    assert command("forecast", "sales.csv", "-H", 4, *words).code == 0
    assert un.load("one/model.safetensors").horizon == 4
    (files / "hail.csv").write_text((files / "next.csv").read_text().replace("blue", "hail"))
    (files / "oslo.csv").write_text((files / "sales.csv").read_text().replace("Rome", "Oslo"))
    hail = "column 'sky' holds texts not seen in training: 'hail'; its indicators are all 0 there"
    oslo = "column 'town' holds texts not seen in training: 'Oslo'; it counts as unknown"

    model = ("predict", "one/model.safetensors")
    assert command(*model, "sales.csv", "--future-file", "next.csv").err == ""
    assert command(*model, "--future-file", "hail.csv").err == f"note: {hail}\n"
    both = command(*model, "oslo.csv", "--future-file", "hail.csv", "--json")
    assert json.loads(both.out)["notes"] == [oslo, hail]
    assert both.err == f"note: {oslo}\nnote: {hail}\n"
    assert command(*model, "oslo.csv", "--future-file", "hail.csv", "--quiet").err == ""
    again = command("forecast", "sales.csv", "-H", 4, *(str(w).replace("next.csv", "hail.csv") for w in words))
    assert f"note: {hail}\n" in again.err


def test_in_python_the_notes_of_a_prediction_are_an_attribute(files):
    fc = un.Forecaster(horizon=4, steps=4, ensemble=1, hidden=4, verbose=0)
    table, ahead = pd.read_csv(files / "sales.csv"), pd.read_csv(files / "next.csv")
    names = {"id_col": "shop", "time_col": "day", "target_col": "sales"}
    table, ahead = (frame.assign(day=pd.to_datetime(frame["day"])) for frame in (table, ahead))
    fc.fit(table, **names, future_cols=["sky"], static_cols=["town"])
    fc.predict(future=ahead)
    assert fc.predict_notes_ == []
    fc.predict(table.assign(town="Oslo"), future=ahead.assign(sky="hail"))
    assert ["'Oslo'" in fc.predict_notes_[0], "'hail'" in fc.predict_notes_[1]] == [True, True]
    fc.predict(future=ahead)
    assert fc.predict_notes_ == []


def test_a_backtest_with_covariates(command, files):
    words = ("backtest", "sales.csv", "-H", 4, "-K", 2, "--target", "sales", *OPTIONS, "--json", *QUICK)
    done = command(*words)
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert any("; price, " in note and "(known ahead)" in note for note in content["notes"])
    table = read_file(
        "sales.csv", ReadOptions(target="sales"), CovariateColumns(("rain",), ("price", "sky"), ("town",), "w")
    )
    fc = un.Forecaster(horizon=4, steps=4, ensemble=2, hidden=4, verbose=0)
    named = {"past_cols": ["rain"], "future_cols": ["price", "sky"], "static_cols": ["town"], "weight_col": "w"}
    rows = fc.cross_validation(table.frame, 2, id_col="shop", time_col="day", target_col="sales", **named, level=[80])
    mae = (rows["GRU"] - rows["sales"]).abs().mean()
    assert content["models"]["GRU"]["MAE"] == pytest.approx(mae, rel=1e-9)


def test_named_columns_are_neither_id_nor_target(files, monkeypatch):
    monkeypatch.chdir(files)
    table = read_file("sales.csv", covariates=CovariateColumns(("rain",), ("price",), ("town",), "w"))
    assert (table.columns.id, table.columns.target) == ("shop", "sales")
    assert table.frame["price"].dtype == np.float64
    assert table.frame["town"].unique().tolist() == ["Rome", "Bonn"]
