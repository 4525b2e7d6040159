"""A fitted table as the content of a file, and back: the same forecasts, and the same file again."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import contents, quick
from tables import panel_frame, two_frequencies
from unrolled.forecasting import serialization
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.serialization import describe, rebuild


@pytest.fixture
def both(rng) -> pd.DataFrame:
    return two_frequencies(rng)


def test_a_file_holds_all_parts(both, tmp_path):
    fc = quick().fit(both)
    fc.save(tmp_path / "m.safetensors")
    again = un.load(tmp_path / "m.safetensors")
    assert list(again.parts_) == ["monthly", "quarterly"]
    pd.testing.assert_frame_equal(again.predict(level=95), fc.predict(level=95), check_exact=True)
    pd.testing.assert_frame_equal(again.predict(both), fc.predict(), check_exact=True)
    assert again.reading_ == {}
    again.save(tmp_path / "n.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "n.safetensors").read_bytes()
    assert "(3 monthly, 2 quarterly)" in again.report().to_markdown()


def test_a_rebuilt_table_has_the_same_content(rng, both):
    frame = panel_frame(rng)
    frame = frame.assign(price=rng.uniform(size=len(frame)), kind=frame["unique_id"])
    rows = {"past_cols": ["price"], "static_cols": ["kind"]}
    for fc in (
        quick().fit(both),
        quick(likelihood="normal", scaling=["level", "season"], ensemble=2).fit(frame, **rows),
        quick(cell="auto", max_trials=5, batch_size=8).fit(frame),
        quick(combine={"Naive": 0.2}).fit(frame),
    ):
        content, arrays = describe(fc.fitted)
        content = json.loads(json.dumps(content))  # as a file gives it
        again = rebuild(content, arrays)
        assert again.predictors.keys() == fc.fitted.predictors.keys()
        assert again.mixed == fc.fitted.mixed
        told, values = describe(again)
        assert json.loads(json.dumps(told)) == content
        assert all(np.array_equal(values[name], a) for name, a in arrays.items())
        pd.testing.assert_frame_equal(
            un.Forecaster.of(again).predict(level=80), fc.predict(level=80), check_exact=True
        )


def test_describing_changes_nothing_and_keeps_the_first_trials(rng, monkeypatch):
    fc = quick(cell="auto", max_trials=6, batch_size=8).fit(panel_frame(rng))
    before = contents(fc.fitted)
    monkeypatch.setattr(serialization, "MAX_TRIALS_KEPT", 2)
    content, arrays = describe(fc.fitted)
    assert len(content["search"]["table"]) == 2
    monkeypatch.undo()
    assert contents(fc.fitted) == before
    loaded = un.Forecaster.of(rebuild(content, arrays))
    pd.testing.assert_frame_equal(loaded.search_, fc.search_.head(2))


@pytest.fixture(scope="module")
def described():
    frame = panel_frame(np.random.default_rng(0), lengths=(60, 50))
    frame = frame.assign(price=1.0 * np.arange(110), size=np.repeat([1.0, 2.0], [60, 50]))
    return describe(quick().fit(frame, past_cols=["price"], static_cols=["size"]).fitted)


def changed(content, arrays, change):
    content, arrays = copy.deepcopy(content), dict(arrays)
    change(content, arrays)
    return content, arrays


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, a: c["ids"].append("s9"), "the series and their rows don't fit together"),
        (lambda c, a: a.update({"y": a["y"][1:], "covariates.values": a["covariates.values"][1:]}), "their rows"),
        (lambda c, a: c["params"].update(horizon=5), "the networks don't fit the horizon"),
        (lambda c, a: c["networks"].clear(), "the networks don't fit the horizon"),
        (lambda c, a: c["networks"][0].update(known=1), "the networks don't fit the features|parameters instead of"),
        (lambda c, a: c.update(features=Features().describe()), "the networks don't fit the features"),
        (
            lambda c, a: a.update({"covariates.static": a["covariates.static"][1:]}),
            "the covariates don't fit the series",
        ),
        (lambda c, a: a.update({"network.0": a["network.0"][1:]}), r"network 0 has \d+ parameters instead of \d+"),
        (lambda c, a: c["params"].update(hidden=0), "`hidden` must be a whole number"),
        (lambda c, a: c["framing"].update(views=["banana"]), "no scaling is called 'banana'"),
        (lambda c, a: c.update(reading=["a"]), "is not given as options"),
        (lambda c, a: a.update({"covariates.values": a["covariates.values"][1:]}), "the covariates don't fit"),
    ],
)
def test_inconsistent_content_is_refused(change, message, described):
    with pytest.raises(un.InputError, match=message):
        rebuild(*changed(*described, change))


def test_business_days_of_older_files_are_days_with_closed_weekends(rng):
    frame = pd.DataFrame({"ds": pd.bdate_range("2024-01-01", periods=60), "y": rng.normal(size=60)})
    content, arrays = describe(quick().fit(frame).fitted)
    older = content | {"frequency": {"unit": "business day", "step": 1, "origin": content["frequency"]["origin"]}}
    assert describe(rebuild(older, arrays))[0]["frequency"] == content["frequency"]


@pytest.mark.parametrize("mask", ["11", "0000000", "1x11111"])
def test_a_damaged_mask_of_open_phases_is_refused(rng, mask):
    content, arrays = describe(quick().fit(panel_frame(rng)).fitted)
    content["frequency"]["open"] = mask
    with pytest.raises(un.InputError, match=f"are not a mask: '{mask}'"):
        rebuild(content, arrays)


def test_a_file_keeps_the_types_of_ids_and_timestamps(rng, tmp_path):
    frame = panel_frame(rng)
    frame = frame.astype({"unique_id": "category", "ds": "datetime64[us]"})
    fc = quick().fit(frame)
    fc.save(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(un.load(tmp_path / "m.safetensors").predict(), fc.predict(), check_exact=True)
    assert fc.predict().dtypes[["unique_id", "ds"]].map(str).tolist() == ["category", "datetime64[us]"]
