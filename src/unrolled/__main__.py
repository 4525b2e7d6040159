"""The script `unrolled` and `python -m unrolled` are the command line."""

from .interactive.interrupts import exit_at_interrupt
from .interactive.streams import open_closed_descriptors


def main() -> None:
    """Run the command that the arguments name; Ctrl-C ends it with one line, also while modules are imported."""
    open_closed_descriptors()
    exit_at_interrupt()
    from .cli import main as run

    run()


if __name__ == "__main__":
    main()
