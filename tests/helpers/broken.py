"""Three hundred broken tables, the same in every run, damaged as people and programs damage files."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import numpy as np

Rng = np.random.Generator
Rows = list[list[str]]
DELIMITERS = (",", ";", "\t", "|")


def good(rng: Rng) -> Rows:
    """A small correct table: timestamps, perhaps ids, and values."""
    count = int(rng.integers(20, 40))
    start = np.datetime64("2020-01-01") + int(rng.integers(0, 1000))
    days = [str(start + k) for k in range(count)]
    values = [f"{v:.2f}" for v in rng.normal(100, 10, count)]
    if rng.random() < 0.3:
        days, values = days * 2, [*values, *values[::-1]]
        ids = ["a"] * count + ["b"] * count
        return [["date", "shop", "sales"], *map(list, zip(days, ids, values, strict=True))]
    return [["date", "sales"], *map(list, zip(days, values, strict=True))]


def text_of(rows: Rows, delimiter: str = ",", end: str = "\n") -> bytes:
    return end.join(delimiter.join(row) for row in rows).encode()


def somewhere(rng: Rng, rows: Rows) -> tuple[int, int]:
    """A cell below the header."""
    row = int(rng.integers(1, len(rows)))
    return row, int(rng.integers(0, len(rows[row])))


ODD_CELLS = (
    "", "NA", "-", "x", "1e999", "-1e308", "inf", "9999-12-31", "0001-01-01", "99999999999999999999", "2024-02-30",
    "1.2.3", "1,5", "12:61", "''", "#REF!", "=1+1", "@SUM(A1)", "+-3", "0x1F", "١٢", "\u00a0", "1 234", "Σ", "nan%",
    "24:00", "31/31/2020", "2020-13-01", "$", "()", "(5)", "5-", "1/2", "true", "-0", "1E5", "..", "🙂", "\ufeff",
)  # fmt: skip


def truncated(rng: Rng) -> bytes:
    whole = text_of(good(rng))
    return whole[: int(rng.integers(0, len(whole)))]


def odd_cells(rng: Rng) -> bytes:
    rows = good(rng)
    for _ in range(int(rng.integers(1, 6))):
        row, column = somewhere(rng, rows)
        rows[row][column] = str(rng.choice(ODD_CELLS))
    return text_of(rows, str(rng.choice(DELIMITERS)))


def odd_column(rng: Rng) -> bytes:
    rows, cell = good(rng), str(rng.choice(ODD_CELLS))
    column = int(rng.integers(0, len(rows[0])))
    return text_of([rows[0], *([*row[:column], cell, *row[column + 1 :]] for row in rows[1:])])


def shuffled_columns(rng: Rng) -> bytes:
    rows = good(rng)
    half = len(rows) // 2
    return text_of([*rows[:half], *(row[::-1] for row in rows[half:])])


def stray_quotes(rng: Rng) -> bytes:
    rows = good(rng)
    for _ in range(int(rng.integers(1, 4))):
        row, column = somewhere(rng, rows)
        cell = rows[row][column]
        at = int(rng.integers(0, len(cell) + 1))
        rows[row][column] = cell[:at] + '"' + cell[at:]
    return text_of(rows)


def huge_field(rng: Rng) -> bytes:
    rows = good(rng)
    row, column = somewhere(rng, rows)
    rows[row][column] = str(rng.choice(["9", "a", '"', " "])) * int(rng.integers(1_000, 2_000_000))
    return text_of(rows)


def nuls(rng: Rng) -> bytes:
    raw = bytearray(text_of(good(rng)))
    for at in rng.integers(0, len(raw), int(rng.integers(1, 20))):
        raw[at] = 0
    return bytes(raw)


def other_encoding(rng: Rng) -> bytes:
    rows = good(rng)
    rows[0][-1] = str(rng.choice(["Umsätze", "売上", "продажи", "café"]))
    form = str(
        rng.choice(["utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "shift_jis", "utf-8-sig", "utf-32"])
    )
    return text_of(rows).decode().encode(form, "replace")


def flipped_bits(rng: Rng) -> bytes:
    raw = bytearray(text_of(good(rng)))
    for at in rng.integers(0, len(raw), int(rng.integers(1, 30))):
        raw[at] ^= 1 << int(rng.integers(0, 8))
    return bytes(raw)


def ragged(rng: Rng) -> bytes:
    rows = good(rng)
    for _ in range(3):
        row, _ = somewhere(rng, rows)
        rows[row] = rows[row] * int(rng.integers(0, 3)) + ["1"] * int(rng.integers(0, 2))
    return text_of(rows)


def few_rows(rng: Rng) -> bytes:
    return text_of(good(rng)[: int(rng.integers(1, 4))])


def headers_only(rng: Rng) -> bytes:
    return text_of([good(rng)[0]] * int(rng.integers(1, 4)))


def doubled_headers(rng: Rng) -> bytes:
    rows = good(rng)
    return text_of([["date"] * len(rows[0]), *rows[1:]])


def no_header(rng: Rng) -> bytes:
    return text_of(good(rng)[1:])


def many_columns(rng: Rng) -> bytes:
    count = int(rng.choice([1_000, 9_000, 100_000]))
    names = [f"c{k}" for k in range(count)]
    return text_of([["date", *names], *([f"2020-01-{k:02}", *["1"] * count] for k in range(1, 3))])


def doubled_stamps(rng: Rng) -> bytes:
    rows = good(rng)
    picked = rng.integers(1, len(rows), int(rng.integers(1, 8)))
    return text_of([*rows, *([*rows[k][:-1], "7"] for k in picked)])


def far_stamps(rng: Rng) -> bytes:
    rows = good(rng)
    row, _ = somewhere(rng, rows)
    rows[row][0] = str(
        rng.choice(["9999-12-31", "0001-01-01", "1677-01-01", "2262-04-12", "2250-01-01", "-2020-01-01"])
    )
    return text_of(rows)


def gaps(rng: Rng) -> bytes:
    rows = good(rng)
    year = int(rng.integers(1700, 2250))
    rows[-1][0] = f"{year}-01-01"
    if rng.random() < 0.5:  # down to the second
        rows[-2][0] += " 00:00:01"
    return text_of(rows)


def numbers_at_the_edge(rng: Rng) -> bytes:
    rows = good(rng)
    scale = float(rng.choice([1e-320, 1e-30, 1e30, 1e300, 1.7e308, -1e300]))
    for row in rows[1:]:
        row[-1] = repr(float(row[-1]) / 100 * scale)
    return text_of(rows)


def constant(rng: Rng) -> bytes:
    rows, value = good(rng), str(rng.choice(["0", "-200", "1e300", "", "5%"]))
    return text_of([rows[0], *([*row[:-1], value] for row in rows[1:])])


def mixed_types(rng: Rng) -> bytes:
    rows = good(rng)
    for row in rows[1:]:
        if rng.random() < 0.5:
            row[-1] = str(rng.choice(["many", "few", "2020-01-01", "1.234,5", "1,234.5", "TRUE"]))
    return text_of(rows, ";")


def whole_stamps(rng: Rng) -> bytes:
    rows = good(rng)
    steps = rng.integers(-(10 ** int(rng.integers(1, 19))), 10 ** int(rng.integers(1, 19)), len(rows))
    return text_of([["time", "y"], *([str(step), row[-1]] for step, row in zip(steps, rows[1:], strict=False))])


def rubbish(rng: Rng) -> bytes:
    return rng.bytes(int(rng.integers(1, 3000)))


def packed(rng: Rng) -> bytes:
    raw = gzip.compress(text_of(good(rng)), mtime=0)
    if rng.random() < 0.3:
        raw = gzip.compress(b"0" * 30_000_000, mtime=0)
    return raw if rng.random() < 0.3 else raw[: int(rng.integers(2, len(raw)))]


def looks_like_another(rng: Rng) -> bytes:
    return bytes(rng.choice([b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"])) + text_of(good(rng))


def delimiters_alone(rng: Rng) -> bytes:
    return (str(rng.choice([",", ";", '"', "\n", "\r", " ", "\t,"])) * int(rng.integers(1, 5000))).encode()


def page(rng: Rng) -> bytes:
    return b"<html><body>" + text_of(good(rng), "</td><td>", "</tr><tr>") + b"</body></html>"


def lines_swapped(rng: Rng) -> bytes:
    rows = good(rng)
    rows[1:] = [rows[int(k)] for k in 1 + rng.permutation(len(rows) - 1)]
    rows.insert(int(rng.integers(0, len(rows))), ["sold in all", "", "1000"][: len(rows[0])])
    return text_of(rows, end=str(rng.choice(["\n", "\r\n", "\r", "\n\n", "\n\r"])))


KINDS: tuple[Callable[[Rng], bytes], ...] = (
    truncated, odd_cells, odd_column, shuffled_columns, stray_quotes, huge_field, nuls, other_encoding, flipped_bits,
    ragged, few_rows, headers_only, doubled_headers, no_header, many_columns, doubled_stamps, far_stamps, gaps,
    numbers_at_the_edge, constant, mixed_types, whole_stamps, rubbish, packed, looks_like_another, delimiters_alone,
    page, lines_swapped,
)  # fmt: skip
MAX_TABLES_OF_KIND = {many_columns: 5, huge_field: 6}  # these are large
COUNT = 300


def tables() -> Iterator[tuple[str, bytes]]:
    """All broken tables with their names."""
    made, turn = 0, 0
    while made < COUNT:
        for number, kind in enumerate(KINDS):
            if made == COUNT or turn >= MAX_TABLES_OF_KIND.get(kind, COUNT):
                continue
            made += 1
            yield f"{kind.__name__}-{turn}", kind(np.random.default_rng([turn, number]))
        turn += 1
