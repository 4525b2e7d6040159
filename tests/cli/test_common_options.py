"""Options that several commands share, and how their values are parsed."""

from __future__ import annotations

import pytest

from unrolled.cli.command_group import COMMANDS, load
from unrolled.cli.common_options import OUTPUT, OutputOptions, names_in, parse_levels
from unrolled.cli.csv_form import CsvForm
from unrolled.errors import InputError


def test_names_are_separated_by_commas():
    assert names_in(" a, b c ,,d") == ["a", "b c", "d"]
    assert names_in("") == names_in(None) == []


def test_levels_are_numbers_in_per_cent():
    assert parse_levels("80, 95") == [80, 95]
    assert parse_levels("") == []
    with pytest.raises(InputError, match=r"--level takes numbers such as 80,95; got '80;95'"):
        parse_levels("80;95")
    with pytest.raises(InputError, match=r"`level` must be above 0 and at most 99, .*; got 99.5"):
        parse_levels("99.5")


def test_output_options_are_one_value():
    given = {"excel_safe": True, "out_decimal": ",", "as_json": False, "quiet": True}
    assert OUTPUT.value(given) == OutputOptions(CsvForm(True, ","), False, True)
    with pytest.raises(InputError, match="--out-decimal takes a point or a comma; got 'x'"):
        OUTPUT.value(given | {"out_decimal": "x"})


def test_an_option_has_the_same_help_in_every_command():
    helps: dict[str, set[str]] = {}
    for name in COMMANDS:
        for param in load(name).params:
            if param.name in ("as_json", "quiet", "excel_safe", "future_file", "seed", "level"):
                helps.setdefault(param.name, set()).add(param.help)
    assert {name: len(texts) for name, texts in helps.items()} == dict.fromkeys(helps, 1)
