"""Ctrl-C: the first one sets a flag, the second one interrupts at once."""

from __future__ import annotations

import signal

import pytest

from unrolled.interactive.interrupts import interruptible


def interrupted_twice() -> None:
    """As in NumPy's comparison of arrays, the second interrupt is lost in another error."""
    with interruptible() as interrupted:
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise TypeError("no common dtype") from None


def interrupted_once() -> None:
    with interruptible():
        signal.raise_signal(signal.SIGINT)
        raise TypeError("its own")


def test_a_second_interrupt_is_raised_even_if_a_library_replaces_it():
    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()


def test_an_error_after_one_interrupt_is_raised_unchanged():
    with pytest.raises(TypeError, match="its own"):
        interrupted_once()


def test_nested_blocks_share_one_interrupt():
    handler = signal.getsignal(signal.SIGINT)
    with interruptible() as outer:
        with interruptible() as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner()
        assert outer()
    assert signal.getsignal(signal.SIGINT) is handler
