"""The columns of forecasts and intervals: their names and values, and the way back from a table."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from support import assert_close
from unrolled.forecasting.probabilistic.interval_columns import interval_columns, models_in
from unrolled.forecasting.probabilistic.quantiles import check_levels
from unrolled.forecasting.probabilistic.support import Support


def test_intervals_have_their_usual_names():
    learned = np.arange(11.0) - 1
    columns = interval_columns("GRU", learned, check_levels([95, 80, 62.5, 99]))
    names = [f"GRU-{end}-{level}" for level in ("95", "80", "62.5", "99") for end in ("lo", "hi")]
    assert list(columns) == ["GRU", *names]
    values = {name: float(value) for name, value in columns.items()}
    assert values["GRU"] == 4
    assert_close([values[f"GRU-{end}-95"] for end in ("lo", "hi")], [0.0, 8.0], terms=2)
    assert_close([values[f"GRU-{end}-80"] for end in ("lo", "hi")], [2.0, 6.0], terms=2)
    assert_close([values[f"GRU-{end}-99"] for end in ("lo", "hi")], [-1.0, 9.0], terms=2)
    assert values["GRU-lo-80"] < values["GRU-lo-62.5"] < 4 < values["GRU-hi-62.5"] < values["GRU-hi-80"]


def test_whole_columns_round_intervals_outwards():
    learned = np.array([-2, -1.5, -1, -0.5, 0.2, 1.4, 1.7, 2.3, 3, 3.5, 4])
    columns = interval_columns("f", learned, [80], Support(integer=True))
    assert {name: float(value) for name, value in columns.items()} == {"f": 1, "f-lo-80": -1, "f-hi-80": 3}


def test_models_are_found_among_the_columns_of_a_table():
    columns = interval_columns("GRU", np.arange(11.0), [95, 62.5])
    intervals = {95: ("GRU-lo-95", "GRU-hi-95"), 62.5: ("GRU-lo-62.5", "GRU-hi-62.5")}
    assert models_in([*columns, "Naive", "a-lo-b"]) == {"GRU": intervals, "Naive": {}, "a-lo-b": {}}
    for lacking, message in (
        (["GRU", "GRU-lo-80"], "the 80 % interval of 'GRU' lacks the column 'GRU-hi-80'"),
        (["GRU-lo-80", "GRU-hi-80"], "the 80 % interval of 'GRU' lacks the column 'GRU'"),
    ):
        with pytest.raises(un.InputError, match=message):
            models_in(lacking)
