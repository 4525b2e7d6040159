"""The encoding that a file probably has, if its dates can't be read in the one that was guessed."""

from collections.abc import Sequence

from .dates import parse_date
from .dialect import RawTable
from .numbers import sample_of

LIKELY = ("cp1250", "cp1251", "koi8-r", "iso8859-2", "cp1253", "cp1254", "cp1257", "cp866")  # of names of months
GUESSED = ("cp1252", "latin-1")  # in which files are read that are not UTF-8
MAX_COLUMNS = 20  # in which dates are sought


def encoding_hint(raw: RawTable) -> str:
    """A sentence of a message about dates that can't be read: which encoding to try; "" if it was not guessed."""
    if not any(note.startswith("not UTF-8") for note in raw.notes):
        return ""
    guessed = " The file is not UTF-8, and its encoding was guessed"
    for column in raw.names[:MAX_COLUMNS]:
        texts = [text for text in sample_of(raw.cells[column]) if not text.isascii()]
        for encoding in LIKELY:
            if texts and (read := _decoded(texts, encoding)) and all(map(parse_date, read)):
                return f"{guessed}: in {encoding}, {texts[0]!r} is {read[0]!r}. Use `encoding={encoding!r}`."
    return f"{guessed}: if names look wrong, give it, such as `encoding='cp1251'`."


def _decoded(texts: Sequence[str], encoding: str) -> list[str]:
    """Texts that were read in the wrong encoding, as they are in this one; none if they can't be."""
    for guessed in GUESSED:
        try:
            return [text.encode(guessed).decode(encoding) for text in texts]
        except UnicodeError:
            continue
    return []
