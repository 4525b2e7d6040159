"""The texts of a report: the task, the key figures, how the comparison was made, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import unrolled as un
from reports import content_of
from tables import panel_frame, table, two_frequencies
from unrolled.report import html, markdown, wording
from unrolled.report.wording import KeyFigure


def test_the_task_and_the_data_of_a_single_series(air):
    assert wording.facts(air) == "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values · target '#Passengers'"
    assert wording.question(air) == (
        "Forecast '#Passengers' 12 months ahead, with intervals of 50 %, 80 % and 95 %, by GRU."
    )
    assert wording.periods(air) == "12 months"


def test_the_explained_series_is_named_and_left_out_without_an_explanation(air, hostile):
    assert wording.how_explained(air).startswith("What the forecast of the series is made of, over the steps ahead.")
    assert wording.how_explained(hostile).startswith(f"What the forecast of series {hostile.ids[0]!r} is made of")
    unexplained = replace(air, explanation=None)
    for form in (html.page, markdown.document):
        assert "Why this forecast" in form(air)
        assert "Why this forecast" not in form(unexplained)


def test_the_task_of_several_frequencies(rng):
    content = content_of(two_frequencies(rng), 4)
    assert wording.question(content).startswith(
        "Forecast 'y' of 5 series (3 monthly, 2 quarterly) 4 months or quarters ahead, with intervals of"
    )
    assert wording.facts(content).startswith("3 series · monthly · 2012-01-01 … 2017-10-01 · 194 values; 2 series · ")
    assert wording.key_figures(content)[0] == KeyFigure("4 periods", "ahead: months or quarters")
    how = wording.how_held_out(content)
    for name, part in content.comparison.parts.items():
        assert f"{name}: {part.rows} periods, {part.origins} origins" in how


@pytest.mark.parametrize(
    ("freq", "horizon", "said"),
    [
        ("D", 1, "1 day"),
        ("W", 2, "2 weeks"),
        ("YS", 3, "3 years"),
        ("B", 2, "2 business days"),
        ("C", 2, "2 open days"),
        ("90min", 2, "2 steps"),
    ],
)
def test_periods_are_named_after_the_frequency(freq, horizon, said, rng):
    if freq == "C":  # Monday to Saturday
        freq = pd.offsets.CustomBusinessDay(weekmask="Mon Tue Wed Thu Fri Sat")
    assert wording.periods(content_of(table(rng.normal(size=40), freq=freq), horizon)) == said


def test_covariates_are_part_of_the_task(rng):
    frame = panel_frame(rng).assign(price=rng.uniform(size=225), kind="a")
    fc = un.Forecaster(4, steps=2, ensemble=1, hidden=2, window=8, verbose=0)
    fc.fit(frame, past_cols=["price"], static_cols=["kind"])
    content = fc.report(level=[]).content
    assert wording.question(content) == (
        "Forecast 'y' of 3 series 4 months ahead, with the covariates 'price' and 'kind', by GRU."
    )


def test_key_figures_follow_the_comparison(air, rng):
    several = content_of(panel_frame(rng), 4)
    for content in (air, several):
        figures = wording.key_figures(content)
        errors = content.comparison.table["MASE"]
        best = errors.drop(content.name).idxmin()
        change = 100 * (errors[content.name] / errors[best] - 1)
        value, meaning = figures[1]
        assert meaning == f"error (MASE) against {best}"
        assert float(value.replace("−", "-").removesuffix(" %")) == pytest.approx(change, abs=0.5)
        coverage = content.comparison.coverage[95]
        assert KeyFigure(f"{100 * coverage:.0f} %", "of held-out values inside the 95 % intervals") in figures
    assert wording.key_figures(air)[0] == KeyFigure("12 months", "ahead, to 1961-12-01")
    assert wording.key_figures(air)[-1] == KeyFigure("4.2 s", "total run time")
    won = next(figure for figure in wording.key_figures(several) if "every baseline" in figure.meaning)
    scores = several.comparison.by_series["MASE"].unstack("model")
    assert won.value == f"{(scores.idxmin(axis=1) == several.name).sum()} of 3"


def test_how_the_comparison_was_made(air, rng):
    comparison = air.comparison
    assert f"The last {comparison.rows} periods were held out" in wording.how_held_out(air)
    several = content_of(panel_frame(rng), 4)
    assert f"The last {several.comparison.rows} periods of each series were held" in wording.how_held_out(several)
    assert f"12 steps at a time from {comparison.origins} origins" in wording.how_held_out(air)


def test_what_the_errors_are_means_of(air, rng):
    assert "Errors are averaged over these forecasts. " in wording.how_held_out(air)
    frame = panel_frame(rng)
    whole = wording.how_held_out(content_of(frame, 4))
    assert "over the forecasts of each series, then over the series; those by step ahead over all forecasts" in whole
    assert "no MASE" not in whole
    series = frame["unique_id"].unique()
    frame.loc[frame["unique_id"] == series[0], "y"] = 5.0
    said = "1 of 3 series has no MASE and RMSSE, because its earlier values are too few or repeat exactly"
    content = content_of(frame, 4)
    assert wording.how_held_out(content).endswith(f" {said}.")
    assert f"({said})" in repr(content.comparison)


def test_a_sum_of_medians_of_many_zeros_is_explained(rng):
    few, many = panel_frame(rng), panel_frame(rng)
    many["y"] = rng.poisson(0.3, len(many))
    assert "sum is too low" not in wording.how_summed(content_of(few, 4))
    assert "sum is too low" not in wording.how_summed(content_of(many, 4))  # means are forecast
    assert "these are medians, which are close to 0" in wording.how_summed(content_of(many, 4, point="median"))


def test_the_report_says_why_there_is_no_comparison(tmp_path):
    short = content_of(pd.DataFrame({"ds": range(9), "y": range(9)}), 4)
    assert wording.why_no_comparison(short) == wording.NOT_HELD_OUT
    whole = un.Forecaster(2, steps=2, ensemble=1, hidden=2, verbose=0).fit(
        pd.DataFrame({"ds": range(40), "y": range(40)})
    )
    whole.save(tmp_path / "m.safetensors")
    loaded = un.load(tmp_path / "m.safetensors").report().content
    assert wording.why_no_comparison(loaded) == wording.NOT_KEPT


def test_a_smape_that_is_left_out_is_explained(air, rng):
    assert "sMAPE ranges from 0 to 200" in wording.how_held_out(air)
    zeros = content_of(table(rng.poisson(0.3, 80)), 3)
    how = wording.how_held_out(zeros)
    assert "sMAPE is left out, because it means little for values that are 0 or have both signs" in how
    assert "RMSSE, with squared errors, orders the models because at least half of the values are 0" in how


def test_a_day_of_low_coverage_is_named(air):
    assert wording.uneven_days(air) == ""
    comparison = replace(air.comparison, coverage_by_day={"Mondays": dict.fromkeys(air.comparison.coverage, 0.4)})
    predictor = replace(air.fitted.only, comparison=comparison)
    fitted = replace(air.fitted, predictors={"monthly": predictor})
    content = replace(air, fitted=fitted)
    said = "On Mondays the 95 % intervals held only 40 % of the values."
    assert wording.uneven_days(content) == f" {said}"
    assert said in html.page(content)
    assert said in markdown.document(content)
