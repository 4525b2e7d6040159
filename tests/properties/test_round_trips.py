"""What goes in comes out: tables, transforms, cutoffs and run files, for tables drawn at random."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

import unrolled as un
from tables import LIBRARIES, panel_of
from unrolled.cli.command_group import load
from unrolled.cli.config_file import name_in_file, options_in
from unrolled.cli.run_file import RunFile
from unrolled.forecasting.cross_validation import CrossValidationPlan
from unrolled.forecasting.preprocessing.logarithms import log_transformed
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, deseasonalized, estimate_transform
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.to_frame import forecast_frame

FREQUENCIES = {"h": "h", "D": "D", "B": "B", "W-SUN": "W-SUN", "MS": "MS", "ME": "ME", "QS": "QS-OCT", "YS": "YS"}
NAMES = st.text(min_size=1, max_size=5).filter(lambda text: text.isprintable() and text.strip() == text)
IDS = st.one_of(
    *(st.lists(one, min_size=1, max_size=4, unique=True) for one in (NAMES, st.integers(-(2**40), 2**40)))
)
VALUES = st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda v: 0.0 if abs(v) < 1e-30 else v)


@dataclass
class Drawn:
    """A long table of complete series, shuffled, and what it holds."""

    frame: pd.DataFrame
    ids: list[Any]
    stamps: dict[Any, pd.DatetimeIndex]
    values: dict[Any, list[float]]
    freq: str


@st.composite
def tables(draw: st.DrawFn) -> Drawn:
    freq = draw(st.sampled_from([*FREQUENCIES.values()]))
    ids, parts, stamps, values = draw(IDS), [], {}, {}
    for name in ids:
        rows = draw(st.integers(8, 20))
        start = pd.Timestamp("2010-01-01") + pd.Timedelta(days=draw(st.integers(0, 3000)))
        stamps[name] = pd.date_range(start, periods=rows, freq=freq)
        values[name] = draw(st.lists(VALUES, min_size=rows, max_size=rows))
        parts.append(pd.DataFrame({"unique_id": name, "ds": stamps[name], "y": values[name]}))
    frame = pd.concat(parts, ignore_index=True)
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(frame))
    return Drawn(frame.iloc[order].reset_index(drop=True), ids, stamps, values, freq)


# --- tables -----------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(drawn=tables(), library=st.sampled_from([*LIBRARIES]))
def test_a_panel_holds_the_cells_of_its_table(drawn, library):
    frame = LIBRARIES[library](drawn.frame.to_dict("list"))
    panel = read_panel(frame, Columns(), drawn.freq)
    assert sorted(map(str, panel.ids)) == sorted(map(str, drawn.ids))
    for k, name in enumerate(panel.ids):
        assert type(name) is type(drawn.ids[0])
        assert pd.DatetimeIndex(panel.stamps(k)).equals(drawn.stamps[name])
        assert panel.y[panel.series(k)].tolist() == drawn.values[name]
    assert panel.observed.all()


@settings(max_examples=60)
@given(drawn=tables(), horizon=st.integers(1, 7))
def test_forecast_frames_continue_each_series_at_its_next_timestamps(drawn, horizon):
    panel = read_panel(drawn.frame, Columns(), drawn.freq)
    forecasts = np.arange(len(panel.ids) * horizon).reshape(-1, horizon)
    table = forecast_frame(panel, horizon, Columns(), {"GRU": forecasts})
    assert list(table.columns) == ["unique_id", "ds", "GRU"]
    assert list(dict.fromkeys(table["unique_id"])) == panel.ids
    for k, name in enumerate(panel.ids):
        own = table[table["unique_id"] == name]
        expected = pd.date_range(drawn.stamps[name][-1], periods=horizon + 1, freq=drawn.freq)[1:]
        assert pd.DatetimeIndex(own["ds"]).equals(expected)
        assert own["GRU"].tolist() == forecasts[k].tolist()


@settings(max_examples=40)
@given(drawn=tables())
def test_the_order_of_rows_does_not_matter(drawn):
    one = read_panel(drawn.frame, Columns(), drawn.freq)
    # within a series: the order of series is that of their first rows
    ordered = drawn.frame.sort_values("ds", kind="stable")
    other = read_panel(ordered, Columns(), drawn.freq)
    for name in one.ids:
        k, j = one.ids.index(name), other.ids.index(name)
        np.testing.assert_array_equal(one.y[one.series(k)], other.y[other.series(j)])
        np.testing.assert_array_equal(one.stamps(k), other.stamps(j))


# --- transforms -------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(9, 40), min_size=1, max_size=3),
    season=st.sampled_from([1, 4, 7]),
    logs=st.booleans(),
    seed=st.integers(0, 999),
)
def test_the_inverse_transform_undoes_the_transform(lengths, season, logs, seed):
    """The values of a series, with the season removed and added again, in and from logarithms."""
    rng = np.random.default_rng(seed)
    panel = panel_of(*(np.exp(rng.normal(size=n)) * rng.choice([0.01, 1, 1e6]) for n in lengths))
    transform = estimate_transform(panel, np.full(len(lengths), logs), season, 2)
    z = log_transformed(panel, transform.logs)
    flat = deseasonalized(panel, transform)
    for k, n in enumerate(lengths):
        ends = panel.offsets[k] + np.arange(1, n)  # an origin before each row but the first
        origins = TransformedOrigins(panel, ends, transform)
        ahead = flat[ends, None] + origins.season_ahead(1)
        np.testing.assert_allclose(ahead[:, 0], z[ends], rtol=1e-12, atol=1e-12 * np.abs(z).max())
        np.testing.assert_allclose(origins.targets(1)[:, 0], z[ends])
        np.testing.assert_allclose(origins.inverse_transform(ahead)[:, 0], panel.y[ends], rtol=1e-9)


# --- cutoffs ----------------------------------------------------------------------------------------


@given(windows=st.integers(1, 9), step=st.integers(1, 9), horizon=st.integers(1, 9))
def test_cutoffs_lie_a_step_apart_and_the_last_one_leaves_a_horizon(windows, step, horizon):
    plan = CrossValidationPlan.checked(windows, step, True, [], None)
    left_out = plan.left_out(horizon)
    assert len(left_out) == windows
    assert (np.diff(left_out) == -step).all()
    assert left_out[-1] == horizon
    assert left_out[0] == plan.most_left_out(horizon)


@settings(max_examples=40)
@given(lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4), left_out=st.integers(0, 20))
def test_a_panel_until_a_cutoff_and_the_rows_after_it_are_the_whole_panel(lengths, left_out):
    panel = panel_of(*(100.0 * k + np.arange(n) for k, n in enumerate(lengths)))
    past = panel.until(left_out)
    kept = {name: past.y[past.series(k)].tolist() for k, name in enumerate(past.ids)}
    for k, name in enumerate(panel.ids):
        whole = panel.y[panel.series(k)].tolist()
        n = max(0, len(whole) - left_out)
        assert kept.get(name, []) == whole[:n]
        assert (name in kept) == (n > 0)


@settings(max_examples=6)
@given(
    windows=st.integers(1, 3), step=st.integers(1, 4), refit=st.sampled_from([True, False, 2]), seed=st.integers(0, 9)
)
def test_rows_after_a_cutoff_never_change_its_forecasts(windows, step, refit, seed):
    rng = np.random.default_rng(seed)
    y = 50 + 5 * np.sin(np.arange(60)) + rng.normal(size=60)
    df = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=60), "y": y})
    fc = un.Forecaster(2, steps=2, ensemble=1, hidden=3, verbose=0)
    options = {"n_windows": windows, "step_size": step, "refit": refit, "level": [80]}
    rows = fc.cross_validation(df, **options)
    assert rows.groupby("cutoff").size().tolist() == [2] * windows
    assert (rows["ds"] > rows["cutoff"]).all()
    first = rows["cutoff"].min()
    changed = df.assign(y=df["y"].where(df["ds"] <= first, 1e3 * rng.normal(size=60)))
    models = [name for name in rows.columns if name not in ("ds", "cutoff", "y")]
    other = fc.cross_validation(changed, **options)
    at = rows["cutoff"] == first
    pd.testing.assert_frame_equal(rows.loc[at, models], other.loc[at, models], check_exact=True)


# --- run files --------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    horizon=st.integers(1, 500),
    rate=st.floats(1e-6, 1.0),
    target=TEXT.filter(lambda text: not text.startswith("-")),
    signed=st.booleans(),
    windows=st.integers(1, 50),
)
def test_a_run_file_gives_back_the_options_it_was_written_with(
    tmp_path_factory, horizon, rate, target, signed, windows
):
    folder = tmp_path_factory.mktemp("run")
    command = load("backtest")
    ctx = typer.Context(command, info_name="backtest")
    given_options = {"file": folder / "t.csv", "horizon": horizon, "rate": rate, "target": target, "windows": windows}
    known = {param.name: param for param in command.params}
    path = folder / "rows.toml"
    path.write_bytes(RunFile(path, folder / "rows.csv", ctx).content(given_options))
    names = {name_in_file(known[name]): value for name, value in given_options.items()}
    stored = tomllib.loads(path.read_text("utf-8"))
    assert stored.pop("out") == "rows.csv"
    assert stored == {**names, name_in_file(known["file"]): "t.csv"}
    assert tomllib.loads(tomli_w.dumps(stored)) == stored
    found = options_in(path, ctx)
    assert Path(str(found["file"])).resolve() == (folder / "t.csv").resolve()
    assert {name: str(found[name]) for name in ("horizon", "rate", "target", "windows")} == {
        name: str(given_options[name]) for name in ("horizon", "rate", "target", "windows")
    }
