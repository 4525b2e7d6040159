"""Whether this runs in a notebook."""

from __future__ import annotations

import sys


def in_notebook() -> bool:
    """Whether IPython runs with a front end that shows HTML; IPython is never imported for this."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")
