"""The history of a training: as text, as a table, in a notebook."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un

X, Y = np.zeros((6, 4, 2)), np.zeros((6, 1))


def fit(**options) -> un.History:
    return un.Network([un.RNN(2), un.Last(), un.Dense(1)], 2).fit(X, Y, **{"epochs": 1, **options})


def test_the_history_is_a_table():
    history = fit(epochs=3, validation=0.4, optimizer=un.SGD(0.5))
    lines = str(history).splitlines()
    assert lines[0].split() == ["epoch", "loss", "validation", "rate", "seconds"]
    assert [line.split()[0] for line in lines[1:]] == ["0", "1", "2"]
    assert [line.endswith("best") for line in lines[1:]] == [epoch == history.best_epoch for epoch in range(3)]
    frame = history.to_frame()
    assert list(frame) == ["loss", "validation_loss", "rate", "wall_s"]
    assert frame.index.name == "epoch"
    assert frame["loss"].tolist() == history.loss
    assert frame["rate"].tolist() == [0.5] * 3
    assert list(fit().to_frame()) == ["loss", "rate", "wall_s"]
    assert history._repr_html_().count("<td") == 3 * 4
    assert list(un.History().to_frame()) == ["loss"]  # interrupted before the first epoch ended


def test_a_figure_has_a_line_for_each_loss():
    figure = fit(epochs=3, validation=0.4).plot()
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["training loss", "validation loss", "best epoch"]
    with pytest.raises(un.InputError, match="the history has no epochs"):
        un.History().plot()
