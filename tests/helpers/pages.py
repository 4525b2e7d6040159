"""A report as a browser would see it, without a browser; and reports of tables made here."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

import unrolled as un


class Page(HTMLParser):
    """Elements with their attributes, the scripts, the styles, and the text."""

    def __init__(self, page: Path | str) -> None:
        super().__init__()
        self.source = page if isinstance(page, str) else page.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.texts: list[str] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attributes) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, content: str) -> None:
        if self.cdata_elem == "script":
            self.scripts.append(content)
        elif self.cdata_elem == "style":
            self.styles.append(content)
        else:
            self.texts.append(content)

    @property
    def data(self) -> dict:
        return json.loads(self.scripts[0])

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def stamps(self, k: int) -> tuple[list, list]:
        """The timestamps of the past of a series and of its forecast."""
        series = self.data["series"][k]
        axis, n = self.data["axes"][series["axis"]], len(series["y"])
        return axis[:n], axis[n:]


def fitted(frame: pd.DataFrame, horizon: int, **options) -> un.Forecaster:
    """A forecaster with a very short training."""
    small = {"steps": 2, "ensemble": 2, "hidden": 2, "window": 8, "verbose": 0}
    return un.Forecaster(horizon, **small | options).fit(frame)
