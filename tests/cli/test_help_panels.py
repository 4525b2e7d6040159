"""The panels of the help pages."""

from __future__ import annotations

import re

import pytest

from unrolled.cli.command_group import load
from unrolled.cli.help_panels import ARGUMENTS, OPTIONS, PANELS, panel_of


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_options_are_grouped_in_panels(name, command):
    shown = [line[:-1] for line in command(name, "--help").out.splitlines() if re.fullmatch(r"\w[\w ]*:", line)]
    assert shown == ["Arguments", *PANELS]
    in_panels = {option for names in PANELS.values() for option in names}
    assert {p.name for p in load(name).params if p.param_type_name == "option"} <= in_panels


def test_options_without_a_panel_are_in_the_last_one():
    assert panel_of("epochs", argument=False) == OPTIONS
    assert panel_of("horizon", argument=True) == ARGUMENTS
    assert [*PANELS][-1] == OPTIONS
