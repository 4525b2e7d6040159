"""Packed texts behave in pandas like columns of objects, and take hardly more memory than their characters."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from unrolled.series import packed_texts
from unrolled.series.files import ReadOptions, dialect, read_file
from unrolled.series.packed_texts import PackedTexts, TextPacker, by_pieces, pieces_of

CELLS = ["2024", None, "ÄÖ", "a", "🙂b", "", "2024"]


@pytest.fixture
def packed() -> pd.Series:
    packer = TextPacker(len(CELLS))
    packer.add_texts([cell or "" for cell in CELLS[:3]])
    packer.add_texts([cell or "" for cell in CELLS[3:]])
    return pd.Series(packer.finish())


@pytest.fixture
def plain() -> pd.Series:
    return pd.Series([cell or None for cell in CELLS], dtype=object)


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c,
        lambda c: c.iloc[2:5],
        lambda c: c.iloc[[4, 0]],
        lambda c: c[c.notna()],
        lambda c: c.dropna().head(2),
        lambda c: c.drop_duplicates(),
        lambda c: c.where(np.arange(len(c)) != 2, None),
        lambda c: c.reindex([3, 99, 1]).where(lambda found: found.notna(), None),
        lambda c: pd.concat([c, c.iloc[:1]]),
        lambda c: pd.DataFrame({"one": c, "two": c}).iloc[2],
        lambda c: pd.Series(c.unique()),
    ],
)
def test_cells_are_those_of_objects(packed, plain, use):
    found, expected = use(packed), use(plain)
    assert isinstance(found.array, PackedTexts)
    assert found.astype(object).tolist() == expected.tolist() == [*found]


def test_cells_are_compared_like_objects(packed, plain):
    assert (packed == "2024").tolist() == (plain == "2024").tolist()
    assert (packed == packed.iloc[::-1].reset_index(drop=True)).tolist()[0]
    wanted = [None, "a", "ab", "ÖÄ", "2025"]
    assert (
        packed.isin(wanted).tolist() == plain.isin(wanted).tolist() == [False, True, False, True, False, True, False]
    )
    assert packed.duplicated().tolist() == plain.duplicated().tolist()
    assert packed.nunique() == plain.nunique()
    codes, texts = pd.factorize(packed)
    assert (codes.tolist(), [*texts]) == ([0, -1, 1, 2, 3, -1, 0], ["2024", "ÄÖ", "a", "🙂b"])


def test_a_copy_is_not_emptied_with_its_original(packed):
    copy = packed.copy()
    packed[0] = None
    assert (packed[0], copy[0]) == (None, "2024")
    with pytest.raises(NotImplementedError, match="can only be emptied"):
        packed.array[0] = "x"


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_pieces_are_objects_and_together_the_column(packed, plain, monkeypatch, at_once):
    monkeypatch.setattr(packed_texts, "CELLS_AT_ONCE", at_once)
    pieces = [*pieces_of(packed)]
    assert {piece.dtype for piece in pieces} == {np.dtype(object)}
    assert max(map(len, pieces)) <= at_once
    pd.testing.assert_series_equal(pd.concat(pieces), plain)
    lengths = by_pieces(packed, lambda piece: piece.str.len().astype(float))
    assert lengths.fillna(0).tolist() == [4, 0, 2, 1, 2, 0, 4]
    assert len(by_pieces(packed.iloc[:0], lambda piece: piece.str.len())) == 0


def test_a_long_table_of_different_timestamps_takes_less_than_four_times_its_size(tmp_path, monkeypatch):
    stamps = pd.date_range("1990-01-01", periods=100_000, freq="h").strftime("%Y-%m-%d %H:%M")
    text = "time,value\n" + "".join(f"{stamp},{k % 1000}.25\n" for k, stamp in enumerate(stamps))
    (tmp_path / "hours.csv").write_text(text)
    # what is in memory at the same time does not grow with the table, and counts more in a small one
    for module, name in ((dialect, "CHUNK_ROWS"), (dialect, "SHARED_SAMPLE_ROWS"), (packed_texts, "CELLS_AT_ONCE")):
        monkeypatch.setattr(module, name, 2000)
    read_file(str(tmp_path / "hours.csv"), ReadOptions())  # what is imported and cached does not count
    tracemalloc.start()
    try:
        table = read_file(str(tmp_path / "hours.csv"), ReadOptions())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(table.frame) == len(stamps)
    assert peak < 4 * len(text)
