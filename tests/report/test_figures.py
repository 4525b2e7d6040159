"""Figures of forecasts, and the error without Matplotlib."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

import unrolled as un
from pages import fitted
from tables import eight_shops
from unrolled.errors import InputError
from unrolled.nn.training.history import History

NAME = un.Forecaster(1).name


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return eight_shops()


@pytest.fixture(scope="module")
def fc(table) -> un.Forecaster:
    renamed = table.rename(columns={"shop": "unique_id", "day": "ds", "sold": "y"})
    return fitted(renamed, 4)


def lines_of(axes) -> dict[str, list[float]]:
    return {line.get_label(): [*map(float, line.get_ydata())] for line in axes.get_lines()}


def test_a_figure_draws_the_forecast_and_its_past(fc):
    (axes,) = fc.plot("shop 3", history=10, level=[80]).axes
    forecast = fc.predict(level=[80])
    told = forecast[forecast["unique_id"] == "shop 3"]
    past = fc.panel_.y[fc.panel_.series(3)]
    lines = lines_of(axes)
    assert lines["y"] == past[-10:].tolist()
    assert lines[NAME] == [past[-1], *told[NAME]]  # it starts at the last value
    (band,) = axes.collections
    assert band.get_label() == "80 %"
    edges = {round(float(v), 9) for v in band.get_paths()[0].vertices[:, 1]}
    assert {round(v, 9) for v in [*told[f"{NAME}-lo-80"], *told[f"{NAME}-hi-80"]]} <= edges
    assert axes.get_title(loc="left") == "shop 3"


def test_without_ids_the_first_six_are_drawn_and_wrong_ones_are_refused(fc):
    figure = fc.plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == [f"shop {k}" for k in range(6)]
    assert len(fc.plot(["shop 7", "shop 0"]).axes) == 2
    with pytest.raises(InputError, match=r"no series 'shop 9'; the series are 'shop 0', .* and 3 more"):
        fc.plot("shop 9")
    with pytest.raises(InputError, match=r"there is no series to draw\. Name one"):
        fc.plot([])
    with pytest.raises(InputError, match="has not been fitted"):
        un.Forecaster(3).plot()


def test_dollar_signs_in_a_name_are_not_a_formula():
    frame = pd.DataFrame({"unique_id": "$a_{$", "ds": range(40), "y": range(40)})
    figure = fitted(frame, 3).plot()
    content, size = figure._repr_png_()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 2 * size["width"]


def test_a_history_is_drawn_by_epochs():
    history = History([4.0, 2.0, 1.0], [5.0, 3.0, 3.5], [0.1] * 3, [1.0] * 3, best_epoch=1)
    (axes,) = history.plot().axes
    lines = lines_of(axes)
    assert lines["training loss"] == [4.0, 2.0, 1.0]
    assert lines["validation loss"] == [5.0, 3.0, 3.5]
    with pytest.raises(InputError, match="no epochs"):
        History().plot()


@pytest.mark.parametrize("history", [0, -3, 2.5])
def test_the_history_is_a_number_of_rows(fc, history):
    with pytest.raises(InputError, match="`history` must be a whole number"):
        fc.plot(history=history)


def test_without_matplotlib_an_error_names_the_extra(fc, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"pip install 'unrolled\[plot\]'"):
        fc.plot()
