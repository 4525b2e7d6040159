"""A fixture for files that are refused."""

from __future__ import annotations

import pytest

import unrolled as un
from unrolled.series.files import ReadOptions, read_file


@pytest.fixture
def refused(file):
    """Assert that a file is refused with a message that names it and matches this pattern."""

    def check(*lines: str | bytes, message: str, **names) -> None:
        path = file(*lines)
        with pytest.raises(un.DataError, match=message) as error:
            read_file(path, ReadOptions(**names))
        assert path in str(error.value)

    return check
