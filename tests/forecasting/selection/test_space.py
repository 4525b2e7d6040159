"""Candidates of a search: they differ, they fit, and they leave alone what the user has given."""

from __future__ import annotations

import pytest

from candidates import SMALL, SPACE
from tables import panel_frame
from unrolled.forecasting.defaults import plan_fit
from unrolled.forecasting.inputs.views import VIEWS, MeanView, register_view
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.selection.space import (
    default_configuration,
    first_candidates,
    neighbours,
    search_space,
    with_changes,
)
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel


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


def test_a_view_of_ones_own_is_a_candidate(monkeypatch):
    monkeypatch.setitem(VIEWS, "first", None)  # what is registered now is forgotten after the test

    @register_view
    class FirstView(MeanView):
        name = "first"
        description = "the window's first value"

    assert ("level", "season", "first") in [c.scaling for c in neighbours(SMALL, SPACE)]
    FirstView.selectable = False
    assert not [c for c in neighbours(SMALL, SPACE) if "first" in c.scaling]
    assert not [c for c in neighbours(SMALL, SPACE) if "count" in c.scaling]  # counts alone are measured from 0


@pytest.mark.parametrize("options", [{}, {"scaling": "last", "hidden": 5}, {"likelihood": "poisson"}])
def test_the_default_is_what_would_be_fitted(options, rng):
    parameters = Parameters(4, verbose=0, **options)
    panel = read_panel(panel_frame(rng).round(), Columns())
    plan = plan_fit(parameters, panel)
    default = default_configuration(parameters, plan.decisions, panel.lengths)
    again = plan_fit(default.apply(parameters), panel)
    assert again.settings == plan.settings
    assert again.decisions.spec == plan.decisions.spec
    space = search_space(parameters, plan.known, plan.decisions, shortest_past=40)
    counts = {"scaling"} if "likelihood" in options else set()
    assert space.given == counts | (set(options) - {"likelihood"})
    assert (space.season, space.longest) == (12, 18)


def test_what_stands_for_a_candidate_costs_less_and_is_of_its_kind():
    large = SMALL._replace(steps=3000, ensemble=6)
    for less in (large.screened(), large.judged()):
        assert less.work < large.work
        assert less.ensemble % len(large.scaling) == 0
        assert less.apply(Parameters(4)).scaling == large.scaling
    assert (large.screened().steps, large.screened().ensemble, large.judged().ensemble) == (1000, 2, 4)
    assert SMALL.screened() == SMALL == SMALL.judged()
    assert str(large._replace(segment=6)) == (
        "gru 4, level+season, window 18 by 6, dropout 0.4, 3000 × 8 at 0.01, 6 networks"
    )
