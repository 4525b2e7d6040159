"""Numbers that may stand for missing values."""

from __future__ import annotations

import numpy as np
import pytest

from tables import daily, values
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.files.sentinels import suspected_sentinel


def test_sentinels_are_reported_and_missing_only_on_request(file):
    path = file(*daily([5, -200, 6, -200, 7, -200, 8]))
    table = read_file(path)
    assert values(table).count(-200) == 3
    assert any("-200 occurs 3 times in 'sales'" in note and "`na='-200'`" in note for note in table.notes)
    assert np.isnan(values(read_file(path, ReadOptions(na="-200,9999")))).sum() == 3


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1.0, 2.0, -200.0, -200.0], None),  # too few
        ([5.0, 9999.0, 9999.0, 9999.0, 6.0], (9999.0, 3)),
        ([-1.0, -5.0, -200.0, -200.0, -200.0], None),  # negative numbers are usual here
        ([5.0, 6.0, 800.0, 800.0, 800.0], None),  # large, but not made of nines
        ([np.nan, np.inf, 1.0], None),
    ],
)
def test_only_numbers_far_from_all_others_are_suspected(numbers, expected):
    assert suspected_sentinel(np.array(numbers)) == expected
