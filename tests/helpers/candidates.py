"""A small configuration and a space to search in, for the tests of the automatic choice."""

from __future__ import annotations

from unrolled.forecasting.selection.space import Configuration, SearchSpace

SMALL = Configuration("gru", ("level", "season"), 18, 1, 4, 0.4, 4, 8, 1e-2, 2)
SPACE = SearchSpace(season=12, longest=60, windows=300, given=frozenset())
