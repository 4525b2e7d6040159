"""Candidates of a search: they differ, are valid, and keep the parameters that the user has given."""

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


def test_candidates_differ_are_valid_and_keep_given_parameters():
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


def test_without_a_season_no_candidate_has_one():
    space = SPACE._replace(season=1)
    default = SMALL._replace(scaling=("level",))
    assert not [c for c in first_candidates(default, space) if "season" in c.scaling]
    assert with_changes(default, space, scaling=("season",)) is None


def test_a_registered_view_is_a_candidate(monkeypatch):
    monkeypatch.setitem(VIEWS, "first", None)  # undone after the test

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


def test_screened_and_judged_configurations_cost_less_and_stay_similar():
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
