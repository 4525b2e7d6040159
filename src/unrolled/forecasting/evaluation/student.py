"""Student's t distribution: how far a mean may lie from 0 by chance."""

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist

# degrees of freedom from which on the normal quantile is used; at 95 % it is then at most 0.41 % smaller
FROM_NORMAL = 300
BISECTIONS = 60


def central_probability(t: float, degrees: int) -> float:
    """The probability that a variable lies between -t and t.

    Source: Abramowitz & Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4.

    >>> round(central_probability(12.706, 1), 4), round(central_probability(2.228, 10), 4)
    (0.95, 0.95)
    """
    angle = atan(t / sqrt(degrees))
    term = total = cos(angle) if degrees % 2 else 1.0
    for k in range(3 if degrees % 2 else 2, degrees - 1, 2):
        term *= cos(angle) ** 2 * (k - 1) / k
        total += term
    if degrees % 2:
        return 2 / pi * (angle + sin(angle) * (total if degrees > 1 else 0.0))
    return sin(angle) * total


@lru_cache(maxsize=1000)
def limit_of_chance(degrees: int, probability: float = 0.95) -> float:
    """The number of standard errors within which a mean lies with this probability, where its expectation is 0.

    >>> round(limit_of_chance(3), 3), round(limit_of_chance(10_000), 3)
    (3.182, 1.96)
    """
    if degrees >= FROM_NORMAL:
        return NormalDist().inv_cdf((1 + probability) / 2)
    low, high = 0.0, 1.0
    while central_probability(high, degrees) < probability:
        high *= 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if central_probability(middle, degrees) < probability else (low, middle)
    return (low + high) / 2
