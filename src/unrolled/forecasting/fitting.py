"""Fitting one frequency: one training without the end, for comparison and calibration, and one on all rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..interactive.interrupts import interruptible
from ..interactive.progress import run_progress, subtask
from ..plurals import counted
from ..series.outliers import find_outliers, outlier_notes
from ..series.panel import Panel
from .defaults import FitPlan, estimate_for, plan_fit
from .evaluation.holdout import HeldOutForecasts, compare_with_baselines, predict_held_out
from .inputs.features import Features
from .model.ensemble import Ensemble
from .model.training import train_ensemble
from .parameters import Parameters
from .predictor import Predictor, Source
from .preprocessing.logarithms import all_positive
from .preprocessing.transform import SeriesTransform
from .probabilistic.conformal import typical_factor
from .probabilistic.quantiles import MEDIAN
from .probabilistic.tracking import Tracking


def fit(
    parameters: Parameters, panel: Panel, source: Source, *, evaluate: bool = True, baselines: Sequence[str] = ()
) -> Predictor:
    """Fit the series of one frequency.

    Args:
        parameters: as given, with the name of a cell.
        panel: the series.
        source: the table they came from.
        evaluate: False leaves out comparison, calibration and the search for outliers.
        baselines: to compare with, besides the simple ones.

    Raises:
        DataError: the panel can't be fitted.
        TrainingDiverged: the loss stopped being finite.
    """
    return fit_planned(plan_fit(parameters, panel, evaluate=evaluate), source, baselines, evaluate=evaluate)


def fit_planned(plan: FitPlan, source: Source, baselines: Sequence[str] = (), *, evaluate: bool = True) -> Predictor:
    """`fit` after all decisions."""
    parameters, panel = plan.parameters, plan.panel
    held_out, comparison = None, None
    factors = np.full((MEDIAN, parameters.horizon), typical_factor(panel.lengths) if parameters.trains else 1.0)
    with interruptible() as interrupted, run_progress(parameters.verbose):  # between the trainings, too
        if plan.left_out:
            held_out = predict_without_end(plan)
            factors = held_out.conformal_factors
            comparison = compare_with_baselines(
                held_out, plan.known, source.columns, parameters.name, baselines=baselines, season=parameters.season
            )
        transform = transform_of_all(plan)
        once = held_out is not None and (plan.trains_once or interrupted())
        ensemble = held_out.ensemble if held_out is not None and once else train_on_all(plan, transform)
        if held_out is not None:
            found = held_out.ensemble
            ensemble = replace(
                ensemble,
                correlation=held_out.correlation,
                series_correlation=found.series_correlation,
                pretrained=found.pretrained,
            )
        return Predictor(
            parameters=parameters,
            source=source,
            ensemble=ensemble,
            transform=transform,
            conformal_factors=factors,
            mean_factor=1.0 if held_out is None else held_out.mean_factor,
            tracking=Tracking.begin(panel.lengths, None if held_out is None else held_out.nearest_errors),
            context=ensemble.context(panel, parameters.season_of(panel.frequency)),
            panel=panel,
            comparison=comparison,
            notes=(
                *panel.notes,
                *(outlier_notes(panel, find_outliers(panel, parameters.season)) if evaluate else ()),
                *_notes(plan, held_out, ensemble, evaluate),
                *transform.effects.terms.notes,
                *ensemble.notes(panel),
            ),
            interrupted=interrupted(),
        )


def predict_without_end(plan: FitPlan) -> HeldOutForecasts:
    """Train without the end of the series, and forecast it."""
    known, decisions = plan.known, plan.decisions
    transform = estimate_for(plan.parameters, known, decisions.spec, decisions.logs, decisions.terms)
    with subtask("", 0, 1 if plan.trains_once else 2):
        ensemble = _trained(plan, known, transform, decisions.features, "training without the held-out end")
    return predict_held_out(ensemble, plan.panel, known, transform, plan.parameters.horizon, plan.parameters.point)


def transform_of_all(plan: FitPlan) -> SeriesTransform:
    """The transform of whole series. Logarithms are taken if chosen on the known part and all values are positive."""
    decided = dict(zip(plan.known.ids, plan.decisions.logs.tolist(), strict=True))
    logs = np.array([decided.get(name, False) for name in plan.panel.ids]) & all_positive(plan.panel)
    return estimate_for(plan.parameters, plan.panel, plan.decisions.spec, logs, plan.decisions.terms)


def train_on_all(plan: FitPlan, transform: SeriesTransform) -> Ensemble:
    """Train on whole series; features stay the same but are standardised on all rows."""
    features = plan.decisions.features
    features = Features.of(plan.panel, bool(features.calendar), features.season)
    first = int(plan.left_out > 0)  # of the two trainings, or the only one
    with subtask("", first, 1 + first):
        return _trained(plan, plan.panel, transform, features, "training on all rows")


def _trained(plan: FitPlan, panel: Panel, transform: SeriesTransform, features: Features, title: str) -> Ensemble:
    """Networks trained on a panel, with the rounding of their forecasts and the methods they are combined with."""
    parameters, spec = plan.parameters, plan.decisions.spec
    if parameters.trains:
        ensemble = train_ensemble(plan.settings, panel, transform, spec, features, title=title)
    else:
        ensemble = Ensemble(spec, Features(), [], seed=parameters.seed)
    combination = parameters.combination(spec.season, panel.frequency)
    return replace(ensemble, support=parameters.support, combination=combination, pretrained=parameters.pretrained)


def _divergences(held_out: HeldOutForecasts | None, ensemble: Ensemble) -> Iterator[str]:
    """The networks that were trained again, in both trainings."""
    if held_out is not None:
        for member in held_out.ensemble.members:
            yield from (f"without the held-out end, {text}" for text in member.divergences)
    if held_out is None or ensemble.members is not held_out.ensemble.members:
        for member in ensemble.members:
            yield from member.divergences


def _notes(plan: FitPlan, held_out: HeldOutForecasts | None, ensemble: Ensemble, evaluate: bool) -> list[str]:
    """What the user should know about the two trainings."""
    notes = [*_divergences(held_out, ensemble)]
    season = plan.parameters.season_of(plan.panel.frequency)
    if plan.decisions.spec.season < season:
        notes.append(
            f"the series are shorter than two seasons of {season} periods and a horizon, so the networks use no "
            "season"
        )
    if plan.chose_means:
        notes.append(
            "forecasts are means, not medians, because at least half of the known values are 0 (see `point`)"
        )
    if held_out is None:
        text = "too few periods to hold some out: no comparison, and intervals are widened instead of calibrated"
        return [*notes, text] if evaluate else notes
    if plan.trains_once:
        share = 100 * plan.left_out / float(np.median(plan.panel.lengths))
        notes.append(
            f"the networks were trained once, without the held-out periods, which are {share:.1f} % of the typical "
            "series"
        )
    elif ensemble.members is held_out.ensemble.members:
        of = " of each series" if len(plan.panel.ids) > 1 else ""
        notes.append(f"interrupted: the networks have not seen the last {counted(plan.left_out, 'period')}{of}")
    return notes
