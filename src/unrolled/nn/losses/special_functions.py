"""Special functions of the likelihoods: softplus, the logarithm of the gamma function and its derivative."""

from typing import NamedTuple

import numpy as np

from ...arrays import Array

SMALLEST_INVERTED_SOFTPLUS = 1e-3  # where the slope of softplus is still large enough to learn from
STIRLING_FROM = 10.0  # from here on the seven terms below are exact to the last bits
LGAMMA_TERMS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)  # B₂ₖ / (2k (2k - 1))
DIGAMMA_TERMS = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)  # B₂ₖ / 2k


class Softplus(NamedTuple):
    """s = log(1 + exp(a)) > 0, log s and their derivatives; none overflows at any a."""

    value: Array
    slope: Array  # ds/da = σ(a)
    log: Array  # log s, which tends to a where s underflows to 0
    dlog: Array  # d log s / da = σ(a) / s, which tends to 1 there


def softplus(a: Array) -> Softplus:
    decay = np.exp(-np.abs(a))  # at most 1
    value = np.maximum(a, 0) + np.log1p(decay)
    slope = np.where(a < 0, decay, 1) / (1 + decay)
    tail = a < -40  # s = exp(a) to the last bit
    safe = np.where(tail, 1, value)
    return Softplus(value, slope, np.where(tail, a, np.log(safe)), np.where(tail, 1, slope / safe))


def softplus_inverse(value: Array) -> Array:
    """The inverse of softplus; values below `SMALLEST_INVERTED_SOFTPLUS` are replaced by it."""
    value = np.maximum(value, SMALLEST_INVERTED_SOFTPLUS)
    return value + np.log(-np.expm1(-value))


def stirling(x: Array, terms: tuple[float, ...]) -> Array:
    """Σ terms[k] / x^(2k + 1), x ≥ 10; with `LGAMMA_TERMS`: lgamma(x) - ((x - ½) log x - x + ½ log 2π)."""
    inverse = 1 / (x * x)
    total = np.zeros_like(x)
    for term in reversed(terms):
        total = total * inverse + term
    return total / x


def lgamma(x: Array) -> Array:
    """log Γ(x) for x > 0 by Γ(x + 1) = x Γ(x) up to 10, then Stirling's series.

    The error is at most 1e-14 max(1, |log Γ(x)|).

    >>> float(np.exp(lgamma(np.array(5.0))).round(9))  # 4!
    24.0

    Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 6.1.15 and 6.1.41.
    """
    product = np.ones_like(x)
    for _ in range(int(STIRLING_FROM)):
        small = x < STIRLING_FROM
        product = np.where(small, product * x, product)
        x = np.where(small, x + 1, x)
    return (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi) + stirling(x, LGAMMA_TERMS) - np.log(product)


def digamma(x: Array) -> Array:
    """ψ(x) = d log Γ(x) / dx for x > 0 by ψ(x + 1) = ψ(x) + 1/x up to 10, then its series.

    The error is at most 1e-14 max(1, |ψ(x)|).

    Source: Abramowitz & Stegun, 6.3.5 and 6.3.18.
    """
    total = np.zeros_like(x)
    for _ in range(int(STIRLING_FROM)):
        small = x < STIRLING_FROM
        total = np.where(small, total - 1 / x, total)
        x = np.where(small, x + 1, x)
    return total + np.log(x) - 0.5 / x - stirling(x, DIGAMMA_TERMS) / x


def log1p_rest(t: Array) -> Array:
    """log(1 + t) - t for t > -1, exact to the last bits even near 0, where it is -t²/2.

    With u = t / (2 + t), log(1 + t) = 2 artanh u = 2 (u + u³/3 + u⁵/5 + ...), and 2u - t = -t u.
    """
    u = t / (2 + t)
    u2, series = u * u, np.zeros_like(u)
    for k in range(29, 2, -2):  # enough for |t| < ½, where |u| < 1/3
        series = series * u2 + 1 / k
    return np.where(np.abs(t) < 0.5, 2 * u * u2 * series - t * u, np.log1p(t) - t)


class Rising(NamedTuple):
    value: Array
    slope: Array  # its derivative with respect to r


def log_rising(y: Array, r: Array) -> Rising:
    """log(Γ(y + r) / Γ(r)) - y log r, for y ≥ 0, r > 0; it tends to 0 for large r.

    There, the difference of two large logarithms would cancel. From r = 10 on, Stirling's series gives

        value = (y + r - ½) log(1 + y/r) - y + S(y + r) - S(r)
        slope = log(1 + y/r) - y/r + ½ y / (r (y + r)) - P(y + r) + P(r)

    where S and P are the sums that `stirling` adds to `lgamma` and `digamma`.
    """
    large = r >= STIRLING_FROM
    b = np.where(large, r, STIRLING_FROM)
    end, share = y + b, y / b
    value = (end - 0.5) * np.log1p(share) - y + stirling(end, LGAMMA_TERMS) - stirling(b, LGAMMA_TERMS)
    slope = (
        log1p_rest(share) + 0.5 * share / end - stirling(end, DIGAMMA_TERMS) / end + stirling(b, DIGAMMA_TERMS) / b
    )
    if large.all():
        return Rising(value, slope)
    b = np.minimum(r, STIRLING_FROM)
    return Rising(
        np.where(large, value, lgamma(y + b) - lgamma(b) - y * np.log(b)),
        np.where(large, slope, digamma(y + b) - digamma(b) - y / b),
    )
