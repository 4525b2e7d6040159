"""Slices, checkpoints and Ctrl-C: a training that is cut has the bits of the uninterrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unrolled as un
from stages import fails_at, stages
from unrolled import storage
from unrolled.nn.datasets import Arrays
from unrolled.nn.engines import Job
from unrolled.nn.losses import MSE
from unrolled.nn.optimizers import OPTIMIZERS
from unrolled.nn.training import checkpoint, loop
from unrolled.nn.training.plan import TrainingPlan

N, T, EPOCHS = 20, 4, 8


@pytest.fixture
def data(rng):
    x = rng.uniform(-1, 1, (N, T, 1))
    return x, x.sum(axis=1)


def network(seed=0, dtype="float32") -> un.Network:
    """With dropout, so that randomness takes part."""
    return un.Network([un.GRU(3), un.Dropout(0.3), un.Last(), un.Dense(1)], 1, dtype, seed)


# --- slices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OPTIMIZERS)
@settings(max_examples=10)
@given(cuts=st.sets(st.integers(1, 6)))
def test_slices_of_an_epoch_give_the_bits_of_the_whole(kind, cuts, engine):
    rng = np.random.default_rng(0)
    data = Arrays(rng.standard_normal((N, T, 1)), rng.standard_normal((N, 1)), lengths=rng.integers(0, T + 1, N))
    optimizer, rates, order = OPTIMIZERS[kind](), np.geomspace(1e-3, 1e-2, 7), rng.permutation(N)
    results = []
    for pieces in ([rates], np.split(rates, sorted(cuts))):
        net = network()
        job = Job(net.program, data, MSE(), optimizer, 3, 1.0, seed=5)
        state = optimizer.start(net.parameters)
        done, totals, weights = 0, [], []
        for piece in pieces:
            sums = engine.train(job, net.parameters, state, order, 2, done, piece)
            totals += sums.totals.tolist()
            weights += sums.weights.tolist()
            done += len(piece)
        results.append((net.parameters.tobytes(), totals, weights, state.step))
    assert results[0] == results[1]
    assert results[0][3] == 7


# --- checkpoints --------------------------------------------------------------------------------------

SETTINGS = {
    "adam": {},
    "sgd on a plateau": {"optimizer": un.SGD(un.ReduceOnPlateau(0.1, patience=0, threshold=0.5), momentum=0.9)},
    "one cycle": {"optimizer": un.RMSprop(un.OneCycle(0.01)), "shuffle": False},
    "early stopping": {"optimizer": un.Adam(0.3), "early_stopping": 2, "validation": 0.4},
    "no clipping": {"clip_norm": None, "validation": 0.2, "early_stopping": 7},
}


def fit(net, data, **options) -> un.History:
    return net.fit(*data, **{"epochs": EPOCHS, "batch_size": 3, "seed": 1, **options})


def facts(history: un.History) -> dict:
    """A history without its times."""
    return {name: value for name, value in vars(history).items() if name != "wall_s"}


class Crash(Exception):
    pass


def stop_after(epochs: int, crash: bool):
    """A callback that ends training in this epoch: by its result, or by an exception before the checkpoint."""

    def callback(end):
        if end.epoch + 1 == epochs and crash:
            raise Crash
        return end.epoch + 1 == epochs

    return callback


@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "crashed"])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_resumed_training_has_the_bits_of_the_uninterrupted_one(name, crash, engine, data, tmp_path):
    options, path = SETTINGS[name], tmp_path / "checkpoint"
    whole = network()
    expected = fit(whole, data, **options)
    for epochs in (1, 3, 6):  # three times in a row
        broken = network()
        try:
            history = fit(broken, data, **options, checkpoint=path, callbacks=[stop_after(epochs, crash)])
        except Crash:
            continue
        assert history.stopped in ("callback", "early")
    resumed = network(seed=9)  # whatever its own initial values
    found = fit(resumed, data, **options, checkpoint=path)
    assert facts(found) == facts(expected)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert found.wall_s == sorted(found.wall_s)


def test_a_finished_training_is_not_continued(engine, data, tmp_path):
    path = tmp_path / "checkpoint"
    for options in ({}, {"early_stopping": 2, "optimizer": un.SGD(0.0), "shuffle": False}):
        path.unlink(missing_ok=True)
        first, again = network(), network(seed=9)
        expected = fit(first, data, checkpoint=path, **options)
        written = path.read_bytes()
        found = fit(again, data, checkpoint=path, **options)
        assert facts(found) == facts(expected)
        np.testing.assert_array_equal(again.parameters, first.parameters)
        assert path.read_bytes() == written


OTHERS = {
    "epochs": {"epochs": 9},
    "batch size": {"batch_size": 4},
    "seed": {"seed": 2},
    "order": {"shuffle": False},
    "clipping": {"clip_norm": 0.5},
    "loss": {"loss": "mae"},
    "optimizer": {"optimizer": un.Adam(1e-2)},
    "validation": {"validation": 0.5},
    "patience": {"early_stopping": 2},
    "least improvement": {"early_stopping": un.EarlyStopping(3, 1e-3)},
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_checkpoint_of_other_settings_is_refused(name, engine, data, tmp_path):
    path = tmp_path / "checkpoint"
    for own in ({}, {"early_stopping": 3}):
        fit(network(), data, checkpoint=path, callbacks=[stop_after(1, crash=False)], **own)
        written = path.read_bytes()
        with pytest.raises(un.InputError, match=r"is of another training .*Delete it to train from the start"):
            fit(network(), data, checkpoint=path, **{**own, **OTHERS[name]})
        assert path.read_bytes() == written
        path.unlink()


def test_a_patience_has_the_same_meaning_as_a_number_and_as_an_object(engine, data, tmp_path):
    path = tmp_path / "checkpoint"
    fit(network(), data, checkpoint=path, callbacks=[stop_after(1, crash=False)], early_stopping=3)
    assert len(fit(network(), data, checkpoint=path, early_stopping=un.EarlyStopping(3)).loss) > 1


def test_an_empty_path_is_refused(data):
    """Such as that of a variable that is not set: no checkpoint would be written."""
    with pytest.raises(un.InputError, match="checkpoint must be the path of a file, or None; got ''"):
        fit(network(), data, checkpoint="")


def test_a_checkpoint_of_another_network_or_of_other_data_is_refused(engine, data, tmp_path):
    path = tmp_path / "checkpoint"
    fit(network(), data, checkpoint=path, callbacks=[stop_after(1, crash=False)])
    x, y = data
    changed = x.copy()
    changed[-1, -1] += 1
    wider = un.Network([un.GRU(4), un.Dropout(0.3), un.Last(), un.Dense(1)], 1)
    for net, rows in ((network(), (changed, y)), (network(dtype="float64"), data), (wider, data)):
        before = net.parameters.copy()
        with pytest.raises(un.InputError, match="is of another training"):
            fit(net, rows, checkpoint=path)
        np.testing.assert_array_equal(net.parameters, before)


def test_other_files_are_refused_as_checkpoints_and_kept(engine, data, tmp_path):
    path = tmp_path / "model"
    net = network()
    net.save(path)
    model = path.read_bytes()
    with pytest.raises(un.ModelFileError, match="holds a network, not a checkpoint"):
        fit(net, data, checkpoint=path)
    assert path.read_bytes() == model
    path.write_bytes(model[:100])
    with pytest.raises(un.ModelFileError, match="is damaged"):
        fit(net, data, checkpoint=path)


def changed(path, change) -> None:
    """Change the content and the arrays of a checkpoint, and save it again."""
    kind, arrays, content = storage.read(path)
    change(content, arrays)
    storage.write(path, kind, arrays, {k: v for k, v in content.items() if k not in ("format", "version", "kind")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, a: a.update(params=a["params"][:1]), r"the array 'params' should be float32 \(52,\)"),
        (lambda c, a: a.update({"optimizer.mean": a["params"].astype(float)}), "'optimizer.mean' should be float32"),
        (lambda c, a: a.pop("best_params"), "the array 'best_params' should be"),
        (lambda c, a: a["params"].fill(np.nan), "the array 'params' holds nan"),
        (lambda c, a: c.update(optimizer_step=10**30), "`optimizer_step` must be a whole number from 0"),
        (lambda c, a: c.update(waited=-1), "`waited` must be a whole number ≥ 0"),
        (lambda c, a: c["history"].update(loss=["x"] * 3), "`history.loss` must be a list of numbers"),
        (lambda c, a: c["history"].update(stopped="never"), "`history.stopped` must be 'done'"),
        (lambda c, a: c["history"]["rate"].pop(), "the lists of `history` have different lengths"),
        (lambda c, a: c["history"].update(best_epoch=3), "its epochs go beyond the 3 that were trained"),
        (lambda c, a: c["history"].update({k: [1.0] * 9 for k in ("loss", "rate", "wall_s")}), "go beyond the 8"),
        (lambda c, a: c.pop("history"), "`history` is missing"),
    ],
)
def test_damaged_checkpoints_are_refused_and_change_nothing(change, message, data, tmp_path):
    path = tmp_path / "checkpoint"
    fit(network(), data, checkpoint=path, callbacks=[stop_after(3, crash=False)])
    changed(path, change)
    net = network(seed=9)
    before = net.parameters.copy()
    with pytest.raises(un.ModelFileError, match=message):
        fit(net, data, checkpoint=path)
    np.testing.assert_array_equal(net.parameters, before)


def test_every_changed_bit_of_a_checkpoint_is_refused(data, tmp_path):
    path = tmp_path / "checkpoint"
    fit(network(), data, checkpoint=path, callbacks=[stop_after(1, crash=False)])
    written = path.read_bytes()
    for bit in range(0, 8 * len(written), 7):
        other = bytearray(written)
        other[bit // 8] ^= 1 << bit % 8
        path.write_bytes(other)
        with pytest.raises(un.ModelFileError):
            storage.read(path)


def written_at(monkeypatch, tmp_path, data, epochs, write_s=0.0, epoch_s=1.0, **options):
    """The epochs after which checkpoints are written, if they and epochs take so long."""
    clock, found = [0.0], []

    def save(run, path, identity):
        clock[0] += write_s
        found.append(run.epoch)

    def passed(end):
        clock[0] += epoch_s

    monkeypatch.setattr(checkpoint.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(checkpoint, "save_checkpoint", save)
    fit(network(), data, checkpoint=tmp_path / "checkpoint", epochs=epochs, callbacks=[passed], **options)
    return found


def test_checkpoints_take_at_most_a_twentieth_of_the_time(data, monkeypatch, tmp_path):
    """Of 3 s each: then they are 60 s apart."""
    assert written_at(monkeypatch, tmp_path, data, 150, write_s=3.0) == [1, 61, 121, 150]
    assert written_at(monkeypatch, tmp_path, data, 4, write_s=0.04) == [1, 2, 3, 4]


def test_the_interval_of_checkpoints_can_be_given(data, monkeypatch, tmp_path):
    assert written_at(monkeypatch, tmp_path, data, 8, checkpoint_every=3) == [3, 6, 8]
    assert written_at(monkeypatch, tmp_path, data, 3, checkpoint_every=1) == [1, 2, 3]
    with pytest.raises(un.InputError, match="checkpoint_every must be a whole number ≥ 1 or None; got 0"):
        written_at(monkeypatch, tmp_path, data, 3, checkpoint_every=0)


def test_settings_may_be_numpy_numbers(engine, data, tmp_path):
    options = {"epochs": np.int64(2), "batch_size": np.int32(3), "optimizer": un.SGD(np.float32(0.5))}
    path = tmp_path / "checkpoint"
    assert len(fit(network(), data, checkpoint=path, early_stopping=np.int64(3), **options).loss) == 2
    options["epochs"] = 2  # the same training
    assert len(fit(network(), data, checkpoint=path, early_stopping=3, **options).loss) == 2


# --- Ctrl-C -------------------------------------------------------------------------------------------


class Interrupting:
    """An engine that sends Ctrl-C before one of its slices."""

    def __init__(self, engine, slice_number: int) -> None:
        self.engine, self.identity, self.slices, self.slice_number = engine, engine.identity, 0, slice_number

    def train(self, *arguments):
        self.slices += 1
        if self.slices == self.slice_number:
            os.kill(os.getpid(), signal.SIGINT)
        return self.engine.train(*arguments)

    def evaluate(self, *arguments):
        return self.engine.evaluate(*arguments)


@pytest.fixture
def train(monkeypatch):
    def run(engine, net, data, plan) -> un.History:
        monkeypatch.setattr(loop, "engine_for", lambda *what: engine)
        rows = np.arange(N)
        return loop.train(net.program, net.parameters, Arrays(*data), MSE(), un.SGD(0.05), plan, rows[:16], rows[16:])

    return run


def validation_loss(parameters, data) -> float:
    net = network()
    net.parameters[...] = parameters
    return float(((net.forward(data[0][16:])[0] - data[1][16:]) ** 2).mean())


def test_ctrl_c_keeps_the_best_weights(engine, train, data, monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "SLICE_WALL_S", 0.0)  # a slice a batch: four an epoch
    kept = []
    net = network()
    keep = (lambda end: kept.append(net.parameters.copy()),)
    plan = TrainingPlan(epochs=EPOCHS, batch_size=4, checkpoint=tmp_path / "checkpoint", callbacks=keep)
    handler = signal.getsignal(signal.SIGINT)
    history = train(Interrupting(engine, 4 * 3 + 2), net, data, plan)  # in the fourth epoch
    assert signal.getsignal(signal.SIGINT) is handler
    assert (history.stopped, history.restored, len(history.loss)) == ("interrupted", True, 3)
    finished = [validation_loss(parameters, data) for parameters in kept]
    assert finished[history.best_epoch] == min(finished)
    assert validation_loss(net.parameters, data) <= min(finished)  # those of the fourth epoch may be better

    whole = network()
    expected = train(engine, whole, data, replace(plan, checkpoint=None, callbacks=()))
    resumed = network()
    found = train(engine, resumed, data, replace(plan, callbacks=()))
    assert facts(found) == facts(expected)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)


def test_ctrl_c_in_the_first_epoch_keeps_the_weights_trained_until_then(engine, train, data, monkeypatch):
    monkeypatch.setattr(loop, "SLICE_WALL_S", 0.0)
    net = network()
    history = train(Interrupting(engine, 2), net, data, TrainingPlan(epochs=EPOCHS, batch_size=4))
    assert (history.stopped, history.loss, history.best_epoch) == ("interrupted", [], None)
    assert (net.parameters != network().parameters).any()


def test_ctrl_c_before_the_first_batch_keeps_the_initial_weights(engine, train, data, monkeypatch):
    monkeypatch.setattr(loop, "SLICE_WALL_S", 0.0)
    net = network()
    monkeypatch.setattr(loop.Slices, "train_epoch", lambda *arguments: (np.inf, False))
    history = train(engine, net, data, TrainingPlan(epochs=EPOCHS, batch_size=4))
    assert (history.stopped, history.loss) == ("interrupted", [])
    np.testing.assert_array_equal(net.parameters, network().parameters)


def test_a_second_ctrl_c_interrupts_at_once(engine, data):
    def twice(end):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(network(), data, callbacks=[twice])
    assert signal.getsignal(signal.SIGINT) is handler


ENDLESS = """
import numpy as np, unrolled as un
net = un.Network([un.RNN(4), un.Last(), un.Dense(1)], 1)
x = np.ones((64, 20, 1))
epochs = []
def tell(end):
    epochs.append(net.parameters.copy())
    if end.epoch == 2:
        print("under way", flush=True)
history = net.fit(x, x[:, 0], epochs=10**9, callbacks=[tell])
print(history.stopped, history.restored, len(epochs) == len(history.loss) > 2)
print((net.parameters == epochs[history.best_epoch]).all())
"""


def test_ctrl_c_from_outside_ends_a_training_that_would_never_end(engine):
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"UNROLLED_ENGINE": engine.name},
    )
    try:
        assert process.stdout.readline() == "under way\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert output.splitlines() == ["interrupted True True", "True"]
    assert process.returncode == 0


# --- failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resumed", [False, True])
def test_a_training_that_fails_at_any_stage_changes_nothing(resumed, engine, data, tmp_path):
    """Neither the network nor the checkpoint that a later training resumes from."""
    path, net = tmp_path / "checkpoint", network(seed=2)
    if resumed:
        fit(network(), data, checkpoint=path, callbacks=[stop_after(3, crash=False)])
    initial, begun = net.parameters.copy(), path.read_bytes() if resumed else None

    def start_again():
        net.parameters = initial
        path.write_bytes(begun) if resumed else path.unlink(missing_ok=True)

    def train():
        return fit(net, data, checkpoint=path, epochs=EPOCHS if resumed else 3, validation=None if resumed else 0.2)

    def restarted():
        start_again()
        train()

    met, failed = stages(restarted, ["/nn/training", "/interactive"]), 0
    whole = net.parameters.copy()
    for stage, passed in met.items():
        start_again()
        if fails_at(stage, passed, train):
            failed += 1
            assert net.parameters.tobytes() in (initial.tobytes(), whole.tobytes()), stage
            net.parameters = initial
            train()  # resumes, if the fault came after a checkpoint
        np.testing.assert_array_equal(net.parameters, whole, err_msg=str(stage))
    assert failed > 0.5 * len(met)


@pytest.mark.parametrize("error", [Crash, KeyboardInterrupt, SystemExit])
def test_an_error_in_a_callback_keeps_the_weights_of_before(error, engine, data):
    def fail(end):
        if end.epoch == 2:
            raise error

    net = network()
    with pytest.raises(error):
        fit(net, data, callbacks=[fail], early_stopping=5)
    np.testing.assert_array_equal(net.parameters, network().parameters)


@pytest.mark.parametrize(
    "options",
    [{"epochs": 0}, {"loss": "none"}, {"validation": 2.0}, {"callbacks": [3]}, {"optimizer": "adam"}, {"seed": -1}],
)
def test_arguments_that_are_refused_change_nothing(options, engine, data, tmp_path):
    net = network()
    with pytest.raises(un.InputError):
        fit(net, data, checkpoint=tmp_path / "checkpoint", **options)
    np.testing.assert_array_equal(net.parameters, network().parameters)
    assert not os.listdir(tmp_path)


def test_a_checkpoint_that_cannot_be_written_keeps_the_weights_of_before(data, tmp_path):
    net = network()
    with pytest.raises(un.UnrolledError):
        fit(net, data, checkpoint=tmp_path / "missing" / "checkpoint")
    np.testing.assert_array_equal(net.parameters, network().parameters)
