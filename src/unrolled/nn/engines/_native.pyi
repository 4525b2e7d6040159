# The compiled module, native/bind.cpp; only engines/native.py speaks to it.
from typing import Any

def __getattr__(name: str) -> Any: ...
