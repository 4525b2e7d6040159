"""`unrolled bench`: how training steps are timed, and what is printed."""

from __future__ import annotations

import pytest

from shell import table
from unrolled.cli.commands import bench


class Clock:
    """A clock that only work advances: each call takes `each_s` per piece, and every third call twice as long."""

    def __init__(self, each_s: float) -> None:
        self.now_s, self.each_s, self.calls = 0.0, each_s, 0

    def __call__(self) -> float:
        return self.now_s

    def work(self, count: int) -> None:
        self.calls += 1
        self.now_s += count * self.each_s * (2 if self.calls % 3 == 0 else 1)


@pytest.mark.parametrize("each_s", [1e-6, 1e-3, 0.1, 2.0])
def test_the_fastest_call_counts_and_the_measurement_ends(each_s):
    clock = Clock(each_s)
    assert bench.fastest_s(clock.work, clock) == pytest.approx(each_s)
    assert clock.now_s < bench.TIME_LIMIT_S + 8 * max(bench.MIN_MEASURED_S, each_s)


def test_one_row_per_cell_and_shape(command, monkeypatch):
    monkeypatch.setattr(bench, "steps_per_s", lambda engine, rule, shape: 1234.5 if shape.hidden == 16 else None)
    done = command("bench", "--cell", "gru", "--cell", "rnn")
    assert done.code == 0, done.err
    rows = table(done.out)
    assert rows["cell"].tolist() == ["gru"] * 3 + ["rnn"] * 3
    assert rows["shape"].tolist()[:3] == ["I1 H16 B32 T18", "I8 H64 B32 T100", "I16 H128 B64 T100"]
    assert rows["numpy"].tolist()[0] == 1230
    assert rows["native"].isna().tolist() == [False, True, True] * 2
    assert "training steps per second" in done.err
    assert "total run time" in done.err
