"""The pretrained network reads what an origin sees, any lengths and horizons, and the seasons of the calendar."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, estimate_transform
from unrolled.forecasting.pretrained import network as module
from unrolled.forecasting.pretrained.network import MAX_ROWS_READ, Pretrained, pretrained_network
from unrolled.series.frequency import DAY, HOUR, MINUTE, Frequency


@pytest.fixture
def pretrained():
    return Pretrained(pretrained_network(), 1.0, None)


def origins_of(panel, ends, logs=False):
    transform = estimate_transform(panel, np.full(len(panel.ids), logs), 1, 1)
    return TransformedOrigins(panel, np.array(ends), transform)


def outputs(pretrained, panel, ends, horizon=6):
    anchors, scale, values = pretrained.outputs(origins_of(panel, ends), horizon)
    return anchors[..., None] + scale[:, None, None] * values


def walks(rng, *lengths):
    return panel_of(*(100 + rng.normal(size=n).cumsum() for n in lengths))


@pytest.mark.parametrize(
    ("frequency", "rows", "seasons"),
    [
        (Frequency("month", 1, 0), 100, (12,)),
        (Frequency("month", 1, 0), 14, (12,)),
        (Frequency("month", 1, 0), 13, ()),
        (Frequency("month", 3, 0), 30, (4,)),
        (Frequency("month", 12, 0), 30, ()),
        (Frequency("fixed", 7 * DAY, 0), 100, (52,)),
        (Frequency("fixed", DAY, 0), 400, (7,)),
        (Frequency("fixed", DAY, 0), 729, (7,)),
        (Frequency("fixed", DAY, 0), 730, (7, 365)),
        (Frequency("fixed", HOUR, 0), 300, (24,)),
        (Frequency("fixed", HOUR, 0), 20_000, (24, 168)),
        (Frequency("fixed", 30 * MINUTE, 0), 2_000, (48, 336)),
        (Frequency("integer", 1, 0), 100, ()),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_the_first_season_is_read_from_little_more_than_one_cycle_on_and_the_second_from_two(
    pretrained, frequency, rows, seasons
):
    assert pretrained.seasons(frequency, rows) == seasons


def test_a_given_season_is_read_alone(pretrained):
    own = replace(pretrained, season=5)
    assert own.seasons(Frequency("fixed", HOUR, 0), 500) == (5,)
    assert own.seasons(Frequency("fixed", HOUR, 0), 5) == ()
    assert replace(pretrained, season=1).seasons(Frequency("month", 1, 0), 50) == ()


def test_rows_after_an_origin_are_not_read(pretrained, rng):
    panel = walks(rng, 80)
    later = replace(panel, y=np.concatenate([panel.y[:60], np.full(20, 1e6)]))
    np.testing.assert_array_equal(outputs(pretrained, panel, [60]), outputs(pretrained, later, [60]))


def test_series_do_not_depend_on_each_other(pretrained, rng):
    panel = walks(rng, 70, 33, 5, 70)
    together = outputs(pretrained, panel, panel.offsets[1:])
    for k in range(4):
        own = panel_of(panel.y[panel.series(k)])
        np.testing.assert_allclose(together[k], outputs(pretrained, own, own.offsets[1:])[0], rtol=1e-4)


def test_only_the_last_rows_of_a_long_series_are_read(pretrained, rng):
    panel = walks(rng, 2 * MAX_ROWS_READ)
    last = panel_of(panel.y[-pretrained.rows_read(panel.frequency) :])
    np.testing.assert_array_equal(
        outputs(pretrained, panel, panel.offsets[1:]), outputs(pretrained, last, last.offsets[1:])
    )


def test_missing_values_are_not_read(pretrained, rng):
    panel = walks(rng, 50)
    observed = np.ones(50, bool)
    observed[20:25] = False
    gaps = replace(panel, observed=observed)
    other = replace(gaps, y=np.where(observed, panel.y, -1e5))
    np.testing.assert_array_equal(outputs(pretrained, gaps, [50]), outputs(pretrained, other, [50]))


def test_a_window_without_any_value_reads_the_filled_ones(pretrained):
    panel = replace(panel_of(np.full(400, 3.0)), observed=np.arange(400) < 10)
    np.testing.assert_allclose(outputs(pretrained, panel, [400])[0, :, 4], 3.0, atol=0.1)


def test_series_in_logarithms_are_read_in_logarithms(pretrained, rng):
    panel = walks(rng, 60)
    found = pretrained.outputs(origins_of(panel, [60], logs=True), 3)
    plain = pretrained.outputs(origins_of(replace(panel, y=np.log(panel.y)), [60]), 3)
    for part, expected in zip(found, plain, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_a_clear_season_and_trend_are_continued(pretrained):
    t = np.arange(132)
    y = 100 + 0.5 * t + 10 * np.sin(2 * np.pi * t / 12)
    panel = replace(panel_of(y[:120]), frequency=Frequency("month", 1, 0))
    ahead = np.sort(outputs(pretrained, panel, [120], 12)[0], axis=-1)
    assert np.abs(ahead[:, 4] - y[120:]).mean() < 0.5 * np.abs(y[108:120] - y[120:]).mean()
    assert (ahead[:, 0] < y[120:]).all()
    assert (y[120:] < ahead[:, 8]).all()


def test_a_damaged_file_is_an_error_with_a_remedy(monkeypatch, tmp_path):
    (tmp_path / module.FILE).write_bytes(b"no network")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    pretrained_network.cache_clear()
    with pytest.raises(un.InputError, match=r"can't be read.*Install unrolled again"):
        pretrained_network()
    (tmp_path / module.FILE).unlink()
    with pytest.raises(un.InputError, match=r"can't be read.*Install unrolled again"):
        un.Forecaster(2, verbose=0).fit(_table())
    assert un.Forecaster(2, steps=2, ensemble=1, network="trained", verbose=0).fit(_table()).name == "GRU"
    pretrained_network.cache_clear()
    shutil.rmtree(tmp_path)


def _table():
    import pandas as pd

    return pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=30), "y": np.arange(30.0)})


def test_the_file_is_small():
    from importlib.resources import files

    assert len(files(module.__package__).joinpath(module.FILE).read_bytes()) < 2_000_000


@pytest.mark.parametrize("level", [1e6, 1e9])
def test_a_high_level_does_not_hide_small_changes(level, rng):
    """A meter reading or a price in another currency: only distances from the level matter."""
    wave = 20 * np.sin(2 * np.pi * np.arange(60) / 12) + rng.normal(0, 2, 60)
    monthly = Frequency("month", 1, 0)
    near, far = (replace(panel_of(base + wave), frequency=monthly) for base in (100.0, level))
    pretrained = Pretrained(pretrained_network(), 1.0, None)
    usual, high = (outputs(pretrained, panel, [60]) for panel in (near, far))
    np.testing.assert_allclose(high - level + 100, usual, atol=4)  # it reads the ratio of changes to the level
