"""Texts as numbers, as people and spreadsheets write them; the whole column decides what its commas mean."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from ...arrays import Array
from ...plurals import counted
from ..packed_texts import by_pieces, pieces_of
from .texts import distinct_texts

_MARKS = ("na", "n/a", "n.a.", "nan", "nat", "null", "none", "#n/a", "<na>")
MISSING = frozenset(
    {"", "?", "-", "--", "---", "–", "—", ".", "..", "...", ":"}
    | {"".join(letters) for mark in _MARKS for letters in product(*({c, c.upper()} for c in mark))}
)
DASHES = frozenset({"-", "--", "–", "—"})
SAMPLE_SIZE = 200  # cells from which the kind of a column is inferred
MIN_NUMERIC_SHARE = 0.9  # of the cells in the sample of a numeric column
MAX_UNITS = 3  # in a column of which an error can say that its units differ

_CURRENCY = r"(?:US\$|R\$|A\$|C\$|[$€£¥₹₩₽₺₫฿]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|zł|kr\.?|Fr\.?|Rs\.?)"
_MONEY = re.compile(rf"^([-+(]*)\s*{_CURRENCY}\s*|\s*{_CURRENCY}(\)?)$")
_SPACES = re.compile(r"(?<=\d)[\s'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?")
# a number and what follows it: a word after a blank, or at least two characters or one sign without a blank
_SUFFIXED = re.compile(
    r"(.*\d[.,]?)(?:\s+(?=\S)|(?=[kKmMbBtT]\)?$|[^\W\d_]\S|[°µ′″]))((?:[^\W\d_]|[°µ′″])[^\s\d,;:%()]{0,11}(?:(?<=m)[23])?)(\)?)"
)
NO_UNITS = frozenset({"am", "pm", "st", "nd", "rd", "th"})  # of hours and ordinal numbers
MULTIPLIERS = {
    **dict.fromkeys(("k", "K", "thousand", "Tsd", "Tsd."), 1e3),
    **dict.fromkeys(("M", "MM", "mn", "Mn", "mln", "Mio", "Mio.", "million"), 1e6),
    **dict.fromkeys(("B", "bn", "Bn", "BN", "Mrd", "Mrd.", "Mia", "mld", "billion"), 1e9),
    **dict.fromkeys(("T", "tn", "trn", "trillion"), 1e12),
}
SMALL_MULTIPLIERS = {"m": 1e6, "b": 1e9, "t": 1e12}  # beside others only; alone, they are units such as metres
OTHER_MARK = {".": ",", ",": "."}  # the separator of thousands of each decimal sign, and the reverse
BOUND_SHARE = 0.5  # of a bound: "<1" is some value between 0 and 1


@dataclass(frozen=True)
class Numbers:
    """A column of texts read as numbers."""

    values: Array  # NaN where missing or not a number, (n,)
    bad: Array  # where a cell is not a number, (n,) bool
    notes: tuple[str, ...] = ()  # what was inferred
    unit: str = ""  # that follows the numbers


class Written(NamedTuple):
    """The parts of a text that holds a number."""

    core: str  # its digits with their decimal and thousands separators; "" if the text is no number
    factor: float  # the sign, and the share of a bound
    suffix: str = ""  # a unit or a multiplier


def missing(column: pd.Series, also: Iterable[str] = ()) -> Array:
    """Where cells are empty or hold a text for a missing value, (n,) bool."""
    return column.isin([None, *MISSING, *also]).to_numpy()


def spread(count: int, size: int = SAMPLE_SIZE) -> Array:
    """At most `size` of the positions 0 .. count - 1, evenly spread."""
    return np.linspace(0, count - 1, min(count, size)).astype(int)


def sample_of(column: pd.Series) -> pd.Series:
    """Cells of a column that are not missing, evenly spread over its length."""
    cells = column.iloc[spread(len(column), 20 * SAMPLE_SIZE)]  # enough to find a full sample among missing ones
    present = [text for text in cells.tolist() if isinstance(text, str) and text not in MISSING]
    return pd.Series([present[k] for k in spread(len(present))], dtype=object)


def is_numeric(column: pd.Series) -> bool:
    """Whether nearly all cells that are not missing are numbers in some form."""
    sample = sample_of(column)
    if all(map(is_plain, sample)):  # the common case is fast, as a table may have thousands of columns
        return len(sample) > 0
    return 1 - float(read_numbers(sample).bad.mean()) >= MIN_NUMERIC_SHARE


def has_several_units(column: pd.Series) -> bool:
    """Whether nearly all cells are numbers with units, of a few kinds, or some with a unit and some without."""
    written = [parts_of(text) for text in sample_of(column)]
    kinds = {parts.suffix for parts in written if parts.core}
    share = sum(bool(parts.core) for parts in written) / max(len(written), 1)
    return share >= MIN_NUMERIC_SHARE and 2 <= len(kinds) <= MAX_UNITS


def has_suffixes(column: pd.Series) -> bool:
    """Whether a text follows the numbers of a column."""
    return any(parts_of(text).suffix for text in sample_of(column) if not is_plain(text))


def is_plain(text: str) -> bool:
    """Whether a text is a number as programs write it, with a point and without separators."""
    return bool(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text))


def read_numbers(
    column: pd.Series, also_missing: Iterable[str] = (), decimal: str | None = None, hint: str | None = None
) -> Numbers:
    """Read a column of texts, None where a cell is empty, (n,), as numbers.

    `also_missing` are further texts for missing values; a number stands for all ways to write it. The decimal sign is
    inferred if it is None; `hint` is that of other columns, used if this one does not decide.
    """
    also_missing = list(also_missing)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, texts = distinct_texts(column)
        found = _read_texts(texts, also_missing, decimal, hint)
        values, bad = np.append(found.values, np.nan)[codes], np.append(found.bad, False)[codes]
        found = replace(found, values=values, bad=bad)
    else:
        found = _read_texts(column, also_missing, decimal, hint)
    notes = list(found.notes)
    absent = np.isnan(found.values) & ~found.bad
    dashes = int(column[absent].isin(DASHES).sum()) if absent.any() else 0
    if not notes and dashes and not {"-", "--"} & set(also_missing):
        notes = [f"{counted(dashes, 'dash', 'dashes')} read as missing"]
    sentinels = [float(text) for text in also_missing if is_plain(text)]
    values = np.where(np.isin(found.values, sentinels), np.nan, found.values) if sentinels else found.values
    return replace(found, values=values, notes=tuple(notes))


def _read_texts(column: pd.Series, also_missing: Sequence[str], decimal: str | None, hint: str | None) -> Numbers:
    absent = missing(column, also_missing)
    present = column.where(~absent, None) if absent.any() else column
    values = by_pieces(present, lambda piece: pd.to_numeric(piece, errors="coerce")).to_numpy(float)
    bad = np.isnan(values) & ~absent
    notes: list[str] = []
    unit = ""
    if bad.any() or decimal == "," or (decimal is None and hint != "." and _may_group_by_points(present)):
        codes, texts = distinct_texts(present)
        if len(texts):
            numbers, notes, unit = _read_unique(texts.tolist(), decimal, hint)
            values = np.where(codes < 0, np.nan, numbers[codes])
            bad = np.isnan(values) & ~absent
    return Numbers(values, bad, tuple(notes), unit)


def _may_group_by_points(column: pd.Series) -> bool:
    """Whether the points of numbers that programs can read may separate thousands."""
    sample = [text.lstrip("+-") for text in sample_of(column)]
    if decide_decimal(sample) is not None:
        return False
    return any(piece.str.contains(".", regex=False, na=False).any() for piece in pieces_of(column))


def _read_unique(texts: list[str], decimal: str | None, hint: str | None) -> tuple[Array, list[str], str]:
    """Distinct texts as numbers, NaN where they are none, notes, and the unit."""
    written = [parts_of(text) for text in texts]
    factors, unit = _meaning_of_suffixes([parts.suffix for parts in written if parts.core])
    cores = [parts.core if parts.suffix in factors else "" for parts in written]
    found = decimal or decide_decimal(cores)
    notes = []
    if found is None:
        found = _decimal_beside_whole_numbers(cores) or hint or "."
        marked = [
            text for text, core in zip(texts, cores, strict=True) if "," in core or ("." in core and found == ",")
        ]
        if marked:
            as_is = _value(parts_of(marked[0]).core, found)
            notes.append(f"{marked[0]!r} read as {as_is:g}; change with `decimal={OTHER_MARK[found]!r}`")
    if found == "," and decimal is None and not notes:
        has_commas = any("," in core for core in cores)
        if has_commas or any("." in core for core in cores):
            notes.append("commas read as decimal points" if has_commas else "points read as thousands separators")
    money = [bool(_MONEY.search(text)) for text in texts]
    zeros = [paid and _without_currency(text) in DASHES for text, paid in zip(texts, money, strict=True)]
    values = np.array([
        0.0 if zero else factors.get(parts.suffix, 1.0) * parts.factor * _value(core, found)
        for core, parts, zero in zip(cores, written, zeros, strict=True)
    ])  # fmt: skip
    if any(money):
        notes.append("currency signs removed" + (", a dash after one read as 0" if any(zeros) else ""))
    if any(text.endswith("%") for text in texts):
        notes.append("per cent signs removed: '5%' is read as 5")
    return values, [*notes, *_suffix_notes(texts, written, values, unit)], unit


def _suffix_notes(texts: list[str], written: list[Written], values: Array, unit: str) -> list[str]:
    """Notes on the unit, and an example each of the multipliers and the bounds."""
    read = [(text, parts, value) for text, parts, value in zip(texts, written, values, strict=True) if value == value]
    notes = [f"unit {unit!r} removed"] if unit else []
    if not unit:
        notes += [f"{text!r} read as {value:.15g}" for text, parts, value in read if parts.suffix][:1]
    bounds = [f"{text!r} read as {value:g}" for text, _, value in read if text.startswith("<")]
    return notes + [f"{bound}, half of the bound" for bound in bounds[:1]]


def _meaning_of_suffixes(suffixes: Sequence[str]) -> tuple[Mapping[str, float], str]:
    """The factor of each suffix that can be read, and the unit: the most common suffix, unless all are multipliers.

    >>> _meaning_of_suffixes(["K", "m", ""]), _meaning_of_suffixes(["m", "m"])
    (({'': 1.0, 'K': 1000.0, 'm': 1000000.0}, ''), ({'m': 1.0}, 'm'))
    """
    counts = Counter(suffixes)
    kinds = counts.keys() - {""}
    if kinds & MULTIPLIERS.keys() and kinds <= MULTIPLIERS.keys() | SMALL_MULTIPLIERS.keys():
        return {"": 1.0} | {kind: (MULTIPLIERS | SMALL_MULTIPLIERS)[kind] for kind in sorted(kinds)}, ""
    unit = counts.most_common(1)[0][0] if counts else ""
    return {unit: 1.0}, unit


def parts_of(text: str) -> Written:
    """The digits of a text, its sign, and a unit or multiplier after them.

    >>> parts_of("<1"), parts_of("5 °C"), parts_of("A4").core
    (Written(core='1', factor=0.5, suffix=''), Written(core='5', factor=1.0, suffix='°C'), '')
    """
    core, sign = core_of(text)
    if core:
        return Written(core, sign)
    text = _without_currency(text)
    share = BOUND_SHARE if text.startswith("<") else 1.0
    text = text.removeprefix("<").lstrip()
    found = _SUFFIXED.fullmatch(text)
    if found and found[2].lower() not in NO_UNITS:
        text = found[1] + found[3]
    core, sign = core_of(text)
    if share < 1 and (sign < 0 or core.startswith("-")):
        return Written("", 1.0)
    return Written(core, sign * share, found[2] if found else "")


def _without_currency(text: str) -> str:
    if not text.isascii():  # digits and marks of other scripts
        text = re.sub(r"\d", lambda digit: str(int(digit[0])), text).replace("٫", ".").replace("٬", ",")
    return _MONEY.sub(r"\1\2", text.strip().replace("−", "-")).strip()


def core_of(text: str) -> tuple[str, float]:
    """The digits of a text without currency, per cent sign, thousands spaces and brackets; and its sign.

    The digits are "" if the text is no number.
    """
    text, sign = _without_currency(text), 1.0
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1.0
        text = _without_currency(text)
    text = text.removesuffix("%").rstrip()
    if text.endswith("-") and text[:1].isdigit():
        text, sign = text[:-1].rstrip(), -sign
    if text[:2] in ("- ", "+ "):
        text = text[0] + text[2:].lstrip()
    if " " in text or not text.isascii() or "'" in text:
        text = _SPACES.sub("", text)
    return (text if text.isascii() and _NUMBER.fullmatch(text) else ""), sign


def decide_decimal(cores: Iterable[str]) -> str | None:
    """The decimal sign of these numbers; None if all of them can be read either way.

    >>> decide_decimal(["1.234", "1.234,5"]), decide_decimal(["1,234,567"]), decide_decimal(["1,234"])
    (',', '.', None)
    """
    votes = {",": 0, ".": 0}
    for core in cores:
        digits = core.lstrip("+-").lower().partition("e")[0]
        commas, points = digits.count(","), digits.count(".")
        if commas and points:
            votes[max(",.", key=digits.rfind)] += 1
        elif commas + points > 1:
            votes["." if commas else ","] += 1
        elif commas + points == 1:
            mark = "," if commas else "."
            whole, _, part = digits.partition(mark)
            if len(part) != 3 or len(whole) > 3 or whole in ("", "0"):
                votes[mark] += 1
    return max(votes, key=lambda mark: votes[mark]) if any(votes.values()) else None


def _decimal_beside_whole_numbers(cores: Iterable[str]) -> str | None:
    """The decimal sign of numbers of which all with a mark have three digits after it; None if nothing decides.

    If all others are whole and less than 1000, the mark separates thousands, as decimals would vary in length.

    >>> _decimal_beside_whole_numbers(["1.079", "984"]), _decimal_beside_whole_numbers(["1.079", "2.5"])
    (',', None)
    """
    cores = [core.lstrip("+-") for core in cores if core]
    marks = {mark for mark in OTHER_MARK if any(mark in core for core in cores)}
    others = [core for core in cores if not marks & set(core)]
    small = all(core.isdigit() and len(core.lstrip("0")) < 4 for core in others) and any(
        core != "0" for core in others
    )
    return OTHER_MARK[marks.pop()] if len(marks) == 1 and small and decide_decimal(cores) is None else None


def _value(core: str, decimal: str) -> float:
    """A number with this decimal sign, NaN if its groups of digits are wrong."""
    if not core:
        return np.nan
    group = "," if decimal == "." else "."
    if group in core:
        whole = core.lstrip("+-").lower().partition("e")[0].partition(decimal)[0]
        first, *others = whole.split(group)
        good = 1 <= len(first) <= 3 and all(2 <= len(part) <= 3 for part in others) and len(others[-1:] or "") == 1
        if not good or len(others[-1]) != 3 or group in core.partition(decimal)[2]:
            return np.nan
        core = core.replace(group, "")
    try:
        return float(core.replace(decimal, "."))
    except ValueError:
        return np.nan
