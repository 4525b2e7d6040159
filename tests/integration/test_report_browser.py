"""The report in a real browser, if there is one: its charts, its controls, and no requests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from browser import Browser
from pages import fitted

SERIES = 100


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of 100 series, the last of which is markup."""
    rng = np.random.default_rng(5)
    days = pd.date_range("2023-01-01", periods=500)
    names = [f"shop {k:03d}" for k in range(SERIES - 1)] + ["</script><script>document.title='owned'</script>"]
    parts = [
        pd.DataFrame({"unique_id": name, "ds": days, "y": 50 + 10 * np.sin(np.arange(500)) + rng.normal(size=500)})
        for name in names
    ]
    file = tmp_path_factory.mktemp("page") / "report.html"
    fitted(pd.concat(parts), 14, steps=2).report(title="shops").save(file)
    return file


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


@pytest.fixture
def opened(browser, page):
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(page)
    return browser


def test_a_page_of_100_series_opens_without_messages_or_requests(opened, page):
    assert opened.evaluate("document.readyState") == "complete"
    assert opened.complaints == []
    assert opened.requests == [page.resolve().as_uri()]
    assert opened.evaluate("performance.getEntriesByType('resource').length") == 0


def test_it_draws_every_chart_and_a_line_for_every_series(opened):
    drawn = opened.evaluate("[...document.querySelectorAll('svg.chart')].map(c => c.parentNode.id)")
    assert drawn == [
        "forecast-chart",
        "held-out-chart",
        "step-chart",
        "total-chart",
    ]  # two steps make no curve of losses
    bands = opened.evaluate("document.querySelectorAll('#forecast-chart .chart .band').length")
    assert bands == 3
    assert opened.evaluate("document.querySelectorAll('td.spark path').length") == 2 * SERIES
    paths = opened.evaluate("[...document.querySelectorAll('svg path')].map(p => p.getAttribute('d')).join('')")
    assert "NaN" not in paths
    assert "Infinity" not in paths


def test_series_are_searched_and_selected_by_keyboard(opened):
    def shown():
        return opened.evaluate("[document.getElementById('pick').selectedOptions[0].text, place.textContent]")

    label = "document.querySelector('#forecast-chart svg.chart').getAttribute('aria-label')"
    assert shown() == ["shop 000", "1 of 100"]
    opened.press("j")
    assert shown() == ["shop 001", "2 of 100"]
    assert "shop 001" in opened.evaluate(label)
    opened.press("k")
    opened.press("k")
    assert shown() == ["</script><script>document.title='owned'</script>", "100 of 100"]
    assert opened.evaluate("document.title") == "shops · forecast"
    opened.press("/")
    for letter in "07":
        opened.press(letter, text=letter)
    assert opened.evaluate("document.activeElement.id") == "find"
    assert shown() == ["shop 007", "1 of 11"]  # 007 and 070 .. 079
    opened.evaluate("document.querySelector('button.pick[data-k=\"42\"]').click()")
    assert "shop 042" in opened.evaluate(label)
    assert opened.evaluate("document.querySelectorAll('#numbers tbody tr').length") == 14


def test_headings_sort_the_series_by_click_and_keyboard(opened):
    """The sparkline's column has no heading; errors begin with the worst series."""
    opened.evaluate("window.heads = [...document.querySelectorAll('#series thead th')]; 0")
    head = "heads.find(head => head.textContent === 'MASE GRU')"
    cells = (
        "[...document.querySelectorAll('#series tbody tr')].map(row => Number(row.cells[{}.cellIndex].textContent))"
    )
    before = opened.evaluate(cells.format(head))
    opened.evaluate(f"{head}.querySelector('button').click()")
    assert opened.evaluate(cells.format(head)) == sorted(before, reverse=True)
    assert opened.evaluate(f"{head}.getAttribute('aria-sort')") == "descending"
    opened.evaluate(f"{head}.querySelector('button').focus()")
    opened.press("Enter", text="\r")
    assert opened.evaluate(cells.format(head)) == sorted(before)
    assert opened.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending"
    opened.evaluate("heads[0].querySelector('button').click()")
    names = opened.evaluate("[...document.querySelectorAll('#series tbody th')].map(name => name.textContent)")
    assert names[1:] == [f"shop {k:03d}" for k in range(SERIES - 1)]  # punctuation comes before letters
    assert opened.evaluate("heads.filter(head => head.hasAttribute('aria-sort')).length") == 1
    assert opened.evaluate("heads[1].querySelector('button')") is None


def test_no_number_is_a_negative_zero(opened):
    assert opened.evaluate("[number(-0.001, 2), number(-0, 0), number(-1.5, 1)]") == ["0.00", "0", "−1.5"]


def test_the_whole_past_can_be_seen_and_values_are_read_with_arrow_keys(opened):
    first = "document.querySelector('#forecast-chart svg.chart').focus()"
    opened.evaluate(first)
    opened.press("ArrowLeft")
    tip = opened.evaluate("document.querySelector('#forecast-chart .tip').innerText")
    assert tip.startswith("2024-05-28")
    assert "95 %" in tip
    before = opened.evaluate(
        "document.querySelector('#forecast-chart .chart .past').getAttribute('d').split('L').length"
    )
    opened.evaluate("document.getElementById('whole').click()")
    after = opened.evaluate(
        "document.querySelector('#forecast-chart .chart .past').getAttribute('d').split('L').length"
    )
    assert (before, after) == (120, 500)


def test_the_page_fits_the_width_of_a_phone(browser, page):
    browser.open(page, width=390, height=844)
    assert browser.evaluate("document.documentElement.scrollWidth") == 390


def test_colours_follow_the_colour_scheme_of_the_reader(browser, page):
    seen = []
    for dark in (False, True):
        browser.open(page, dark=dark)
        seen.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(255, 255, 255)", "rgb(16, 20, 24)"]


def test_it_prints_all_series_and_no_controls(browser, page):
    browser.open(page, dark=True)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.evaluate("getComputedStyle(document.getElementById('picker')).display") == "none"
    high, inside = browser.evaluate(
        "(e => [e.clientHeight, e.scrollHeight])(document.querySelector('#series .tall'))"
    )
    assert high == inside  # nothing is cut off
    browser.ask("Emulation.setEmulatedMedia", media="")
