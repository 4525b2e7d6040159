"""`unrolled update`: a saved model continues with newer rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import unrolled as un
from shell import AIR, table


@pytest.fixture
def model(folder, tmp_path) -> Path:
    return Path(shutil.copy(folder / "model.safetensors", tmp_path / "model.safetensors"))


@pytest.fixture
def newer(tmp_path) -> Path:
    path = tmp_path / "newer.csv"
    path.write_text(AIR.read_text() + "\n1961-01,450\n1961-02,418\n")
    return path


def test_an_updated_model_forecasts_what_follows(command, model, newer, tmp_path):
    expected = table(command("predict", model, newer, "--level", 80).out)
    done = command("update", model, newer)
    assert (done.code, done.out) == (0, "")
    assert "model.safetensors: 2 rows added, up to 1961-02-01; the 80 % intervals one step ahead held" in done.err
    found = table(command("predict", model, "--level", 80).out)
    assert found["Month"].tolist()[0] == "1961-03-01"
    name = un.Forecaster(1).name
    assert found[["Month", name]].equals(expected[["Month", name]])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "newer.csv"]
    assert "no new rows; the last one is of 1961-02-01" in command("update", model, newer).err


def test_out_leaves_the_model_as_it_is(command, model, newer, tmp_path):
    before, out = model.read_bytes(), tmp_path / "other.safetensors"
    done = command("update", model, newer, "--out", out, "--json", "--quiet")
    assert done.err == ""
    content = json.loads(done.out)
    assert (content["rows"], content["last"], content["values"], content["files"]) == (2, "1961-02-01", 2, [str(out)])
    assert model.read_bytes() == before != out.read_bytes()
    assert un.load(out).columns_ == un.load(model).columns_


def test_after_an_error_the_model_is_as_before(command, model, newer):
    before = model.read_bytes()
    newer.write_text(AIR.read_text().replace("1960-12,432", "1960-12,433"))
    done = command("update", model, newer)
    assert done.code == 2
    assert "line 145: 1960-12-01 has the value 433; so far it was 432 (1 such row)" in done.err
    newer.write_text("Month,Other\n1961-01,450\n1961-02,418\n1961-03,400\n")
    done = command("update", model, newer)
    assert done.code == 2
    assert "has no column '#Passengers', whose values the model continues, but 'Other'" in done.err
    done = command("update", model, newer, "--out", newer)
    assert done.code == 2
    assert "newer.csv is the table of this command, and would be overwritten" in done.err
    assert model.read_bytes() == before
