"""Columns that keep each distinct text once, and packed columns, are read like all others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from unrolled.series import packed_texts
from unrolled.series.files import ReadOptions, dialect, read_file
from unrolled.series.files.options import CovariateColumns
from unrolled.series.files.texts import as_objects, distinct_texts, each_text

DAYS = [f"2024-01-{day:02}" for day in range(1, 29)]
HOURS = [f"{day} {hour:02}:00" for day in DAYS for hour in range(24)]
TABLES = {
    "ids": (["store,ds,y", *(f"{s},{d},{len(s) + k}" for s in ("a", "bb") for k, d in enumerate(DAYS))], {}, {}),
    "pairs of ids": (
        ["store,item,ds,y", *(f"{s},{i},{d},{k % 7}" for s in "ab" for i in "xy" for k, d in enumerate(DAYS))],
        {"target": "y"},
        {},
    ),
    "dashes and blanks": (["ds , y", *(f"{d} , {'-' if k == 3 else k % 5}" for k, d in enumerate(DAYS))], {}, {}),
    "units": (["ds;y", *(f"{d};{k % 5},5 kg" for k, d in enumerate(DAYS))], {}, {}),
    "sentinels": (["ds,y", *(f"{d},{-99 if k == 4 else k % 6}" for k, d in enumerate(DAYS))], {"na": "-99"}, {}),
    "hours of days": (["day,hour,y", *(f"{d},{h},{h * 2}" for d in DAYS for h in range(1, 25))], {}, {}),
    "parts of dates": (["year,month,day,y", *(f"2024,1,{k},{k % 3}" for k in range(1, 29))], {}, {}),
    "covariates": (
        ["ds,y,promo,weather", *(f"{d},{k},{k % 2},{'sun' if k % 3 else ''}" for k, d in enumerate(DAYS))],
        {"target": "y"},
        {"future": ("promo",), "past": ("weather",)},
    ),
    "months of years": (
        ["year," + ",".join(map(str, range(1, 13))), *(f"{y}" + ",5" * 12 for y in (2020, 2021))],
        {},
        {},
    ),
    "dates as columns": ([",".join(["name", *DAYS]), "a" + ",7" * 28, "b" + "," + ",8" * 27], {}, {}),
    "total below": (["ds,y", *(f"{d},2" for d in DAYS), "Total,56"], {}, {}),
    "zoned": (["ds,y", *(f"{h}+01:00,{k % 9}" for k, h in enumerate(HOURS))], {}, {}),
    "days first": (["Tag,y", *(f"{d[8:]}.{d[5:7]}.{d[:4]},{k % 9}" for k, d in enumerate(DAYS))], {}, {}),
    "a form of dates": (
        ["ds,y", *(f"{d[2:].replace('-', '')},{k % 9}" for k, d in enumerate(DAYS))],
        {"dates": "%y%m%d"},
        {},
    ),
    "codes of dates": (["ds,y", *(f"{d.replace('-', '')}18,{k % 9}" for k, d in enumerate(DAYS))], {}, {}),
    "seconds": (["ds,y", *(f"{1704067200 + 3600 * k}.0,{k % 9}" for k in range(50))], {}, {}),
    "decimal commas": (["ds;y", *(f"{d};{k},{k:02}" for k, d in enumerate(DAYS))], {}, {}),
    "missing dates": (["ds,y", *(f"{'' if k in (7, 9) else d},{k}" for k, d in enumerate(DAYS))], {}, {}),
    "several numbers": (["ds,a,b,c", *(f"{d},{k},{k % 2},7" for k, d in enumerate(DAYS))], {"wide": True}, {}),
}  # fmt: skip


@pytest.mark.parametrize("share", [1.0, 0.0], ids=["shared", "packed"])
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_alike(file, monkeypatch, name, share):
    lines, options, covariates = TABLES[name]

    def read():
        return read_file(file(*lines), ReadOptions(**options), CovariateColumns(**covariates))

    plain = read()
    monkeypatch.setattr(dialect, "MIN_LONG_ROWS", 0)
    monkeypatch.setattr(dialect, "MAX_DISTINCT_SHARE", share)
    monkeypatch.setattr(packed_texts, "CELLS_AT_ONCE", 5)
    other = read()
    pd.testing.assert_frame_equal(other.frame, plain.frame)
    assert (other.notes, other.roles, other.columns) == (plain.notes, plain.roles, plain.columns)


def test_long_tables_share_repeated_texts_and_pack_others(file):
    rows = range(dialect.MIN_LONG_ROWS)
    raw = dialect.parse_cells(
        dialect.DecodedFile("long", "id,ds,y\n" + "".join(f"{k % 4},{k},{k % 3 or ''}\n" for k in rows)),
        ReadOptions(),
    )
    assert [str(kind) for kind in raw.cells.dtypes] == ["category", "packed text", "category"]
    assert as_objects(raw.cells["y"]).tolist()[:4] == [None, "1", "2", None]
    assert as_objects(raw.cells["ds"]).tolist() == [str(k) for k in rows]


def test_each_distinct_text_is_examined_once():
    seen = []

    def lengths(texts: pd.Series) -> pd.Series:
        seen.extend(texts)
        return texts.str.len()

    column = pd.Series(["abc", None, "abc", "d"], dtype=object)
    for kind in (object, "category"):
        seen.clear()
        np.testing.assert_array_equal(each_text(column.astype(kind), lengths), [3, np.nan, 3, 1])
        assert sorted(seen) == ["abc", "d"]
        codes, texts = distinct_texts(column.astype(kind))
        assert (codes.tolist(), texts.tolist()) == ([0, -1, 0, 1], ["abc", "d"])


@pytest.mark.parametrize("texts", [["2024-01", "2024-02", "2024-03"], ["b", "a", "b", None], ["1", None], [], [None]])
def test_texts_that_rise_are_told_apart_as_all_others(texts):
    column = pd.Series(texts, dtype=object)
    codes, distinct = distinct_texts(column)
    expected_codes, expected = pd.factorize(column)
    np.testing.assert_array_equal(codes, expected_codes)
    assert distinct.tolist() == list(expected)


def test_texts_that_rise_in_all_pieces_but_not_between_them(monkeypatch):
    monkeypatch.setattr(packed_texts, "CELLS_AT_ONCE", 2)
    codes, distinct = distinct_texts(pd.Series(["a", "b", "a", "b"], dtype=object))
    assert codes.tolist() == [0, 1, 0, 1]
    assert distinct.tolist() == ["a", "b"]
