"""Training: it learns, splits in time order, stops early, follows schedules, and reports errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import unrolled as un
from support import assert_close, label
from unrolled.nn.datasets import Arrays
from unrolled.nn.engines import ENGINES, Job
from unrolled.nn.losses import MSE
from unrolled.nn.schedules import Progress, Schedule
from unrolled.nn.training import loop

N, T = 20, 5


@pytest.fixture
def data(rng):
    """Rows and their sums."""
    x = rng.uniform(-1, 1, (N, T, 1))
    return x, x.sum(axis=1)


def network(cell=None, dtype="float32", seed=0) -> un.Network:
    return un.Network([cell or un.RNN(4), un.Last(), un.Dense(1)], 1, dtype, seed)


# --- it learns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [un.RNN(8), un.GRU(8), un.LSTM(8)], ids=label)
def test_a_network_learns_a_sum(cell, engine, rng):
    x = rng.uniform(-1, 1, (256, T, 1))
    history = network(cell).fit(x, x.sum(axis=1), optimizer=un.Adam(0.01), epochs=30, validation=0.25)
    assert history.validation_loss[-1] < 0.05 * np.var(x.sum(axis=1))


def test_a_network_learns_classes(engine, rng):
    bits = rng.integers(0, 2, (256, T, 1))
    net = un.Network([un.GRU(8), un.Last(), un.Dense(2)], 1)
    net.fit(bits, bits[:, 0, 0], loss="cross_entropy", optimizer=un.Adam(0.02), epochs=15)  # remembers the first
    assert (net.forward(bits)[0].argmax(axis=1) == bits[:, 0, 0]).all()


def test_a_network_learns_an_output_at_each_step(engine):
    symbols = np.tile([0, 1, 2, 0, 2], 20).reshape(10, 10)  # the output after 0 depends on the inputs before it
    net = un.Network([un.LSTM(8), un.Dense(3)], 3)
    net.fit(np.eye(3)[symbols[:, :-1]], symbols[:, 1:], "cross_entropy", un.Adam(0.03), epochs=80, batch_size=5)
    scores, _ = net.forward(np.eye(3)[symbols[:, :-1]])
    assert (scores.argmax(axis=2) == symbols[:, 1:])[:, 1:].all()


@pytest.mark.parametrize("batch_size", [7, N, 100])
def test_the_loss_of_an_epoch_is_that_of_its_rows(batch_size, engine, data):
    net = network(dtype="float64")
    before = net.parameters.copy()
    history = net.fit(*data, optimizer=un.SGD(0.0), epochs=2, batch_size=batch_size, validation=0.2)
    np.testing.assert_array_equal(net.parameters, before)
    for losses, rows in ((history.loss, slice(0, 16)), (history.validation_loss, slice(16, N))):
        expected, _ = net.gradients(*(array[rows] for array in data))
        assert_close(np.array(losses), [expected] * 2, terms=N * T * 4)


# --- training rows ------------------------------------------------------------------------------------


def trained(data, **options) -> np.ndarray:
    net = network(un.LSTM(3))
    net.fit(*data, **{"epochs": 3, "batch_size": 4, **options})
    return net.parameters


def test_validation_rows_are_the_last_and_never_trained_on(engine, data):
    x, y = data
    expected = trained(data, validation=0.25)
    poisoned = x.copy(), y.copy()
    for array in poisoned:
        array[15:] = 1e6
    np.testing.assert_array_equal(trained(poisoned, validation=0.25), expected)
    poisoned[1][14] = 1e6
    assert (trained(poisoned, validation=0.25) != expected).any()
    np.testing.assert_array_equal(trained((x[:15], y[:15])), expected)
    np.testing.assert_array_equal(trained((x[:15], y[:15]), validation=(x[15:], y[15:])), expected)


def test_at_least_one_row_validates(engine, data):
    history = network().fit(*data, validation=0.001, epochs=1)
    assert history.validation_loss[0] != history.loss[0]


def test_a_pair_validates_like_a_share(engine, data):
    x, y = data
    share = network().fit(x, y, validation=0.25, epochs=2)
    pair = network().fit(x[:15], y[:15], validation=(x[15:], y[15:]), epochs=2)
    assert share.validation_loss == pair.validation_loss


def test_the_same_seed_gives_the_same_bits(engine, data):
    expected = trained(data, seed=3)
    np.testing.assert_array_equal(trained(data, seed=3), expected)
    assert (trained(data, seed=4) != expected).any()
    np.testing.assert_array_equal(trained(data, seed=3, shuffle=False), trained(data, seed=4, shuffle=False))


class Watching:
    """An engine that notes the order of each epoch."""

    def __init__(self, engine):
        self.engine, self.name, self.missing, self.orders = engine, engine.name, engine.missing, {}

    def train(self, job, params, state, order, epoch, *rest):
        self.orders[epoch] = order.tolist()
        return self.engine.train(job, params, state, order, epoch, *rest)


def test_every_epoch_visits_all_rows_in_an_order_of_its_own(engine, data, monkeypatch):
    for shuffle in (True, False):
        watching = Watching(engine)
        monkeypatch.setitem(ENGINES, engine.name, watching)
        network().fit(*data, epochs=4, batch_size=3, shuffle=shuffle)
        orders = list(watching.orders.values())
        assert [sorted(order) for order in orders] == [list(range(N))] * 4
        assert len({tuple(order) for order in orders}) == (4 if shuffle else 1)
    assert orders[0] == list(range(N))


def test_a_weight_of_zero_leaves_out_an_unknown_target(engine, data):
    x, y = data
    weight = np.ones((N, 1))
    weight[::3] = 0
    expected = trained((x, np.where(weight > 0, y, 123.0)), weight=weight)
    np.testing.assert_array_equal(trained((x, np.where(weight > 0, y, np.nan)), weight=weight), expected)
    assert (trained(data) != expected).any()


def test_padding_is_never_trained_on(engine, data, rng):
    x, y = data
    lengths = rng.integers(1, T + 1, N)
    poisoned = np.where(np.arange(T)[:, None] < lengths[:, None, None], x, np.nan)
    np.testing.assert_array_equal(trained((poisoned, y), lengths=lengths), trained((x, y), lengths=lengths))


def test_padded_steps_cost_nothing(engine, data, rng):
    x, _ = data
    lengths = rng.integers(1, T + 1, N)
    y = np.where(np.arange(T) < lengths[:, None], 1.0, np.nan)[..., None]
    net = un.Network([un.RNN(4), un.Dense(1)], 1)
    history = net.fit(x, y, lengths=lengths, optimizer=un.Adam(0.05), epochs=60, validation=0.2)
    assert history.validation_loss[-1] < 0.01


# --- schedules, clipping ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Jump(Schedule):
    """A normal rate, except for a huge one at one step."""

    rate: float = 1e-3
    step: int = 0
    jump: float = 1e300
    kind = "jump"

    def at(self, progress: Progress) -> float:
        return self.jump if progress.step == self.step else self.rate


def test_every_step_has_the_rate_of_the_schedule(engine, data):
    schedule, n_batches, epochs = un.Cosine(0.1, warmup=0.3), 5, 4
    steps = epochs * n_batches
    rates = [schedule.at(Progress(step, steps)) for step in range(steps)]
    net, by_hand = network(), network()
    history = net.fit(*data, optimizer=un.SGD(schedule), epochs=epochs, batch_size=4, shuffle=False, clip_norm=None)
    assert history.rate == rates[n_batches - 1 :: n_batches]
    job = Job(by_hand.program, Arrays(*data), MSE(), un.SGD(schedule), 4, None, seed=0)
    state = job.optimizer.start(by_hand.parameters)
    for epoch in range(epochs):
        epoch_rates = np.array(rates[epoch * n_batches : (epoch + 1) * n_batches])
        engine.train(job, by_hand.parameters, state, np.arange(N), epoch, 0, epoch_rates)
    np.testing.assert_array_equal(net.parameters, by_hand.parameters)


def test_a_plateau_of_the_validation_loss_lowers_the_rate(engine, data):
    plateau = un.ReduceOnPlateau(1e-12, factor=0.5, patience=1)
    history = network().fit(*data, optimizer=un.SGD(plateau), epochs=6, validation=0.2)
    # nothing moves: the first epoch is the best, one more is tolerated, and each second one halves the rate
    assert history.rate == [1e-12, 1e-12, 1e-12, 5e-13, 5e-13, 2.5e-13]


def test_clipping_limits_the_size_of_a_step(engine, data):
    def distance(clip_norm):
        net = network(dtype="float64")
        before = net.parameters.copy()
        net.fit(data[0], 100 * data[1], optimizer=un.SGD(1.0), epochs=1, batch_size=N, clip_norm=clip_norm)
        return float(np.linalg.norm(net.parameters - before))

    assert distance(0.01) == pytest.approx(0.01)
    assert distance(1.0) == pytest.approx(1.0)
    assert distance(None) > 10


# --- stopping -----------------------------------------------------------------------------------------


class Snapshots:
    """A callback that keeps the parameters after every epoch."""

    def __init__(self, net, stop_after=None):
        self.net, self.stop_after, self.kept, self.ends = net, stop_after, [], []

    def __call__(self, end):
        self.kept.append(self.net.parameters.copy())
        self.ends.append(end)
        return len(self.kept) == self.stop_after


def test_early_stopping_restores_the_best_weights(engine, data):
    x, y = data
    net = network()
    seen = Snapshots(net)
    opposite = y.copy()
    opposite[15:] *= -1  # the better it fits the training rows, the worse it fits these
    history = net.fit(
        x, opposite, validation=0.25, optimizer=un.Adam(0.02), epochs=100, early_stopping=4, callbacks=[seen]
    )
    best = int(np.argmin(history.validation_loss))
    assert (history.stopped, history.restored, history.best_epoch) == ("early", True, best)
    assert len(history.loss) == best + 1 + 4
    np.testing.assert_array_equal(net.parameters, seen.kept[best])
    assert (net.parameters != seen.kept[-1]).any()


def test_early_stopping_without_validation_watches_the_training_loss(engine, data):
    history = network().fit(*data, optimizer=un.SGD(0.0), epochs=10, shuffle=False, early_stopping=2)
    assert history.stopped == "early"
    assert len(history.loss) == 3


def test_an_improvement_below_min_delta_does_not_count(engine, data):
    stopping = un.EarlyStopping(patience=3, min_delta=1e6)
    history = network().fit(*data, epochs=10, early_stopping=stopping)
    assert (len(history.loss), history.best_epoch) == (4, 0)


def test_without_early_stopping_the_last_weights_stay(engine, data):
    net = network()
    seen = Snapshots(net)
    history = net.fit(*data, optimizer=un.SGD(0.3), epochs=5, callbacks=[seen])
    assert (history.stopped, history.restored) == ("done", False)
    np.testing.assert_array_equal(net.parameters, seen.kept[-1])


def test_a_callback_is_called_after_every_epoch_and_can_stop(engine, data):
    net = network()
    seen = Snapshots(net, stop_after=3)
    history = net.fit(*data, epochs=10, validation=0.2, callbacks=[seen, lambda end: None])
    assert history.stopped == "callback"
    assert [end.epoch for end in seen.ends] == [0, 1, 2]
    assert [end.loss for end in seen.ends] == history.loss
    assert [end.validation_loss for end in seen.ends] == history.validation_loss
    assert [end.wall_s for end in seen.ends] == history.wall_s == sorted(history.wall_s)
    np.testing.assert_array_equal(net.parameters, seen.kept[-1])


@pytest.mark.parametrize(
    ("step", "epoch", "batch"),
    [(5, 1, 2), (6, 1, 3), (7, 1, 3)],  # seen in the next batch, or at the end of the epoch
)
def test_divergence_names_the_batch_and_restores_the_best_weights(step, epoch, batch, engine, data):
    net = network()
    seen = Snapshots(net)
    with pytest.raises(un.TrainingDiverged, match=f"in epoch {epoch}, batch {batch} ") as caught:
        net.fit(*data, optimizer=un.SGD(Jump(step=step)), epochs=3, batch_size=5, clip_norm=None, callbacks=[seen])
    assert (caught.value.epoch, caught.value.batch) == (epoch, batch)
    assert len(seen.kept) == epoch
    np.testing.assert_array_equal(net.parameters, seen.kept[epoch - 1])


@pytest.mark.parametrize("validation", [None, 0.2])
def test_divergence_restores_the_initial_weights_if_every_epoch_was_worse(validation, engine, data):
    net = network()
    seen = Snapshots(net)
    with pytest.raises(un.TrainingDiverged):
        net.fit(*data, optimizer=un.SGD(10.0), epochs=50, clip_norm=None, validation=validation, callbacks=[seen])
    assert seen.kept  # epochs with a finite loss
    np.testing.assert_array_equal(net.parameters, network().parameters)


def test_divergence_in_the_first_epoch_restores_the_initial_weights(engine, data):
    x, y = data
    y[13] = 1e30  # its square is no float32
    net = network()
    with pytest.raises(un.TrainingDiverged, match=r"in epoch 0, batch 3 .*Try a lower learning rate"):
        net.fit(x, y, shuffle=False, batch_size=4)
    np.testing.assert_array_equal(net.parameters, network().parameters)


@pytest.mark.parametrize("slices", ["whole epochs", "single batches"])
@pytest.mark.parametrize("clip_norm", [None, 1e-3])
def test_a_divergence_names_the_gradient_norm_of_the_step_before(clip_norm, slices, engine, data, monkeypatch):
    """Also where that step was in another slice; the norm is that before clipping."""
    if slices == "single batches":
        monkeypatch.setattr(loop, "SLICE_WALL_S", 0.0)
    x, y = data
    y[13] = 1e30  # in batch 3
    net = network()
    options = {"shuffle": False, "batch_size": 4, "clip_norm": clip_norm}
    with pytest.raises(un.TrainingDiverged) as caught:
        net.fit(x, y, optimizer=un.SGD(0.0), **options)
    gradient = net.gradients(x[8:12], y[8:12])[1].parameters
    norm = float(np.linalg.norm(gradient.astype(float)))
    assert caught.value.gradient_norm == pytest.approx(norm, rel=1e-5)
    assert f"gradient norm {norm:.2g} in the step before" in str(caught.value)


def test_a_divergence_in_the_first_step_knows_no_gradient_norm(engine, data):
    x, y = data
    y[0] = 1e30
    with pytest.raises(un.TrainingDiverged, match=r"in epoch 0, batch 0 \(learning rate 0\.001\)\.") as caught:
        network().fit(x, y, shuffle=False, batch_size=4)
    assert caught.value.gradient_norm is None


@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_finite_loss_that_explodes_is_a_divergence(validation, engine, data):
    net = network()
    with pytest.raises(un.TrainingDiverged, match=r"the loss exploded from \S+ to \S+ in epoch 1, batch \d "):
        net.fit(*data, optimizer=un.SGD(Jump(step=5, jump=1e5)), batch_size=5, epochs=9, validation=validation)
    before = network()
    before.fit(*data, optimizer=un.SGD(1e-3), batch_size=5, epochs=1, validation=validation)
    np.testing.assert_array_equal(net.parameters, before.parameters)  # those of the epoch before


def test_a_large_loss_that_was_large_before_is_no_divergence(engine, data):
    x, y = data
    history = network().fit(x, 1e6 * y, optimizer=un.SGD(0.01), epochs=2)
    assert min(history.loss) > loop.EXPLOSION
    y[3:] = 0
    y[:3] = 1e6  # a few rows have nearly all of the loss
    assert network().fit(x, y, shuffle=False, batch_size=4, epochs=2).stopped == "done"


def test_a_validation_loss_that_is_not_finite_is_a_divergence(engine, data):
    x, y = data
    y[-1] = 1e30  # its square is no float32
    with pytest.raises(un.TrainingDiverged, match="in epoch 0, batch 3 "):
        network().fit(x, y, validation=0.2, batch_size=4)
