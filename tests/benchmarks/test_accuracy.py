"""Measuring accuracy: files are read correctly, validations open no test files, measures are M4's, documents fit."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "accuracy"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    """The benchmarks can import each other, as scripts of one folder do; afterwards their names are free again."""
    before = set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))
    for name in set(sys.modules) - before:
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write_wide(path: Path, rows: dict[str, list[float]], horizons: dict[str, int] | None = None) -> None:
    width = max(map(len, rows.values()))
    head = ["id", "horizon"] if horizons else ["V1"]
    lines = [",".join([*head, *(f"X{k}" for k in range(width))])]
    for name, values in rows.items():
        start = [f'"{name}"', *([str(horizons[name])] if horizons else [])]
        lines.append(",".join([*start, *map(str, values), *[""] * (width - len(values))]))
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_test_parts_follow_their_training_parts(tmp_path):
    import loaders

    train, test = {"H1": list(range(1, 101)), "H2": list(range(60))}, {"H1": list(range(48)), "H2": [7] * 48}
    write_wide(tmp_path / "m4" / "Hourly-train.csv", train)
    write_wide(tmp_path / "m4" / "Hourly-test.csv", test)
    parts = loaders.m4_hourly(tmp_path, validation=False)
    assert parts.train.groupby("unique_id")["y"].apply(list).to_dict() == train
    assert parts.test.groupby("unique_id")["y"].apply(list).to_dict() == test
    assert parts.test.groupby("unique_id")["ds"].apply(lambda ds: (ds.min(), ds.max())).to_dict() == {
        "H1": (101, 148),
        "H2": (61, 108),
    }


def test_a_validation_does_not_open_the_test_file(tmp_path):
    import loaders

    write_wide(tmp_path / "m3" / "m3_monthly_train.csv", {"N1": list(range(50)), "N2": list(range(40))})
    parts = loaders.m3_monthly(tmp_path, validation=True)
    assert parts.train["y"].groupby(parts.train["unique_id"]).max().to_dict() == {"N1": 31, "N2": 21}
    assert parts.test["y"].groupby(parts.test["unique_id"]).apply(list)["N2"] == list(range(22, 40))
    with pytest.raises(FileNotFoundError, match="m3_monthly_test"):
        loaders.m3_monthly(tmp_path, validation=False)


def test_single_series_are_selected_by_number_and_length(tmp_path):
    import loaders

    rows = {f"Q{k}": list(range(20 + k)) for k in range(9)}
    write_wide(tmp_path / "m3" / "m3_quarterly_train.csv", rows)
    alone = loaders.one_by_one(loaders.m3_quarterly(tmp_path, validation=True), every=3, shortest=14)
    assert [part.train["unique_id"].unique().tolist() for part in alone] == [["Q2"], ["Q5"], ["Q8"]]
    assert [part.train["y"].tolist() for part in alone] == [list(range(n)) for n in (14, 17, 20)]
    assert [part.test["y"].tolist() for part in alone] == [list(range(n, n + 8)) for n in (14, 17, 20)]


def test_cif_is_split_by_horizon_and_a_short_test_part_is_refused(tmp_path):
    import loaders

    horizons = {"T1": 12, "T2": 6}
    write_wide(tmp_path / "cif2016" / "cif2016_train.csv", {"T1": list(range(40)), "T2": list(range(30))}, horizons)
    parts = loaders.cif2016(tmp_path, validation=True)
    assert {h: (set(p.test["unique_id"]), len(p.train), len(p.test)) for h, p in parts.items()} == {
        6: ({"T2"}, 24, 6),
        12: ({"T1"}, 28, 12),
    }
    write_wide(tmp_path / "cif2016" / "cif2016_test.csv", {"T1": [1] * 12, "T2": [1] * 5}, horizons)
    with pytest.raises(ValueError, match="T2 has 5 values for horizon 6"):
        loaders.cif2016(tmp_path, validation=False)


@pytest.mark.parametrize(("validation", "train", "end"), [(True, 8640, 11520), (False, 11520, 14400)])
def test_etth1_is_standardised_by_its_first_year_and_ends_at_its_split(tmp_path, validation, train, end):
    import loaders

    rng = np.random.default_rng(0)
    wide = pd.DataFrame({"date": pd.date_range("2016-07-01", periods=15000, freq="h"), "A": rng.normal(5, 2, 15000)})
    wide["B"] = 3 * wide["A"] + 1
    wide.loc[end:, ["A", "B"]] = 1e9  # must not be seen
    (tmp_path / "ett").mkdir()
    wide.to_csv(tmp_path / "ett" / "ETTh1.csv", index=False)
    parts = loaders.etth1(tmp_path, validation)
    assert parts.train.groupby("unique_id").size().to_dict() == {"A": train, "B": train}
    assert parts.test.groupby("unique_id").size().to_dict() == {"A": 2880, "B": 2880}
    year = parts.train.groupby("unique_id").head(8640).groupby("unique_id")["y"]
    assert year.mean().abs().max() < 1e-9
    assert year.std(ddof=0).to_dict() == pytest.approx({"A": 1, "B": 1})
    assert parts.test["y"].abs().max() < 10


def test_air_passengers_of_a_validation_end_a_year_early(tmp_path):
    import loaders

    (tmp_path / "classics").mkdir()
    months = pd.date_range("1949-01-01", periods=144, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"Month": months, "#Passengers": range(144)}).to_csv(
        tmp_path / "classics" / "AirPassengers.csv", index=False
    )
    assert loaders.air_passengers(tmp_path, True).test["y"].tolist() == list(range(120, 132))
    assert loaders.air_passengers(tmp_path, False).test["y"].tolist() == list(range(132, 144))


KEPT = {
    "US births, daily": "year,month,date_of_month,day_of_week,births\n2000,1,{n},6,{k}\n",
    "Victoria's electricity, half-hourly": "Time,Demand,Temperature,Date,H\n2012-01-{n:02}T13:00:00Z,{k},1,x,F\n",
    "drug sales (h2o), monthly": "fecha,y,exog_1,exog_2\n1992-01-{n:02},{k},1,1\n",
    "bike sharing, daily": "instant,dteday,season,cnt\n1,2011-01-{n:02},1,{k}\n",
}


def test_data_sets_kept_aside_are_read(tmp_path):
    import kept_aside

    for name, text in KEPT.items():
        head, line = text.split("\n")[:2]
        path = tmp_path / "file"
        path.write_text("\n".join([head, *(line.format(n=n, k=n + 0.5) for n in range(1, 31))]) + "\n", "utf-8")
        table = kept_aside.SETS[name].read(path)
        assert table["y"].tolist() == [n + 0.5 for n in range(1, 31)]
        assert table["ds"].dt.day.tolist() == list(range(1, 31))
    path.write_text(
        "# pages 1–2\n@relation M1\n@data\nT1:1975-12-01 00-00-00:4,5,6\nT2:1975-12-01 00-00-00:7.5\n", "cp1252"
    )
    table = kept_aside.m1_monthly(path)
    assert table.to_numpy().tolist() == [["T1", 1, 4.0], ["T1", 2, 5.0], ["T1", 3, 6.0], ["T2", 1, 7.5]]
    assert set(KEPT) | {"M1, monthly"} == set(kept_aside.SETS)


def test_measures_worked_by_hand():
    import measures

    train = pd.DataFrame({"unique_id": list("AAAABBB"), "ds": [1, 2, 3, 4, 1, 2, 3], "y": [1.0, 3, 5, 6, 2, 2, 4]})
    forecast = pd.DataFrame(
        {"unique_id": list("AABB"), "ds": [5, 6, 4, 5], "y": [6.0, 9, 4, 1], "f": [10.0, 9, 4, 3]}
    )
    forecast["f-lo-95"], forecast["f-hi-95"] = [5.0, 5, 5, 0], [7.0, 8, 6, 4]
    found = measures.scores(train, forecast, "f", 2)
    # scales: A (|5-1| + |6-3|) / 2 = 3.5, B |4-2| = 2; widths, and 40 for 1 outside: A 2, 3 + 40; B 1 + 40, 4
    assert found == pytest.approx(
        {
            "smape": (200 * 4 / 16 / 2 + 200 * 2 / 4 / 2) / 2,
            "mase": (4 / 2 / 3.5 + 2 / 2 / 2) / 2,
            "msis": (45 / 2 / 3.5 + 45 / 2 / 2) / 2,
            "coverage": 50.0,
        }
    )
    assert measures.owa({"smape": 3.0, "mase": 1.0}, {"smape": 4.0, "mase": 2.0}) == 0.625


def test_naive2_repeats_the_season_of_a_seasonal_series_only():
    import measures

    season = np.array([0.5, 1.0, 1.5, 1.0])
    assert measures.naive2_forecast(np.tile(10 * season, 6), 4, 6) == pytest.approx(np.resize(10 * season, 6))
    assert measures.naive2_forecast(np.tile(10 * season, 6)[:23], 4, 2) == pytest.approx([10, 5])
    noise = np.random.default_rng(0).uniform(1, 2, 40)
    assert measures.naive2_forecast(noise, 4, 3).tolist() == [noise[-1]] * 3
    assert measures.naive2_forecast(np.tile(10 * season, 2), 4, 1).tolist() == [10.0]  # less than three seasons
    assert measures.naive2_forecast(np.full(20, 3.0), 4, 2).tolist() == [3.0, 3.0]


def test_the_command_saves_its_results_and_tables_show_them(tmp_path, monkeypatch):
    import document
    import m4
    import record
    import run

    rng = np.random.default_rng(0)
    y = {f"H{k}": (10 + np.arange(240) % 24 + rng.uniform(size=240)).tolist() for k in range(2)}
    write_wide(tmp_path / "m4" / "Hourly-train.csv", y)
    monkeypatch.setitem(m4.SETTINGS, "defaults", {"season": 24, "steps": 2, "ensemble": 1})
    monkeypatch.setitem(m4.SETTINGS, "tuned", {"season": 24, "steps": 2, "ensemble": 1, "hidden": 5})
    out = tmp_path / "out"
    arguments = ["run.py", str(tmp_path), "--only", "m4-hourly", "kept-aside", "--validation", "--seeds", "0", "3"]
    for choice in ("both", "defaults"):  # a second run keeps the rows of the other choice
        monkeypatch.setattr(sys, "argv", [*arguments, "--settings", choice, "--output", str(out)])
        run.main()
    assert [path.name for path in out.iterdir()] == ["m4-hourly-validation.json"]
    content = record.load(out / "m4-hourly-validation.json")
    rows = {row["choice"]: row for row in content["rows"]}
    assert set(rows) == {"defaults", "tuned"}
    assert content["split"] == "validation"
    assert rows["tuned"]["hidden"] == 5
    assert rows["tuned"]["files"] == ["Hourly-train.csv"]
    assert [run["seed"] for run in rows["tuned"]["by_seed"]] == [0, 3]
    assert set(rows["defaults"]["median"]) == {"smape", "mase", "msis", "coverage", "owa", "wall_s"}
    made = document.tables(out)
    assert "### M4 hourly, over the last horizon of the training parts" in made
    assert f"{rows['tuned']['median']['owa']:.3f}" in made
    assert (
        document.rewritten(f"a{document.BEGIN}old{document.END}b", out)
        == f"a{document.BEGIN}\n\n{made}\n\n{document.END}b"
    )


def test_the_document_shows_the_measured_results():
    import document

    text = document.DOCUMENT.read_text("utf-8")
    assert document.tables()
    assert document.rewritten(text) == text
    text = document.README.read_text("utf-8")
    assert document.readme(text) == text


def test_errors_of_windows_require_all_forecasts():
    import ett

    made = pd.DataFrame({"ds": [3, 4, 4, 5], "y": [1.0, 2, 2, 3], "network": [1.0, 4, 1, 3]})
    assert ett.errors(made, 3, 4) == {"mse": 1.25, "mae": 0.75}
    with pytest.raises(ValueError, match="4 forecasts from 3 on; 5 from 3"):
        ett.errors(made, 3, 5)
