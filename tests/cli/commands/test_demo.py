"""`unrolled demo`: lines, JSON, figures and run files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from unrolled.demos.base import PLOTLY


def test_a_demo_prints_lines_or_json_and_writes_a_figure(command, tmp_path):
    done = command("demo", "fish")
    assert done.code == 0
    assert "1.25" in done.out
    assert sorted(path.name for path in (tmp_path / "demos").iterdir()) == ["fish.html", "fish.toml", PLOTLY]
    content = json.loads(command("demo", "fish", "--json", "--out", "elsewhere").out)
    assert content["fish"]["right"] is True
    assert f'<script src="{PLOTLY}">' in (tmp_path / "elsewhere" / "fish.html").read_text()
    assert (tmp_path / "elsewhere" / PLOTLY).stat().st_size > 10**6


def test_a_demo_that_did_not_learn_is_a_failure(command):
    assert command("demo", "fish", "--epochs", 1).code == 1


def test_a_demo_is_repeated_by_its_run_file(command):
    first = command("demo", "counting", "--seed", 3, "--out", "deep")
    assert first.code == 0
    page = Path("deep/counting.html").read_bytes()
    again = command("demo", "--config", "deep/counting.toml")
    assert again.out == first.out
    assert tomllib.loads(Path("deep/counting.toml").read_text()) == {"name": "counting", "seed": 3, "out": "."}
    assert Path("deep/counting.html").read_bytes() == page
