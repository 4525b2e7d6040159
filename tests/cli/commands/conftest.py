"""One forecast of the airline passengers that the tests of several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from shell import AIR, QUICK, Done, shell


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """The folder that the forecast was run in."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="session")
def forecast(place) -> Done:
    """A forecast with all defaults except for the size of the network."""
    return shell("forecast", AIR, "--horizon", 12, *QUICK, cwd=place)


@pytest.fixture
def folder(place, forecast) -> Path:
    """The folder of its outputs."""
    assert forecast.code == 0, forecast.err
    return place / "air_passengers-forecast"
