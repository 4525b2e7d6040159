"""Commands on tables with a time zone: forecasts have it, and later steps understand them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shell import QUICK, table

HOURS = pd.date_range("2024-10-15", periods=21 * 24, freq="h", tz="Europe/Berlin")
TRAINED = len(HOURS) - 24


@pytest.fixture(params=["offsets", "local time"])
def options(request, tmp_path, command):
    """The options of a table of hours, which is written with and without its last day."""
    texts = [t.isoformat() if request.param == "offsets" else f"{t:%d.%m.%Y %H:%M}" for t in HOURS]
    y = 5 + np.sin(np.arange(len(HOURS)) * np.pi / 12)
    frame = pd.DataFrame({"time": texts, "load": y})
    frame[:TRAINED].to_csv("old.csv", index=False)
    frame.to_csv("new.csv", index=False)
    return [] if request.param == "offsets" else ["--zone", "Europe/Berlin"]


def test_forecasts_in_files_have_offsets_and_are_scored_hour_by_hour(command, options):
    done = command("forecast", "old.csv", "-H", 24, *QUICK, *options)
    assert done.code == 0, done.err
    written = pd.read_csv("old-forecast/forecast.csv")
    assert pd.to_datetime(written["time"]).tolist() == HOURS[TRAINED:].tolist()
    assert written["time"][0].endswith("+01:00")
    scored = command("score", "old-forecast/forecast.csv", "new.csv", *options)
    assert "24 of 24 forecast rows" in scored.err
    error = np.abs(written.iloc[:, 1] - pd.read_csv("new.csv")["load"][TRAINED:].to_numpy()).mean()
    assert table(scored.out)["MAE"][0] == pytest.approx(error, abs=1e-6)
    page = Path("old-forecast/report.html").read_text("utf-8")
    assert "hourly · 2024-10-15 00:00:00+02:00 … 2024-11-03 22:00:00+01:00" in page
    axis = json.loads(page.split('type="application/json" id="data">')[1].split("</script>")[0])["axes"][0]
    assert axis[-2:] == ["2024-11-04 21:00:00+01:00", "2024-11-04 22:00:00+01:00"]
    assert {"2024-10-27 02:00:00+02:00", "2024-10-27 02:00:00+01:00"} < set(axis)  # the hour that occurs twice
    assert command("plot", "old-forecast/forecast.csv", "new.csv", *options, "--out", "f.svg").code == 0


def test_newer_tables_are_read_with_the_zone_of_the_model(command, options):
    assert command("forecast", "old.csv", "-H", 4, *QUICK, *options).code == 0
    found = json.loads(command("predict", "old-forecast/model.safetensors", "new.csv", "--json").out)
    assert found["forecast"][0]["time"] == "2024-11-04T23:00:00.000+01:00"
    rows = command("backtest", "new.csv", "-H", 3, "--windows", 2, *QUICK, *options, "--out", "-")
    assert pd.to_datetime(table(rows.out)["time"]).tolist() == HOURS[-6:].tolist()


@pytest.mark.parametrize("step", ["h", "D"])
def test_a_training_in_summer_is_continued_in_winter(command, tmp_path, step):
    """The training has one offset only, which may be any zone's; newer timestamps tell more."""
    whole = pd.date_range("2025-09-01", periods=60 if step == "D" else 60 * 24, freq=step, tz="Europe/Berlin")
    summer = whole[whole < "2025-10-20"]
    frame = pd.DataFrame({"time": [t.isoformat() for t in whole], "y": np.arange(len(whole)) % 24 % 7})
    frame[: len(summer)].to_csv("summer.csv", index=False)
    frame.to_csv("whole.csv", index=False)
    frame[len(summer) + 7 * 24 if step == "h" else -20 :].to_csv("winter.csv", index=False)
    done = command("forecast", "summer.csv", "-H", 2, *QUICK, "--out", "out")
    first = table(done.out)["time"].tolist()[0]
    assert first == "2025-10-20 00:00:00+02:00"
    told = "all timestamps have the offset +02:00; if clocks change there, give their time zone with --zone"
    assert (told in done.err) == (step == "h")
    for newer in ("whole.csv", "winter.csv"):
        done = command("predict", "out/model.safetensors", newer)
        ahead = pd.to_datetime(table(done.out)["time"])
        assert ahead.dt.tz_convert("Europe/Berlin").tolist() == [whole[-1] + k * whole.freq for k in (1, 2)]
        assert table(done.out)["time"][0].endswith("+01:00")
        assert "timestamps and forecasts are in Europe/Berlin, whose offsets agree with all timestamps" in done.err
        assert "the training all had the offset +02:00" in done.err
        assert "written in" not in done.err
    done = command("predict", "out/model.safetensors", "summer.csv")
    assert table(done.out)["time"][0] == first
    assert "agree with all" not in done.err


def test_offsets_that_contradict_those_of_the_training_are_converted(command, tmp_path):
    hours = pd.date_range("2025-06-01", periods=20 * 24, freq="h", tz="+02:00")
    frame = pd.DataFrame({"time": [t.isoformat() for t in hours], "y": np.arange(len(hours)) % 24})
    frame.to_csv("old.csv", index=False)
    assert command("forecast", "old.csv", "-H", 1, *QUICK, "--out", "out").code == 0
    moved = frame.assign(time=[t.isoformat() for t in hours.tz_convert("-03:30")])
    moved.to_csv("new.csv", index=False)
    done = command("predict", "out/model.safetensors", "new.csv")
    assert table(done.out)["time"][0] == "2025-06-21 00:00:00+02:00"
    assert "note: timestamps converted to the time zone of the training, +02:00" in done.err
