"""Files: saved objects are restored bit for bit; any other content is a `ModelFileError`."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save

import unrolled as un
from support import cell_variants, label, scattered
from unrolled import storage
from unrolled.forecasting.inputs.views import views_named
from unrolled.nn.layers import Reverse


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


NETWORKS = {
    **{label(cell): [cell] for cell in cell_variants(hidden=3)},
    "deep": [un.LSTM(3), un.Dropout(0.25), un.GRU(2, "before"), un.Last(), un.Dense((4, 3), "relu", bias=False)],
    "reversed": [Reverse(), un.RNN(2, initial="identity")],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_bit_for_bit(name, dtype, path, rng):
    net = scattered(un.Network(NETWORKS[name], 2, dtype, seed=2**64 - 1), rng)
    net.save(path)
    found = un.load(path)
    assert found.layers == net.layers
    assert (found.input_size, found.dtype, found.seed) == (2, net.dtype, 2**64 - 1)
    assert found.parameters.tobytes() == net.parameters.tobytes()
    x = rng.standard_normal((2, 3, 2))
    np.testing.assert_array_equal(found.forward(x, training=True)[0], net.forward(x, training=True)[0])


def test_the_same_network_gives_the_same_file(path):
    contents = []
    for _ in range(2):
        un.Network([un.LSTM(3)], 2).save(path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_numpy_numbers_are_written_as_numbers(path):
    un.Network([un.RNN(3)], np.int64(2), seed=np.uint64(7)).save(path)
    assert (un.load(path).input_size, un.load(path).seed) == (2, 7)


def test_any_tool_can_read_the_arrays(path, rng):
    net = scattered(un.Network([un.GRU(3)], 2), rng)
    net.save(path)
    with safe_open(path, framework="numpy") as file:
        assert set(file.keys()) == set(net.views)
        np.testing.assert_array_equal(file.get_tensor("0.bias_hn"), net.views["0.bias_hn"])
        content = json.loads(file.metadata()["unrolled"])
    assert content["layers"] == [{"kind": "gru", "hidden": 3, "reset": "after"}]
    assert (content["format"], content["version"], content["kind"]) == ("unrolled", 2, "network")


def test_any_tool_can_compute_the_checksum(path, model):
    with safe_open(path, framework="numpy") as file:
        digits = file.metadata()["checksum"]
    assert hashlib.sha256(model.replace(digits.encode(), b"0" * 64, 1)).hexdigest() == digits


def test_strided_arrays_are_written_with_their_values(path):
    whole = np.arange(12.0).reshape(3, 4)
    storage.write(path, "test", {"turned": whole.T, "every other": whole[:, ::2]}, {})
    _, arrays, _ = storage.read(path)
    np.testing.assert_array_equal(arrays["turned"], whole.T)
    np.testing.assert_array_equal(arrays["every other"], whole[:, ::2])


# --- damaged files ------------------------------------------------------------------------------------


@pytest.fixture
def model(path) -> bytes:
    un.Network([un.GRU(3), un.Last(), un.Dense(1)], 2).save(path)
    return path.read_bytes()


def assert_refused(path, content: bytes, message: str = "") -> None:
    path.write_bytes(content)
    with pytest.raises(un.ModelFileError, match=message):
        un.load(path)


def test_a_truncated_file_is_refused(path, model):
    for size in [*range(0, len(model), 50), len(model) - 1]:
        assert_refused(path, model[:size], "is not a model file, or is damaged")
    assert_refused(path, model + b"\0", "is not a model file, or is damaged")


@given(content=st.binary(max_size=300))
def test_garbage_is_refused(path, content):
    assert_refused(path, content, "is not a model file, or is damaged")


def test_every_changed_bit_is_refused(path, model):
    for bit in range(8 * len(model)):
        changed = bytearray(model)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(un.ModelFileError):
            un.load(path)


@given(place=st.integers(0, 10**6), value=st.integers(1, 255))
def test_a_changed_byte_is_refused(path, model, place, value):
    changed = bytearray(model)
    changed[place % len(model)] ^= value
    assert_refused(path, bytes(changed), "damaged|not one that unrolled wrote|newer|versions up to")


def test_the_message_says_that_the_checksum_differs(path, model):
    assert_refused(path, model[:-1] + bytes([model[-1] ^ 1]), "its bytes do not have the checksum that was saved")


def test_a_file_of_this_version_needs_a_checksum(path):
    assert_refused(path, with_content(version=2), "its bytes do not have the checksum")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_by_the_name_of_their_array(value, path):
    bias = np.array([value], np.float32)
    content = raw(ARRAYS | {"0.bias": bias}, json.dumps(GOOD | {"layers": [RNN]}))
    assert_refused(path, content, rf"damaged: the array '0.bias' holds {value} at \(0,\) \(1 such value\)")
    net = un.Network([un.RNN(1)], 2)
    net.views["0.bias"][...] = value
    with pytest.raises(un.InputError, match=f"holds finite numbers, but the array '0.bias' holds {value}"):
        net.save(path)


def test_truth_values_are_one_bit(path):
    data = raw({"a": np.ones(3, bool)}, json.dumps(GOOD | {"layers": [RNN]}))
    assert_refused(path, data[:-1] + b"\2", "the array 'a' holds .* at .2,")


def test_unknown_values_of_the_future_are_no_damage(path):
    storage.write(path, "test", {"monthly/covariates.ahead": np.full((1, 1), np.nan)}, {})
    assert np.isnan(storage.read(path)[1]["monthly/covariates.ahead"]).all()


def test_reading_a_large_network_draws_no_initial_parameters(path, monkeypatch):
    net = un.Network([un.GRU(3)], 2)
    net.save(path)
    monkeypatch.setattr("unrolled.nn.program.Program.initialize", None)
    assert un.load(path).parameters.tobytes() == net.parameters.tobytes()


def test_thousands_of_layers_are_read(path):
    layers = [un.RNN(1)] * 3000
    un.Network(layers, 1).save(path)
    assert len(un.load(path).layers) == len(layers)


def test_a_model_is_read_from_a_pipe(path, model, tmp_path):
    """Which has no size and can be read only once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(pipe.write_bytes, model)
        assert un.load(pipe).parameters.tobytes() == un.load(path).parameters.tobytes()
        written.result()


def test_a_missing_file_is_refused(path, tmp_path):
    for place in (path, tmp_path):
        with pytest.raises(un.ModelFileError, match="there is no model file"):
            un.load(place)


def raw(arrays: dict, text: str | None) -> bytes:
    return save(arrays, None if text is None else {"unrolled": text})


def header(text: str, data: bytes = b"") -> bytes:
    """A safetensors file with exactly this header."""
    return struct.pack("<Q", len(text)) + text.encode() + data


GOOD = {"format": "unrolled", "version": 1, "kind": "network", "input_size": 2, "dtype": "float32", "seed": 0}
RNN = {"kind": "rnn", "hidden": 1}
ARRAYS = {
    "0.weight_ih": np.zeros((1, 2), np.float32),
    "0.weight_hh": np.zeros((1, 1), np.float32),
    "0.bias": np.zeros(1, np.float32),
}


def with_content(**changes) -> bytes:
    return raw(ARRAYS, json.dumps(GOOD | {"layers": [RNN]} | changes))


def test_the_undamaged_content_is_read(path):
    path.write_bytes(with_content())
    assert un.load(path).layers == (un.RNN(1),)


HOSTILE = {
    "no metadata": (raw(ARRAYS, None), "not one that unrolled wrote"),
    "no JSON": (raw(ARRAYS, "{"), "not one that unrolled wrote"),
    "a list": (raw(ARRAYS, "[]"), "not one that unrolled wrote"),
    "a number": (raw(ARRAYS, "1"), "not one that unrolled wrote"),
    "nothing": (raw(ARRAYS, "null"), "not one that unrolled wrote"),
    "endless nesting": (raw(ARRAYS, "[" * 100_000), "not one that unrolled wrote"),
    "endless digits": (raw(ARRAYS, "1" * 10_000), "not one that unrolled wrote"),
    "another format": (with_content(format="onnx"), "not one that unrolled wrote"),
    "no version": (raw(ARRAYS, json.dumps({"format": "unrolled", "kind": "network"})), "not one that unrolled wrote"),
    "a version in words": (with_content(version="one"), "not one that unrolled wrote"),
    "a newer version": (with_content(version=3), "has format version 3; this unrolled reads versions up to 2"),
    "version 0": (with_content(version=0), "not one that unrolled wrote"),
    "an infinite number": (
        raw(ARRAYS, json.dumps(GOOD | {"layers": [], "x": np.inf})),
        "not one that unrolled wrote",
    ),
    "a number beyond all floats": (
        raw(ARRAYS, json.dumps(GOOD)[:-1] + ', "x": 1e999}'),
        "not one that unrolled wrote",
    ),
    "another kind": (with_content(kind="checkpoint"), "holds a checkpoint, not a network or a forecaster"),
    "a kind that is none": (with_content(kind=["network"]), "holds a"),
    "an empty forecaster": (with_content(kind="forecaster"), "is damaged: its content does not fit together"),
    "no layers": (with_content(layers=[]), "at least one layer"),
    "layers that are none": (with_content(layers=3), "is damaged"),
    "a layer that is none": (with_content(layers=["rnn"]), "is damaged"),
    "a layer without kind": (with_content(layers=[{"hidden": 1}]), "does not know"),
    "an unknown layer": (with_content(layers=[{"kind": "os.system"}]), "has a 'os.system' .*Register your own cells"),
    "an unknown option": (with_content(layers=[RNN | {"shell": "ls"}]), "which this unrolled does not know"),
    "a kind that is a list": (with_content(layers=[{"kind": ["rnn"]}]), "does not know"),
    "an option that makes no sense": (with_content(layers=[RNN | {"hidden": -1}]), "hidden must be a whole number"),
    "an option of another type": (with_content(layers=[RNN | {"hidden": {}}]), "hidden must be a whole number"),
    "an unhashable option": (with_content(layers=[RNN | {"activation": {}}]), "activation must be 'tanh'"),
    "a huge layer": (with_content(layers=[RNN | {"hidden": 10**6}]), r"0.weight_ih should be .*\(1000000, 2\)"),
    "a layer beyond all memory": (with_content(layers=[RNN | {"hidden": 2**31 - 1}]), "should be "),
    "a layer beyond all counts": (
        with_content(layers=[RNN | {"hidden": 10**30}]),
        "hidden must be .* from 1 to 2147483647",
    ),
    "a huge input": (with_content(input_size=10**12), "`input_size` must be a whole number from 1"),
    "an input that is none": (with_content(input_size="2"), "`input_size` must be a whole number"),
    "another dtype": (with_content(dtype="float64"), "should be .*float64.*; the file has .*float32"),
    "a dtype that is none": (with_content(dtype="object"), "`dtype` must be 'float32' or 'float64'; got 'object'"),
    "a seed that is none": (with_content(seed=-1), "`seed` must be a whole number from 0"),
    "a missing array": (raw({}, json.dumps(GOOD | {"layers": [RNN]})), "the file has nothing"),
    "an array of another shape": (
        raw(ARRAYS | {"0.bias": np.zeros(2, np.float32)}, json.dumps(GOOD | {"layers": [RNN]})),
        r"0.bias should be .*\(1,\).*; the file has .*\(2,\)",
    ),
    "an array of complex numbers": (
        raw(ARRAYS | {"0.bias": np.zeros(1, np.complex64)}, json.dumps(GOOD | {"layers": [RNN]})),
        "0.bias should be .*float32.*; the file has .*complex64",
    ),
    "a type that NumPy lacks": (
        header('{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', b"\0\0"),
        "is not a model file, or is damaged",
    ),
    "a type of half a byte": (
        header('{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}', b"\0"),
        "is not a model file, or is damaged",
    ),
    "an array larger than the file": (
        header('{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}'),
        "is not a model file, or is damaged",
    ),
    "an empty array of endless size": (
        header('{"a":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}'),
        "is not a model file, or is damaged",
    ),
    "a header larger than the file": (struct.pack("<Q", 2**63) + b"{}", "is not a model file, or is damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_refused(name, path):
    assert_refused(path, *HOSTILE[name])


# --- a user's own cells -------------------------------------------------------------------------------


def test_a_cell_must_be_registered_before_its_model_is_read(path, register_cell):
    @dataclass(frozen=True)
    class Mine(un.RNN):
        kind = "mine"

    net = un.Network([Mine(2, "relu")], 1)
    net.save(path)
    with pytest.raises(un.ModelFileError, match=r"has a 'mine' .*Register your own cells before loading"):
        un.load(path)
    register_cell(Mine)
    assert un.load(path).layers == net.layers


def test_an_unregistered_name_is_not_reported_as_damage():
    with pytest.raises(un.ModelFileError) as caught, storage.guarded("m.safetensors"):
        views_named("mine")
    assert "damaged" not in str(caught.value)
    assert str(caught.value).startswith("m.safetensors needs something that is not registered: no scaling is called")
    assert str(caught.value).endswith("Register it before loading.")


def test_all_errors_of_a_damaged_file_but_a_lack_of_memory_are_one():
    for error in (ZeroDivisionError(), OverflowError(), ImportError(), RecursionError(), StopIteration()):
        with pytest.raises(un.ModelFileError, match="is damaged: its content does not fit"), storage.guarded("m"):
            raise error
    with pytest.raises(MemoryError), storage.guarded("m"):
        raise MemoryError


def test_too_little_memory_is_no_damage(path, monkeypatch):
    def fail(data):
        raise MemoryError

    un.Network([un.RNN(2)], 1).save(path)
    monkeypatch.setattr("safetensors.numpy.load", fail)
    with pytest.raises(MemoryError):
        un.load(path)


def test_an_option_that_no_file_can_hold_is_refused(path):
    @dataclass(frozen=True)
    class Mine(un.RNN):
        kind = "mine"
        function: object = len

    with pytest.raises(un.InputError, match="numbers, text and lists of them; it can't hold <built-in function len>"):
        un.Network([Mine(2)], 1).save(path)
    assert not path.exists()


def test_an_option_that_is_infinite_is_refused_when_it_is_saved(path):
    @dataclass(frozen=True)
    class Mine(un.RNN):
        kind = "mine"
        limit: float = np.inf

    with pytest.raises(un.InputError, match="finite numbers, but an option of the model is infinite or NaN"):
        un.Network([Mine(2)], 1).save(path)
    assert not path.exists()


# --- writing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(failing, path, model, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(
        un.InputError, match=r"can't write .*: No space left on device. Earlier files are unchanged. "
    ):
        un.Network([un.RNN(1)], 1).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == model
    assert os.listdir(path.parent) == [path.name]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(path, model, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        un.Network([un.RNN(1)], 1).save(path)
    assert path.read_bytes() == model
    assert os.listdir(path.parent) == [path.name]


def test_a_missing_folder_is_refused(tmp_path):
    net = un.Network([un.RNN(1)], 1)
    with pytest.raises(un.InputError, match=r"can't write .*: No such file or directory"):
        net.save(tmp_path / "nowhere" / "model")
    with pytest.raises(un.InputError, match=r"can't write .*: it is not a file"):
        net.save(tmp_path)


def test_file_permissions_follow_the_umask(path):
    before = os.umask(0o027)
    try:
        un.Network([un.RNN(1)], 1).save(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
