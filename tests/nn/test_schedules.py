"""Learning rates over time: values at the turning points, and properties of every schedule."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from unrolled.nn.schedules import SCHEDULES, Progress, Schedule

EPS = sys.float_info.epsilon
EVERY_SCHEDULE = pytest.mark.parametrize("schedule", [cls(0.1) for cls in SCHEDULES.values()], ids=list(SCHEDULES))


def rates(schedule, steps: int) -> list[float]:
    return [schedule.at(Progress(step, steps)) for step in range(steps)]


def test_a_constant_schedule_does_not_change():
    assert rates(un.Constant(0.1), 3) == [0.1, 0.1, 0.1]


def test_cosine_falls_from_the_rate_to_its_final_share():
    assert rates(un.Cosine(1.0), 4) == pytest.approx([1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2])
    assert un.Cosine(1.0, final=0.2).at(Progress(4, 4)) == pytest.approx(0.2)
    assert un.Cosine(1.0, final=0.2).at(Progress(2, 4)) == pytest.approx(0.6)


def test_cosine_warms_up_in_equal_steps():
    assert rates(un.Cosine(1.0, warmup=0.4), 10)[:5] == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    # a warm-up that ends between two steps never exceeds the rate
    assert rates(un.Cosine(1.0, warmup=0.15), 10)[:2] == pytest.approx([2 / 3, 1])
    # the fall begins where the warm-up ends
    assert rates(un.Cosine(1.0, warmup=0.2), 10)[6] == pytest.approx(0.5)
    assert rates(un.Cosine(1.0, warmup=0.25), 2) == pytest.approx([1, (1 + np.cos(np.pi / 3)) / 2])


def test_one_cycle_rises_to_the_rate_and_falls_below_its_start():
    cycle = rates(un.OneCycle(1.0, rise=0.4, start=10, end=100), 10)
    assert cycle[0] == pytest.approx(0.1)
    assert cycle[3] == pytest.approx(1.0)  # 0.4·10 steps go up, counting from 0
    assert cycle[6] == pytest.approx((1 + 0.001) / 2)  # half way down
    assert cycle[9] == pytest.approx(0.001)
    assert cycle[:4] == sorted(cycle[:4])
    assert cycle[3:] == sorted(cycle[3:], reverse=True)


def test_one_cycle_of_few_steps_reaches_its_peak_and_its_end():
    assert rates(un.OneCycle(1.0, rise=0.2), 10)[1] == pytest.approx(1.0)
    assert rates(un.OneCycle(1.0, rise=0.9, start=10, end=100), 10)[8:] == pytest.approx([1.0, 0.001])
    assert un.OneCycle(1.0, start=10, end=100).at(Progress(12, 10)) == pytest.approx(0.001)  # and stays there


def test_the_defaults_of_one_cycle_are_those_of_pytorch():
    cycle = rates(un.OneCycle(1.0), 10)
    assert [cycle[0], cycle[2], cycle[9]] == pytest.approx([1 / 25, 1, 1 / 25 / 1e4])


def test_reduce_on_plateau_waits_for_its_patience():
    schedule = un.ReduceOnPlateau(1.0, factor=0.5, patience=2, threshold=0.1)

    def after(*history):
        return schedule.at(Progress(0, 100, history))

    assert after() == 1.0
    assert after(5, 4, 3, 2, 1) == 1.0
    assert after(5, 5, 5) == 1.0  # two epochs without improvement are tolerated
    assert after(5, 5, 5, 5) == 0.5
    assert after(5, 5, 5, 5, 5, 5) == 0.5  # and two more
    assert after(5, 5, 5, 5, 5, 5, 5) == 0.25
    assert after(5, 4.6, 4.6, 4.6) == 0.5  # less than a tenth is no improvement
    assert after(5, 4.4, 4.4, 4.4) == 1.0
    assert after(-5, -5.6, -5.6, -5.6) == 1.0  # a likelihood may be negative
    equal = un.ReduceOnPlateau(1.0, factor=0.5, patience=0, threshold=0.0)
    assert equal.at(Progress(0, 9, (5, 5))) == 0.5


def test_reduce_on_plateau_ignores_improvements_of_less_than_a_ten_thousandth():
    for improvement, rate in ((1.5e-4, 1.0), (0.5e-5, 0.1)):
        history = 5 * (1 - improvement * np.arange(12))  # ten epochs without improvement are tolerated
        assert un.ReduceOnPlateau(1.0).at(Progress(0, 100, history)) == pytest.approx(rate)


class Harmonic(Schedule):
    """A rate that falls with each step."""

    def at(self, progress):
        return self.rate / (1 + progress.step)


@pytest.mark.parametrize("schedule", [Harmonic(0.1), *(cls(0.1) for cls in SCHEDULES.values())])
def test_the_rates_of_several_steps_are_those_of_each_step(schedule):
    each = [schedule.at(Progress(step, 20, (1.0, 2.0))) for step in (7, 8, 9)]
    assert schedule.rates(7, 3, 20, (1.0, 2.0)) == pytest.approx(each)


@EVERY_SCHEDULE
@given(
    steps=st.integers(1, 50),
    share=st.floats(0, 1, exclude_max=True),
    history=st.lists(st.floats(-1e3, 1e3), max_size=20),
)
def test_rates_lie_between_zero_and_the_largest_and_depend_on_progress_alone(schedule, steps, share, history):
    progress = Progress(int(share * steps), steps, history)
    rate = schedule.at(progress)
    assert 0 <= rate <= 0.1 * (1 + 8 * EPS)  # half a cosine rounds in its last digits
    assert schedule.at(Progress(*progress)) == rate
    assert type(schedule)(0.1).at(progress) == rate


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: un.Constant(-1), "Constant: the learning rate must not be negative; got -1"),
        (lambda: un.Cosine(0.1, warmup=1), r"warmup is a share of the steps in \[0, 1\); got 1"),
        (lambda: un.Cosine(0.1, final=-0.5), r"final is a share of the largest rate in \[0, 1\]; got -0.5"),
        (lambda: un.OneCycle(0.1, rise=0), r"rise is a share of the steps in \(0, 1\); got 0"),
        (lambda: un.OneCycle(0.1, start=0), "start and end divide rates and must be ≥ 1; got 0, 10000.0"),
        (lambda: un.ReduceOnPlateau(0.1, factor=1), r"factor lies in \(0, 1\), patience is ≥ 0; got 1, 10"),
        (lambda: un.ReduceOnPlateau(0.1, patience=-1), "got 0.1, -1"),
    ],
)
def test_invalid_options_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()
