"""JSON as dataclasses: the annotations are the schema, and the first value that does not fit is refused by its place.

Files may hold anything, so every value is checked before it is used.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from .argument_types import check_type, hints_of
from .errors import InputError

T = TypeVar("T")
Readers = Mapping[Any, Callable[[Any, str], Any]]  # functions of a value and its place, for annotations of their own


def read_object(
    value: Any, owner: type[T], place: str = "", readers: Readers | None = None, ignore_unknown: bool = False
) -> T:
    """A JSON object as a dataclass: lists become tuples and objects become dataclasses where annotations say so.

    Args:
        value: as `json` reads it.
        owner: the dataclass.
        place: of the value in its file, for messages, such as "framing".
        readers: read the values of these annotations.
        ignore_unknown: whether keys without a field are left out instead of refused.

    Raises:
        InputError: a value is missing, unknown, of another type or out of range; the message names its place.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Window:
    ...     length: int
    ...     views: tuple[str, ...] = ()
    >>> read_object({"length": 12, "views": ["level"]}, Window)
    Window(length=12, views=('level',))
    >>> read_object({"length": "12"}, Window, "window")
    Traceback (most recent call last):
    unrolled.errors.InputError: `window.length` must be a whole number; got '12'.
    """
    check_type(f"`{place}`", value, Mapping)
    own = {f.name: f for f in fields(owner) if f.init}  # type: ignore[arg-type]
    for name in value.keys() - own.keys() if not ignore_unknown else ():
        raise InputError(f"`{_within(place, name)}` is not known.")
    for name, field in own.items():
        if name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"`{_within(place, name)}` is missing.")
    hints = hints_of(cast(Any, owner))
    return owner(
        **{name: read_value(value[name], hints[name], _within(place, name), readers) for name in own if name in value}
    )


def read_value(value: Any, hint: Any, place: str, readers: Readers | None = None) -> Any:
    """A JSON value as this annotation; parameters and errors as in `read_object`."""
    origin, inner = get_origin(hint), get_args(hint)
    if readers and hint in readers:
        return readers[hint](value, place)
    if is_dataclass(hint):
        return read_object(value, hint, place, readers)  # type: ignore[arg-type]
    if origin in (Union, UnionType) and len(inner) == 2 and NoneType in inner:
        (some,) = set(inner) - {NoneType}
        if value is None or _is_read(some, readers) or get_origin(some) is tuple:
            return None if value is None else read_value(value, some, place, readers)
    if origin is tuple and inner[-1] is Ellipsis and _is_read(inner[0], readers):
        check_type(f"`{place}`", value, tuple[Any, ...])
        return tuple(read_value(part, inner[0], f"{place}[{k}]", readers) for k, part in enumerate(value))
    if origin is Mapping:
        check_type(f"`{place}`", value, Mapping)
        return {name: read_value(part, inner[1], _within(place, name), readers) for name, part in value.items()}
    if origin is list:
        return list(read_value(value, cast(Any, tuple)[inner[0], ...], place))
    check_type(f"`{place}`", value, hint)
    if origin is not tuple:
        return value
    # whole numbers of any size may stand for numbers, but NumPy computes with floating-point numbers
    kind, *_ = get_args(inner[0]) if get_origin(inner[0]) is Annotated else (inner[0],)
    return tuple(map(float, value)) if kind is float else tuple(value)


def _is_read(hint: Any, readers: Readers | None) -> bool:
    """Whether a value of this annotation has parts or a reader; the type of others is checked for many at once."""
    return is_dataclass(hint) or get_origin(hint) is Mapping or hint in (readers or {})


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
