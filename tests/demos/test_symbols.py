"""The demo symbols."""

from __future__ import annotations

import re

import numpy as np
import pytest

from unrolled.demos import symbols

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_symbols(seed):
    result = symbols.run(seed=seed)
    assert result.report.ok
    assert result.numbers["next_symbols"] == [2, 3, 4]
    assert result.numbers["written"] == [1, 2, 3, 4]
    assert result.right


def test_symbols_are_one_hot():
    np.testing.assert_array_equal(symbols.SEQUENCE.sum(axis=2), 1)
    np.testing.assert_array_equal(symbols.SEQUENCE.argmax(axis=2) + 1, symbols.NEXT)


def test_symbols_prints_all_parameters_every_ten_epochs():
    text = "\n".join(symbols.run(epochs=35).lines)
    blocks = re.findall(r"epoch (\d+)   loss.*?\n-{60}", text, re.DOTALL)
    assert blocks == ["10", "20", "30"]
    for name in ("0.weight_ih (3, 4)", "0.weight_hh (3, 3)", "0.bias (3,)", "1.weight (4, 3)", "1.bias (4,)"):
        assert text.count(name) == 3
