"""The script `unrolled` and `python -m unrolled` are the command line."""

import atexit
import gc
import sys

from .interactive.interrupts import exit_at_interrupt, exit_code, ignore_interrupts
from .interactive.streams import open_closed_descriptors


def main() -> None:
    """Run the command that the arguments name; Ctrl-C ends it with one line, also while modules are imported."""
    open_closed_descriptors()
    gc.set_threshold(200_000)  # else Python searches the many objects that imports make dozens of times
    atexit.register(gc.disable)  # else Python searches for garbage before it frees all memory anyway
    exit_at_interrupt()
    from .cli import main as run

    try:
        try:
            run()
        finally:
            ignore_interrupts()  # Ctrl-C would have a traceback while Python ends
    except KeyboardInterrupt:  # it arrived after the command had ended
        ignore_interrupts()
        sys.exit(exit_code())
    finally:
        # After an interrupt in `exec` of a text, as in imports of data classes, `python -m` ends itself by SIGINT,
        # even if the interrupt was handled, unless another text has been executed since.
        exec("")


if __name__ == "__main__":
    main()
