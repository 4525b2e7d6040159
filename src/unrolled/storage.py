"""Model files: safetensors, never pickle.

Arrays are stored as they are. Everything else is one JSON text in the metadata of the file:
{"format": "unrolled", "version": 1, "kind": "network" | "forecaster" | "checkpoint", ...}.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from .arrays import Array
from .errors import InputError, ModelFileError, NotRegisteredError, UnrolledError
from .file_sets import finish_sets, write_bytes

VERSION = 1

T = TypeVar("T")


def write(path: str | os.PathLike[str], kind: str, arrays: Mapping[str, Array], content: Mapping[str, Any]) -> None:
    """Write arrays and JSON-like content as a model file of this kind."""
    write_bytes(path, encode(kind, arrays, content))


def encode(kind: str, arrays: Mapping[str, Array], content: Mapping[str, Any]) -> bytes:
    """The bytes of a model file."""
    from safetensors.numpy import save

    text = to_json({"format": "unrolled", "version": VERSION, "kind": kind, **content})
    # safetensors would store the memory of a strided array instead of its values
    return save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, {"unrolled": text})


def to_json(content: Any) -> str:
    """JSON with sorted keys; NumPy scalars are written as Python numbers."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        raise InputError(f"a model file holds numbers, text and lists of them; it can't hold {value!r}.")

    return json.dumps(content, sort_keys=True, default=plain)


def read(path: str | os.PathLike[str]) -> tuple[str, dict[str, Array], dict[str, Any]]:
    """Kind, arrays and content of a model file.

    Raises:
        ModelFileError: the file is missing, damaged, of another format, or written by a newer version.
    """
    from safetensors import SafetensorError, safe_open

    finish_sets(os.path.dirname(path))
    if not os.path.isfile(path):
        raise ModelFileError(f"there is no model file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"{path} is not a model file, or is damaged. Save the model again, or name another file."
        ) from error
    try:
        content = json.loads(metadata["unrolled"])
        version, kind = content["version"], content["kind"]
        known = content["format"] == "unrolled" and isinstance(version, int)
    except (KeyError, TypeError, ValueError, RecursionError):
        known = False
    if not known:
        raise ModelFileError(f"{path} is a safetensors file, but not one that unrolled wrote.")
    if version > VERSION:
        raise ModelFileError(
            f"{path} has format version {version}; this unrolled reads versions up to {VERSION}. "
            "Upgrade: pip install --upgrade unrolled"
        )
    return kind, arrays, content


def describe(value: Any) -> Any:
    """A layer, loss, optimizer or schedule in JSON types: its kind and options."""
    if is_dataclass(value) and hasattr(value, "kind"):
        return {"kind": value.kind} | {f.name: describe(getattr(value, f.name)) for f in fields(value)}
    return value


def restore(description: Mapping[str, Any], known: Mapping[str, type[T]]) -> T:
    """The inverse of `describe`; `known` maps kinds to classes."""
    options = {
        name: tuple(option) if isinstance(option, list) else option
        for name, option in description.items()
        if name != "kind"
    }
    try:
        return known[description["kind"]](**options)
    except (KeyError, TypeError) as error:
        raise ModelFileError(
            f"the file has a {description.get('kind')!r} with options {options}, which this unrolled does not know; "
            f"known: {', '.join(sorted(known))}. Register your own cells before loading."
        ) from error


class guarded:  # noqa: N801  (used as a context manager, like a function)
    """Turn errors that damaged content causes while a model is rebuilt into a `ModelFileError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ModelFileError) or error is None:
            return
        if isinstance(error, NotRegisteredError):
            raise ModelFileError(
                f"{self.path} needs something that is not registered: {error} Register it before loading."
            ) from error
        if isinstance(error, (KeyError, TypeError, ValueError, IndexError, AttributeError, UnrolledError)):
            # other errors speak of Python, not of the file
            reason = f" ({error})" if isinstance(error, UnrolledError) else ""
            raise ModelFileError(
                f"{self.path} is damaged: its content does not fit together{reason}. Save the model again, or name "
                "another file."
            ) from error
