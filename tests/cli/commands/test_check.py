"""`unrolled check`: every gradient check, and its output."""

from __future__ import annotations

import json

import unrolled as un
from unrolled.cli.commands.check import checks
from unrolled.nn.cells import CELLS
from unrolled.nn.losses import LOSSES


def test_every_check_of_the_command_passes_and_none_is_missing():
    done = dict(checks(list(CELLS.values()), depth=2, seed=0))
    assert [case for case, report in done.items() if not report.ok] == []
    assert len(done) == sum(len(cell.variants) for cell in CELLS.values()) * 2 * len(LOSSES)


def test_check_prints_and_passes_gradient_checks(command):
    words = ("check", "--cell", "rnn", "--depth", 1, "--verbose")
    lines = command(*words).out.splitlines()
    count = len(un.RNN.variants) * len(LOSSES)
    assert lines[0] == f"{count} networks: rnn, with each of their options, up to 1 layer and each of 9 losses."
    assert lines[2].startswith("All agree. The error nearest to its tolerance is ")
    done = command(*words, "--json")
    content = json.loads(done.out)
    assert content["wrong"] == 0
    assert sum(line.startswith("ok ") for line in lines) == len(content["checks"]) > 0
    assert len(lines) > 2 * len(content["checks"])  # the tables
    assert f"{len(content['checks'])} checks, 0 wrong" in done.err
