"""One forecaster for a table whose series have different frequencies."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import interrupt_the_training, quick
from tables import LIBRARIES, series, table, two_frequencies
from unrolled.forecasting import fitting
from unrolled.forecasting.multi_frequency import split_search
from unrolled.forecasting.selection import automatic
from unrolled.forecasting.selection.automatic import SelectionResult, without_search
from unrolled.forecasting.selection.search import EVIDENCE
from unrolled.series.by_frequency import read_panels, series_counts
from unrolled.series.columns import Columns

NOTE = "3 series monthly, 2 quarterly: each frequency gets its own networks"


@pytest.fixture
def both(rng) -> pd.DataFrame:
    return two_frequencies(rng)


# --- the parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"reach": 2}, {"window": 8, "likelihood": "normal"}])
def test_each_part_equals_a_forecaster_of_its_own(options, both):
    fc = quick(**options).fit(both, baselines=["Naive2"])
    assert list(fc.parts_) == ["monthly", "quarterly"]
    alone = {n: quick(**options).fit(t, baselines=["Naive2"]) for n, t in un.by_frequency(both).items()}
    whole = pd.concat([one.predict(level=[80]) for one in alone.values()], ignore_index=True)
    pd.testing.assert_frame_equal(fc.predict(level=[80]), whole, check_exact=True)
    pd.testing.assert_frame_equal(fc.predict(both, level=80), whole, check_exact=True)
    paths = pd.concat([one.sample(2, seed=5) for one in alone.values()], ignore_index=True)
    pd.testing.assert_frame_equal(fc.sample(2, seed=5), paths, check_exact=True)
    assert fc.notes_[0] == NOTE
    assert len(whole) == 5 * 4
    assert whole[whole["unique_id"] == "q40"]["ds"].tolist() == list(
        pd.date_range("2015-01-01", periods=4, freq="QS")
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_forecasts_come_in_the_library_of_the_table(library, both):
    asked = LIBRARIES[library](both)
    fc = quick().fit(asked)
    expected = quick().fit(both).predict()
    for answer in (fc.predict(), fc.predict(asked)):
        assert type(answer) is type(asked)
        np.testing.assert_array_equal(answer["GRU"].to_numpy(), expected["GRU"])


def test_hours_and_days_are_two_frequencies(rng):
    df = pd.concat([series(rng, 200, "h", "hours", 24), series(rng, 40, "D", "day", 7, "2011-06-01")])
    fc = quick().fit(df)
    assert list(fc.parts_) == ["hourly", "daily"]
    assert fc.predict().groupby("unique_id")["ds"].agg(lambda s: s.diff().max()).tolist() == [
        pd.Timedelta("1D"),
        pd.Timedelta("1h"),
    ]


def test_a_series_with_gaps_does_not_get_a_coarser_frequency(rng, both):
    gaps = series(rng, 60, "MS", "gaps", 12).drop(index=[3, 4, 11, 20, 21, 22])
    fc = quick().fit(pd.concat([both, gaps]))
    assert "gaps" in fc.fitted.predictors["monthly"].context.ids
    filled = "6 gaps filled with the value one season before (3 in the first season with the value before)"
    assert f"monthly: {filled}, and left out of every score" in fc.notes_


def test_stamps_that_fit_no_frequency_are_refused(both):
    wrong = both.copy()
    wrong.loc[wrong.index[wrong["unique_id"] == "m60"][5], "ds"] += pd.Timedelta("3D")
    with pytest.raises(un.DataError, match="grid that most timestamps follow"):
        quick().fit(wrong)
    halves = both.assign(ds=both["ds"].where(both["unique_id"] != "q40", both["ds"] + pd.DateOffset(months=1)))
    with pytest.raises(un.DataError, match="does not lie on the quarterly grid") as raised:
        quick().fit(halves)  # quarters that begin in other months are no frequency
    row, stamp, name = re.search(r"row (\d+): the timestamp (\S+) of series '(q\d+)'", str(raised.value)).groups()
    assert halves.loc[int(row), ["unique_id", "ds"]].tolist() == [name, pd.Timestamp(stamp)]


def test_given_frequency_and_season(both):
    assert quick(freq="MS").fit(both).parts_ == {}
    with pytest.raises(un.InputError, match=r"`season=12` .* 3 series monthly, 2 quarterly.* \(`un.by_frequency`\)"):
        quick(season=12).fit(both)


def test_untrainable_frequencies_are_refused_before_any_training(both, rng, monkeypatch):
    monkeypatch.setattr(fitting, "train_ensemble", None)
    weeks = series(rng, 6, "W", "w", 1)
    with pytest.raises(un.DataError, match=r"the weekly series: .*'w' has 6 periods.*by_frequency"):
        quick(network="trained").fit(pd.concat([both, weeks]))


def test_frequencies_too_short_for_a_training_are_forecast_by_the_pretrained_network(both, rng):
    weeks = series(rng, 6, "W", "w", 1)
    fc = quick().fit(pd.concat([both, weeks]))
    assert [bool(part.model_.members) for part in fc.parts_.values()] == [True, True, False]
    forecast = fc.predict()
    assert forecast["GRU"].notna().all()
    assert forecast["unique_id"].nunique() == both["unique_id"].nunique() + 1


def test_a_fit_replaces_an_earlier_one_completely(both):
    months = both[both["unique_id"].str.startswith("m")]
    fc = quick().fit(months)
    expected = fc.predict()
    assert not hasattr(fc.fit(both), "model_")
    assert fc.fit(months).parts_ == {}
    pd.testing.assert_frame_equal(fc.predict(), expected, check_exact=True)


# --- new tables, covariates -------------------------------------------------------------------------


def test_unseen_series_are_forecast_by_the_part_of_their_frequency(both, rng):
    fc = quick().fit(both)
    new = pd.concat([series(rng, 50, "MS", "new", 12), series(rng, 30, "QS", "other", 4)])
    short = both[both["unique_id"] == "m70"].sort_values("ds").iloc[-24::3]  # every third month only
    found = fc.predict(pd.concat([new, short.assign(unique_id="m70")]))
    steps = found.groupby("unique_id")["ds"].agg(lambda s: s.diff().dt.days.min())
    assert (steps < 40).to_dict() == {"new": True, "other": False, "m70": True}
    with pytest.raises(un.DataError, match=r"series 'w' is weekly; .* monthly, quarterly"):
        fc.predict(pd.concat([new, series(rng, 30, "W", "w", 1)]))
    with pytest.raises(un.DataError, match=r"row 3: the timestamp is missing"):
        fc.predict(new.assign(ds=new["ds"].where(np.arange(len(new)) != 3)))


def test_covariates_and_the_known_future_reach_each_part(both, rng):
    both = both.assign(
        price=rng.uniform(size=len(both)),
        sky=np.where(rng.uniform(size=len(both)) < 0.5, "rain", "sun"),
        kind=both["unique_id"].str[0] + both["unique_id"].str[-1],
    )
    told = {"past_cols": ["sky"], "future_cols": ["price"], "static_cols": ["kind"]}
    fc = quick().fit(both, **told)
    with pytest.raises(un.DataError, match=r"m\d\d.* the future covariate 'price' is missing"):
        fc.predict()
    ends = both.groupby("unique_id")["ds"].max()
    freq = {name: "MS" if name[0] == "m" else "QS" for name in ends.index}
    future = pd.concat(
        [table(rng.uniform(size=5), end, freq[name], unique_id=name)[1:] for name, end in ends.items()]
    ).rename(columns={"y": "price"})
    parts = [quick().fit(t, **told).predict(future=future) for t in un.by_frequency(both).values()]
    found = fc.predict(future=future)
    pd.testing.assert_frame_equal(found, pd.concat(parts, ignore_index=True), check_exact=True)
    other = fc.predict(future=future.assign(price=lambda f: 3 * f["price"]))
    assert (found["GRU"] != other["GRU"]).groupby(found["unique_id"]).any().all()


# --- the automatic choice ---------------------------------------------------------------------------


def test_the_budget_is_divided_among_the_frequencies(both):
    panels = read_panels(both, Columns())
    budgets = [one.budget for one in split_search(quick(cell="auto", budget=27).parameters, panels)]
    assert budgets == pytest.approx([27 * 194 / 270, 27 * 76 / 270])
    assert sum(one.budget for one in split_search(quick(cell="auto").parameters, panels)) == pytest.approx(60)
    trials = [one.max_trials for one in split_search(quick(cell="auto", max_trials=11).parameters, panels)]
    assert trials == [7, 4]
    with pytest.raises(un.InputError, match=r"max_trials 7 is too few for 2 frequencies.* need 8"):
        quick(cell="auto", max_trials=7).fit(both)


def test_each_frequency_has_a_search_of_its_own(both):
    fc = quick(cell="auto", max_trials=8, segment=1).fit(both)
    assert set(fc.search_["frequency"]) == {"monthly", "quarterly"}
    assert fc.search_.columns[0] == "frequency"
    again = {name: un.Forecaster(**one.chosen_) for name, one in fc.parts_.items()}
    expected = [again[name].fit(part).predict() for name, part in un.by_frequency(both).items()]
    pd.testing.assert_frame_equal(fc.predict(), pd.concat(expected, ignore_index=True), check_exact=True)
    assert "frequency" in fc.report().to_markdown().split("## Automatic choice")[1].split("\n")[2]


def test_after_an_interrupt_no_further_search_begins(both, monkeypatch):
    calls = []

    def interrupted(parameters, panel):
        calls.append(panel.frequency.name)
        table = pd.DataFrame(columns=EVIDENCE)
        return SelectionResult(parameters, without_search(parameters), table, ["stopped"], interrupted=True)

    monkeypatch.setattr(automatic, "select_parameters", interrupted)
    fc = quick(cell="auto").fit(both)
    assert calls == ["monthly"]
    assert fc.search_interrupted_
    assert len(fc.predict()) == 5 * 4
    assert fc.predict().columns[-1] == "AUTO"
    assert "automatic choice: the default for the frequencies after the interrupted search" in fc.notes_


# --- interrupts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "names"), [(0, ["monthly"]), (1, ["monthly"]), (2, ["monthly", "quarterly"])])
def test_ctrl_c_keeps_the_parts_that_were_reached(number, names, both, monkeypatch):
    whole = quick().fit(both).parts_["monthly"].predict()
    interrupt_the_training(number, monkeypatch)
    fc = quick().fit(both)
    assert list(fc.parts_) == names
    assert fc.interrupted_
    lost = "interrupted: no forecast of 2 series quarterly, which were not yet trained on"
    assert (lost in fc.notes_) == (len(names) < 2)
    found = fc.predict()
    assert found["unique_id"].nunique() == (5 if len(names) == 2 else 3)
    if number == 2:  # what was finished is whole
        pd.testing.assert_frame_equal(found[found["unique_id"].str[0] == "m"], whole, check_exact=True)
    assert fc.report().content.shown == found["unique_id"].nunique()


def test_frequencies_are_listed_with_their_counts(both):
    assert series_counts(read_panels(both, Columns())) == "3 series monthly, 2 quarterly"


def test_series_closed_on_different_days_are_forecast_on_their_own_days(rng):
    def shop(name, days, rows=140):
        stamps = pd.date_range("2024-01-01", periods=rows)
        frame = pd.DataFrame({"unique_id": name, "ds": stamps, "y": rng.normal(50, 1, rows)})
        return frame[frame["ds"].dt.dayofweek.isin(days)]

    df = pd.concat([shop("a", range(6)), shop("b", range(1, 7)), shop("c", range(7))])
    fc = quick().fit(df)
    assert set(fc.parts_) == {"daily", "daily (Monday to Saturday)", "daily (Tuesday to Sunday)"}
    days = fc.predict(horizon=4).groupby("unique_id")["ds"].agg(lambda ds: ds.dt.dayofweek.tolist()).to_dict()
    assert days == {"a": [0, 1, 2, 3], "b": [1, 2, 3, 4], "c": [0, 1, 2, 3]}
    # a new series has the networks of those that are closed when it has no values
    newer = pd.concat(
        [shop("a", range(6)), shop("d", range(6), 82), shop("e", range(7), 82), shop("f", range(1, 7), 82)]
    )
    days = fc.predict(newer, horizon=4).groupby("unique_id")["ds"].agg(lambda ds: ds.dt.dayofweek.tolist())
    assert days.to_dict() == {"a": [0, 1, 2, 3], "d": [5, 0, 1, 2], "e": [5, 6, 0, 1], "f": [5, 6, 1, 2]}
    rows = quick().cross_validation(df, n_windows=2)
    assert not ((rows["unique_id"] == "a") & (rows["ds"].dt.dayofweek == 6)).any()
    assert rows["y"].notna().all()
