"""Quantiles of the distributions of likelihoods, for arrays of parameters at one quantile level.

Tail probabilities are incomplete gamma and beta functions, computed by series and continued fractions.
"""

from collections.abc import Callable

import numpy as np

from ...arrays import Array
from .special_functions import lgamma, log_rising

EPS = float(np.finfo(np.float64).eps)
TINY = 1e-300
LARGEST_COUNT = 2.0**53
MAX_SMALL_SKEWNESS = 0.1
NEARLY_NORMAL = 1e8  # degrees of freedom, beyond which the tail probability loses digits to rounding
MAX_EXPANSION_ERROR = 1e-6  # of counts, above which their distribution is summed
MAX_TERMS = 1_000_000  # of a continued fraction, which needs about the square root of its larger parameter


def normal_quantile(level: float) -> float:
    """Quantile of the standard normal distribution, by Wichura's AS 241 (Applied Statistics 37, 1988) in Python."""
    from statistics import NormalDist  # importing it is slow

    return NormalDist().inv_cdf(level)


# --- Student's t ------------------------------------------------------------------------------------------


def student_t_quantile(level: float, freedom: Array) -> Array:
    """Quantiles of Student's t with these degrees of freedom ≥ 2.

    Newton's method for log(tail probability) as a function of log t, which is linear in the far tail. It starts from
    the parabola in 1/ν through the exact values at ν = ∞, 4 and 2, whose error at usual levels is about 1e-3; each
    step doubles the number of correct digits. For a nearly normal distribution the parabola itself is exact.
    """
    p = min(level, 1 - level)
    if p == 0.5:
        return np.zeros_like(freedom)
    s = np.log(_start(p, freedom))
    for _ in range(30):
        log_tail, slope = _student_t_tail(np.exp(s), freedom)
        step = np.where(freedom > NEARLY_NORMAL, 0, (log_tail - np.log(p)) / slope)
        s = s + step
        if np.abs(step).max(initial=0) < 1e-9:  # the next step would be about the square of this one
            break
    return np.copysign(np.exp(s), level - 0.5)


def _start(p: float, freedom: Array) -> Array:
    z = -normal_quantile(p)
    two = (1 - 2 * p) / np.sqrt(2 * p * (1 - p))
    root = 2 * np.sqrt(p * (1 - p))  # closed forms for ν = 2 and 4: Shaw, J. Computational Finance 9, 2006
    four = 2 * np.sqrt(max(np.cos(np.arccos(root) / 3) / root - 1, z * z / 4))
    share = 2 / freedom  # 0, ½, 1 at ν = ∞, 4, 2
    at = np.log([z, four, two])
    return np.exp(at[0] + share * (4 * at[1] - 3 * at[0] - at[2]) + 2 * share**2 * (at[0] - 2 * at[1] + at[2]))


def _student_t_tail(t: Array, freedom: Array) -> tuple[Array, Array]:
    """log P(T > t) for t > 0, and its negative derivative with respect to log t, t f(t) / P(T > t)."""
    half = freedom / 2
    w = t * t / freedom
    rising = log_rising(np.full_like(half, 0.5), half).value
    density = np.exp(np.log(t) + rising - 0.5 * np.log(2 * np.pi) - (half + 0.5) * np.log1p(w))  # t f(t)
    tail = 0.5 * incomplete_beta(half, np.full_like(half, 0.5), 1 / (1 + w), w / (1 + w), density)
    return np.log(tail), density / tail


# --- counts -----------------------------------------------------------------------------------------------


def poisson_quantile(level: float, mean: Array) -> Array:
    """The smallest whole number k with P(Y ≤ k) ≥ level, for Poisson distributions."""
    mean = np.asarray(mean, np.float64)
    means = mean.ravel()

    def cdf(k: Array, at: Array) -> Array:
        return incomplete_gamma_upper(k + 1, means[at])

    return _smallest(level, cdf, means, np.zeros_like(means)).reshape(mean.shape)


def negative_binomial_quantile(level: float, mean: Array, alpha: Array) -> Array:
    """The same for negative binomial distributions of variance mean + alpha · mean²."""
    mean, alpha = np.broadcast_arrays(mean, alpha)
    means, alphas = mean.ravel(), alpha.ravel()

    def cdf(k: Array, at: Array) -> Array:
        m, a = means[at], alphas[at]
        b, r, t = k + 1, 1 / a, a * m
        with np.errstate(divide="ignore"):  # a mean of 0: all counts are 0
            front = np.exp(log_rising(b, r).value - lgamma(b) + b * np.log(m) - (r + b) * np.log1p(t))
        return incomplete_beta(r, b, 1 / (1 + t), t / (1 + t), front)

    return _smallest(level, cdf, means, alphas * means).reshape(mean.shape)


def _expansion(level: float, mean: Array, t: Array) -> tuple[Array, Array, Array]:
    """Quantiles of counts of variance mean · (1 + t) by the Cornish-Fisher expansion, before they are rounded to the
    nearest count; bounds of their usual errors after that; and whether these are the quantiles.

    Between two counts, the expansion holds for a variance that is less by 1/12. Source: Kolassa & McCullagh,
    "Edgeworth series for lattice distributions", Annals of Statistics 18, 1990.
    """
    z = normal_quantile(level)
    deviation = np.sqrt(np.maximum(mean * (1 + t) - 1 / 12, 0))
    third, fourth = 1 + 2 * t, 1 + 6 * t * (1 + t)  # cumulants, divided by the variance
    # where the skewness third / deviation is small, one more term makes the error less than ½
    near = third < MAX_SMALL_SKEWNESS * deviation
    more = (z**3 - 3 * z) / 24 * fourth - (2 * z**3 - 5 * z) / 36 * third**2
    more = np.divide(more, deviation, out=np.zeros_like(deviation), where=near)
    found = mean + deviation * z + third * (z * z - 1) / 6 + more
    exact = third**3 < MAX_EXPANSION_ERROR * deviation**2  # the order of the next term
    return found, np.where(near, 0, np.ceil(0.1 * deviation)), exact


def _smallest(level: float, cdf: Callable[[Array, Array], Array], mean: Array, t: Array) -> Array:
    """The expansion where it is exact, elsewhere bisection around it, (n,); `cdf(k, at)` is the distribution function
    of elements `at`, a sum that has the more terms the larger the mean is.

    Counts that float64 can't tell from their neighbours are NaN.
    """

    def reached(k: Array, at: Array) -> Array:
        found = k >= 0
        found[found] = ~(cdf(k[found], at[found]) < level)  # also where rounding leaves only NaN
        return found

    expanded, error, exact = _expansion(level, mean, t)
    high, width = np.maximum(np.ceil(expanded - 0.5) + error, 0), 1 + 2 * error
    high[~(high < LARGEST_COUNT)] = np.nan
    low = np.maximum(high - width, -1)
    at = unsure = np.flatnonzero(~np.isnan(high) & ~exact)
    while len(at := at[reached(low[at], at)]):
        width[at] *= 2
        high[at] = low[at]
        low[at] = np.maximum(low[at] - width[at], -1)
    at = unsure
    while len(at := at[~reached(high[at], at)]):
        width[at] *= 2
        low[at] = high[at]
        high[at] += width[at]
    while len(at := np.flatnonzero(high - low > np.maximum(1, 4 * EPS * high))):
        middle = np.floor((low[at] + high[at]) / 2)
        enough = reached(middle, at)
        high[at] = np.where(enough, middle, high[at])
        low[at] = np.where(enough, low[at], middle)
    return high


# --- incomplete gamma and beta functions -----------------------------------------------------------------


def incomplete_gamma_upper(a: Array, x: Array) -> Array:
    """Q(a, x) = Γ(a, x) / Γ(a), a > 0, x ≥ 0. Source: Abramowitz & Stegun, 6.5.29 and 6.5.31."""
    with np.errstate(divide="ignore"):
        front = np.exp(a * np.log(x) - x - lgamma(a))
    found = np.empty(np.broadcast_shapes(np.shape(a), np.shape(x)))
    small = x < a + 1
    found[small] = 1 - front[small] * _gamma_series(a[small], x[small])
    a, x = a[~small], x[~small]
    fraction = _fraction(1 / (x + 1 - a), x + 1 - a, lambda i: (i * (a - i), x + 1 - a + 2 * i))
    found[~small] = front[~small] * fraction
    return found


def incomplete_beta(a: Array, b: Array, x: Array, rest: Array, front: Array) -> Array:
    """I_x(a, b) with rest = 1 - x and front = x^a (1 - x)^b / B(a, b), which callers compute without cancellation.

    Source: Abramowitz & Stegun, 26.5.8.
    """
    found = np.empty_like(front)
    small = x < (a + 1) / (a + b + 2)  # elsewhere the fraction of the other tail converges faster
    found[small] = front[small] * _beta_fraction(a[small], b[small], x[small]) / a[small]
    large = ~small
    found[large] = 1 - front[large] * _beta_fraction(b[large], a[large], rest[large]) / b[large]
    return found


def _gamma_series(a: Array, x: Array) -> Array:
    term = 1 / a
    total = term.copy()
    for n in range(1, MAX_TERMS):
        term = term * x / (a + n)
        total += term
        if not (term > EPS * total).any():  # NaN has no more terms
            break
    return total


def _beta_fraction(a: Array, b: Array, x: Array) -> Array:
    def part(i: int) -> tuple[Array, Array]:
        m = i // 2
        if i % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), one
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), one

    one = np.ones_like(x)
    return _fraction(one, one, part)


def _fraction(total: Array, first: Array, part: Callable[[int], tuple[Array, Array]]) -> Array:
    """1 / (first + n₁ / (d₁ + n₂ / (d₂ + ...))) with (nᵢ, dᵢ) = part(i). Source: Lentz, Applied Optics 15, 1976."""
    c, d = np.full_like(first, 1 / TINY), 1 / first
    for i in range(1, MAX_TERMS):
        numerator, denominator = part(i)
        d = denominator + numerator * d
        d = 1 / np.where(np.abs(d) < TINY, TINY, d)
        c = denominator + numerator / c
        c = np.where(np.abs(c) < TINY, TINY, c)
        total = total * (c * d)
        if not (np.abs(c * d - 1) >= 4 * EPS).any():
            break
    return total
