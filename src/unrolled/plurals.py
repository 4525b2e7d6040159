"""Numbers with their nouns in messages."""


def counted(n: int, noun: str) -> str:
    """A number with its noun in the singular or the plural.

    >>> counted(1, "network"), counted(12, "period"), counted(1, "series"), counted(3, "series")
    ('1 network', '12 periods', '1 series', '3 series')
    """
    return f"{n} {noun}" if n == 1 or noun.endswith("series") else f"{n} {noun}s"
