"""Candidates of a search: they differ, they fit, and they leave alone what the user has given."""

from __future__ import annotations

from candidates import SMALL, SPACE
from unrolled.forecasting.selection.space import first_candidates, neighbours, with_changes


def test_candidates_differ_fit_and_leave_alone_what_is_given():
    for given in (frozenset(), frozenset({"window", "hidden"}), frozenset({"scaling", "ensemble", "segment"})):
        space = SPACE._replace(given=given)
        found = [*first_candidates(SMALL, space), *neighbours(SMALL, space)]
        assert SMALL not in found
        assert len(found) > 5
        for c in found:
            assert all(getattr(c, name) == getattr(SMALL, name) for name in given)
            assert c.window % c.segment == 0
            assert 4 <= c.window <= space.longest
            assert "ensemble" in given or c.ensemble % len(c.scaling) == 0


def test_without_a_season_none_is_looked_for():
    space = SPACE._replace(season=1)
    default = SMALL._replace(scaling=("level",))
    assert not [c for c in first_candidates(default, space) if "season" in c.scaling]
    assert with_changes(default, space, scaling=("season",)) is None
