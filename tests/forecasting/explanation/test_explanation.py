"""The tables, figures and errors of explanations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import quick
from tables import LIBRARIES
from unrolled.forecasting.explanation import explanation as module
from unrolled.forecasting.explanation.explanation import explain_first


def monthly(rng, *names, rows=60):
    t, stamps = np.arange(rows), pd.date_range("2020-01-01", periods=rows, freq="MS")
    parts = []
    for name in names or (None,):
        y = 100 + t + 10 * np.sin(2 * np.pi * t / 12) + rng.normal(size=rows)
        parts.append(pd.DataFrame({"ds": stamps, "y": y}) if name is None else pd.DataFrame(
            {"unique_id": name, "ds": stamps, "y": y}
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def assert_sums_to_forecast(why, forecast):
    keys = [name for name in ("unique_id", "ds") if name in why.table]
    found = why.table.groupby(keys).agg({"contribution": "sum", "baseline": "first", "forecast": "first"})
    np.testing.assert_allclose(found.baseline + found.contribution, found.forecast, rtol=1e-12)
    expected = forecast.set_index(keys).iloc[:, 0]
    np.testing.assert_allclose(found.forecast, expected.loc[found.index], rtol=1e-6)


@pytest.mark.parametrize("network", ["trained", "pretrained", "both"])
def test_the_table_of_one_series(network, rng):
    fc = quick(network=network).fit(monthly(rng))
    why = fc.explain()
    assert why.table.columns.tolist() == ["ds", "group", "contribution", "baseline", "forecast"]
    assert why.table.group.unique().tolist() == ["level", "trend", "season"]
    assert len(why.table) == 4 * 3
    assert_sums_to_forecast(why, fc.predict())


def test_many_series_some_of_them_and_a_shorter_horizon(rng):
    fc = quick().fit(monthly(rng, "a", "b", "c"))
    assert_sums_to_forecast(fc.explain(), fc.predict())
    why = fc.explain(ids=["c", "a"], horizon=2)
    assert why.table.unique_id.unique().tolist() == ["a", "c"]
    assert why.table.groupby("unique_id").ds.nunique().tolist() == [2, 2]
    assert why.summary.index.tolist() == ["a", "c"]
    assert fc.explain(ids="b").summary.index.tolist() == ["b"]


def test_the_sensitivities_of_the_last_value_and_of_covariates(rng):
    df = monthly(rng, "a", "b").assign(rain=rng.normal(size=120), price=rng.normal(size=120))
    df.loc[df.ds >= "2024-09-01", "y"] = np.nan
    fc = quick().fit(df, past_cols=["rain"], future_cols=["price"])
    why = fc.explain(ids="b")
    found = why.sensitivities
    assert found.columns.tolist() == ["unique_id", "ds", "input", "input_ds", "sensitivity"]
    assert found.unique_id.unique().tolist() == ["b"]
    last = found.groupby("input").input_ds.max()
    assert last["y"] == last["rain"] == pd.Timestamp("2024-08-01")
    assert last["price"] == pd.Timestamp("2024-12-01")
    assert found.groupby("input").sensitivity.agg(lambda s: s.abs().sum()).min() > 0
    assert found.ds.unique().tolist() == pd.date_range("2024-09-01", periods=4, freq="MS").tolist()
    assert not found.duplicated(["ds", "input", "input_ds"]).any()
    assert why.sensitivities is found  # computed once


def test_sensitivities_predict_the_effect_of_a_small_change(rng):
    df = monthly(rng)
    fc = quick(network="pretrained").fit(df)
    before, found = fc.predict().Pretrained, fc.explain().sensitivities
    slope = found[found.input_ds == df.ds.iloc[-1]].set_index("ds").sensitivity
    changed = df.assign(y=df.y + np.where(df.index == len(df) - 1, 0.05, 0.0))
    np.testing.assert_allclose((fc.predict(changed).Pretrained - before) / 0.05, slope, atol=0.02)


def test_a_loaded_forecaster_explains_the_same(rng, tmp_path):
    fc = quick(calendar=True).fit(monthly(rng, "a", "b"))
    fc.save(tmp_path / "m.safetensors")
    loaded = un.load(tmp_path / "m.safetensors")
    for name in ("table", "sensitivities"):
        pd.testing.assert_frame_equal(getattr(loaded.explain(), name), getattr(fc.explain(), name))


def test_other_series_than_those_of_the_fit(rng):
    fc = quick().fit(monthly(rng, "a", "b"))
    newer = monthly(rng, "a", "new", rows=70)
    assert_sums_to_forecast(fc.explain(newer), fc.predict(newer))


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_tables_are_of_the_library_of_the_input(library, rng):
    df = monthly(rng, "a").assign(ds=lambda d: d.ds.astype(str))
    if library == "pandas":
        df["ds"] = pd.to_datetime(df.ds)
    fc = quick(network="pretrained").fit(LIBRARIES[library]({name: df[name].tolist() for name in df}))
    why = fc.explain()
    kind = type(fc.predict())
    assert isinstance(why.table, kind)
    assert isinstance(why.sensitivities, kind)


def test_series_of_several_frequencies(rng):
    days = pd.DataFrame({"unique_id": "d", "ds": pd.date_range("2022-01-01", periods=80), "y": rng.normal(size=80)})
    fc = quick(network="pretrained").fit(pd.concat([monthly(rng, "m"), days]))
    why = fc.explain()
    assert set(why.table.unique_id) == set(why.sensitivities.unique_id) == {"d", "m"}
    assert_sums_to_forecast(why, fc.predict())
    assert fc.explain(ids="m").table.unique_id.unique().tolist() == ["m"]
    assert len(why.plot().axes) == 2


def test_columns_never_have_the_name_of_the_ids_or_timestamps(rng):
    df = monthly(rng, "a").rename(columns={"unique_id": "group", "ds": "input"})
    fc = quick(network="pretrained").fit(df, id_col="group", time_col="input")
    why = fc.explain()
    assert why.table.columns.tolist() == ["group", "input", "group_", "contribution", "baseline", "forecast"]
    assert why.sensitivities.columns.tolist() == ["group", "input", "input_", "input_input", "sensitivity"]


def test_the_summary_and_what_a_notebook_shows(rng):
    why = quick(network="pretrained").fit(monthly(rng, *"abcdefgh")).explain()
    assert why.summary.columns.tolist() == ["baseline", "level", "trend", "season", "forecast"]
    whole = why.summary.drop(columns="forecast").sum(axis=1)
    np.testing.assert_allclose(whole, why.summary.forecast)
    page = why._repr_html_()
    assert "Explanation of the forecasts of 8 series" in page
    assert "series &#x27;f&#x27;" in page
    assert "and 2 more series" in page
    alone = quick(network="pretrained").fit(monthly(rng)).explain()
    assert repr(alone) == "Explanation of the forecasts of 1 series"
    assert ">the series<" in alone._repr_html_()


@pytest.mark.parametrize("whole", [False, True])
def test_the_figure(whole, rng):
    df = monthly(rng, "a", "b")
    if whole:
        df["ds"] = np.tile(np.arange(60), 2)
    figure = quick(1 if whole else 4, network="pretrained").fit(df).explain().plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"baseline", "forecast", "level", "trend"} <= set(labels)
    assert figure._repr_png_()[0].startswith(b"\x89PNG")


def test_errors_say_what_to_do(rng, monkeypatch):
    fc = quick(network="pretrained").fit(monthly(rng, *"abcdefg"))
    with pytest.raises(
        un.InputError, match="there is no series 'x'; the series are 'a', 'b', 'c', 'd', 'e' and 2 more"
    ):
        fc.explain(ids=["a", "x"])
    with pytest.raises(un.InputError, match="trained for horizon 4; 5 lies beyond it"):
        fc.explain(horizon=5)
    with pytest.raises(un.InputError, match="`ids` names no series"):
        fc.explain(ids=[])
    with pytest.raises(un.InputError, match="has not been fitted"):
        quick().explain()
    with pytest.raises(un.InputError, match="one series, without an id; got `ids='a'`"):
        quick(network="pretrained").fit(monthly(rng)).explain(ids="a")
    monkeypatch.setattr(module, "MAX_SERIES", 6)
    with pytest.raises(un.InputError, match=r"at most 6 series; these are 7\. Name some of them in `ids`"):
        fc.explain()
    assert len(fc.explain(ids=list("abc")).summary) == 3


def test_of_a_report_only_the_first_series_is_explained_if_it_is_quick(rng, monkeypatch):
    fc = quick(network="pretrained").fit(monthly(rng, "a", "b"))
    assert explain_first(fc.fitted).summary.index.tolist() == ["a"]
    monkeypatch.setattr(module, "MAX_CELLS_IN_REPORT", 100)
    assert explain_first(fc.fitted) is None
    combined = quick(network="pretrained", combine="Naive").fit(monthly(rng))
    monkeypatch.undo()
    assert explain_first(combined.fitted) is None
