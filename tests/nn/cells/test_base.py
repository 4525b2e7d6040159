"""The code of cells: numbered equations, initial values, requirements of a new cell."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import unrolled as un
from support import FILES
from unrolled.nn.cells import cell_named


@pytest.mark.parametrize("kind", un.CELLS)
def test_every_equation_of_a_cell_has_its_adjoint(kind):
    """The forward equations are numbered in the docstring; `step` and `step_back` bear the same numbers."""
    cell = un.CELLS[kind]
    numbered = set(re.findall(r"\((\d)\)$", cell.__doc__, re.MULTILINE))
    assert numbered
    source = FILES[cell.__module__].read_text(encoding="utf-8")
    forward, _, backward = source.partition("def step_back")
    _, _, step = forward.partition("def step(")
    comments = {"step": r"# .*?\((\d)\)", "step_back": r"\((\d)'\)"}
    assert set(re.findall(comments["step"], step)) == numbered
    assert set(re.findall(comments["step_back"], backward)) == numbered


@pytest.mark.parametrize("kind", un.CELLS)
def test_initial_values_are_the_documented_ones(kind):
    """Glorot uniform inputs, orthogonal recurrence, gate by gate; an LSTM keeps its memory at first."""
    cell, H, F = un.CELLS[kind](8), 8, 5
    views = un.Network([cell], F, "float64").views
    limit = (6 / (H + F)) ** 0.5
    for inputs, recurrence in zip(
        cell.split(views["0.weight_ih"].T), cell.split(views["0.weight_hh"].T), strict=True
    ):
        assert 0.5 * limit < np.abs(inputs).max() <= limit
        np.testing.assert_allclose(recurrence.T @ recurrence, np.eye(H), atol=8 * np.finfo(float).eps * H)
    biases = dict(zip(cell.gates, cell.split(views["0.bias"]), strict=True))
    for gate, bias in biases.items():
        assert (bias == (1 if (kind, gate) == ("lstm", "f") else 0)).all()


def test_a_registered_cell_is_known_by_its_kind(register_cell):
    class Mine(un.RNN):
        kind = "mine"

    with pytest.raises(un.InputError, match="no cell is called 'mine'; known: gru, lstm, rnn"):
        cell_named("mine")
    assert register_cell(Mine) is Mine
    assert cell_named("mine") is Mine


def test_a_cell_without_a_kind_is_refused():
    with pytest.raises(un.InputError, match=r"Nameless is not a cell: derive it from un\.Cell and give it a `kind`"):

        @un.register_cell
        class Nameless(un.Cell):
            pass

    with pytest.raises(un.InputError, match="Dense is not a cell"):
        un.register_cell(un.Dense)


def test_cells_are_values():
    assert un.LSTM(3) == un.LSTM(3)
    assert un.LSTM(3) != un.LSTM(4)
    assert len({un.GRU(3), un.GRU(3), un.GRU(3, "before")}) == 2
    with pytest.raises(FrozenInstanceError):
        un.LSTM(3).hidden = 4
