"""Options of reading: those that are given, those of an earlier reading, and invalid values."""

from __future__ import annotations

import re

import pytest

import unrolled as un
from unrolled.series.files import ReadOptions
from unrolled.series.files.options import number_or_name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aggregate": "max"}, "`aggregate` must be sum, mean, last or count; got 'max'"),
        ({"decimal": "x"}, "`decimal` must be , or .; got 'x'"),
        ({"delimiter": "::"}, "`delimiter` must be one character, tab or space; got '::'"),
        ({"header": 99}, "`header` must be the number of header rows, 0 to 10; got 99"),
        ({"header": True}, "`header` must be the number of header rows, 0 to 10; got True"),
        ({"skip_rows": "1-x"}, "`skip_rows` takes numbers of lines and ranges of them, such as 1-4,14; got '1-x'"),
        ({"skip_rows": "0"}, "`skip_rows` takes numbers of lines and ranges of them, such as 1-4,14; got '0'"),
        ({"skip_rows": "4-2"}, "`skip_rows` takes numbers of lines and ranges of them, such as 1-4,14; got '4-2'"),
        ({"dates": "day"}, "`dates` must be dmy, mdy, ymd, number or a format such as %d.%m.%Y; got 'day'"),
    ],
)
def test_values_that_do_not_exist_are_refused(options, message):
    with pytest.raises(un.InputError, match=re.escape(message)):
        ReadOptions(**options)


def test_delimiters_have_names():
    assert ReadOptions(delimiter="tab").delimiter == "\t"
    assert ReadOptions(delimiter="semicolon").delimiter == ";"


def test_options_of_an_earlier_reading_fill_those_that_are_not_given():
    options = ReadOptions(target="a b", na="-1,-2", wide=False, header=2, delimiter="tab", freq=3)
    assert ReadOptions().with_defaults(options.given) == options
    assert options.with_defaults({"na": "7"}) == options
    with pytest.raises(un.InputError, match="read with the options colour, which this version of unrolled does not"):
        options.with_defaults({"colour": "red"})


def test_frequencies_that_are_whole_numbers_are_read_as_such():
    assert [number_or_name(freq) for freq in (None, 7, " 30 ", "MS")] == [None, 7, 30, "MS"]
    with pytest.raises(un.InputError, match="`freq` must be ≥ 1 if it is a number; got 0"):
        number_or_name("0")
