"""JSON as dataclasses: every value is checked by its annotation, and errors name its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pytest

import unrolled as un
from unrolled.argument_types import Count, Index, Positive
from unrolled.schema import read_object


@dataclass(frozen=True)
class Inner:
    size: Count
    scale: tuple[Positive, ...] = ()


class Level:
    """A value with a reader of its own."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True)
class Outer:
    kind: Literal["a", "b"]
    inner: Inner
    several: tuple[Inner, ...] = ()
    levels: tuple[Level, ...] = ()
    losses: list[float] = field(default_factory=list)
    pair: tuple[int, str] | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    ids: Sequence[str | int | None] = ()


GOOD = {"kind": "a", "inner": {"size": 3}}
READERS = {Level: lambda value, place: Level(f"{place}={value}")}


def read(**changes) -> Outer:
    return read_object(GOOD | changes, Outer, "file", READERS)


def test_objects_become_dataclasses_and_lists_tuples():
    found = read(
        several=[{"size": 1, "scale": [1, 0.5]}],
        levels=["x"],
        losses=[1, 2.5],
        pair=[1, "b"],
        types={"ds": "object"},
        ids=["a", 2, None],
    )
    assert found.several == (Inner(1, (1, 0.5)),)
    assert [level.name for level in found.levels] == ["file.levels[0]=x"]
    assert (found.inner, found.losses, found.pair) == (Inner(3), [1, 2.5], (1, "b"))
    assert (found.types, found.ids) == ({"ds": "object"}, ["a", 2, None])
    assert read(pair=None).pair is None


def test_whole_numbers_in_lists_of_numbers_become_floating_point_numbers():
    found = read(losses=[10**30], inner={"size": 1, "scale": [2]})
    assert [*map(type, (*found.losses, *found.inner.scale))] == [float, float]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "c"}, "`file.kind` must be 'a' or 'b'; got 'c'"),
        ({"kind": ["a"]}, "`file.kind` must be 'a' or 'b'"),
        ({"inner": []}, "`file.inner` must be a dictionary; got"),
        ({"inner": {}}, "`file.inner.size` is missing"),
        ({"inner": {"size": 0}}, "`file.inner.size` must be a whole number ≥ 1; got 0"),
        ({"inner": {"size": True}}, "`file.inner.size` must be a whole number"),
        ({"inner": {"size": 2.0}}, "`file.inner.size` must be a whole number"),
        ({"inner": {"size": 2, "shape": 1}}, "`file.inner.shape` is not known"),
        ({"several": {"size": 1}}, "`file.several` must be a list of values"),
        ({"several": [{"size": 1}, {"size": "x"}]}, r"`file.several\[1\].size` must be a whole number"),
        ({"several": [{"size": 1, "scale": [1, 0]}]}, r"`file.several\[0\].scale` must be a list of numbers above 0"),
        ({"losses": [1, "x"]}, "`file.losses` must be a list of numbers"),
        ({"pair": [1]}, "`file.pair` must be a list of 2 whole numbers"),
        ({"types": {"ds": 1}}, "`file.types.ds` must be a text; got 1"),
        ({"losses": [10**400]}, "`file.losses` must be a list of numbers"),
        ({"ids": [[]]}, "`file.ids` must be a list"),
    ],
)
def test_values_that_do_not_fit_are_named(changes, message):
    with pytest.raises(un.InputError, match=message):
        read(**changes)


def test_unknown_keys_can_be_ignored():
    assert read_object({"size": 1, "later": 2}, Inner, ignore_unknown=True) == Inner(1)


def test_limits_hold_for_every_element():
    @dataclass
    class Codes:
        codes: tuple[Index, ...]

    assert len(read_object({"codes": [0] * 1000}, Codes).codes) == 1000
    with pytest.raises(un.InputError, match="`codes` must be a list of whole numbers from 0"):
        read_object({"codes": [0] * 1000 + [-1]}, Codes)
