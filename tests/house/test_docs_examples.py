"""Every example in a docstring runs and gives the result that it shows."""

from __future__ import annotations

import doctest
import importlib

import pytest

from support import FILES


@pytest.mark.parametrize("name", FILES)
def test_examples_of_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)  # an example may choose an engine
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module)  # failures are printed, which pytest shows
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [t for name in FILES for t in finder.find(importlib.import_module(name)) if t.examples]
    assert len(examples) >= 10
