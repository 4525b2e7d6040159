"""Features: which covariates are read, how they are standardised, and their form in JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tables import shops, table
from unrolled.forecasting.inputs.features import Features, Standardization
from unrolled.schema import read_object
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

EVERY = Columns(past=("past",), future=("price", "sky"), static=("size", "town"), weight="w")


def test_scales_come_from_training_rows_and_constant_columns_are_left_out(rng):
    values = np.column_stack([rng.normal(5, 2, 400), np.full(400, 0.1), rng.integers(0, 2, 400) * 3.0 + 1])
    units = Standardization.of(values)
    assert units.columns == (0, 2)
    read = units.apply(values)
    assert read[:, 0].mean() == pytest.approx(0, abs=1e-12)
    assert read[:, 0].std() == pytest.approx(1)
    assert set(read[:, 1]) == {0.0, 1.0}
    values[:, 1] = 1e9
    np.testing.assert_array_equal(units.apply(values), read)
    assert Standardization.of(np.full((3, 1), 0.1)) == Standardization.of(np.zeros((0, 2))) == Standardization()


def test_gaps_have_a_channel(rng):
    df = shops(rng)
    columns = Columns(past=("past",))
    whole, gaps = (read_panel(frame, columns) for frame in (df, df.drop(index=[30, 31, 50])))
    assert Features.of(whole).n_channels == 1
    features = Features.of(gaps)
    assert (features.gaps, features.n_channels) == (True, 2)
    seen = features.channels(gaps, np.arange(29, 33))
    assert seen[:, 0].tolist() == [1, 0, 0, 1]


def test_channels_known_ahead_come_last_and_static_values_are_separate(rng):
    panel = read_panel(shops(rng), EVERY)
    features = Features.of(panel, calendar=True)
    calendar = len(features.calendar)
    assert features.calendar[:2] == ("week sine", "week cosine")
    assert (features.n_channels, features.n_known_ahead) == (
        4 + calendar,
        3 + calendar,
    )  # one for each text of the sky
    rows = np.array([0, 130])
    channels = features.channels(panel, rows)
    assert channels.shape == (2, 4 + calendar)
    np.testing.assert_array_equal(channels[:, :1], features.past.apply(panel.covariates.values[rows, :1]))
    assert (features.n_static, features.category_sizes) == (1, (3,))
    assert features.static_values(panel).shape == (3, 1)
    assert features.category_codes(panel)[:, 0].tolist() == [1, 2, 1]


def test_the_calendar_follows_the_timestamps_of_each_row(rng):
    panel = read_panel(shops(rng, rows=30), Columns())
    features = Features.of(panel, calendar=True)
    weekend = features.channels(panel, np.arange(90))[:, features.calendar.index("weekend")]
    # 2024-01-01, the first row of each series, is a Monday
    np.testing.assert_array_equal(weekend, np.tile(np.arange(30) % 7 >= 5, 3))


def test_categories_of_one_code_are_left_out_and_unseen_codes_become_0(rng):
    panel = read_panel(shops(rng), EVERY)
    some = panel.select(np.array([True, False, True]))  # both are of "Bonn"
    assert Features.of(some).categories == ()
    assert Features.of(some).category_codes(some) is None
    (towns,) = Features.of(panel).categories
    assert Features.of(panel).category_sizes == (3,)
    assert towns.codes[0] == 0


def test_notes_name_the_covariates_that_are_read_and_left_out(rng):
    df = shops(rng).assign(price=1.0)
    panel = read_panel(df, EVERY)
    read, left_out = Features.of(panel).notes(panel)
    assert read.startswith("besides the target, the networks read past (past); sky")
    assert read.endswith("size (static); town (categories)")
    assert left_out == "left out because constant in training: price"
    assert Features().notes(read_panel(table(np.arange(9.0)), Columns())) == []


def test_features_survive_json(rng):
    panel = read_panel(shops(rng), EVERY)
    features = Features.of(panel, calendar=True, season=7)
    assert read_object(json.loads(json.dumps(features.describe())), Features) == features
