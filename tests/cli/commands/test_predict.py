"""`unrolled predict`: forecasts of a saved model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, shell, table

NAME = un.Forecaster(1).name


def test_predictions_of_a_saved_model_are_those_of_the_forecast(forecast, folder, tmp_path):
    done = shell("predict", folder / "model.safetensors", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == forecast.out
    assert list(tmp_path.iterdir()) == []


def test_predictions_from_the_same_table_are_those_of_the_forecast(command, forecast, folder):
    assert command("predict", folder / "model.safetensors", AIR).out == forecast.out


def test_predictions_may_be_shorter_and_have_other_levels(command, forecast, folder):
    done = command("predict", folder / "model.safetensors", "--horizon", 3, "--level", "80", "--json")
    rows = pd.DataFrame(json.loads(done.out)["forecast"])
    assert list(rows.columns) == list(table(forecast.out).columns[:4])
    np.testing.assert_allclose(rows[NAME], table(forecast.out)[NAME][:3], rtol=0, atol=0.0005)


def test_a_newer_table_that_is_nearly_all_gaps_is_noted_first(command, folder, file):
    """On the grid of the model; the table has no scores."""
    rows = AIR.read_text().splitlines()
    done = command("predict", folder / "model.safetensors", file(rows[0], *rows[1:6], *rows[60:64], *rows[100:103]))
    first, second, *_ = done.err.splitlines()
    assert first == (
        "note: only 12 of 102 monthly periods have a value; if the timestamps are misread, change --time, --dates or "
        "--freq"
    )
    assert second.startswith("note: 90 gaps filled with the value one season before (")
    assert "score" not in done.err


def test_newer_rows_move_predictions_ahead(command, folder, tmp_path):
    newer = tmp_path / "newer.csv"
    newer.write_text(AIR.read_text() + "\n1961-01,450\n1961-02,418\n")
    done = command("predict", folder / "model.safetensors", newer)
    assert table(done.out)["Month"].tolist()[0] == "1961-03-01"


@pytest.mark.parametrize("form", ["{0}/{1:02}", "FY{0}", "{0}"])
def test_years_are_labelled_as_in_the_table(command, tmp_path, form):
    labels = [form.format(year, (year + 1) % 100) for year in range(1995, 2014)]
    rows = [f"{label},{100 + k * k % 7}" for k, label in enumerate(labels)]
    file, model = tmp_path / "years.csv", tmp_path / "years-forecast" / "model.safetensors"
    file.write_text("\n".join(["year,value", *rows[:15]]))
    options = ("-H", 2, "--steps", 2, "--ensemble", 1)
    done = command("forecast", file, *options, "--out", tmp_path / "years-forecast")

    def years(text):
        return table(text)["year"].astype(str).tolist()

    assert years(done.out) == labels[15:17]
    assert years((tmp_path / "years-forecast" / "forecast.csv").read_text()) == labels[15:17]
    page = (tmp_path / "years-forecast" / "report.html").read_text("utf-8")
    assert f"yearly · {labels[0]} … {labels[14]}" in page
    assert f"ahead, to {labels[16]}" in page
    assert json.dumps(labels[:17], separators=(",", ":")) in page  # the axis of the chart
    assert f"yearly · {labels[0]} … {labels[14]}" in command("inspect", file).out
    assert years(command("predict", model).out) == labels[15:17]
    assert [row["year"] for row in json.loads(command("predict", model, "--json").out)["forecast"]] == labels[15:17]
    file.write_text("\n".join(["year,value", *rows[:17]]))
    assert years(command("predict", model, file).out) == labels[17:]
    assert "2 of 2 forecast rows have a value" in command("score", model.with_name("forecast.csv"), file).err
    done = command("backtest", file, "--windows", 1, *options, "--out", "-")
    rows = table(done.out).astype(str)
    assert (rows["year"].tolist(), rows["cutoff"].tolist()) == (labels[15:17], [labels[14]] * 2)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_days_and_months_of_a_newer_table_are_in_the_order_of_the_training(command, tmp_path, form):
    days = pd.date_range("2023-01-01", "2024-03-31").strftime(form)
    lines = [f"{day},{10 + k % 7}" for k, day in enumerate(days)]
    (tmp_path / "old.csv").write_text("day,y\n" + "\n".join(lines[:-26]) + "\n")
    newer = [day for day in lines if "2024" in day][-31:-19]  # the first twelve days of March
    (tmp_path / "new.csv").write_text("day,y\n" + "\n".join(newer) + "\n")
    out = tmp_path / "out"
    command("forecast", tmp_path / "old.csv", "--horizon", 2, "--steps", 2, "--ensemble", 1, "--out", out)
    done = command("predict", out / "model.safetensors", tmp_path / "new.csv", "--horizon", 2)
    assert table(done.out)["day"].tolist() == ["2024-03-13", "2024-03-14"]
