"""Reading model files of all kinds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import storage
from .argument_types import check_type
from .errors import ModelFileError
from .nn.network import Network

if TYPE_CHECKING:
    from .forecaster import Forecaster


def load(path: str | os.PathLike[str]) -> Network | Forecaster:
    """Read a file that `Network.save` or `Forecaster.save` wrote.

    Raises:
        ModelFileError: the file is missing, damaged, of another kind, or written by a newer version.

    >>> import tempfile, pathlib, unrolled as un
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> un.Network([un.GRU(3)], input_size=1).save(path)
    >>> un.load(path)
    Network(GRU(3); input 1, 48 parameters, float32)
    """
    check_type("`path`", path, str | os.PathLike[str])
    kind, arrays, content = storage.read(path)
    with storage.guarded(path):
        if kind == "network":
            return Network.rebuild(content, arrays)
        if kind == "forecaster":
            from .forecaster import Forecaster  # tables need pandas; networks do not

            return Forecaster.rebuild(content, arrays)
    raise ModelFileError(f"{path} holds a {kind}, not a network or a forecaster.")
