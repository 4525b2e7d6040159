"""The style of figures."""

from __future__ import annotations

import sys

import pytest

import unrolled as un
from unrolled.interactive.figure import SCREEN_DPI, styled_figure


def test_a_figure_is_shown_at_twice_the_resolution_and_at_its_size():
    drawn = []
    figure = styled_figure(2.0, 1.0, drawn.append)
    assert drawn == [figure]
    content, size = figure._repr_png_()
    assert content.startswith(b"\x89PNG")
    assert size == {"width": 2 * SCREEN_DPI, "height": SCREEN_DPI}


def test_without_matplotlib_an_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(un.InputError, match=r"figures need Matplotlib: pip install 'unrolled\[plot\]'"):
        styled_figure(2.0, 1.0, lambda figure: None)
