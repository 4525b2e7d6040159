"""Bytes as text: encodings, compression, Parquet, standard input, and files that are no tables."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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


def test_parquet_with_text_that_is_not_utf_8_is_refused(refused):
    texts = pa.array([b"a", b"b\xff"], pa.binary())
    ids = pa.Array.from_buffers(pa.utf8(), len(texts), texts.buffers())
    content = io.BytesIO()
    pq.write_table(pa.table({"id": ids, "ds": ["2024-01-01", "2024-01-02"], "y": [1.0, 2.0]}), content)
    refused(content.getvalue(), message="is a damaged Parquet file")


def test_parquet_without_rows_is_refused(refused):
    content = io.BytesIO()
    pd.DataFrame({"ds": [], "y": []}).to_parquet(content)
    refused(content.getvalue(), message="has columns but no rows")


@pytest.mark.parametrize("name", ["text", "two members of gzip", "Parquet", "a workbook", "a pipe"])
def test_files_beyond_the_largest_size_are_refused(name, file, tmp_path, frame, monkeypatch):
    """Before they are unpacked; one byte less than the file needs is too few."""
    long = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=1000), "sales": np.arange(1000.0)})
    text = long.to_csv(index=False).encode()
    path, needed = str(tmp_path / "table"), len(text)
    if name == "Parquet":
        long.to_parquet(path)
        needed = pq.read_metadata(path).row_group(0).total_byte_size
    elif name == "a workbook":
        long.to_excel(path + ".xlsx", index=False)
        path += ".xlsx"
        needed = sum(member.file_size for member in zipfile.ZipFile(path).infolist())
    elif name == "a pipe":
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
        path = "-"
    else:
        packed = gzip.compress(text[:5000]) + gzip.compress(text[5000:])
        path = file(text if name == "text" else packed)
    with pytest.raises(un.DataError, match=rf"holds more than {needed - 1:,} bytes\. .* with `max_bytes=\d+`"):
        read_file(path, ReadOptions(max_bytes=needed - 1))
    if path == "-":
        sys.stdin.buffer.seek(0)
    assert values(read_file(path, ReadOptions(max_bytes=needed))) == [*range(1000)]


def test_input_without_an_end_is_refused():
    with pytest.raises(un.DataError, match="/dev/zero holds more than 100,000 bytes"):
        un.read_table("/dev/zero", max_bytes=100_000)
    with pytest.raises(un.InputError, match="`max_bytes` must be a whole number ≥ 1 or None; got 0"):
        un.read_table("/dev/zero", max_bytes=0)


def test_a_small_file_that_unpacks_to_a_large_one_takes_no_memory(file, monkeypatch):
    packed = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(un.DataError, match="unpacked, holds more than 1,000,000 bytes"):
        read_file(file(packed), ReadOptions(max_bytes=1_000_000))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_named_pipes_are_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    long = pd.DataFrame({"date": pd.date_range("1990-01-01", periods=10_000), "sales": np.arange(10_000)})
    with ThreadPoolExecutor(1) as writer:  # the file is larger than a pipe
        written = writer.submit(long.to_csv, path, index=False)
        assert values(read_file(str(path))) == [*range(10_000)]
        written.result()
