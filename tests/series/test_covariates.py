"""Covariates: layouts survive files, and pieces of a panel keep their covariates."""

from __future__ import annotations

import json

import numpy as np

from shops import SHOPS, shops
from tables import table
from unrolled.schema import read_object
from unrolled.series.columns import Columns
from unrolled.series.covariates import CovariateLayout, Covariates
from unrolled.series.from_frame import read_panel


def test_without_covariates_there_are_none():
    covariates = read_panel(table([1.0, 2.0, 3.0], unique_id="a"), Columns()).covariates
    assert (covariates.names, covariates.known, covariates.levels) == ((), 0, ())
    assert [covariates.values.shape, covariates.static.shape, covariates.categories.shape] == [(3, 0), (1, 0), (1, 0)]
    assert covariates.weights.tolist() == [1]


def test_a_layout_survives_a_file():
    covariates = read_panel(shops(), SHOPS).covariates
    assert read_object(json.loads(json.dumps(covariates.layout.describe())), CovariateLayout) == covariates.layout
    again = Covariates(covariates.layout, **covariates.arrays())
    assert again.names == covariates.names
    assert again.values is covariates.values


def test_pieces_carry_their_covariates():
    panel = read_panel(shops(), SHOPS)
    price = panel.covariates.names.index("price")
    cut = panel.until(1)
    assert cut.covariates.values[:, price].tolist() == [10, 10, 30, 50, 60, 70]
    assert cut.covariates.ahead.tolist() == [[40, 1], [80, 0]]  # values known ahead stay known
    assert cut.until(1).covariates.ahead.tolist() == [[30, 0], [40, 1], [70, 0], [80, 0]]
    assert panel.tail(2).covariates.values[:, price].tolist() == [30, 40, 70, 80]
    assert panel.tail(2).covariates.ahead.shape == (0, 2)
    one = cut.select(np.array([False, True]))
    assert one.covariates.values[:, price].tolist() == [50, 60, 70]
    assert one.covariates.ahead.tolist() == [[80, 0]]
    assert one.covariates.categories.tolist() == [[1]]
    assert one.covariates.static.tolist() == [[2]]
    assert one.covariates.weights.tolist() == [1]
    assert panel.until(9).covariates.values.shape == (0, 7)
