"""A report is made from Python, saved, shown and displayed by a notebook."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import quick
from pages import Page, fitted
from tables import two_frequencies
from unrolled.errors import InputError


def test_a_report_from_python_shows_every_library_alike():
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=48, freq="MS"), "y": np.arange(48.0) % 12})
    pages = [Page(fitted(table, 3).report(title="A & B").to_html()) for table in (frame, polars.from_pandas(frame))]
    assert pages[0].data["series"] == pages[1].data["series"]
    assert "A & B" in pages[0].text
    assert "How to repeat this" not in pages[0].text  # there is no command


def test_the_suffix_decides_the_format_of_a_saved_report(tmp_path):
    report = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2).report()
    report.save(tmp_path / "a.html")
    report.save(tmp_path / "a.md")
    assert (tmp_path / "a.html").read_text("utf-8") == report.to_html()
    assert (tmp_path / "a.md").read_text("utf-8") == report.to_markdown()
    with pytest.raises(InputError, match=r"\.html.*\.md.*'.*a\.docx'"):
        report.save(tmp_path / "a.docx")


def test_a_loaded_forecaster_has_a_report_of_its_saved_content(tmp_path):
    fc = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2)
    fc.save(tmp_path / "m.safetensors")
    page = Page(un.load(tmp_path / "m.safetensors").report().to_html())
    assert "is not saved in the model file" in page.text
    kept = page.data["series"][0]["y"]
    assert kept == [*range(40)][-len(kept) :]
    assert page.data["losses"] == []


def test_a_notebook_displays_the_page_in_a_frame_of_its_own():
    report = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2).report(title="<A & B>")
    (tag, frame), *others = Page(report._repr_html_()).elements
    assert (tag, others) == ("iframe", [])
    assert frame["title"] == "<A & B>"
    assert frame["srcdoc"] == report.to_html()
    assert repr(report) == "Report('<A & B>', 1 series, 2 steps ahead)"


def test_outside_of_a_notebook_the_browser_shows_it(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    report = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2).report()
    report.show()
    (file,) = tmp_path.glob("unrolled-report-*.html")
    assert opened == [file.as_uri()]
    assert file.read_text("utf-8") == report.to_html()


def test_the_report_has_all_series_with_their_frequencies(rng):
    fc = quick().fit(two_frequencies(rng))
    report = fc.report()
    assert repr(report) == "Report('y', 5 series, 4 steps ahead)"
    text, page = report.to_markdown(), report.to_html()
    assert "of 5 series (3 monthly, 2 quarterly) 4 months or quarters ahead" in text
    assert "By frequency (MASE):" in text
    assert "By frequency (MASE)" in page
    data = Page(page).data
    assert sorted(one["id"] for one in data["series"]) == ["m60", "m64", "m70", "q36", "q40"]
    assert all(one["held_out"] for one in data["series"])
    assert page.count('class="pick"') == 5
    pytest.importorskip("matplotlib")
    assert len(fc.plot(["q36", "m60"]).axes) == 2
