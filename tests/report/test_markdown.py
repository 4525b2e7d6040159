"""The report as Markdown: it has the content of the page, and names are escaped."""

from __future__ import annotations

import re

from reports import COMMAND, NAME
from unrolled.report import markdown


def test_the_markdown_has_the_content_of_the_page(air):
    text = markdown.document(air)
    assert text.startswith("# air\\_passengers.csv\n")
    for heading in (
        "Held-out comparison",
        "Forecast",
        "Why this forecast",
        "The data at a glance",
        "The model",
        "How to repeat this",
    ):
        assert f"\n## {heading}\n" in text
    for value in air.forecast[NAME]:
        assert f" {value:.2f} |" in text
    assert re.search(r"```sh\n(.*)\n```", text)[1] == COMMAND
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_no_name_is_markup_in_markdown(hostile):
    text = re.sub(r"```.*?```", "", markdown.document(hostile), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", text)
    assert "\\<script\\>alert('a')\\</script\\>" in text


def test_code_may_hold_backticks():
    assert markdown.code("echo `date`") == "```sh\necho `date`\n```"
    assert markdown.code("a ``` b") == "````sh\na ``` b\n````"
