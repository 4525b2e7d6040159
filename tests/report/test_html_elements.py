"""Texts and tables as HTML: everything is escaped, and tables are accessible."""

from __future__ import annotations

from pages import Page
from unrolled.report.html_elements import section, table, words
from unrolled.report.tables import TextTable

HOSTILE = "<b>&\"'</b>"


def test_every_cell_is_text():
    content = TextTable([HOSTILE, "n"], [[HOSTILE, "1"], ["b", HOSTILE]], ours=1, caption=HOSTILE)
    page = Page(table(content))
    assert {tag for tag, _ in page.elements} == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert page.text.count(HOSTILE) == 4
    marked = [attributes for tag, attributes in page.elements if tag == "tr"]
    assert marked == [{}, {}, {"class": "ours"}]


def test_rows_and_columns_have_headings():
    page = Page(table(TextTable(["model", "sMAPE"], [["a", "1"], ["b", "2"]], caption="errors")))
    assert [a["scope"] for tag, a in page.elements if tag == "th"] == ["col", "col", "row", "row"]
    assert [a.get("class") for tag, a in page.elements if tag in {"th", "td"}] == ["text", None, *["text", None] * 2]
    assert "thead" not in table(TextTable(["", ""], [["a", "1"]]))  # no row of empty headings


def test_a_number_and_its_unit_stay_on_one_line():
    assert words("80 % of <y>") == "80&nbsp;% of &lt;y&gt;"


def test_a_section_is_named_by_its_heading():
    page = Page(section("model", "The <model>", "<p>x</p>"))
    assert page.elements[:2] == [
        ("section", {"id": "model", "aria-labelledby": "model-title"}),
        ("h2", {"id": "model-title"}),
    ]
    assert page.texts[0] == "The <model>"
