"""The chart in the terminal: its lines and its shading."""

from __future__ import annotations

import numpy as np

from shell import AIR, QUICK, Watched
from unrolled.cli.terminal_chart import PRESENT, SHADE, chart


def plot(lines: list[str]) -> list[str]:
    """The drawing without the axis, as a rectangle."""
    drawn = [line.split("┤" if "┤" in line else "│", 1)[1] for line in lines]
    width = max(map(len, drawn))
    return [line.ljust(width) for line in drawn]


def is_dot(character: str) -> bool:
    return 0x2800 < ord(character) <= 0x28FF


def test_a_rising_line_rises_and_the_axis_shows_the_extremes():
    lines = chart(np.arange(40.0), np.arange(40.0, 60.0), columns=64, height=6)
    assert lines[0].startswith("59 ┤")
    assert lines[-1].startswith(" 0 ┤")
    assert all(len(line) <= 64 for line in lines)
    tops = [next(k for k, line in enumerate(plot(lines)) if is_dot(line[x])) for x in range(0, 59, 4) if x != 40]
    assert tops == sorted(tops, reverse=True)


def test_large_negative_values_are_labelled_in_full():
    lines = chart(np.array([-123456.0, -50.0]), np.array([10.0]), columns=44)
    assert lines[0].startswith("      10 ┤")
    assert lines[-1].startswith("-123,456 ┤")


def test_the_present_lies_between_the_past_and_the_forecast():
    lines = plot(chart(np.zeros(30), np.ones(10), columns=46))
    (column,) = {line.index(PRESENT) for line in lines}
    assert abs(column / (len(lines[0]) - 1) - 0.75) < 0.05
    assert all(is_dot(c) for c in lines[-1][:column])
    assert all(is_dot(c) for c in lines[0][column + 1 :])


def test_the_shade_is_the_interval():
    ahead = np.full(10, 5.0)
    lines = plot(chart(np.full(10, 5.0), ahead, np.stack([ahead - 5, ahead + 5]), columns=44, height=11))
    column = lines[0].index(PRESENT)
    assert all(SHADE not in line[:column] for line in lines)
    assert all(set(line[column + 1 :]) <= {SHADE, *filter(is_dot, line)} for line in lines)
    narrow = plot(chart(np.array([0.0, 10.0]), ahead, np.stack([ahead - 1, ahead + 1]), columns=44, height=11))
    shaded = [k for k, line in enumerate(narrow) if SHADE in line or any(map(is_dot, line[column + 1 :]))]
    assert shaded == [4, 5, 6]


def test_gaps_stay_gaps_and_constants_are_drawn():
    past = np.array([1.0, 1.0, np.nan, np.nan, np.nan, np.nan, 1.0, 1.0])
    lines = plot(chart(past, np.ones(2), columns=46, height=5))
    row = next(line for line in lines if any(map(is_dot, line)))
    column = row.index(PRESENT)
    assert " " in row[:column].strip()
    assert "nan" not in "".join(lines)


def test_a_forecast_ends_with_a_chart_at_a_wide_terminal(tmp_path):
    done = Watched("forecast", AIR, "-H", 4, *QUICK, cwd=tmp_path, COLUMNS="44").leave()
    lines = done.err.replace("\r", "").splitlines()
    drawn = [line for line in lines if PRESENT in line]
    assert len(drawn) == 11
    assert max(map(len, drawn)) <= 44
    assert "last 48 periods ┊ 4 ahead · ░ 95 %" in drawn[-1]
    assert PRESENT not in done.out


def test_a_narrow_terminal_gets_no_chart(tmp_path):
    assert PRESENT not in Watched("forecast", AIR, "-H", 4, *QUICK, cwd=tmp_path, COLUMNS="30").leave().err
