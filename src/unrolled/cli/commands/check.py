from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from ...errors import InputError
from ...plurals import counted
from ..common_options import AsJson, Quiet, Seed
from ..console import Console, print_data, print_json
from ..exit_codes import FAILURE

if TYPE_CHECKING:
    import numpy as np

    from ...arrays import Array
    from ...nn.cells import Cell
    from ...nn.gradient_check import ArrayCheck, GradientReport
    from ...nn.losses import Loss


Cells = Annotated[
    list[str] | None, Option("--cell", help="Cell to check, may be repeated.", show_default="all cells")
]
Depth = Annotated[int, Option("--depth", help="Largest number of stacked layers.")]
Verbose = Annotated[bool, Option("--verbose", "-v", help="Print the table of every check.")]


def command(
    ctx: typer.Context,
    *,
    cell: Cells = None,
    depth: Depth = 2,
    verbose: Verbose = False,
    as_json: AsJson = False,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Check analytic gradients against central differences in float64, for every cell, depth and loss.

    The summary comes first, then one line per check with its largest error.

    Example: unrolled check --cell lstm
    """
    from ...nn.cells import CELLS, cell_named
    from ...nn.losses import LOSSES

    if depth < 1:
        raise InputError(f"--depth must be ≥ 1; got {depth}.")
    cells = [cell_named(kind) for kind in cell or CELLS]
    console = Console(ctx, quiet)
    count = sum(len(kind.variants) for kind in cells) * depth * len(LOSSES)
    console.message(f"running {counted(count, 'check')} ...")
    done = list(checks(cells, depth, seed))
    wrong = sum(not report.ok for _, report in done)
    if as_json:
        print_json({"checks": [check_json(case, report) for case, report in done], "wrong": wrong})
    else:
        print_data(summary(done, [kind.kind for kind in cells], depth, len(LOSSES)) + "\n")
        for case, report in done:
            worst = largest_error(report)
            print_data(
                f"{'ok   ' if report.ok else 'WRONG'} {case:60} largest error {worst.error:.1e} of at most "
                f"{report.tolerance:.1e} ({worst.name})"
            )
            if verbose or not report.ok:
                print_data(report.table + "\n")
    console.message(f"{counted(count, 'check')}, {wrong} wrong")
    if wrong:
        raise typer.Exit(FAILURE)


def largest_error(report: GradientReport) -> ArrayCheck:
    return max(report.rows, key=lambda row: row.error)


def summary(done: Sequence[tuple[str, GradientReport]], cells: Sequence[str], depth: int, losses: int) -> str:
    """What was checked, and the result."""
    wrong = [case for case, report in done if not report.ok]
    case, report = max(done, key=lambda one: largest_error(one[1]).error / one[1].tolerance)
    worst = largest_error(report)
    result = "All agree." if not wrong else f"{len(wrong)} of {len(done)} DISAGREE, the first for {wrong[0]}."
    return "\n".join(
        [
            f"{counted(len(done), 'network')}: {', '.join(cells)}, with each of their options, up to "
            f"{counted(depth, 'layer')} and each of {losses} losses.",
            "The gradients of the backward pass with respect to parameters, inputs and initial states are compared "
            "with central differences of the loss in float64.",
            f"{result} The error nearest to its tolerance is {worst.error:.1e} of at most {report.tolerance:.1e} "
            f"({case}, {worst.name}).",
        ]
    )


def check_json(case: str, report: GradientReport) -> dict[str, Any]:
    """A check for --json."""
    error = largest_error(report).error
    return {"case": case, "ok": report.ok, "largest_error": error, "tolerance": report.tolerance}


def checks(cells: Sequence[type[Cell]], depth: int, seed: int) -> Iterator[tuple[str, GradientReport]]:
    """A gradient check of each variant of each cell, at each depth, with each loss."""
    import numpy as np

    from ...nn.gradient_check import check_gradients
    from ...nn.layers import Dense, Last
    from ...nn.losses import LOSSES, loss_named
    from ...nn.network import Network
    from ...nn.randomness import Place, Purpose, generator

    rng = generator(Purpose.SAMPLE, Place(seed), layer=2)
    rows, steps, features = 3, 5, 2
    x = rng.standard_normal((rows, steps, features))
    lengths = np.array([steps, 2, 0])
    for cell in cells:
        for options in cell.variants:
            for layers in range(1, depth + 1):
                for loss in LOSSES:
                    stack = [cell(4, **options) for _ in range(layers)]
                    outputs, target = _task(loss_named(loss), rows, rng)
                    net = Network([*stack, Last(), Dense(outputs)], features, "float64", seed)
                    case = " ".join([cell.kind, *(f"{k}={v}" for k, v in options.items()), f"depth={layers}", loss])
                    yield case, check_gradients(net, x, target, loss, lengths=lengths, seed=seed)


def _task(loss: Loss, rows: int, rng: np.random.Generator) -> tuple[int, Array]:
    """The number of outputs that a loss is checked on, and targets for them."""
    from ...nn.losses import CrossEntropy, Likelihood, Quantile

    if isinstance(loss, Likelihood):
        target = rng.poisson(2, rows).astype(float) if loss.needs_unit else rng.standard_normal(rows)
        return len(loss.parameters), target
    if isinstance(loss, Quantile):
        return len(loss.levels), rng.standard_normal(rows)
    if isinstance(loss, CrossEntropy):
        return 3, rng.integers(0, 3, rows)
    return 3, rng.standard_normal((rows, 3))
