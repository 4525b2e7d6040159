"""The configurations that the automatic choice may try: the first candidates, and neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ...arrays import Array
from ...plurals import counted
from ...series.panel import Panel
from ..defaults import (
    MEDIUM,
    MIN_WINDOWS_FOR_MEDIUM_SIZE,
    SEASONS_IN_WINDOW_OF_SEGMENTS,
    SEGMENTS,
    Decisions,
    choose_settings,
    equal_turns,
)
from ..inputs.views import VIEWS
from ..inputs.window_spec import SHORTEST_WINDOW
from ..inputs.windows import window_ends
from ..parameters import Parameters

CELLS = ("rnn", "gru", "lstm")  # from the fastest to the slowest
COST_OF_A_STEP = {"rnn": 1.0, "gru": 3.0, "lstm": 4.0}  # relative to a hidden unit of the RNN
COST_OF_OTHER_CELLS = 4.0
DROPOUTS = (0.0, 0.2, 0.4)
MIN_HIDDEN, MAX_HIDDEN = 8, 256
MIN_STEPS_TRIED, MAX_STEPS_TRIED = 100, 6000
MIN_STEPS_SCREENED = 200
MAX_VIEWS_TRIED = 3
NETWORKS_JUDGED = 3  # of an ensemble; more would take longer and change few choices


class Configuration(NamedTuple):
    """The parameters of a `Forecaster` that a search may choose."""

    cell: str
    scaling: tuple[str, ...]  # names of views
    window: int
    segment: int
    hidden: int
    dropout: float
    steps: int
    batch_size: int
    rate: float
    ensemble: int

    def apply(self, parameters: Parameters) -> Parameters:
        """The parameters with this configuration."""
        return replace(parameters, **self._asdict())

    def judged(self) -> Configuration:
        """The same with the networks of a full trial: three, or a few more so that views are used equally often."""
        turns = len(self.scaling)
        return self._replace(ensemble=min(self.ensemble, -(-NETWORKS_JUDGED // turns) * turns))

    def screened(self) -> Configuration:
        """The same with less training: a third of the steps if there are many, and two networks or one per view."""
        steps = min(self.steps, max(MIN_STEPS_SCREENED, self.steps // 3))
        return self._replace(steps=steps, ensemble=min(self.ensemble, max(2, len(self.scaling))))

    @property
    def work(self) -> float:
        """The cost of training, in units that are comparable between configurations."""
        reads = self.window / self.segment
        cost_of_a_step = COST_OF_A_STEP.get(self.cell, COST_OF_OTHER_CELLS) * (self.hidden + 16)
        return self.ensemble * self.steps * self.batch_size * reads * cost_of_a_step

    def __str__(self) -> str:
        parts = [
            f"{self.cell} {self.hidden}",
            "+".join(self.scaling),
            f"window {self.window}" + (f" by {self.segment}" if self.segment > 1 else ""),
            f"dropout {self.dropout:g}",
            f"{self.steps} × {self.batch_size} at {self.rate:g}",
            counted(self.ensemble, "network"),
        ]
        return ", ".join(parts)


class SearchSpace(NamedTuple):
    """The limits of the configurations."""

    season: int  # periods in a season; 1: none
    longest: int  # the longest window that leaves enough windows to train on
    windows: int  # to train on
    given: frozenset[str]  # names of the parameters that the user has chosen; they stay


def default_configuration(parameters: Parameters, decisions: Decisions, rows: Array) -> Configuration:
    """The configuration of these parameters, which name a cell, without a search; `rows` (S,) are the lengths of the
    series in the last training."""
    spec = decisions.spec
    settings = choose_settings(parameters, rows, spec, decisions.decoder)
    taken = {name: getattr(settings, name) for name in Configuration._fields if hasattr(settings, name)}
    views = tuple(view.name for view in spec.views)
    return Configuration(scaling=views, window=spec.window, segment=spec.segment, **taken)


def search_space(parameters: Parameters, panel: Panel, decisions: Decisions, shortest_past: int) -> SearchSpace:
    """What may be varied. In the search, the shortest training has `shortest_past` rows of the typical series."""
    longest = max(SHORTEST_WINDOW, (shortest_past - parameters.horizon) // 2)
    given = frozenset(n for n in Configuration._fields if n != "cell" and getattr(parameters, n) is not None)
    if parameters.distribution.counts:  # which have one view only
        given |= {"scaling"}
    return SearchSpace(decisions.spec.season, longest, len(window_ends(panel, decisions.spec)), given)


def with_changes(base: Configuration, space: SearchSpace, **changes: Any) -> Configuration | None:
    """A configuration with these changes, adjusted to be valid; None if it can't be or equals the base."""
    if set(changes) & space.given:
        return None
    new = base._replace(**changes)
    views = new.scaling
    if space.season == 1 and any(VIEWS[name].seasonal_change for name in views):
        return None
    if "window" not in space.given:
        window = min(new.window, space.longest) // new.segment * new.segment
        new = new._replace(window=window)
    if new.window < max(SHORTEST_WINDOW, new.segment) or new.window % new.segment:
        return None
    if "ensemble" not in space.given:
        new = new._replace(ensemble=equal_turns(new.ensemble, views))
    if new.ensemble < len(views):
        return None
    return None if new == base else new


def first_candidates(default: Configuration, space: SearchSpace) -> list[Configuration]:
    """A few that differ much from the default and from each other, the most promising first."""
    views, longer = default.scaling, 2 * default.window
    other = _by_steps(default, space) if default.segment > 1 else _by_segments(default, space)
    moves: list[dict[str, Any]] = [
        {"scaling": _toggled(views, "season")},
        {"scaling": ("trend",)},
        {"cell": "gru" if default.cell == "rnn" else "rnn"},
        other,
        {"scaling": ("level", "last"), "window": longer},
        {"scaling": _toggled(views, "mean")},
        {"scaling": ("last",), "hidden": 2 * default.hidden, "dropout": 0.2},
        {"scaling": ("mean", "last", "robust"), "window": longer},
        {"dropout": 0.2, "steps": 2 * default.steps},
        {"window": default.window // 2},
        {"cell": "lstm", "window": longer},
    ]
    found = [with_changes(default, space, **move) for move in moves]
    return [c for c in dict.fromkeys(found) if c is not None]


def _toggled(views: tuple[str, ...], view: str) -> tuple[str, ...]:
    """The views with this one added, or removed if it is among them; the level if none remains."""
    return tuple(v for v in views if v != view) or ("level",) if view in views else (*views, view)


def _by_segments(default: Configuration, space: SearchSpace) -> dict[str, Any]:
    """A window of whole seasons, read a season per step."""
    season = max(space.season, 2)  # without a season: segments of two periods
    seasons = min(SEASONS_IN_WINDOW_OF_SEGMENTS, space.longest // season)
    move: dict[str, Any] = {"segment": season, "window": season * seasons}
    if space.windows >= MIN_WINDOWS_FOR_MEDIUM_SIZE:
        size = SEGMENTS._asdict()
        move |= {name: value for name, value in size.items() if name not in space.given}
    return move


def _by_steps(default: Configuration, space: SearchSpace) -> dict[str, Any]:
    """A window of one and a quarter seasons, read a period per step."""
    size = {name: value for name, value in MEDIUM._asdict().items() if name not in space.given}
    return {"segment": 1, "window": 5 * space.season // 4, **size}


def neighbours(base: Configuration, space: SearchSpace) -> list[Configuration]:
    """All configurations that differ from this one in one respect."""
    found = [with_changes(base, space, **move) for move in _moves(base)]
    return [c for c in dict.fromkeys(found) if c is not None]


def _moves(base: Configuration) -> Iterator[dict[str, Any]]:
    for scaling in _other_views(base.scaling):
        yield {"scaling": scaling}
    yield {"window": 2 * base.window}
    yield {"window": base.window // 2}
    for cell in CELLS:
        if cell != base.cell:
            yield {"cell": cell}
    for dropout in DROPOUTS:
        if dropout != base.dropout:
            yield {"dropout": dropout}
    if base.hidden > MIN_HIDDEN:
        yield {"hidden": base.hidden // 2}
    if base.steps < MAX_STEPS_TRIED:
        yield {"steps": 2 * base.steps}
    if base.hidden < MAX_HIDDEN:
        yield {"hidden": 2 * base.hidden}
    if base.steps > MIN_STEPS_TRIED:
        yield {"steps": base.steps // 2}


def _other_views(views: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The views with one added or one removed."""
    for name, view in VIEWS.items():
        if view.selectable and name not in views and len(views) < MAX_VIEWS_TRIED:
            yield (*views, name)
    if len(views) > 1:
        for name in views:
            yield tuple(v for v in views if v != name)
