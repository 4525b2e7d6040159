"""Fitting one frequency: a training without the end of the series, for comparison and calibration, and one on all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Array
from ..interactive.interrupts import interruptible
from ..interactive.progress import run_progress, subtask
from ..series.frequency import mase_season
from ..series.panel import Panel
from .defaults import FitPlan, plan_fit
from .evaluation.comparison import Comparison
from .evaluation.holdout import compare_with_baselines, predict_held_out
from .inputs.features import Features
from .model.combination import Combination, weights_of
from .model.ensemble import Ensemble
from .model.training import train_ensemble
from .parameters import Parameters
from .predictor import Predictor, Source
from .preprocessing.logarithms import all_positive
from .preprocessing.transform import SeriesTransform, estimate_transform
from .probabilistic.conformal import UNCALIBRATED_FACTOR
from .probabilistic.quantiles import MEDIAN


@dataclass(frozen=True)
class Evaluation:
    """What the held-out end has shown."""

    ensemble: Ensemble  # the networks that have not seen it
    comparison: Comparison  # with the baselines
    conformal_factors: Array  # (MEDIAN, H)
    correlation: Array  # of the errors of the steps that are forecast at once


def fit(
    parameters: Parameters, panel: Panel, source: Source, *, evaluate: bool = True, baselines: Sequence[str] = ()
) -> Predictor:
    """Fit the series of one frequency.

    Args:
        parameters: what was asked, with the name of a cell.
        panel: the series.
        source: the table they came from.
        evaluate: False leaves out comparison and calibration.
        baselines: to compare with, beside the simple ones.

    Raises:
        DataError: the panel can't be fitted.
        TrainingDiverged: the loss stopped being finite.
    """
    return fit_planned(plan_fit(parameters, panel, evaluate=evaluate), source, baselines, evaluate=evaluate)


def fit_planned(plan: FitPlan, source: Source, baselines: Sequence[str] = (), *, evaluate: bool = True) -> Predictor:
    """`fit` where everything has been decided."""
    parameters, panel = plan.parameters, plan.panel
    with interruptible() as interrupted, run_progress(parameters.verbose):  # between the trainings, too
        evaluation = evaluate_on_held_out_end(plan, source, baselines) if plan.left_out else None
        transform = transform_of_all(plan)
        if evaluation is not None and interrupted():
            ensemble = evaluation.ensemble
        else:
            ensemble = train_on_all(plan, transform, second=evaluation is not None)
        ensemble = replace(ensemble, correlation=None if evaluation is None else evaluation.correlation)
        return Predictor(
            parameters=parameters,
            source=source,
            ensemble=ensemble,
            transform=transform,
            conformal_factors=_conformal_factors(parameters, evaluation),
            context=ensemble.context(panel),
            panel=panel,
            comparison=None if evaluation is None else evaluation.comparison,
            notes=(*panel.notes, *_notes(plan, evaluation, ensemble, evaluate), *ensemble.notes(panel)),
            interrupted=interrupted(),
        )


def evaluate_on_held_out_end(plan: FitPlan, source: Source, baselines: Sequence[str]) -> Evaluation:
    """Train without the end of the series, and see how well it is forecast."""
    parameters, known, decisions = plan.parameters, plan.known, plan.decisions
    transform = _transform(known, decisions.logs, plan)
    with subtask("", 0, 2):
        ensemble = _trained(plan, known, transform, decisions.features, "training without the end")
    held_out = predict_held_out(ensemble, plan.panel, known, transform, parameters.horizon)
    comparison = compare_with_baselines(
        held_out, known, source.columns, parameters.name, baselines=baselines, season=parameters.season
    )
    return Evaluation(ensemble, comparison, held_out.conformal_factors(), held_out.correlation)


def transform_of_all(plan: FitPlan) -> SeriesTransform:
    """The transform of whole series. Logarithms are taken where the known part said so and all values allow it."""
    decided = dict(zip(plan.known.ids, plan.decisions.logs.tolist(), strict=True))
    logs = np.array([decided.get(name, False) for name in plan.panel.ids]) & all_positive(plan.panel)
    return _transform(plan.panel, logs, plan)


def train_on_all(plan: FitPlan, transform: SeriesTransform, *, second: bool) -> Ensemble:
    """Train on whole series; features keep their kinds and get the units of all rows."""
    features = plan.decisions.features
    features = Features.of(plan.panel, bool(features.calendar), features.season)
    with subtask("", int(second), 1 + second):
        return _trained(plan, plan.panel, transform, features, "training on everything")


def _transform(panel: Panel, logs: Array, plan: FitPlan) -> SeriesTransform:
    spec = plan.decisions.spec
    return estimate_transform(panel, logs, spec.season, spec.horizon, with_trends=spec.follows_trend)


def _trained(plan: FitPlan, panel: Panel, transform: SeriesTransform, features: Features, title: str) -> Ensemble:
    """Networks trained on a panel, with what their forecasts keep to and are combined with."""
    parameters, spec = plan.parameters, plan.decisions.spec
    ensemble = train_ensemble(plan.settings, panel, transform, spec, features, title=title)
    return replace(
        ensemble,
        support=parameters.distribution.support(parameters.nonnegative, parameters.integer),
        combination=Combination(
            weights_of(parameters.combine), spec.season, mase_season(panel.frequency, parameters.season)
        ),
    )


def _conformal_factors(parameters: Parameters, evaluation: Evaluation | None) -> Array:
    if evaluation is None:
        return np.full((MEDIAN, parameters.horizon), UNCALIBRATED_FACTOR)
    return evaluation.conformal_factors


def _notes(plan: FitPlan, evaluation: Evaluation | None, ensemble: Ensemble, evaluate: bool) -> list[str]:
    """What the user should know of the two trainings."""
    if evaluation is None:
        text = "too few rows to hold any out: no comparison, and intervals not calibrated, only widened"
        return [text] if evaluate else []
    if ensemble.members is evaluation.ensemble.members:
        return [f"interrupted: the networks have not seen the last {plan.left_out} rows of each series"]
    return []
