"""Forecasters that compute in float64, so that central differences are exact to many digits."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from unrolled.forecasting.predictor import Predictor


def in_float64(predictor: Predictor, monkeypatch) -> Predictor:
    """The predictor with networks of float64; until the end of the test, their inputs are also of float64."""
    monkeypatch.setattr(np, "float32", np.float64)
    ensemble, pretrained = predictor.ensemble, predictor.ensemble.pretrained
    members = [replace(one, parameters=one.parameters.astype(np.float64)) for one in ensemble.members]
    if pretrained is not None:
        net = copy.copy(pretrained.network)
        net._parameters, net.dtype = net.parameters.astype(np.float64), np.dtype(np.float64)
        pretrained = replace(pretrained, network=net)
    return replace(predictor, ensemble=replace(ensemble, members=members, pretrained=pretrained))
