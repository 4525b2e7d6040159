"""Bytes as text: encodings, compression, Parquet, standard input, and files that are no tables."""

from __future__ import annotations

import gzip
import io
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, SALES, assert_sales, daily, values
from unrolled.series.files import ReadOptions, read_file


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_detected_and_can_be_given(file, encoding):
    content = "\n".join(["date,größe", *(f"{day},{k}" for k, day in enumerate(DAYS))]).encode(encoding)
    for reading in (ReadOptions(), ReadOptions(encoding=encoding)):
        assert read_file(file(content), reading).columns.target == "größe"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_not_part_of_a_name(file, encoding):
    assert_sales(read_file(file("\n".join(SALES).encode(encoding))))


def test_a_guessed_encoding_is_named_where_no_date_is_found(file, refused):
    content = "\n".join(
        ["месяц;спрос", *(f"{month} 2024;{k}" for k, month in enumerate(["январь", "февраль", "март"]))]
    )
    refused(content.encode("cp1251"), message=r"in cp1251, '.*' is 'январь 2024'\. Use `encoding='cp1251'`")
    assert len(read_file(file(content.encode("cp1251")), ReadOptions(encoding="cp1251")).frame) == 3


def test_gzip_is_unpacked(file):
    whole = gzip.compress("\n".join(daily(range(5))).encode())
    assert values(read_file(file(whole))) == [0, 1, 2, 3, 4]
    with pytest.raises(un.DataError, match="gzip file that is cut off"):
        read_file(file(whole[:-12]))


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("\n".join(SALES).encode())))
    assert_sales(read_file("-"))


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"date": pd.date_range("2024-01-01", periods=3), "sales": [1.5, None, 3]})


@pytest.mark.parametrize("index", [None, "date"])
def test_parquet_is_read_with_or_without_an_index(tmp_path, frame, index):
    path = tmp_path / "sales.of.any.name"
    (frame.set_index(index) if index else frame).to_parquet(path)
    table = read_file(str(path))
    assert_sales(table)
    assert list(table.columns.rows) == [1, 2, 3]


def test_places_without_a_file_are_refused(tmp_path, file):
    for path, message in [
        (tmp_path, "is a folder; name a CSV or Parquet file in it"),
        (tmp_path / "none.csv", "there is no file .*none.csv. Check the name, or give - to read standard input"),
        (file(*SALES) + "/sales.csv", "can't read .*: Not a directory. Name a file that you may read"),
        (tmp_path / ("a" * 5000), "can't read .*: File name too long"),
    ]:
        with pytest.raises(un.DataError, match=message):
            read_file(str(path))


@pytest.mark.parametrize(
    ("content", "message"), [(b"", " is empty"), (b"a,b\n1,2\n", ": no column can be read as dates")]
)
def test_standard_input_is_named(monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(un.DataError, match=f"^standard input{message}"):
        read_file("-")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_damaged_parquet_is_refused(refused, share):
    content = io.BytesIO()
    pd.DataFrame({"ds": [1, 2], "y": [3, 4]}).to_parquet(content)
    whole = content.getvalue()
    refused(whole[: 4 + int(share * (len(whole) - 5))], message="is a damaged Parquet file")


def test_parquet_without_rows_is_refused(refused):
    content = io.BytesIO()
    pd.DataFrame({"ds": [], "y": []}).to_parquet(content)
    refused(content.getvalue(), message="has columns but no rows")
