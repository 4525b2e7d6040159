"""Random numbers are a pure function of place; dropout draws one mask per sequence from them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import unrolled as un
from unrolled.nn import randomness
from unrolled.nn.randomness import Place, Purpose

MASK64 = 2**64 - 1


def philox4x64(counter, key, rounds=10) -> list[int]:
    """Philox in plain integers. Source: Salmon et al., SC 2011, section 3.3."""
    c, k = list(counter), list(key)
    for _ in range(rounds):
        low, high = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(high >> 64) ^ c[1] ^ k[0], high & MASK64, (low >> 64) ^ c[3] ^ k[1], low & MASK64]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK64, (k[1] + 0xBB67AE8584CAA73B) & MASK64]
    return c


# the vectors that the authors publish with their library Random123 (kat_vectors, philox4x64 10)
KNOWN_ANSWERS = [
    ((0,) * 4, (0,) * 2, "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b"),
    ((MASK64,) * 4, (MASK64,) * 2, "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0"),
    (
        (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89),
        (0x452821E638D01377, 0xBE5466CF34E90C6C),
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_the_generator_is_philox(counter, key, words):
    assert philox4x64(counter, key) == [int(word, 16) for word in words.split()]


@pytest.mark.parametrize("place", [Place(0), Place(seed=MASK64, epoch=7, batch=11), Place(3, 2**31, 2**32 - 1)])
@pytest.mark.parametrize("purpose", Purpose)
def test_words_are_philox_blocks_counted_from_one(purpose, place):
    """Key = seed, counter = (block, layer, epoch and batch, purpose); other engines must reproduce this."""
    layer = 5
    words = randomness.words(purpose, place, layer, 10)
    middle = (place.epoch << 32) | place.batch
    blocks = [philox4x64((1 + block, layer, middle, purpose), (place.seed, 0)) for block in range(3)]
    assert words.tolist() == sum(blocks, [])[:10]  # noqa: RUF017  (three lists)


def test_the_numbers_of_purposes_do_not_change():
    """They are part of the counter: other numbers would be other random numbers."""
    assert {purpose.name: int(purpose) for purpose in Purpose} == {
        "INITIALIZE": 1,
        "SHUFFLE": 2,
        "DROPOUT": 3,
        "SAMPLE": 4,
        "PATHS": 5,
    }


def test_no_two_places_share_their_words():
    places = [
        (purpose, Place(seed, epoch, batch), layer)
        for purpose, seed, epoch, batch, layer in product(Purpose, range(3), range(3), range(3), range(3))
    ]
    words = np.concatenate([randomness.words(*place, size=8) for place in places])
    assert len(np.unique(words)) == words.size


def test_fewer_words_are_the_beginning_of_more():
    place = (Purpose.DROPOUT, Place(1, 2, 3), 4)
    np.testing.assert_array_equal(randomness.words(*place, 5), randomness.words(*place, 50)[:5])


def test_a_permutation_depends_on_seed_and_epoch_alone():
    orders = {(seed, epoch): randomness.permutation(Place(seed, epoch), 50) for seed in (0, 1) for epoch in (0, 1)}
    for (seed, epoch), order in orders.items():
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
        np.testing.assert_array_equal(order, randomness.permutation(Place(seed, epoch), 50))
    assert len({tuple(order) for order in orders.values()}) == 4


def test_the_permutation_of_a_place_does_not_change():
    """NumPy may change how it shuffles; then trainings are no longer reproducible, and this test shows it."""
    assert randomness.permutation(Place(seed=7, epoch=2), 8).tolist() == [5, 0, 3, 6, 2, 1, 7, 4]


# --- dropout ------------------------------------------------------------------------------------------

N, T, F = 200, 3, 50


def dropped(engine, p, place, dtype="float64", x=None, before=()) -> np.ndarray:
    net = un.Network([*before, un.Dropout(p)], F, dtype)
    x = np.ones((N, T, F)) if x is None else x
    return engine.forward(net.program, net.parameters, {"x": x}, place=place).outputs[0]


def test_dropout_draws_one_mask_per_sequence(engine):
    y = dropped(engine, 0.3, Place(0))
    assert (y == y[:, :1]).all()
    assert len({row.tobytes() for row in y[:, 0]}) == N  # and another for every sequence


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_dropout_preserves_the_mean(p, engine):
    y = dropped(engine, p, Place(0))[:, 0]
    np.testing.assert_array_equal(np.unique(y), [1.0] if p == 0 else [0.0, 1 / (1 - p)])
    # each unit has the variance p / (1 - p); five standard errors
    assert y.mean() == pytest.approx(1, abs=5 * (p / (1 - p) / y.size) ** 0.5)


def test_dropout_is_the_same_for_the_same_place_and_another_for_others(engine):
    place = Place(seed=1, epoch=2, batch=3)
    y = dropped(engine, 0.5, place)
    np.testing.assert_array_equal(y, dropped(engine, 0.5, place))
    np.testing.assert_array_equal(y, dropped(engine, 0.5, place, "float32"))
    others = [place._replace(seed=0), place._replace(epoch=0), place._replace(batch=0)]
    assert all((y != dropped(engine, 0.5, other)).any() for other in others)
    deeper = dropped(engine, 0.5, place, before=[un.Dropout(0.0)])  # the layer's position is part of its place
    assert (y != deeper).any()


def test_dropout_keeps_the_units_whose_word_is_large_enough(engine):
    place = Place(seed=1, epoch=2, batch=3)
    words = randomness.words(Purpose.DROPOUT, place, 0, N * F).reshape(N, F)
    np.testing.assert_array_equal(dropped(engine, 0.25, place)[:, 0] > 0, words >= 2**62)


def test_dropout_is_off_outside_training(engine, rng):
    x = rng.standard_normal((N, T, F))
    np.testing.assert_array_equal(dropped(engine, 0.5, None, x=x), x)


def test_training_turns_dropout_on_and_the_network_seed_determines_the_mask(engine, rng):
    x = rng.standard_normal((N, T, F))
    net = un.Network([un.Dropout(0.5)], F, "float64", seed=9)
    np.testing.assert_array_equal(net.forward(x)[0], x)
    np.testing.assert_array_equal(net.forward(x, training=True)[0], dropped(engine, 0.5, Place(9), x=x))


@pytest.mark.parametrize("p", [-0.1, 1, float("nan")])
def test_dropout_of_everything_is_refused(p):
    with pytest.raises(un.InputError, match=rf"p must lie in \[0, 1\); got {p}"):
        un.Dropout(p)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "0", None])
def test_a_seed_is_a_whole_number_of_64_bits(seed):
    with pytest.raises(un.InputError, match="a seed is a whole number in 0"):
        un.Network([un.RNN(1)], 1, seed=seed)
