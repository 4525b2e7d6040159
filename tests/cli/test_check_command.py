"""What `unrolled check` runs, all of it."""

from __future__ import annotations

from unrolled.cli.commands.check import checks
from unrolled.nn.cells import CELLS
from unrolled.nn.losses import LOSSES


def test_every_check_of_the_command_passes_and_none_is_missing():
    done = dict(checks(list(CELLS.values()), depth=2, seed=0))
    assert [case for case, report in done.items() if not report.ok] == []
    assert len(done) == sum(len(cell.variants) for cell in CELLS.values()) * 2 * len(LOSSES)
