"""Contents of reports for several test files."""

from __future__ import annotations

import pytest

import reports
from unrolled.report import ReportContent


@pytest.fixture(scope="session")
def air() -> ReportContent:
    return reports.air_passengers()


@pytest.fixture(scope="session")
def hostile() -> ReportContent:
    return reports.hostile()


@pytest.fixture(params=["air", "hostile"])
def content(request) -> ReportContent:
    """Each of the two contents."""
    return request.getfixturevalue(request.param)
