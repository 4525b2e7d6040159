"""The encoding that a message about unreadable dates suggests."""

from __future__ import annotations

import pytest

import unrolled as un
from tables import stamps, values
from unrolled.series.files import ReadOptions, read_file

RUSSIAN = ["Январь", "Февраль", "Март", "Апрель", "Май", "Июнь"]
POLISH = [
    *("styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec"),
    *("lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień"),
]
GREEK = ["Ιανουάριος", "Φεβρουάριος", "Μάρτιος", "Απρίλιος", "Μάιος", "Ιούνιος"]


@pytest.mark.parametrize(
    ("encoding", "months"),
    [("cp1251", RUSSIAN), ("koi8-r", RUSSIAN), ("cp1250", POLISH), ("iso8859-2", POLISH), ("cp1253", GREEK)],
)
def test_the_encoding_in_which_dates_can_be_read_is_named_and_works(file, encoding, months):
    rows = [f"{month} 2024;1000,{k}5" for k, month in enumerate(months)]
    path = file("\n".join(["time;y", *rows]).encode(encoding))
    message = f"encoding was guessed: in {encoding}, '.*' is '{months[0]} 2024'. Use `encoding='{encoding}'`"
    with pytest.raises(un.DataError, match=message):
        read_file(path)
    table = read_file(path, ReadOptions(encoding=encoding))
    assert stamps(table)[len(months) - 1].month == len(months)
    assert values(table)[:2] == [1000.05, 1000.15]


def test_other_files_that_are_not_utf_8_get_a_general_hint(file):
    path = file("größe;y\nä1;1\nö2;2".encode("latin-1"))
    with pytest.raises(un.DataError, match="if names look wrong, give it, such as `encoding='cp1251'`"):
        read_file(path)
