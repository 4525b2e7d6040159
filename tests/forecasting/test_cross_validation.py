"""Rolling origins: the rows that a network has seen, forecasts without a new training, and the table."""

from __future__ import annotations

import os
import signal
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unrolled as un
from forecasters import interrupt_the_training, quick
from tables import panel_frame, series, two_frequencies
from unrolled.forecasting import cross_validation
from unrolled.forecasting.baselines.registry import COMPARED, distinct
from unrolled.forecasting.cross_validation import CrossValidationPlan, backtest, backtest_panel
from unrolled.forecasting.predictor import Source
from unrolled.series.by_frequency import read_panels
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}
IDS = ["unique_id", "ds", "cutoff"]


def forecaster(**options):
    return un.Forecaster(**({"horizon": 4} | QUICK | options))


def until(df, cutoffs):
    """The rows of each series up to its cutoff."""
    return df[df["ds"] <= df["unique_id"].map(cutoffs)]


@pytest.mark.parametrize("refit", [True, 2, False])
def test_rows_after_a_cutoff_change_no_earlier_forecast(refit, rng):
    """Poison the rows after each cutoff in turn: forecasts from it and from all before keep their bits."""
    df = panel_frame(rng, lengths=(90, 80))
    options = {"n_windows": 3, "step_size": 5, "level": [80], "refit": refit, "baselines": True}
    whole = forecaster().cross_validation(df, **options)
    first = whole["unique_id"] == "s0"
    for cutoffs in zip(*(sorted(whole[rows]["cutoff"].unique()) for rows in (first, ~first)), strict=True):
        limit = dict(zip(("s0", "s1"), cutoffs, strict=True))
        poisoned = df.copy()
        after = df["ds"] > df["unique_id"].map(limit)
        poisoned.loc[after, "y"] *= -1e9
        again = forecaster().cross_validation(poisoned, **options)
        kept = (whole["cutoff"] <= whole["unique_id"].map(limit)).to_numpy()
        assert kept.sum() >= 8
        forecasts = whole.columns.difference([*IDS, "y"])
        pd.testing.assert_frame_equal(whole.loc[kept, forecasts], again.loc[kept, forecasts], check_exact=True)


@pytest.mark.parametrize("network", ["trained", "pretrained", "both"])
def test_series_that_end_at_different_dates_are_noted_if_networks_are_trained(network, rng):
    parts = [part for _, part in panel_frame(rng, lengths=(90, 80)).groupby("unique_id")]
    parts[1]["ds"] = parts[0]["ds"].to_numpy()[-80:]
    fc, source, plan = (
        forecaster(network=network),
        Source(Columns()),
        CrossValidationPlan.checked(2, 4, True, [], False),
    )
    together, apart = (read_panel(pd.concat([parts[0], part]), Columns()) for part in (parts[1], parts[1][:-7]))
    for panel, differ in ((together, False), (apart, True)):
        notes = [*backtest_panel(fc.parameters, panel, source, plan).notes, *fc.fit_panels([panel], source).notes_]
        found = [text for text in notes if text.startswith("the series end between ")]
        assert len(found) == 2 * (differ and network != "pretrained")


def open_times(freq, periods, is_open, name="a"):
    """A series of positive numbers at the open ones of some timestamps, with its id."""
    stamps = pd.date_range("2024-01-01", periods=periods, freq=freq)
    stamps = stamps[is_open(stamps)]
    return pd.DataFrame({"unique_id": name, "ds": stamps, "y": 50 + 10 * np.sin(np.arange(len(stamps)))})


TABLES = {
    "days without Sundays": lambda: open_times("D", 150, lambda t: t.dayofweek < 6),
    "business days": lambda: open_times("D", 152, lambda t: t.dayofweek < 5),
    "days closed differently": lambda: pd.concat(
        [
            open_times("D", 152, lambda t: t.dayofweek < 6),
            open_times("D", 153, lambda t: t.dayofweek > 0, "b"),
            open_times("D", 153, lambda t: t.dayofweek < 7, "c"),
        ]
    ),
    "every day": lambda: open_times("D", 100, lambda t: t.dayofweek < 7),
    "every day, now and then a gap": lambda: open_times("D", 100, lambda t: t.day != 7),
    "hours of opening": lambda: open_times("h", 560, lambda t: (t.hour >= 8) & (t.hour < 20)),
    "months": lambda: open_times("MS", 60, lambda t: t.month > 0),
    "hours and business days": lambda: pd.concat(
        [open_times("h", 150, lambda t: t.hour >= 0), open_times("D", 152, lambda t: t.dayofweek < 5, "b")]
    ),
}


def two_windows(df, kind):
    options = {"n_windows": 2, "step_size": 30 if kind == "months" else 60, "level": [80], "baselines": True}
    return forecaster(steps=3, ensemble=1).cross_validation(df, **options)


@cache
def unchanged(kind):
    """A table and its forecasts."""
    df = TABLES[kind]()
    return df, two_windows(df, kind)


CHANGES = {
    "closed times opened": (True, 0.0, 1.0),
    "gaps": (False, 0.5, 1.0),
    "negative numbers": (False, 0.0, -1e6),
    "zeros": (False, 0.0, 0.0),
    "all of them": (True, 0.3, -1.0),
}


def changed_after(df, cutoffs, rng, opened, gaps, factor):
    """A table whose rows after the cutoffs, but for the last of each series, are others."""
    parts = []
    for name, part in df.groupby("unique_id", sort=False):
        early, late = part[part["ds"] <= cutoffs[name]], part[part["ds"] > cutoffs[name]]
        late = late.assign(y=factor * late["y"] * rng.uniform(0.5, 2, len(late)))
        if opened:
            step = part["ds"].diff().min()
            middle, end = late["ds"].iloc[[len(late) // 2, -1]]  # the cutoffs are later if all times are open
            whole = pd.DataFrame({"ds": pd.date_range(middle, end, freq=step)})
            late = whole.merge(late, how="outer").fillna({"unique_id": name, "y": 7.0})
        kept = rng.uniform(size=len(late)) >= gaps
        kept[-1] = True
        parts += [early, late[kept]]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", TABLES)
def test_rows_after_the_first_cutoff_do_not_decide_how_the_table_is_read(kind, change, rng):
    """Neither what is closed, nor logarithms, limits and scales: the first cutoff's forecasts keep their bits."""
    if kind == "months" and CHANGES[change][0]:
        return  # none of them is closed
    df, whole = unchanged(kind)
    first = whole.groupby("unique_id")["cutoff"].min()
    again = two_windows(changed_after(df, first, rng, *CHANGES[change]), kind)
    forecasts = whole.columns.difference(["y"])
    before, after = (
        rows[rows["cutoff"] == rows["unique_id"].map(first)][forecasts].sort_values(["unique_id", "ds"])
        for rows in (whole, again)  # frequencies are in the order of their rows, which may differ
    )
    assert len(before) == 4 * len(first)
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("closed_before", [True, False])
def test_days_that_close_or_open_after_the_first_cutoff_are_not_known_there(closed_before):
    days = pd.date_range("2024-01-01", periods=280)  # 40 weeks; the last ten differ from those before
    is_sunday, is_late = days.dayofweek == 6, np.arange(280) >= 210
    stamps = days[~is_sunday | (is_late if closed_before else ~is_late)]
    df = pd.DataFrame({"ds": stamps, "y": np.arange(float(len(stamps)))})
    rows = forecaster(horizon=7, steps=2, ensemble=1).cross_validation(df, n_windows=2, step_size=53)
    ahead = rows["ds"][rows["cutoff"] == rows["cutoff"].min()]
    assert (6 in ahead.dt.dayofweek.tolist()) is not closed_before


def test_without_refit_each_cutoff_is_a_prediction_of_one_fit(rng):
    df = panel_frame(rng, lengths=(90, 70))
    whole = forecaster().cross_validation(df, n_windows=4, step_size=3, level=[80, 95], refit=False)
    by_series = {name: sorted(part["cutoff"].unique()) for name, part in whole.groupby("unique_id")}
    fc = forecaster().fit(until(df, {name: cutoffs[0] for name, cutoffs in by_series.items()}))
    for k in range(4):
        cutoffs = {name: cutoffs[k] for name, cutoffs in by_series.items()}
        expected = fc.predict(until(df, cutoffs), level=[80, 95])
        got = whole[whole["cutoff"] == whole["unique_id"].map(cutoffs)]
        assert got[["unique_id", "ds"]].to_numpy().tolist() == expected[["unique_id", "ds"]].to_numpy().tolist()
        # networks work in float32, and a batch of another size may take another path through a kernel
        np.testing.assert_allclose(got[expected.columns[2:]], expected[expected.columns[2:]], rtol=1e-5)


@pytest.mark.usefixtures("native_engine")
def test_refit_k_trains_at_every_kth_cutoff_only(rng):
    df = panel_frame(rng, lengths=(90,))
    every, second, never = (
        forecaster().cross_validation(df, n_windows=4, step_size=4, refit=refit) for refit in (True, 2, False)
    )
    anew = second["GRU"].eq(every["GRU"]).groupby(second["cutoff"]).all().tolist()
    assert anew == [True, False, True, False]
    assert second["GRU"][:8].tolist() == never["GRU"][:8].tolist()
    whole = forecaster().cross_validation(df, n_windows=4, step_size=4, refit=9)
    pd.testing.assert_frame_equal(whole, never, check_exact=True)


@pytest.mark.parametrize("refit", [True, False])
def test_the_table_has_every_cutoff_and_the_actual_values(refit, rng):
    df = panel_frame(rng, lengths=(90, 80)).drop(index=[87])
    table = forecaster().cross_validation(df, n_windows=3, step_size=2, refit=refit, baselines=["drift", "Naive"])
    assert list(table.columns) == ["unique_id", "ds", "cutoff", "y", "GRU", "Drift", "Naive"]
    assert table.groupby(["unique_id", "cutoff"]).size().tolist() == [4] * 6
    for name, part in df.groupby("unique_id"):
        stamps = list(pd.date_range(part["ds"].iloc[0], part["ds"].iloc[-1], freq="MS"))
        rows = table[table["unique_id"] == name]
        for k, (cutoff, window) in enumerate(rows.groupby("cutoff")):
            end = len(stamps) - 4 - 2 * (2 - k)
            assert cutoff == stamps[end - 1]
            assert list(window["ds"]) == stamps[end : end + 4]
    merged = table.merge(df, on=["unique_id", "ds"], how="left", suffixes=("", "_table"))
    np.testing.assert_array_equal(merged["y"], merged["y_table"])
    assert table["y"].isna().sum() == 2  # the gap is forecast from two cutoffs, and has no actual value
    last = table.merge(df.rename(columns={"ds": "cutoff", "y": "last"}), on=["unique_id", "cutoff"])
    np.testing.assert_array_equal(last["Naive"], last["last"])


def test_integer_stamps_one_series_and_polars(rng):
    y = 50 + np.sin(np.arange(80)) + rng.normal(size=80)
    df = pl.DataFrame({"when": np.arange(80) * 10, "sold": y})
    table = forecaster(season=6).cross_validation(
        df, n_windows=2, time_col="when", target_col="sold", refit=False, baselines=["SeasonalNaive"]
    )
    assert isinstance(table, pl.DataFrame)
    assert table.columns == ["when", "cutoff", "sold", "GRU", "SeasonalNaive"]
    assert table["cutoff"].unique().sort().to_list() == [710, 750]
    np.testing.assert_array_equal(table["sold"], y[72:])
    np.testing.assert_array_equal(table["SeasonalNaive"], np.r_[y[66:70], y[70:74]])


def test_a_series_that_begins_after_the_training_waits_for_the_next(rng):
    df = panel_frame(rng, lengths=(90, 90))
    late = df[(df["unique_id"] == "s0") | (df["ds"] >= df["ds"].sort_values().iloc[2 * 74])]  # its last 16 rows
    options = {"n_windows": 2, "step_size": 12}
    assert set(forecaster(season=1, window=4).cross_validation(late, refit=False, **options)["unique_id"]) == {"s0"}
    refit = forecaster(season=1, window=4).cross_validation(late, refit=True, **options)
    assert refit.groupby("unique_id")["cutoff"].nunique().to_dict() == {"s0": 2, "s1": 1}


def test_statistical_baselines_are_further_columns(rng):
    df = panel_frame(rng, lengths=(60, 50))
    table = forecaster().cross_validation(df, n_windows=2, refit=False, baselines=["AutoETS", "AutoTheta"])
    assert np.isfinite(table[["AutoETS", "AutoTheta"]].to_numpy()).all()
    fc = forecaster().fit(df, baselines=["autotheta"])
    held_out = fc.held_out_
    assert held_out.table.index.tolist() == ["GRU", *distinct(COMPARED, fc.panel_.frequency, 12, 55), "AutoTheta"]
    assert held_out.table.notna().all(axis=None)


def test_measures_of_a_backtest_by_hand(rng):
    df = panel_frame(rng, lengths=(90, 80))
    plan = CrossValidationPlan.checked(3, 5, False, [80.0], ["Naive", "Naive2"])
    backtest = backtest_panel(forecaster().parameters, read_panel(df, Columns()), Source(Columns()), plan)
    errors, scales = [], []
    for _, part in df.groupby("unique_id"):
        y = part["y"].to_numpy()
        ends = [len(y) - 4 - 5 * k for k in (2, 1, 0)]
        errors.append(np.mean([np.abs(y[e : e + 4] - y[e - 1]) for e in ends]))
        past = y[: ends[0]]
        scales.append(np.abs(past[12:] - past[:-12]).mean())
    table = backtest.table()
    assert table.loc["Naive", "MAE"] == pytest.approx(np.mean(errors))
    assert table.loc["Naive", "MASE"] == pytest.approx(np.mean(np.array(errors) / scales))
    assert table.loc["Naive2", "OWA"] == pytest.approx(1)
    frame = pd.DataFrame(backtest.columns)
    step = frame.groupby(["unique_id", "cutoff"]).cumcount() + 1
    by_step = (frame["y"] - frame["GRU"]).abs().groupby(step).mean()
    got = backtest.by_step().xs("GRU", level="model")["MAE"]
    assert got.to_dict() == pytest.approx(by_step.to_dict())
    inside = frame["y"].between(frame["GRU-lo-80"], frame["GRU-hi-80"]).groupby(frame["unique_id"]).mean().mean()
    assert table.loc["GRU", "coverage-80"] == pytest.approx(inside)


# --- the automatic choice ---------------------------------------------------------------------------

SEARCHING = {"cell": "auto", "max_trials": 6, "hidden": 4, "steps": 4, "batch_size": 8}


def counted(monkeypatch, module, name):
    """The number of calls of a function of a module from here on."""
    calls, whole = [], getattr(module, name)

    def counting(*args, **options):
        calls.append(args)
        return whole(*args, **options)

    monkeypatch.setattr(module, name, counting)
    return calls


@pytest.mark.parametrize(("refit", "trained"), [(True, 3), (False, 1)])
def test_a_search_is_made_once_before_the_first_cutoff(refit, trained, rng, monkeypatch):
    searches, fits = (
        counted(monkeypatch, cross_validation, "select_parameters"),
        counted(monkeypatch, cross_validation, "fit"),
    )
    df = panel_frame(rng, lengths=(120, 110))
    rows = forecaster(**SEARCHING).cross_validation(df, n_windows=3, refit=refit)
    assert (len(searches), len(fits)) == (1, trained)
    assert len({parameters for parameters, *_ in fits}) == 1
    assert rows.groupby("unique_id")["cutoff"].nunique().tolist() == [3, 3]
    assert np.isfinite(rows["AUTO"]).all()


@pytest.mark.parametrize("refit", [True, False])
def test_rows_after_the_first_cutoff_do_not_affect_the_choice(refit, rng):
    df = panel_frame(rng, lengths=(120, 110))
    options = {"n_windows": 3, "step_size": 5, "level": [80], "refit": refit}
    fc, other = forecaster(**SEARCHING), forecaster(**SEARCHING)
    whole = fc.cross_validation(df, **options)
    first = whole.groupby("unique_id")["cutoff"].min()
    poisoned = df.copy()
    poisoned.loc[df["ds"] > df["unique_id"].map(first), "y"] *= -1e9
    again = other.cross_validation(poisoned, **options)
    assert other.found_.parameters == fc.found_.parameters
    tables = [found.table.drop(columns="seconds") for found in (fc.found_, other.found_)]
    assert len(tables[0]) >= 3
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    kept = (whole["cutoff"] == whole["unique_id"].map(first)).to_numpy()
    forecasts = ["AUTO", "AUTO-lo-80", "AUTO-hi-80"]
    pd.testing.assert_frame_equal(whole.loc[kept, forecasts], again.loc[kept, forecasts], check_exact=True)
    # it is what a fit on the rows before the first cutoff chooses
    alone = forecaster(**SEARCHING).fit(until(df, first))
    assert alone.chosen_ == fc.found_.parameters
    pd.testing.assert_frame_equal(alone.search_.drop(columns="seconds"), tables[0], check_exact=True)


def test_the_found_parameters_repeat_the_table_without_a_search(rng):
    df = panel_frame(rng, lengths=(120,))
    fc = forecaster(**SEARCHING | {"max_trials": None, "budget": 1.5})
    whole = fc.cross_validation(df, n_windows=2, level=[80])
    again = un.Forecaster(**fc.found_.parameters)
    pd.testing.assert_frame_equal(again.cross_validation(df, n_windows=2, level=[80]), whole, check_exact=True)
    assert again.found_ is None


def test_ctrl_c_in_the_search_of_a_backtest_ends_it(rng, monkeypatch):
    search = cross_validation.select_parameters

    def interrupted(*args, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return search(*args, **options)

    monkeypatch.setattr(cross_validation, "select_parameters", interrupted)
    fits = counted(monkeypatch, cross_validation, "fit")
    with pytest.raises(KeyboardInterrupt):
        forecaster(**SEARCHING).cross_validation(panel_frame(rng, lengths=(120,)), n_windows=2)
    assert not fits


# --- the end ----------------------------------------------------------------------------------------


def test_ctrl_c_keeps_the_cutoffs_that_were_reached(rng, monkeypatch):
    df = panel_frame(rng, lengths=(90,))
    fit = cross_validation.fit
    left = iter((False, True))

    def interrupted_at_the_second(*args, **options):
        predictor = fit(*args, **options)
        if next(left):
            os.kill(os.getpid(), signal.SIGINT)
        return predictor

    whole = forecaster().cross_validation(df, n_windows=3)
    plan = CrossValidationPlan.checked(3, 4, True, [], None)
    monkeypatch.setattr(cross_validation, "fit", interrupted_at_the_second)
    reached = backtest_panel(forecaster().parameters, read_panel(df, Columns()), Source(Columns()), plan)
    assert (reached.interrupted, reached.windows) == (True, 1)
    np.testing.assert_array_equal(reached.columns["GRU"], whole["GRU"][:4])
    left = iter((False, True))
    with pytest.raises(KeyboardInterrupt):  # a partial table could be taken for the whole
        forecaster().cross_validation(df, n_windows=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_windows": 0}, "`n_windows` must be a whole number ≥ 1; got 0"),
        ({"n_windows": True}, "`n_windows` must be a whole number ≥ 1; got True"),
        ({"step_size": 0}, "`step_size` must be a whole number ≥ 1; got 0"),
        ({"step_size": 1.5}, "`step_size` must be a whole number"),
        ({"refit": 0}, "`refit` must be True, False or a whole number ≥ 1; got 0"),
        ({"refit": "no"}, "`refit` must be True, False or a whole number"),
        ({"level": 99.9}, "`level` must be above 0 and at most 99, since"),
        ({"baselines": ["Prophet"]}, "no baseline is called 'Prophet'"),
        ({"n_windows": 99}, "99 windows 4 periods apart with horizon 4 leave none to train on"),
        ({"target_col": "z"}, "there is no column 'z'"),
        ({"target_col": "GRU"}, "would be called 'GRU', as a column of the table is"),
        ({"id_col": "cutoff"}, "the forecasts have a column 'cutoff', too"),
    ],
)
def test_bad_arguments_are_refused(options, message, rng):
    df = panel_frame(rng, lengths=(60,)).assign(cutoff="a")
    df["GRU"] = df["y"]
    with pytest.raises(un.InputError, match=message):
        forecaster().cross_validation(df, **options)


# --- several frequencies ----------------------------------------------------------------------------


@pytest.fixture
def both(rng) -> pd.DataFrame:
    return two_frequencies(rng)


def test_rolling_origins_of_all_frequencies_form_one_table(both):
    fc = quick()
    found = fc.cross_validation(both, n_windows=2, level=[80], baselines=True)
    parts = [
        quick().cross_validation(t, n_windows=2, level=[80], baselines=True) for t in un.by_frequency(both).values()
    ]
    pd.testing.assert_frame_equal(found, pd.concat(parts, ignore_index=True), check_exact=True)


def test_the_seasonal_naive_of_a_frequency_without_a_season_is_the_naive(both, rng):
    df = pd.concat([both, series(rng, 30, "YS", "year", 1, "1980-01-01")])
    found = quick().cross_validation(df, baselines=["SeasonalNaive"]).set_index("unique_id")
    assert [name for name in found if name.endswith("Naive")] == ["SeasonalNaive"]
    last = df[df["unique_id"] == "year"]["y"].iloc[-5]
    assert found.loc["year", "SeasonalNaive"].tolist() == [last] * 4
    assert len(set(found.loc["q40", "SeasonalNaive"])) == 4


def test_scaled_errors_of_a_backtest_and_of_a_score_use_the_season_of_each_frequency(both):
    plan = CrossValidationPlan.checked(1, 4, True, [80.0], ["Naive", "Naive2"])
    panels = read_panels(both, Columns())
    whole = backtest(quick().parameters, panels, Source(Columns()), plan)
    parts = [backtest_panel(quick().parameters, panel, Source(Columns()), plan).by_series() for panel in panels]
    expected = np.concatenate([part["MASE"].unstack("model").to_numpy() for part in parts])
    np.testing.assert_array_equal(whole.by_series()["MASE"].unstack("model").to_numpy(), expected)
    score = un.score(pd.DataFrame(whole.columns).drop(columns="y"), both)
    found = score.by_series["MASE"].unstack("model").loc[[i for p in panels for i in p.ids]]
    np.testing.assert_allclose(found[["GRU", "Naive", "Naive2"]].to_numpy(), expected, rtol=1e-12)


def test_a_backtest_searches_once_for_each_frequency_before_its_first_cutoff(both, monkeypatch):
    search, pasts = cross_validation.select_parameters, []

    def counted(parameters, past, **options):
        pasts.append(past)
        return search(parameters, past, **options)

    monkeypatch.setattr(cross_validation, "select_parameters", counted)
    fc = quick(cell="auto", max_trials=8, segment=1)
    whole = fc.cross_validation(both, n_windows=2, level=[80])
    first = {panel.frequency.name: panel.until(2 * 4) for panel in read_panels(both, Columns())}
    assert [past.frequency.name for past in pasts] == list(fc.found_.parts) == ["monthly", "quarterly"]
    assert all(past.lengths.tolist() == first[past.frequency.name].lengths.tolist() for past in pasts)
    assert fc.found_.table.columns[0] == "frequency"
    assert (fc.found_.parameters["cell"], fc.found_.interrupted) == ("auto", False)
    again = {name: un.Forecaster(**one.parameters) for name, one in fc.found_.parts.items()}
    parts = [again[n].cross_validation(t, n_windows=2, level=[80]) for n, t in un.by_frequency(both).items()]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True), check_exact=True)


def test_ctrl_c_keeps_the_backtests_that_were_reached(both, monkeypatch):
    plan = CrossValidationPlan.checked(2, 4, True, [80.0], None)
    panels = read_panels(both, Columns())
    whole = backtest(quick().parameters, panels, Source(Columns()), plan)
    assert not whole.interrupted
    interrupt_the_training(4, monkeypatch)  # two trainings a cutoff, two cutoffs of the months
    reached = backtest(quick().parameters, panels, Source(Columns()), plan)
    assert reached.interrupted
    np.testing.assert_array_equal(reached.columns["GRU"], whole.columns["GRU"][: 3 * 2 * 4])
    assert "interrupted: no forecast of 2 series quarterly" in reached.notes


def test_rows_without_any_value_known_ahead_are_refused_as_in_predict(rng):
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=40), "y": rng.normal(size=40)})
    frame["x"] = np.where(np.arange(40) == 30, np.nan, 1.0 * np.arange(40))
    fc = un.Forecaster(horizon=3, steps=1, ensemble=1, hidden=2, verbose=0)
    message = r"for 2024-01-31, but the future covariate 'x' is missing there \(1 such period in all\)"
    with pytest.raises(un.DataError, match=message):
        fc.cross_validation(frame, n_windows=4, future_cols=["x"])
    assert len(fc.cross_validation(frame, n_windows=2, future_cols=["x"])) == 6  # the row lies before the cutoffs
    frame["y"] = frame["y"].where(np.arange(40) != 30)  # a gap is filled, and not scored
    assert len(fc.cross_validation(frame, n_windows=4, future_cols=["x"], refit=False)) == 12
