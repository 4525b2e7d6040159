"""Model files: safetensors, never pickle.

Arrays are stored as they are. Everything else is one JSON text in the metadata of the file:
{"format": "unrolled", "version": 2, "kind": "network" | "forecaster" | "checkpoint", ...}.
A checksum beside it covers every byte of the file.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, NoReturn, TypeVar

import numpy as np

from .arrays import Array
from .errors import InputError, ModelFileError, NotRegisteredError, UnrolledError
from .file_sets import finish_sets, write_bytes
from .plurals import counted

VERSION = 2
FIRST_VERSION_WITH_CHECKSUM = 2
NO_CHECKSUM = "0" * 64  # in place of the checksum while it is computed
HEADER_BEGIN = 8  # bytes that hold the length of the header
ALIGNMENT = 8  # of the arrays, in bytes
MAY_BE_MISSING = ("covariates.ahead",)  # arrays in which NaN has a meaning, of a forecaster and of its parts

T = TypeVar("T")


def write(path: str | os.PathLike[str], kind: str, arrays: Mapping[str, Array], content: Mapping[str, Any]) -> None:
    """Write arrays and JSON-like content as a model file of this kind."""
    write_bytes(path, encode(kind, arrays, content))


def encode(kind: str, arrays: Mapping[str, Array], content: Mapping[str, Any]) -> bytes:
    """The bytes of a model file."""
    from safetensors.numpy import save

    unusable = None if kind == "checkpoint" else _unusable(arrays)  # a training continues if its optimizer overflows
    if unusable:
        raise InputError(f"a model file holds finite numbers, but {unusable}. Train the model again.")
    try:
        text = to_json({"format": "unrolled", "version": VERSION, "kind": kind, **content}, allow_nan=False)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            "a model file holds finite numbers, but an option of the model is infinite or NaN."
        ) from error
    # safetensors would store the memory of a strided array instead of its values
    data = save({name: np.ascontiguousarray(a) for name, a in arrays.items()})
    header, begin = _header_of(data)
    # safetensors writes the entries of metadata in a random order
    header = {"__metadata__": {"checksum": NO_CHECKSUM, "unrolled": text}, **header}
    return with_checksum(_with_header(header, data[begin:]))


def _header_of(data: bytes) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file, and where its arrays begin."""
    begin = HEADER_BEGIN + int.from_bytes(data[:HEADER_BEGIN], "little")
    return json.loads(data[HEADER_BEGIN:begin]), begin


def _with_header(header: Mapping[str, Any], arrays: bytes) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(HEADER_BEGIN, "little") + text + arrays


def checksum(data: bytes, stored: str) -> str:
    """The checksum of a model file: the SHA-256 of its bytes, in which the digits of the stored one are zeros."""
    place = data.find(stored.encode())
    digest = hashlib.sha256(memoryview(data)[:place])
    digest.update(NO_CHECKSUM.encode())
    digest.update(memoryview(data)[place + len(stored) :])
    return digest.hexdigest()


def with_checksum(data: bytes) -> bytes:
    """A model file with zeros in place of its checksum, completed."""
    return data.replace(NO_CHECKSUM.encode(), checksum(data, NO_CHECKSUM).encode(), 1)


def to_json(content: Any, allow_nan: bool = True) -> str:
    """JSON with sorted keys; NumPy scalars are written as Python numbers."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        raise InputError(f"a model file holds numbers, text and lists of them; it can't hold {value!r}.")

    return json.dumps(content, sort_keys=True, default=plain, allow_nan=allow_nan)


def read(path: str | os.PathLike[str]) -> tuple[str, dict[str, Array], dict[str, Any]]:
    """Kind, arrays and content of a model file.

    Raises:
        ModelFileError: the file is missing, damaged, of another format, or written by a newer version.
    """
    finish_sets(os.path.dirname(path))
    if not os.path.exists(path) or os.path.isdir(path):  # a pipe can be read
        raise ModelFileError(f"there is no model file {path}.")
    try:
        metadata, arrays, data = _read_container(path)
    except (AttributeError, LookupError, OSError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not a model file, or is damaged. Save the model again, or name another file."
        ) from error
    try:
        content = from_json(metadata["unrolled"])
        version, kind = content["version"], content["kind"]
        known = content["format"] == "unrolled" and type(version) is int and version >= 1
    except (KeyError, TypeError, ValueError, RecursionError):
        known = False
    if not known:
        raise ModelFileError(f"{path} is a safetensors file, but not one that unrolled wrote.")
    if version > VERSION:
        raise ModelFileError(
            f"{path} has format version {version}; this unrolled reads versions up to {VERSION}. "
            "Upgrade: pip install --upgrade unrolled"
        )
    stored = metadata.get("checksum", NO_CHECKSUM if version >= FIRST_VERSION_WITH_CHECKSUM else None)
    if stored is not None and checksum(data, stored) != stored:
        raise ModelFileError(
            f"{path} is damaged: its bytes do not have the checksum that was saved with them. Save the model again, "
            "or name another file."
        )
    unusable = _unusable(arrays)
    if unusable:
        raise ModelFileError(f"{path} is damaged: {unusable}. Save the model again, or name another file.")
    return kind, arrays, content


def _read_container(path: str | os.PathLike[str]) -> tuple[dict[str, str], dict[str, Array], bytes]:
    """The metadata, the arrays and all bytes of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with open(path, "rb") as file:
        data = file.read(HEADER_BEGIN + 1)
        if data[HEADER_BEGIN:] != b"{":  # most large files of other formats are not read whole
            raise ValueError("there is no header")
        data += file.read()
    try:
        arrays = load(data)  # checks the header
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    header, _ = _header_of(data)
    return header.get("__metadata__", {}), arrays, data


def _unusable(arrays: Mapping[str, Array]) -> str:
    """The first array with a value that no computation can use, in words; empty if there is none."""
    for name, values in arrays.items():
        if values.dtype == bool:
            wrong = values.view(np.uint8) > 1
        else:
            wrong = np.isinf(values) if name.endswith(MAY_BE_MISSING) else ~np.isfinite(values)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0].tolist())
            return f"the array {name!r} holds {values[place]} at {place} ({counted(wrong.sum(), 'such value')})"
    return ""


def from_json(text: str) -> Any:
    """The inverse of `to_json`; numbers that are not finite are refused with a `ValueError`."""
    return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a finite number")


def _finite(text: str) -> float:
    return number if isfinite(number := float(text)) else _refuse_number(text)


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
            f"the file has a {description.get('kind')!r:.99} with options {options!s:.999}, which this unrolled does "
            f"not know; known: {', '.join(sorted(known))}. Register your own cells before loading."
        ) from error


@contextmanager
def guarded(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors that damaged content causes while a model is rebuilt into a `ModelFileError`."""
    try:
        yield
    except (ModelFileError, MemoryError):
        raise
    except NotRegisteredError as error:
        raise ModelFileError(
            f"{path} needs something that is not registered: {error} Register it before loading."
        ) from error
    except Exception as error:
        # other errors speak of Python, not of the file
        reason = f" ({str(error).rstrip('.')})" if isinstance(error, UnrolledError) else ""
        raise ModelFileError(
            f"{path} is damaged: its content does not fit together{reason}. Save the model again, or name another "
            "file."
        ) from error
