"""Groups of options that several commands share."""

from __future__ import annotations

from inspect import signature
from typing import Any

from unrolled.cli.option_groups import OptionGroup, with_option_groups

SIZE = OptionGroup({"width": (int, 3), "height": (int | None, None)}, lambda given: (given["width"], given["height"]))


@with_option_groups(size=SIZE)
def command(*, name: str, size: Any, last: bool = False) -> None:
    """A command."""
    CALLS.append((name, size, last))


CALLS: list[Any] = []


def test_the_options_of_a_group_take_the_place_of_its_parameter():
    parameters = signature(command).parameters
    assert list(parameters) == ["name", "width", "height", "last"]
    assert (parameters["width"].annotation, parameters["width"].default) == (int, 3)
    assert (command.__name__, command.__doc__) == ("command", "A command.")


def test_the_command_receives_one_value_per_group():
    command(name="a", width=1, height=2, last=True)
    assert CALLS.pop() == ("a", (1, 2), True)
