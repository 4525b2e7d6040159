"""Ctrl-C: the first one sets a flag, the second one interrupts at once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from unrolled.interactive import interrupts
from unrolled.interactive.interrupts import exit_at_interrupt, exit_code, interruptible, raise_at_interrupt


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


@pytest.fixture
def command(monkeypatch):
    """The signals of this process are handled as those of a command; yields a clock."""
    numbers = (signal.SIGINT, *interrupts.ENDING)
    before = [signal.getsignal(number) for number in numbers]
    clock = [100.0]
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: clock[0])
    exit_at_interrupt()
    raise_at_interrupt()
    yield clock
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
    interrupts._ended_by.clear()


@pytest.mark.parametrize("number", interrupts.ENDING)
def test_a_signal_to_end_is_a_flag_and_its_repetition_within_a_second_does_not_count(number, command):
    with interruptible() as interrupted:
        for _ in range(2):
            signal.raise_signal(number)
            command[0] += 0.5
        assert interrupted()
    assert exit_code() == 128 + number


def test_a_later_signal_to_end_is_like_a_second_interrupt(command):
    def ended_twice():
        with interruptible():
            signal.raise_signal(signal.SIGTERM)
            command[0] += 2
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        ended_twice()


def test_a_process_that_does_not_react_is_ended_by_the_fifth_signal(command, monkeypatch):
    codes = []
    monkeypatch.setattr(interrupts.os, "_exit", codes.append)
    with interruptible():
        for _ in range(5):
            assert codes == []
            signal.raise_signal(signal.SIGTERM)
    assert codes == [143]


def test_without_a_block_a_signal_to_end_raises_like_an_interrupt(command):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    assert exit_code() == 129
    raise_at_interrupt()
    assert exit_code() == 130


def test_the_library_does_not_handle_signals_to_end():
    """A service that trains a forecaster decides itself what SIGTERM does."""
    before = signal.getsignal(signal.SIGTERM)
    raise_at_interrupt()
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_that_is_lost_while_an_object_is_destroyed_is_repeated():
    code = """
import time
from unrolled.interactive.interrupts import raise_at_interrupt
raise_at_interrupt()
class Slow:
    def __del__(self):
        raise KeyboardInterrupt
try:
    Slow()
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")
