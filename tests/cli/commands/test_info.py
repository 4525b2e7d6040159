"""`unrolled info`: the installation and model files."""

from __future__ import annotations

import json

import unrolled as un
from unrolled.nn.engines import ENGINES


def test_info_describes_the_installation(command):
    done = command("info")
    assert done.code == 0
    facts = json.loads(command("info", "--json").out)
    assert facts["unrolled"] == un.__version__
    assert facts["engine"] == un.active_engine().identity
    assert facts["threads"] >= 1
    assert facts["cells"] == sorted(un.CELLS)
    assert all(name in done.out for name in facts)


def test_the_fastest_level_is_the_default(command, monkeypatch):
    monkeypatch.delenv("UNROLLED_ENGINE", raising=False)
    monkeypatch.delenv("UNROLLED_SIMD", raising=False)
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)
    monkeypatch.setattr("unrolled.nn.engines.ENGINES", ENGINES | {"native": type(ENGINES["native"])()})
    facts = json.loads(command("info", "--json").out)
    assert facts["engine"] == f"native {facts['levels'][0]}"


def test_info_describes_models(command, folder, tmp_path):
    facts = json.loads(command("info", folder / "model.safetensors", "--json").out)
    assert (facts["kind"], facts["horizon"], facts["frequency"], facts["series"]) == ("forecaster", 12, "monthly", 1)
    assert facts["columns"] == ["unique_id", "Month", "#Passengers"]
    assert "monthly" in command("info", folder / "model.safetensors").out
    un.Network([un.GRU(3)], 1, seed=5).save(tmp_path / "net.safetensors")
    facts = json.loads(command("info", "net.safetensors", "--json").out)
    assert (facts["kind"], facts["seed"]) == ("network", 5)
