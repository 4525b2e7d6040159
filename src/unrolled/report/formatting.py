"""Numbers for people to read: few digits, the same number of decimals in a column, thousands separators."""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10

import numpy as np

from ..plurals import counted

MISSING = "–"
MOST_DECIMALS = 6


def decimals(values: Iterable[float | None], digits: int = 4) -> int:
    """The number of decimals that gives the typical value this many digits; 0 if all values are whole.

    >>> decimals([1234.5, 987.2]), decimals([0.01234]), decimals([1.0, 250.0])
    (0, 5, 0)
    """
    known = np.array([v for v in values if v is not None and isfinite(v)], float)
    sizes = np.abs(known[known != 0])
    if not len(sizes) or (known == np.round(known)).all():
        return 0
    before = floor(log10(float(np.median(sizes)))) + 1
    return min(max(digits - before, 0), MOST_DECIMALS)


def number(value: float | None, places: int = 0) -> str:
    """One number; a dash if it is not known.

    >>> number(-12345.678, 1), number(None)
    ('−12,345.7', '–')
    """
    if value is None or not isfinite(value):
        return MISSING
    value = round(value, places) + 0.0  # no minus sign before a zero
    text = f"{value:,.{places}f}" if abs(value) < 1e15 else f"{value:.4g}"
    return text.replace("-", "−")


def column(values: Iterable[float | None], digits: int = 4) -> list[str]:
    """The numbers of a column, all with the same number of decimals.

    >>> column([417.25, 391.0, None])
    ['417.2', '391.0', '–']
    """
    values = list(values)
    places = decimals(values, digits)
    return [number(v, places) for v in values]


def count(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count(1, "series", "series"), count(1234, "row")
    ('1 series', '1,234 rows')
    """
    return counted(n, one, many, ",")


def listed(words: Sequence[str]) -> str:
    """Words as a list within a sentence.

    >>> listed(["50 %", "80 %", "95 %"]), listed(["50 %"])
    ('50 %, 80 % and 95 %', '50 %')
    """
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def percent(share: float) -> str:
    """A share in per cent.

    >>> percent(0.947)
    '95 %'
    """
    return f"{100 * share:.0f} %" if isfinite(share) else MISSING


def duration(wall_s: float) -> str:
    """Seconds; from a minute on minutes, from an hour on hours.

    >>> duration(4.21), duration(83.0), duration(7260.0)
    ('4.2 s', '1 min 23 s', '2 h 1 min')
    """
    if round(wall_s, 1) < 60:
        return f"{wall_s:.1f} s"
    whole = round(wall_s)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
