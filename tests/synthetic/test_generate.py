"""`un.synthetic.generate`."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un


@pytest.mark.parametrize("kind", un.synthetic.KINDS)
def test_the_same_seed_gives_the_same_series(kind):
    first, again = (un.synthetic.generate(5, 40, (12,), kind=kind, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, un.synthetic.generate(5, 40, (12,), kind=kind, seed=4))


def test_undistorted_series_are_those_of_the_process():
    plain = un.synthetic.generate(3, 30, (4,), kind="structural", seed=1, distorted=False)
    direct = un.synthetic.KINDS["structural"](np.random.default_rng(1), 3, 30, (4.0,))
    np.testing.assert_array_equal(plain, direct)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 10), {}, "`n=0` must be at least 1"),
        ((1, 0), {}, "`length=0` must be at least 1"),
        ((1, 10**9), {}, "`n=1` series of `length=1000000000` have more than 100000000 values"),
        ((1, 10), {"seed": -1}, "`seed=-1` must be at least 0"),
        ((1.5, 10), {}, "`n`"),
        ((1, 10, (1,)), {}, r"`seasons=\(1,\)` must rise, from at least 2 rows on"),
        ((1, 10, (7, 7)), {}, r"`seasons=\(7, 7\)` must rise"),
        ((1, 10, (np.nan,)), {}, "must rise"),
        ((1, 10), {"kind": "noise"}, "`kind='noise'` does not exist. Use one of: exponential smoothing, structural"),
    ],
)
def test_wrong_arguments_are_refused(arguments, options, message):
    with pytest.raises(un.InputError, match=message):
        un.synthetic.generate(*arguments, **{"kind": "structural", **options})
