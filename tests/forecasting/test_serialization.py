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


def put(*places, **values):
    """A change of the content at a place: these values."""

    def change(content, arrays):
        for place in places:
            content = content[place]
        content.update(values)

    return change


def put_array(name, values):
    return lambda content, arrays: arrays.update({name: values(arrays[name]) if callable(values) else values})


NETWORK = ("networks", 0)
INCONSISTENT = [
    (lambda c, a: c["ids"].append("s9"), r"the array 'offsets' should be int64 \(4,\); it is int64 \(3,\)"),
    (lambda c, a: c["ids"].__setitem__(1, c["ids"][0]), "`ids` is empty, has an id twice, or lacks one"),
    (put_array("y", lambda y: y[1:]), r"the array 'observed' should be bool \(109,\); it is bool \(110,\)"),
    (put_array("offsets", np.array([0, 0, 110])), "'offsets' does not divide 110 rows among the series"),
    (put_array("offsets", np.array([0, 120, 110])), "'offsets' does not divide 110 rows"),
    (put_array("covariates.ahead_offsets", np.array([0, 0, 1])), "'covariates.ahead_offsets' does not divide 0 rows"),
    (put_array("first", np.array([0, 2**61])), "of its frequency have no timestamps"),
    (put_array("profile.smoothing", np.array([0.5, 1.5])), "'profile.smoothing' should lie within 0 and 1"),
    (put_array("profile.change", np.zeros(2)), "'profile.change' should lie within"),
    (
        put_array("covariates.static", lambda s: s[1:]),
        r"'covariates.static' should be float64 \(2, 1\)",
    ),
    (put_array("covariates.values", lambda v: v[1:]), "'covariates.values' should be"),
    (put_array("network.0", lambda p: p[1:]), r"network 0 has \d+ parameters instead of \d+"),
    (lambda c, a: a.update({"profile.logs": np.ones(2, bool), "y": -a["y"]}), "has values that are not positive"),
    (lambda c, a: a.pop("widening"), "the array 'widening' is missing"),
    (put("params", horizon=5), "the networks don't fit the horizon"),
    (put("params", hidden=0), "`params`: hidden must be a whole number ≥ 1; got 0"),
    (put("params", rat=1), "`params.rat` is not known"),
    (put("params", alias="ds"), "would be called 'ds', as a column of the table is"),
    (lambda c, a: c["networks"].clear(), "its networks are not those of `params.network`, 'both'"),
    (put("params", network="trained"), "its networks are not those of `params.network`, 'trained'"),
    (put(*NETWORK, known=1), r"`networks\[0\].known` is 1, but windows and features need 0"),
    (put(*NETWORK, decoder="direct"), "decoder` is 'direct', but `framing.decoded` is True"),
    (put(*NETWORK, layers=10_000), r"`networks\[0\].layers` must be .* from 1 to 1000"),
    (put(features=Features().describe()), r"`networks\[0\].channels` is 2, but windows and features need 1"),
    (put("framing", window=10**12), "`framing.window` must be a whole number from 1 to"),
    (put("framing", window=9, segment=2), "window of 9 periods is no multiple of its segment of 2"),
    (put("framing", views=[3]), r"`framing.views\[0\]` must be a text; got 3"),
    (put("framing", views=["banana"]), "no scaling is called 'banana'"),
    (put("frequency", step=0), "`frequency.step` must be a whole number from 1"),
    (put("frequency", unit="fortnight"), "`frequency.unit` must be 'integer', 'fixed' or 'month'"),
    (put("frequency", unit="fixed", days=[1, 15]), "counts days of months, but its unit is 'fixed'"),
    (put("frequency", days=[15, 1]), r"the days of its frequency do not rise: \[15, 1\]"),
    (put("frequency", unit="integer", zone="UTC"), "has a time zone, but counts whole numbers"),
    (put("frequency", origin=2**63), "`frequency.origin` must be a whole number from"),
    (lambda c, a: c["frequency"].pop("origin"), "`frequency.origin` is missing"),
    (put("features", calendar=["moon"]), "`features.calendar` is .'moon'. instead of"),
    (put("features", "past", columns=[1]), "`features.past` does not fit the 1 column"),
    (put("features", "past", scale=[0.0]), "`features.past.scale` must be .* above 0"),
    (
        put("features", categories=[{"column": 0, "codes": [0, 1]}]),
        r"`features.categories\[0\]` does not fit",
    ),
    (put("layout", static=[]), "`layout.static` does not have the columns of `columns.static`"),
    (put("columns", weight=7), "`columns.weight` must be a text or None; got 7"),
    (put("columns", wait="w"), "`columns.wait` is not known"),
    (put(reading={"sheat": "x"}), "was read with the options sheat"),
    (put(reading=["a"]), "`reading` must be a dictionary"),
    (put(library="dask"), "`library` is 'dask', which is not installed or can't hold forecasts"),
]


@pytest.mark.parametrize(("change", "message"), INCONSISTENT, ids=[message for _, message in INCONSISTENT])
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


def test_too_little_memory_is_no_unknown_library(rng, monkeypatch):
    def fail(*args):
        raise MemoryError

    described = describe(quick().fit(panel_frame(rng)).fitted)
    monkeypatch.setattr(serialization, "in_library", fail)
    with pytest.raises(MemoryError):
        rebuild(*described)
