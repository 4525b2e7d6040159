"""Numbers for people to read."""

from __future__ import annotations

import pytest

from unrolled.report import formatting


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1234567.891, 2.0], ["1,234,568", "2"]),
        ([0.001234, 0.0], ["0.001234", "0.000000"]),
        ([12.5, float("nan"), None], ["12.50", "–", "–"]),
        ([-0.0001, 450.25], ["0.0", "450.2"]),
        ([1e20], ["1e+20"]),
        ([], []),
    ],
)
def test_numbers_are_formatted_for_people(values, texts):
    assert formatting.column(values) == texts


@pytest.mark.parametrize(
    ("wall_s", "text"),
    [(59.94, "59.9 s"), (59.96, "1 min 0 s"), (3599.4, "59 min 59 s"), (3599.6, "1 h 0 min")],
)
def test_seconds_that_are_rounded_to_a_minute_are_a_minute(wall_s, text):
    assert formatting.duration(wall_s) == text
