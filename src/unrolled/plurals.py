"""Numbers with their nouns in messages."""


def counted(n: int, one: str, many: str | None = None, form: str = "") -> str:
    """A number with its noun in the singular or the plural; `form` is a format of the number.

    >>> counted(1, "network"), counted(12, "period"), counted(3, "series", "series"), counted(1234, "row", form=",")
    ('1 network', '12 periods', '3 series', '1,234 rows')
    """
    return f"{n:{form}} {one if n == 1 else many or one + 's'}"
