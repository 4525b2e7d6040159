"""What `fit` gives back and what it refuses."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

import unrolled as un
from unrolled.interactive.progress import EpochEnd, progress_line

N, T = 6, 4
X, Y = np.zeros((N, T, 2)), np.zeros((N, 1))


def fit(**options) -> un.History:
    net = un.Network([un.RNN(2), un.Last(), un.Dense(1)], 2)
    return net.fit(**{"x": X, "y": Y, "epochs": 1, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": X[:, :, :1]}, r"x must have shape \(N, T, 2\) with N and T ≥ 1; got \(6, 4, 1\)"),
        ({"x": X[0]}, r"x must have shape \(N, T, 2\) .*; got \(4, 2\)"),
        ({"x": X[:0], "y": Y[:0]}, r"got \(0, 4, 2\)"),
        ({"x": X[:, :0]}, r"got \(6, 0, 2\)"),
        ({"x": 3.0}, r"got \(\)"),
        ({"x": [["a"]]}, "x must hold real numbers; got <U1"),
        ({"x": [[1.0], [1.0, 2.0]]}, "x must hold numbers: .*inhomogeneous"),
        ({"y": Y[:4]}, r"x has 6 rows; y must have as many, but its shape is \(4, 1\)"),
        ({"y": 1.0}, r"y must have as many, but its shape is \(\)"),
        ({"y": np.zeros((N, 3))}, r"predictions have shape \(6, 1\), targets \(6, 3\)"),
        ({"weight": np.ones(4)}, r"weight must have as many, but its shape is \(4,\)"),
        ({"weight": np.ones((N, 2))}, r"weights of shape \(6, 2\) do not fit losses of shape \(6, 1\)"),
        ({"weight": -np.ones(N)}, "weights must be ≥ 0, .*the lowest is -1"),
        ({"lengths": [4, 4]}, r"lengths must have as many, but its shape is \(2,\)"),
        ({"lengths": [T + 1] * N}, "lengths must lie in 0..4; they range from 5 to 5"),
        ({"lengths": [0.5] * N}, "lengths must be 6 whole numbers"),
        ({"epochs": 0}, "epochs must be a whole number ≥ 1; got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number ≥ 1; got 1.5"),
        ({"batch_size": -2}, "batch_size must be a whole number ≥ 1; got -2"),
        ({"clip_norm": 0}, "clip_norm must be positive, or None for no limit; got 0"),
        ({"validation": 1.0}, r"validation is a share of the rows in \(0, 1\); got 1.0"),
        ({"validation": -0.1}, r"in \(0, 1\); got -0.1"),
        ({"validation": 0.95}, "validation=0.95 of 6 rows leaves none to train on"),
        ({"validation": (X[:, :3], Y)}, r"validation: rows of x have shape \(3, 2\); those to train on \(4, 2\)"),
        ({"validation": (X, np.zeros(N))}, r"validation: rows of target have shape \(\); those to train on \(1,\)"),
        ({"validation": (X, Y[:2])}, r"x has 6 rows; y must have as many, but its shape is \(2, 1\)"),
        ({"validation": (X, Y), "lengths": [T] * N}, "has no lengths or weights; give a share of the rows"),
        ({"early_stopping": 0}, "patience must be ≥ 1 epoch; got 0"),
        ({"seed": -1}, r"a seed is a whole number in 0..2\^64-1; got -1"),
        ({"loss": "l2"}, "no loss is called 'l2'; known: mse, mae"),
        ({"loss": "cross_entropy"}, "need integer targets of shape"),
        ({"optimizer": "adam"}, r"optimizer must be an optimizer such as un.Adam\(1e-3\); got 'adam'"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_numbers(options, message, engine):
    with pytest.raises(un.InputError, match=message):
        fit(**options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: un.Network([], 1), "a network needs at least one layer"),
        (lambda: un.Network([un.LSTM], 1), r"layer 0 must be a layer such as un.LSTM\(64\); got <class"),
        (lambda: un.Network([un.LSTM(2), "dense"], 1), r"layer 1 must be a layer .*; got 'dense'"),
        (lambda: un.Network([un.LSTM(2)], 0), "features must be a whole number ≥ 1; got 0"),
        (lambda: un.Network([un.LSTM(2)], 1.5), "features must be a whole number ≥ 1; got 1.5"),
        (lambda: un.Network([un.LSTM(2)], 1, "float16"), "dtype is 'float32' or 'float64'; got 'float16'"),
        (lambda: un.Network([un.LSTM(2)], 1, "decimal"), "dtype is 'float32' or 'float64'; got 'decimal'"),
        (lambda: un.Network([un.Last(), un.RNN(2)], 1), r"layer 1 \(rnn\) needs a sequence"),
        (lambda: un.LSTM(0), "LSTM: hidden must be a whole number ≥ 1; got 0"),
        (lambda: un.RNN(2.0), "RNN: hidden must be a whole number ≥ 1; got 2.0"),
        (lambda: un.RNN(2, "softplus"), "RNN: no activation is called 'softplus'; known: tanh, relu"),
        (lambda: un.RNN(2, initial="zeros"), "RNN: initial is 'orthogonal' or 'identity'; got 'zeros'"),
        (lambda: un.GRU(2, "never"), "GRU: reset is 'after' or 'before'; got 'never'"),
        (lambda: un.Dense(0), "Dense: size must be a whole number ≥ 1 or a tuple of them; got 0"),
        (lambda: un.Dense((2, 0)), r"got \(2, 0\)"),
        (lambda: un.Dense(()), r"got \(\)"),
        (lambda: un.Dense(1, "softplus"), "Dense: no activation is called 'softplus'; known: tanh"),
        (lambda: un.use_engine("abacus"), "no engine is called 'abacus'; this build has: auto, numpy"),
    ],
)
def test_networks_that_make_no_sense_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()


def test_all_errors_are_one_family():
    assert issubclass(un.InputError, (un.UnrolledError, ValueError))
    assert issubclass(un.ModelFileError, un.UnrolledError)
    assert issubclass(un.TrainingDiverged, un.UnrolledError)


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


def test_training_is_silent_off_a_terminal(capsys):
    fit(verbose=1)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_progress_line_tells_epoch_and_loss(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with progress_line("training", epochs=4, verbose=1) as line:
        line.within_epoch(2, 0.5)
        line.end_epoch(EpochEnd(2, loss=0.1234567, validation_loss=0.5, rate=1e-3, wall_s=1.0))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "training · epoch 3/4 · loss 0.1235, validation 0.5" in text
    assert "s left" in text


def test_verbose_0_is_silent_on_a_terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    fit(verbose=0)
    assert stream.getvalue() == ""


def test_values_that_are_not_finite_are_named_unless_nothing_depends_on_them():
    net = un.Network([un.RNN(3), un.Dense(1)], input_size=1)
    x, y = np.zeros((4, 5, 1)), np.zeros((4, 5, 1))
    bad_x, bad_y = x.copy(), y.copy()
    bad_x[2, 3], bad_y[1, 4] = np.nan, np.inf
    with pytest.raises(un.InputError, match="x is not finite in row 2, step 3"):
        net.fit(bad_x, y)
    with pytest.raises(un.InputError, match="y is not finite in row 1"):
        net.fit(x, bad_y)
    net.fit(bad_x, bad_y, lengths=[5, 4, 3, 5], epochs=1)
    net.fit(x, bad_y, weight=np.array([1.0, 0.0, 1.0, 1.0]), epochs=1)


def test_class_targets_without_weight_may_be_anything():
    net = un.Network([un.RNN(3), un.Dense(4)], input_size=1)
    x, y = np.zeros((2, 3, 1)), np.array([[0, 1, 2], [3, -1, -1]])
    net.fit(x, y, "cross_entropy", lengths=[3, 1], epochs=1)
    with pytest.raises(un.InputError, match=r"targets must lie in 0\.\.3"):
        net.fit(x, y, "cross_entropy", lengths=[3, 2], epochs=1)
