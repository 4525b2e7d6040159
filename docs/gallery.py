"""Update the picture of synthetic series in synthetic.md. This needs Matplotlib.

python docs/gallery.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import unrolled as un
from unrolled.interactive.figure import OURS, styled_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 5  # series of each kind
SEASONS = {"calendar": (24, 168)}  # of hours; of months for the other kinds
LENGTHS = {"calendar": 24 * 7 * 3}
MONTHS = 120


def draw(figure: Figure) -> None:
    axes = figure.subplots(len(un.synthetic.KINDS), COLUMNS, squeeze=False)
    for row, kind in zip(axes, un.synthetic.KINDS, strict=True):
        length, seasons = LENGTHS.get(kind, MONTHS), SEASONS.get(kind, (12,))
        series = un.synthetic.generate(COLUMNS, length, seasons, kind=kind, seed=2)
        for axis, values in zip(row, series, strict=True):
            axis.plot(values, color=OURS, linewidth=0.7)
            axis.set(xticks=[], yticks=[])
        row[0].set_title(kind)


if __name__ == "__main__":
    path = Path(__file__).parent / "synthetic.png"
    styled_figure(9, 8, draw).savefig(path, dpi=110)
    print(path)
