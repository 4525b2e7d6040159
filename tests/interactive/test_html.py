"""HTML for notebooks: everything is escaped, and the highlighted row is marked."""

from __future__ import annotations

from unrolled.interactive.html import note, table, titled

HOSTILE = "<script>alert('x')</script>"


def test_shown_content_is_escaped():
    markup = titled(HOSTILE, table([HOSTILE, HOSTILE], [[HOSTILE, HOSTILE]]))
    assert "<script" not in markup
    assert markup.count("&lt;script&gt;") == 5


def test_a_row_is_highlighted_and_words_are_aligned():
    markup = table(["name", "error", "verdict"], [["a", "1", "good"], ["b", "2", "bad"]], ours=1, words=["verdict"])
    assert markup.count("<tr class=ours>") == 1
    assert markup.index("<tr class=ours>") > markup.index(">a<")
    assert markup.count("class=words") == 3
    assert note("1 < 2") == '<div class="note">1 &lt; 2</div>'
