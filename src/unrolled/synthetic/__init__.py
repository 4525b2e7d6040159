"""Synthetic time series, from which a network can learn to forecast before it sees any real one."""

from .distortions import distort, lose
from .generate import KINDS, generate

__all__ = ["KINDS", "distort", "generate", "lose"]
