"""Update the outputs and pictures of these pages: run every demo, paste its output, draw its picture.

    python docs/demos/refresh.py            # all of them: about ten seconds, most of it for the stock demo
    python docs/demos/refresh.py fish sales

Comments in a page mark what is pasted: the code block after `<!-- demo fish: 14 lines ... 12 lines -->` becomes the
first 14 and the last 12 lines of the demo, and that after `<!-- faults fish -->` the output of
`examples/faults.py fish`. Pictures need Chromium.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from unrolled.demos import DEMOS, DemoResult

PAGES = Path(__file__).parent
sys.path.insert(0, str(PAGES.parent.parent / "examples"))
import faults  # noqa: E402, it is not part of the package

BLOCK = re.compile(r"(<!-- (demo|faults) (\w+)(?:: (\d+) lines \.\.\. (\d+) lines)? -->\n```text\n)[^`]*(```)")
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
WIDTH = 1000


def refresh(name: str) -> None:
    result = DEMOS[name](say=lambda line: print(f"{name}: {line}", file=sys.stderr))

    def paste(match: re.Match[str]) -> str:
        lines = faults.lines(match[3]) if match[2] == "faults" else result.lines
        if match[4]:
            first, last = int(match[4]), int(match[5])
            lines = [*lines[:first], "...", *lines[len(lines) - last :]]
        return match[1] + "\n".join(lines) + "\n" + match[6]

    page = PAGES / f"{name}.md"
    page.write_text(BLOCK.sub(paste, page.read_text()))
    draw(result)


def draw(result: DemoResult) -> None:
    figure = result.figure()
    height = figure.layout.height
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "figure.html"
        figure.write_html(page, include_plotlyjs=True, config={"displayModeBar": False})
        picture = PAGES / "img" / f"{result.name}.png"
        # the browser draws a margin of 8 pixels around the page
        options = [f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{height + 16}"]
        subprocess.run(
            [*CHROMIUM, *QUIET, *options, f"--screenshot={picture}", str(page)], check=True, capture_output=True
        )


if __name__ == "__main__":
    for name in sys.argv[1:] or DEMOS:
        refresh(name)
