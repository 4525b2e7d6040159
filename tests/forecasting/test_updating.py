"""Updates: a fit that continues with newer rows forecasts like one that is given the whole table."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import contents, quick
from tables import LIBRARIES, counts_frame, panel_frame, shops, split_future, table, two_frequencies
from unrolled.forecasting.serialization import describe
from unrolled.forecasting.updating import Update


def loaded(fc: un.Forecaster) -> un.Forecaster:
    """The forecaster that is read from the file of this one."""
    content, arrays = describe(fc.fitted)
    return un.Forecaster.rebuild(content, arrays)


def last_rows(df: pd.DataFrame, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table without the last rows of each series, and these."""
    ids = df["unique_id"] if "unique_id" in df else pd.Series(0, df.index)
    late = df.groupby(ids).cumcount(ascending=False) < count
    return df[~late].reset_index(drop=True), df[late].reset_index(drop=True)


def row_by_row(fc: un.Forecaster, new: pd.DataFrame) -> un.Forecaster:
    for _, rows in new.groupby("ds"):
        fc.update(rows)
    return fc


def with_its_calibration(fc: un.Forecaster, other: un.Forecaster) -> un.Forecaster:
    """The first forecaster with the calibration of the other."""
    found = {
        name: replace(one, conformal_factors=other.fitted.predictors[name].conformal_factors)
        for name, one in fc.fitted.predictors.items()
    }
    return un.Forecaster.of(replace(fc.fitted, predictors=found))


def medians(frame: pd.DataFrame, fc: un.Forecaster) -> pd.DataFrame:
    keys = [name for name in ("unique_id", "ds") if name in frame]
    return frame.sort_values(keys)[[*keys, fc.name]].reset_index(drop=True)


SERIES = {
    "months": lambda rng: panel_frame(rng),
    "one series": lambda rng: panel_frame(rng, lengths=(80,)).drop(columns="unique_id"),
    "counts": lambda rng: counts_frame(),
    "negative values": lambda rng: panel_frame(rng).assign(y=lambda df: df["y"] - df["y"].mean()),
    "growth": lambda rng: panel_frame(rng).assign(y=lambda df: np.exp(df["y"] / 40)),
}


@pytest.mark.parametrize("network", ["both", "trained", "pretrained"])
@pytest.mark.parametrize("name", SERIES)
def test_an_updated_forecaster_forecasts_like_one_that_is_given_the_whole_table(rng, name, network):
    df = SERIES[name](rng)
    known, new = last_rows(df, 7)
    fc = quick(network=network).fit(known)
    whole = fc.predict(df, level=[80, 95])
    own = loaded(fc)
    for updated in (fc.update(new), own.update(new)):
        pd.testing.assert_frame_equal(medians(updated.predict(), fc), medians(whole, fc), check_exact=True)
    calibrated = with_its_calibration(quick(network=network).fit(known), fc)
    pd.testing.assert_frame_equal(
        fc.predict(level=[80, 95]), calibrated.predict(df, level=[80, 95]), check_exact=True
    )


@pytest.mark.parametrize("network", ["both", "trained"])
def test_updates_row_by_row_are_those_of_all_rows_at_once(rng, network):
    known, new = last_rows(panel_frame(rng), 9)
    once = quick(network=network).fit(known)
    several, after_loading = loaded(once), loaded(once)
    by_row = un.Forecaster.of(once.fitted)
    once.update(new)
    assert contents(row_by_row(by_row, new).fitted) == contents(once.fitted)
    for _, rows in new.groupby("ds"):
        several = loaded(several.update(rows))
    assert several.to_bytes() == once.to_bytes() == after_loading.update(new).to_bytes()
    assert (once.fitted.only.conformal_factors != by_row.fit(known).fitted.only.conformal_factors).any()


@pytest.mark.parametrize("library", LIBRARIES)
def test_tables_of_all_libraries(rng, library):
    known, new = last_rows(panel_frame(rng), 3)
    make = LIBRARIES[library]
    fc = quick().fit(make({name: known[name].tolist() for name in known}))
    before = type(fc.predict())
    fc.update(make({name: new[name].tolist() for name in new}))
    assert type(fc.predict()) is before
    other = quick().fit(known).update(new)
    assert fc.fitted.only.conformal_factors.tobytes() == other.fitted.only.conformal_factors.tobytes()


def test_covariates_of_all_kinds_and_the_known_future(rng):
    df = shops(rng)
    df.loc[rng.choice(len(df), 30, replace=False), "past"] = np.nan
    df.loc[rng.choice(len(df), 30, replace=False), "price"] = np.nan
    rows, future = split_future(df, 4)
    known, new = last_rows(rows.reset_index(drop=True), 5)
    whole = pd.concat([rows, future])
    fc = quick().fit(known, past_cols=["past"], future_cols=["price", "sky"], static_cols=["size", "town"])
    expected = fc.predict(whole)
    pd.testing.assert_frame_equal(
        medians(loaded(fc).update(new).predict(future=future), fc), medians(expected, fc), check_exact=True
    )
    once, by_row = loaded(fc), loaded(fc)
    once.update(pd.concat([new, future]))
    row_by_row(by_row, new).update(pd.concat([new[-1:], future]))
    pd.testing.assert_frame_equal(medians(once.predict(), fc), medians(expected, fc), check_exact=True)
    assert by_row.to_bytes() == once.to_bytes()
    assert "12 rows after the last values of 'y' taken as the known future" in once.update_.notes


@pytest.mark.parametrize("options", [{"network": "pretrained"}, {}, {"combine": "Theta", "log": True}])
def test_linear_effects_of_new_rows_are_removed_from_them(options):
    """Promotions, the days after them, and holidays within the new rows."""
    day, rng = pd.date_range("2021-01-01", periods=730), np.random.default_rng(2)
    promo = (rng.random(730) < 0.2) * 1.0
    feast = day.strftime("%m-%d").isin(["01-01", "05-01", "10-03", "12-25", "12-26"])
    df = table(
        np.exp(3 + 0.3 * promo - 0.2 * np.roll(promo, 1) - feast + 0.05 * rng.normal(size=730)),
        start="2021-01-01",
        promo=promo,
    )
    known, new, future = df[:715], df[715:726], df[726:]
    fc = quick(holidays="DE", **options).fit(known, future_cols=["promo"])
    terms = fc.fitted.only.transform.effects.terms
    assert (terms.columns, terms.lagged) == ((0,), (0,))
    assert terms.country == "DE"
    expected = fc.predict(df[:726], future=future)
    by_row = row_by_row(loaded(fc), new)
    fc.update(new)
    assert by_row.to_bytes() == fc.to_bytes()
    pd.testing.assert_frame_equal(medians(fc.predict(future=future), fc), medians(expected, fc), check_exact=True)


@pytest.mark.parametrize("decoder", ["parallel", "recurrent"])
def test_segments_of_the_known_future_row_by_row(rng, decoder):
    known, new = last_rows(shops(rng), 9)
    once = quick(7, segment=7, season=7, decoder=decoder, steps=30).fit(known, future_cols=["price"])
    by_row = row_by_row(loaded(once), new)
    assert by_row.to_bytes() == once.update(new).to_bytes()


def test_values_known_ahead_from_before_remain(rng):
    rows, future = split_future(shops(rng), 8)
    fc = quick(horizon=4).fit(pd.concat([rows, future]), future_cols=["price"])
    later = shops(np.random.default_rng(5)).groupby("unique_id").tail(8)
    given = future[["unique_id", "ds", "price"]].merge(later[["unique_id", "ds", "y"]], on=["unique_id", "ds"])
    first = given.groupby("unique_id").head(3)
    expected = fc.predict(pd.concat([rows, first, future.groupby("unique_id").tail(5)]))
    pd.testing.assert_frame_equal(fc.update(first).predict(), expected, check_exact=True)


def test_gaps_are_filled_like_those_of_a_whole_table(rng):
    df = panel_frame(rng)
    known, new = last_rows(df, 6)
    kept = new.drop(index=[0, 3]).assign(y=lambda rows: rows["y"].where(rows.index != 8))
    fc = quick(window=6, scaling="last", network="trained").fit(known)  # its window is shorter than a season
    expected = fc.predict(pd.concat([known, kept]))
    for one in (loaded(fc), fc):
        pd.testing.assert_frame_equal(one.update(kept).predict(), expected, check_exact=True)
        assert one.update_.notes[0] == "3 gaps filled with the value one season before"


def test_several_frequencies(rng):
    df = two_frequencies(rng).sort_values(["unique_id", "ds"]).reset_index(drop=True)
    known, new = last_rows(df, 4)
    fc = quick().fit(known)
    pd.testing.assert_frame_equal(
        medians(loaded(fc).update(new).predict(), fc), medians(fc.predict(df), fc), check_exact=True
    )
    months = new[new["unique_id"].str.startswith("m")]
    assert fc.update(months).update_.rows == len(months)
    with pytest.raises(un.DataError, match="series 'x' is not known"):
        fc.update(new.assign(unique_id="x"))


def test_methods_in_a_combination_and_recursive_forecasts(rng):
    df = panel_frame(rng, lengths=(60, 50))
    known, new = last_rows(df, 5)
    for options in ({"combine": "Theta"}, {"reach": 2}):
        fc = quick(**options).fit(known)
        expected = fc.predict(df)
        by_row = row_by_row(loaded(fc), new)
        assert fc.update(known).update_.rows == 0
        fc.update(new)
        pd.testing.assert_frame_equal(fc.predict(), expected, check_exact=True)
        assert by_row.to_bytes() == loaded(fc).to_bytes()


def test_closed_days_are_no_gaps(rng):
    days = pd.date_range("2024-01-01", periods=120, freq="B")
    df = pd.DataFrame({"ds": days, "y": rng.normal(size=120) + 9})
    known, new = last_rows(df, 6)
    fc = quick().fit(known)
    expected = fc.predict(df)
    pd.testing.assert_frame_equal(fc.update(new).predict(), expected, check_exact=True)
    assert fc.update_.notes == ()
    sunday = pd.DataFrame({"ds": [pd.Timestamp("2024-06-16")], "y": [1.0]})
    with pytest.raises(un.DataError, match="2024-06-16 does not lie on the business days grid of the training"):
        fc.update(sunday)


# --- rows that can't be added -----------------------------------------------------------------------

KNOWN = table(np.arange(40.0) + np.sin(np.arange(40)))


@pytest.fixture(scope="module")
def fitted() -> un.Forecaster:
    return quick(log=True).fit(KNOWN.assign(y=KNOWN["y"] + 5))


def new_rows(*rows: tuple[str, float | None]) -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.to_datetime([day for day, _ in rows]), "y": [y for _, y in rows]})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("2024-02-09", 7.0), ("2024-02-10", 1.0)], "row 0: 2024-02-09 has the value 7; so far it was 44.9"),
        ([("2023-12-31", 7.0)], "row 0: 2023-12-31 lies before the first known row, 2024-01-01"),
        ([("2024-02-10", -3.0)], "the series is taken in logarithms, and its new value -3 of 2024-02-10 has none"),
        ([("2044-02-10", 1.0)], "2044-02-10 comes 7306 periods after the last known timestamp, 2024-02-09"),
        ([("2024-02-10", 1.0), ("2024-02-10", 2.0)], "the timestamp 2024-02-10 occurs twice, in rows 0 and 1"),
        ([("2024-02-10", None)], "column 'y' has no values"),
        ([("2024-02-10 06:00", 4.0)], "2024-02-10 06:00:00 does not lie on the daily grid of the training"),
    ],
)
def test_a_refused_update_changes_nothing(fitted, rows, message):
    before = contents(fitted.fitted)
    with pytest.raises(un.DataError, match=message):
        fitted.update(new_rows(*rows))
    assert contents(fitted.fitted) == before
    assert fitted.update_ is None


def test_known_rows_and_rows_out_of_order_are_accepted():
    fc = quick().fit(KNOWN)
    new = new_rows(("2024-02-11", 41.0), ("2024-02-10", 40.0))
    fc.update(pd.concat([KNOWN, new]))
    assert fc.update_.rows == 2
    assert fc.update_.notes == ("rows were not in time order; they have been sorted",)
    assert str(fc.update(new).update_) == "no new rows; the last one is of 2024-02-11"
    assert fc.panel_.y.tolist() == [*KNOWN["y"], 40.0, 41.0]
    later = loaded(fc).update(pd.concat([KNOWN, new, new_rows(("2024-02-12", 42.0))]))
    assert later.update_.rows == 1


def test_a_value_of_a_gap_that_is_known_by_now_is_refused():
    fc = quick().fit(KNOWN.drop(index=30))
    with pytest.raises(un.DataError, match=r"2024-01-31 has the value 29\.012; so far it was missing"):
        fc.update(KNOWN)


def test_ids_are_needed_where_there_are_ids(rng):
    known, new = last_rows(panel_frame(rng), 2)
    fc = quick().fit(known)
    with pytest.raises(un.DataError, match="there is no column 'unique_id', but the known series have ids"):
        fc.update(new[new["unique_id"] == "s0"].drop(columns="unique_id"))
    with pytest.raises(
        un.DataError, match=r"series 'z', 'y' are not known.*Leave their rows out \(`predict` forecasts new"
    ):
        fc.update(pd.concat([new, new[:1].assign(unique_id="z"), new[:1].assign(unique_id="y")]))


def test_a_series_that_becomes_negative_has_negative_forecasts(rng):
    fc = quick(log=False).fit(table(rng.uniform(0, 1, 60)))
    assert fc.fitted.only.transform.nonnegative.all()
    assert not fc.update(table([-3.0], start="2024-03-01")).fitted.only.transform.nonnegative.any()


# --- calibration and drift --------------------------------------------------------------------------


def test_no_forecast_is_calibrated_on_later_values(rng):
    """The factors after some rows do not depend on rows after them."""
    known, new = last_rows(panel_frame(rng), 8)
    fc = quick().fit(known)
    changed = new.assign(y=new["y"] + np.where(new.groupby("unique_id").cumcount() >= 4, 100.0, 0.0))
    factors = []
    for rows in (new, changed):
        one = loaded(fc)
        row_by_row(one, rows[rows.groupby("unique_id").cumcount() < 4])
        factors.append(one.fitted.only.conformal_factors)
    assert factors[0].tobytes() == factors[1].tobytes()


def test_only_forecasts_that_the_fit_has_made_count(rng):
    """A step ahead is calibrated once an origin after the fit lies so far back."""
    known, new = last_rows(panel_frame(rng, lengths=(90,)), 2)
    fc = quick().fit(known)
    before = fc.fitted.only.conformal_factors
    moved = (fc.update(new).fitted.only.conformal_factors != before).any(axis=0)
    assert moved.tolist() == [True, True, False, False]


def simulated(seed: int, rows: int, growth: float, start: int) -> pd.DataFrame:
    """Daily values whose noise grows by a factor from a row on."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=rows) * np.where(np.arange(rows) >= start, growth, 1.0)
    return table(50 + 5 * np.sin(2 * np.pi * np.arange(rows) / 7) + noise)


def alarms(growth: float, count: int) -> tuple[int, list[float]]:
    """The number of simulated series with a note after 100 rows, and their coverage of 80 % then."""
    noted, coverage = 0, []
    for seed in range(count):
        df = simulated(seed, 300, growth, 200)
        fc = quick(7, network="pretrained").fit(df[:200])
        fc.update(df[200:])
        noted += bool(fc.fitted.only.drift_notes)
        coverage.append(fc.update_.inside / fc.update_.values)
    return noted, coverage


def test_stable_series_raise_no_alarm_and_growing_errors_do():
    stable, coverage = alarms(1.0, 30)
    assert stable <= 1
    assert 0.74 < np.mean(coverage) < 0.86
    grown, coverage = alarms(5.0, 10)
    assert grown >= 8
    assert np.mean(coverage) > 0.65


def test_the_note_on_drift_is_given_by_updates_and_forecasts_until_the_next_fit():
    df = simulated(0, 260, 4.0, 200)
    fc = quick(7, network="pretrained").fit(df[:200]).update(df[200:])
    (note,) = fc.update_.notes
    assert re.fullmatch(
        r"forecasts have become worse: one step ahead, the errors of the last 60 values are [34]\.\d times those "
        r"before the fit \(12 values\); up to 2\.2 times may be chance\. Fit again",
        note,
    )
    again = loaded(fc)
    again.predict()
    assert again.predict_notes_ == [note]
    again.fit(df).predict()
    assert again.predict_notes_ == []
    assert again.update_ is None


def test_files_without_tracking_begin_with_their_calibration():
    fc = quick().fit(KNOWN)
    content, arrays = describe(fc.fitted)
    old = {name: array for name, array in arrays.items() if not name.startswith("tracking.")}
    one = un.Forecaster.rebuild(content, old).update(new_rows(("2024-02-10", 40.0)))
    assert one.fitted.only.tracking.added.tolist() == [1]


def test_the_report_and_the_totals_of_an_updated_fit(rng):
    known, new = last_rows(panel_frame(rng, lengths=(90, 90)), 3)
    fc = quick().fit(known).update(new)
    assert "2017-07" in fc.report().to_markdown()
    assert fc.total()["ds"].iloc[0] == pd.Timestamp("2017-07-01")


def test_an_update_takes_milliseconds():
    df = simulated(0, 240, 1.0, 200)
    fc = quick(7).fit(df[:200]).update(df[200:220])
    times = []
    for k in range(220, 240):
        start = time.perf_counter()
        fc.update(df[k : k + 1])
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.05


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (Update(1, "2024", 0, 0, ()), "1 row added, up to 2024"),
        (Update(0, "2024", 0, 0, ()), "no new rows; the last one is of 2024"),
    ],
)
def test_an_update_in_words(update, words):
    assert str(update) == words


def test_extreme_values_leave_a_state_that_can_be_read():
    fc = quick(log=False).fit(KNOWN)
    fc.update(new_rows(("2024-02-10", 1e35), ("2024-02-11", -1e35), ("2024-02-12", 3.0)))
    assert loaded(fc).to_bytes() == fc.to_bytes()
    assert np.isfinite(fc.fitted.only.conformal_factors).all()
