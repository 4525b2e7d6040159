"""A fitted table as the content of a file: what does not fit together is refused."""

from __future__ import annotations

import json

import pytest

import unrolled as un
from tables import shops, split_future
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.serialization import describe, rebuild

QUICK = {"cell": "rnn", "steps": 20, "ensemble": 2, "hidden": 8, "verbose": 0}


def test_a_file_whose_features_do_not_fit_its_networks_is_refused(rng):
    known, _ = split_future(shops(rng), 4)
    fc = un.Forecaster(horizon=4, **QUICK).fit(known, past_cols=["past"], static_cols=["size"])
    content, arrays = describe(fc.fitted)
    content["networks"] = [json.loads(json.dumps(network)) for network in content["networks"]]
    with pytest.raises(un.InputError, match="don't fit the features"):
        rebuild(content | {"features": Features().describe()}, arrays)
    with pytest.raises(un.InputError, match="don't fit the series"):
        rebuild(content, arrays | {"covariates.static": arrays["covariates.static"][1:]})
