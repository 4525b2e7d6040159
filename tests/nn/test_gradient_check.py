"""The gradient check itself: it finds faults, recognises kinks, and its error falls as in theory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import unrolled as un
from support import label, scattered
from unrolled.nn.cells import HiddenState
from unrolled.nn.gradient_check import DELTA, EPS, Problem, central_difference, check_problem
from unrolled.nn.losses import MSE, Quantile

N, T, F = 3, 4, 2


def faulty(fault: str) -> type[un.RNN]:
    """A simple recurrent cell with a fault that occurs in published code."""

    @dataclass(frozen=True)
    class Faulty(un.RNN):
        kind = f"faulty-{fault}"

        def step_back(self, dstate, saved, p, dp):
            da, dstate_prev = super().step_back(dstate, saved, p, dp)
            if fault == "one step back only":
                return da, HiddenState(0 * dstate_prev.h)
            if fault == "recurrent weight not transposed":
                return da, HiddenState(da @ p.weight_hh.T)
            if fault == "recurrent gradient twice":
                dp.weight_hh += da.T @ saved.h_prev
            if fault == "output of the wrong step":
                return da / (1 - saved.h**2) * (1 - saved.h_prev**2), dstate_prev
            return da, dstate_prev

        def project_back(self, da, x, p, dp):
            dx = super().project_back(da, x, p, dp)
            if fault == "bias of one step":
                dp.bias -= da[N:].sum(axis=0)
            if fault == "input gradient halved":
                return dx / 2
            return dx

    return Faulty


FAULTS = {
    "one step back only": {"0.weight_ih", "0.weight_hh", "0.bias", "input x", "0.initial.h"},
    "recurrent weight not transposed": {"0.weight_ih", "0.weight_hh", "0.bias", "input x", "0.initial.h"},
    "recurrent gradient twice": {"0.weight_hh"},
    "output of the wrong step": {"0.weight_ih", "0.bias", "input x"},
    "bias of one step": {"0.bias"},
    "input gradient halved": {"input x"},
}


@pytest.fixture
def case(rng):
    """x and targets of the same scale."""
    return rng.standard_normal((N, T, F)), rng.standard_normal((N, 1))


def network(cell, rng) -> un.Network:
    return scattered(un.Network([cell, un.Last(), un.Dense(1)], F, "float64"), rng)


def zeros(cell) -> tuple:
    return cell.zero_state(N, np.dtype(np.float64)), None, None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_in_the_right_array(fault, case, rng, register_cell):
    cell = register_cell(faulty(fault))
    assert un.CELLS[cell.kind] is cell
    report = un.check_gradients(network(cell(3), rng), *case)
    assert not report.ok
    assert {row.name for row in report.rows if not row.ok} == FAULTS[fault]
    assert un.check_gradients(network(faulty("none")(3), rng), *case).ok


def test_a_fault_is_found_with_a_steep_loss(numpy_engine, case, rng):
    cell = faulty("bias of one step")(3, activation="linear")
    net = network(cell, rng)
    x = 300 * case[0]
    # near its minimum, a steep loss has small slopes that change fast, almost a kink
    report = un.check_gradients(net, x, net.forward(x)[0] + 0.01, state=zeros(cell))
    assert sum(row.kinks for row in report.rows) == 0
    assert [row.name for row in report.rows if not row.ok] == ["0.bias"]


def problem(net: un.Network, x, y, loss) -> Problem:
    return Problem(net.program, net.parameters.copy(), {"x": x.copy()}, y, loss, {})


def slope(problem: Problem, deltas) -> float:
    """The power of δ with which central differences of all parameters approach their gradients."""
    _, analytic = problem.gradients()
    entries = {name: array for name, array in problem.arrays().items() if name in problem.program.parameters}
    errors = []
    for delta in deltas:
        off = [
            central_difference(problem.value, array, k, delta) - analytic[name].flat[k]
            for name, array in entries.items()
            for k in range(array.size)
        ]
        errors.append(np.linalg.norm(off))
    return float(np.polyfit(np.log(deltas), np.log(errors), 1)[0])


# far above ε^(1/3), so that the error is truncation alone; the next term of the series, δ⁴, changes an error at the
# largest step by about δ² = 1e-3 of itself, and the slope over these two decades by less
TRUNCATION = np.geomspace(3e-4, 3e-2, 5)


@pytest.mark.parametrize("cell", [un.RNN(3), un.GRU(3), un.GRU(3, "before"), un.LSTM(3)], ids=label)
def test_the_error_falls_with_the_square_of_the_step(cell, engine, case, rng):
    assert slope(problem(network(cell, rng), *case, MSE()), TRUNCATION) == pytest.approx(2, abs=0.01)


def test_the_error_of_a_fault_does_not_fall_with_the_step(case, rng):
    found = slope(problem(network(faulty("recurrent gradient twice")(3), rng), *case, MSE()), TRUNCATION)
    assert found == pytest.approx(0, abs=0.01)


def test_rounding_dominates_if_the_step_is_too_small(engine, case, rng):
    at_work = problem(network(un.LSTM(3), rng), *case, MSE())
    # below ε^(1/3) the error is that of rounding, ε/δ: a smaller step makes it larger
    assert slope(at_work, np.geomspace(1e-3 * DELTA, 1e-1 * DELTA, 5)) < -0.5


def test_entries_at_a_kink_are_counted_separately(engine, case):
    net = un.Network([un.Dense(3, "relu"), un.Last()], F, "float64")
    net.parameters[...] = 0  # every unit sits on the kink of ReLU, for each weight that can move it
    x, y = np.ones((N, T, F)), np.ones((N, 3))
    report = un.check_gradients(net, x, y)
    rows = {row.name: row for row in report.rows}
    assert report.ok, report
    assert rows["0.weight"].kinks == rows["0.weight"].size
    assert rows["0.weight"].checked == 0
    assert rows["input x"].kinks == 0


def test_an_error_of_zero_is_a_kink_of_a_quantile_loss(engine, case, rng):
    net = network(un.RNN(3), rng)
    x, _ = case
    report = un.check_gradients(net, x, net.forward(x)[0][:, 0], Quantile((0.9,)), state=zeros(un.RNN(3)))
    assert report.ok, report
    assert {row.name: row.kinks for row in report.rows}["2.bias"] == 1


def test_a_kink_beside_the_point_does_not_hide_the_derivative(engine):
    net = un.Network([un.Dense(1, "relu"), un.Last()], 1, "float64")
    net.views["0.weight"][...] = 1
    for beside in (DELTA / 2, -DELTA / 2):
        report = un.check_gradients(net, np.full((1, 1, 1), beside), np.ones((1, 1)))
        assert report.ok, report
        assert all(row.kinks == 0 for row in report.rows), report


def test_a_derivative_outside_the_slopes_of_a_kink_is_wrong():
    @dataclass(frozen=True)
    class Steep(un.Dense):
        def apply_back(self, dy, saved, p, dp):
            saved[1][...] = 1  # treats every unit as active
            return super().apply_back(3 * dy, saved, p, dp)

    net = un.Network([Steep(3, "relu"), un.Last()], F, "float64")
    net.parameters[...] = 0
    report = un.check_gradients(net, np.ones((N, T, F)), np.ones((N, 3)))
    assert not {row.name: row.ok for row in report.rows}["0.weight"]


def test_kinks_at_many_steps_are_not_a_fault(engine):
    """A fresh deep ReLU network: if all units below are dead, zero biases put every step on the kink."""
    net = un.Network([un.RNN(4, "relu"), un.RNN(4, "relu"), un.Last(), un.Dense(3)], 2, "float64", seed=0)
    x = np.random.default_rng(0).standard_normal((3, 5, 2))
    report = un.check_gradients(net, x, np.ones((3, 3)), lengths=[5, 2, 0])
    assert report.ok, report


def test_a_gradient_that_is_not_finite_is_wrong(case, rng):
    @dataclass(frozen=True)
    class Undefined(un.Last):
        def apply_back(self, dy, saved, p, dp):
            return super().apply_back(dy * np.nan, saved, p, dp)

    net = un.Network([un.RNN(2), Undefined(), un.Dense(1)], F)
    report = un.check_gradients(net, *case)
    assert {row.name for row in report.rows if row.ok} == {"2.weight", "2.bias"}


def test_the_table_names_every_array_and_the_verdict(case, rng):
    report = un.check_gradients(network(un.LSTM(3), rng), *case)
    names = ["0.weight_ih", "0.weight_hh", "0.bias", "2.weight", "2.bias", "input x", "0.initial.h", "0.initial.c"]
    assert [row.name for row in report.rows] == names
    assert [row.size for row in report.rows] == [24, 36, 12, 3, 1, N * T * F, N * 3, N * 3]
    lines = str(report).splitlines()
    assert [line.split()[-1] for line in lines[1:-1]] == ["ok"] * len(names)
    assert all(line.startswith(name) for line, name in zip(lines[1:-1], names, strict=True))
    assert lines[-1].startswith("all gradients agree within ")

    report = un.check_gradients(network(faulty("bias of one step")(3), rng), *case)
    lines = report.table.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("WRONG")] == ["0.bias"]
    assert lines[-1].startswith("GRADIENTS DISAGREE within ")


def test_the_number_of_compared_entries_is_limited_and_the_seed_chooses_them(engine, case, rng):
    net = network(un.RNN(3), rng)
    report = un.check_gradients(net, *case, max_entries=4)
    assert [row.checked for row in report.rows] == [min(4, row.size) for row in report.rows]
    assert report == un.check_gradients(net, *case, max_entries=4)
    assert report != un.check_gradients(net, *case, max_entries=4, seed=1)


def test_the_check_changes_nothing(engine, case, rng):
    net = network(un.GRU(3), rng)
    x, y = case
    before = net.parameters.copy(), x.copy(), y.copy()
    un.check_gradients(net, x, y)
    for kept, now in zip(before, (net.parameters, x, y), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_a_float32_network_is_checked_in_float64(engine, case, rng):
    net = scattered(un.Network([un.LSTM(3), un.Last(), un.Dense(1)], F, "float32"), rng)
    report = un.check_gradients(net, *case)
    assert report.ok
    assert max(row.error for row in report.rows) < EPS**0.5  # far below what float32 could show


def test_a_problem_without_states_checks_parameters_and_inputs(engine, case, rng):
    at_work = problem(network(un.RNN(3), rng), *case, MSE())
    report = check_problem(at_work)
    assert report.ok
    assert [row.name for row in report.rows] == [*at_work.program.parameters, "input x"]
