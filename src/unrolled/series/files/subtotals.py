"""Names of totals and means, and rows that hold those of a year or a day among its parts."""

import re
from collections.abc import Sequence

import numpy as np

from ...errors import DataError
from ...plurals import counted
from .calendar_parts import is_calendar_name
from .dialect import RawTable, shorten
from .texts import distinct_texts

# first words of totals and means in the languages of `dates`
TOTAL = re.compile(
    r"(?:grand |sub-?)?(?:totals?|sum|overall|gesamt(?:summe)?|summe|insgesamt|somme|ensemble|suma|soma|somma|totale|"
    r"totaal|eindtotaal|som|average|mean|durchschnitt|mittelwert|moyenne|promedio|media|média|gemiddelde)"
    r"(?: \S+){0,2}:?"
)
ANNUAL_NAMES = ("annual", "ann", "ytd", "avg")  # of totals and means of years


def names_total(text: str, of_year: bool = False) -> bool:
    """Whether a text is a word for a total or a mean, or, if it may be one of a year, an English word for such.

    >>> names_total("Total 2019"), names_total("Annual"), names_total("Annual", of_year=True)
    (True, False, True)
    """
    return TOTAL.fullmatch(text.lower()) is not None or (of_year and text.lower() in ANNUAL_NAMES)


def refuse_subtotals(raw: RawTable, free: Sequence[str]) -> None:
    """Raise a `DataError` for rows with such a word among the years, months or other parts of dates of a column."""
    for column in filter(is_calendar_name, free):
        codes, texts = distinct_texts(raw.cells[column])
        totals = np.array([names_total(str(text), of_year=True) for text in texts], bool)
        rows = np.flatnonzero(totals[codes] & (codes >= 0)) if len(texts) else codes
        if 0 < len(rows) < len(codes):
            word = shorten(raw.cells[column].iloc[rows[0]])
            raise DataError(
                f"{raw.place(column, int(rows[0]))}: {word} names a total among the rows that it adds up "
                f"({counted(len(rows), 'such line')}). {raw.without(rows)}"
            )
