"""Likelihoods: losses whose predictions are the parameters of a distribution of the target.

The cost is the negative log-likelihood of the target, including all constants. Networks predict raw parameters, which
softplus(a) = log(1 + exp(a)) makes positive where needed. Everything is computed in float64, where no raw parameter
up to ±1e4 overflows or becomes NaN; the gradient is rounded to the working precision at the end.

Counts are divided by a unit before training. Their likelihoods are those of the counts themselves: `evaluate`,
`mean`, `quantiles` and `sample` multiply by `unit` again.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from ...arrays import Array
from ...errors import InputError
from . import distributions
from .base import Loss, spread_unit
from .special_functions import lgamma, log1p_rest, log_rising, softplus, softplus_inverse

SMALLEST_SCALE = 1e-6  # keeps the likelihood of perfectly predicted targets bounded
SMALLEST_DISPERSION = 1e-8  # so close to Poisson that the two distributions are equal
INITIAL_FREEDOM = 5.0  # degrees of freedom before training: heavier tails than the normal distribution
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


class Costs(NamedTuple):
    """Negative log-likelihoods of elements, and their derivatives with respect to each raw parameter."""

    cost: Array
    slopes: tuple[Array, ...]


class Likelihood(Loss):
    """A distribution's negative log-likelihood. Predictions are (..., parameters), targets (...)."""

    parameters: ClassVar[tuple[str, ...]]  # names of the entries of the predictions' last axis

    def fit_target(self, prediction: Array, target: Array) -> Array:
        names = self.parameters
        if prediction.shape != (*target.shape, len(names)):
            raise InputError(
                f"loss {self.kind!r}: targets of shape {target.shape} need predictions of shape "
                f"{(*target.shape, len(names))} ({', '.join(names)} of each); got {prediction.shape}."
            )
        return target

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        return self.cost_in_units(prediction, target, np.ones(()))

    def cost_in_units(self, prediction: Array, target: Array, unit: Array) -> tuple[Array, Array]:
        found = self.negative_log(target.astype(np.float64), unit, *self.raw(prediction))
        return found.cost, np.stack(found.slopes, axis=-1).astype(prediction.dtype)

    @abstractmethod
    def negative_log(self, target: Array, unit: Array, *raw: Array) -> Costs:
        """-log p(target · unit) from raw parameters in float64, and its derivatives with respect to them."""

    def mean(self, prediction: Array, unit: Array | None = None) -> Array:
        """The means of the distributions of target · unit, (...)."""
        raw = self.raw(prediction)
        return self._mean(*raw) * self._unit(raw, unit)

    def quantiles(self, prediction: Array, levels: Sequence[float], unit: Array | None = None) -> Array:
        """The quantiles of the distributions of target · unit at Q levels inside (0, 1), (..., Q)."""
        raw = self.raw(prediction)
        q = np.asarray(levels, np.float64)
        if q.ndim != 1 or not q.size or not ((q > 0) & (q < 1)).all():
            raise InputError(f"{self.kind}: levels are numbers inside (0, 1); got {q.tolist()}.")
        spread = self._unit(raw, unit)
        return np.stack([self._quantile(float(level), spread, *raw) for level in q], axis=-1)

    def sample(
        self, prediction: Array, random: np.random.Generator, count: int = 1, unit: Array | None = None
    ) -> Array:
        """`count` independent samples of each target · unit, (..., count)."""
        if count < 1:
            raise InputError(f"{self.kind}: draw at least one sample; got count={count}.")
        raw = self.raw(prediction)
        shape = (*raw[0].shape, count)
        return self._sample(random, shape, self._unit(raw, unit)[..., None], *(part[..., None] for part in raw))

    @abstractmethod
    def begin(self, target: Array, weight: Array, unit: Array) -> Array:
        """Initial raw parameters of an untrained network, by the method of moments.

        Targets are differences from a first forecast, except counts.

        Args:
            target: (N, R).
            weight: (N, R); each column has a weight above 0.
            unit: (N, 1).

        Returns:
            (R, parameters).
        """

    def raw(self, prediction: Array) -> list[Array]:
        """The raw parameters in float64, one array each."""
        if prediction.shape[-1:] != (len(self.parameters),):
            raise InputError(
                f"{self.kind}: the last axis of predictions holds {', '.join(self.parameters)}; their shape is "
                f"{prediction.shape}."
            )
        return list(np.moveaxis(prediction.astype(np.float64), -1, 0))

    def _unit(self, raw: list[Array], unit: Array | None) -> Array:
        return np.broadcast_to(1.0 if unit is None else spread_unit(np.asarray(unit), raw[0]), raw[0].shape)

    @abstractmethod
    def _mean(self, *raw: Array) -> Array: ...

    @abstractmethod
    def _quantile(self, level: float, unit: Array, *raw: Array) -> Array: ...

    @abstractmethod
    def _sample(self, random: np.random.Generator, shape: tuple[int, ...], unit: Array, *raw: Array) -> Array: ...


class Normal(Likelihood):
    """A normal distribution of mean μ and standard deviation σ; y is the target.

        σ = softplus(a_σ) + 1e-6                    (1)
        z = (y - μ) / σ                             (2)
        cost = log σ + ½ log 2π + ½ z²              (3)

        dμ = -z / σ                                 (3', 2')
        dσ = (1 - z²) / σ                           (3', 2')
        da_σ = dσ · sigmoid(a_σ)                    (1')

    >>> import numpy as np, unrolled as un
    >>> un.losses.Normal().quantiles(np.array([[10.0, 2.0]]), [0.1, 0.5, 0.9]).round(2)
    array([[ 7.27, 10.  , 12.73]])
    """

    kind: ClassVar[str] = "normal"
    parameters: ClassVar[tuple[str, ...]] = ("mean", "raw scale")

    def negative_log(self, target: Array, unit: Array, *raw: Array) -> Costs:
        mean, a = raw
        plus = softplus(a)
        scale = plus.value + SMALLEST_SCALE  # (1)
        z = (target - mean) / scale  # (2)
        cost = np.log(scale) + HALF_LOG_2PI + 0.5 * z * z  # (3)
        dscale = (1 - z * z) / scale  # (3', 2')
        return Costs(cost, (-z / scale, dscale * plus.slope))  # (1')

    def begin(self, target: Array, weight: Array, unit: Array) -> Array:
        variance = np.average(target**2, axis=0, weights=weight)
        return np.column_stack([np.zeros_like(variance), softplus_inverse(np.sqrt(variance))])

    def _mean(self, *raw: Array) -> Array:
        return raw[0]

    def _quantile(self, level: float, unit: Array, *raw: Array) -> Array:
        return unit * (raw[0] + _scale(raw[1]) * distributions.normal_quantile(level))

    def _sample(self, random: np.random.Generator, shape: tuple[int, ...], unit: Array, *raw: Array) -> Array:
        return unit * (raw[0] + _scale(raw[1]) * random.standard_normal(shape))


class StudentT(Likelihood):
    """Student's t distribution of location μ, scale σ and ν > 2 degrees of freedom: heavy tails, finite variance.

        ν = 2 + softplus(a_ν)                                                 (1)
        σ = softplus(a_σ) + 1e-6                                              (2)
        z = (y - μ) / σ,  w = z² / ν                                          (3)
        cost = log Γ(ν/2) - log Γ((ν + 1)/2) + ½ log νπ
               + log σ + ½ (ν + 1) log(1 + w)                                 (4)
             = ½ log 2π - R(½, ν/2) + log σ + ½ (ν + 1) log(1 + w)            (4)
        R(y, r) = log(Γ(y + r) / Γ(r)) - y log r, small where ν is large      (5)

        dz = (ν + 1) / ν · z / (1 + w)                                        (4', 3')
        dμ = -dz / σ                                                          (3')
        dσ = (1 - z dz) / σ                                                   (4', 3')
        dν = ½ (log(1 + w) - (ν + 1) / ν · w / (1 + w) - dR/dr(½, ν/2))       (4', 5')
        da_σ = dσ · sigmoid(a_σ)                                              (2')
        da_ν = dν · sigmoid(a_ν)                                              (1')

    >>> import numpy as np, unrolled as un
    >>> un.losses.StudentT().quantiles(np.array([[10.0, 2.0, 1.0]]), [0.1, 0.5, 0.9]).round(2)
    array([[ 6.6, 10. , 13.4]])

    Source: the parametrisation is that of DeepAR, Salinas et al., Int. J. Forecasting 36, 2020, as in GluonTS.
    """

    kind: ClassVar[str] = "student_t"
    parameters: ClassVar[tuple[str, ...]] = ("location", "raw scale", "raw degrees of freedom")

    def negative_log(self, target: Array, unit: Array, *raw: Array) -> Costs:
        location, a_scale, a_freedom = raw
        freedom_plus, scale_plus = softplus(a_freedom), softplus(a_scale)
        freedom = 2 + freedom_plus.value  # (1)
        scale = scale_plus.value + SMALLEST_SCALE  # (2)
        z = (target - location) / scale  # (3)
        w = z * z / freedom  # (3)
        rising = log_rising(np.full_like(freedom, 0.5), freedom / 2)  # (5)
        tail = np.log1p(w)
        cost = HALF_LOG_2PI - rising.value + np.log(scale) + 0.5 * (freedom + 1) * tail  # (4)
        ratio = (freedom + 1) / freedom
        dz = ratio * z / (1 + w)  # (4')
        dscale = (1 - z * dz) / scale  # (4', 3')
        dfreedom = 0.5 * (tail - ratio * w / (1 + w) - rising.slope)  # (4', 5')
        return Costs(cost, (-dz / scale, dscale * scale_plus.slope, dfreedom * freedom_plus.slope))  # (3', 2', 1')

    def begin(self, target: Array, weight: Array, unit: Array) -> Array:
        variance = np.average(target**2, axis=0, weights=weight)
        freedom = np.full_like(variance, INITIAL_FREEDOM)
        scale = np.sqrt(variance * (freedom - 2) / freedom)
        return np.column_stack([np.zeros_like(variance), softplus_inverse(scale), softplus_inverse(freedom - 2)])

    def _mean(self, *raw: Array) -> Array:
        return raw[0]

    def _quantile(self, level: float, unit: Array, *raw: Array) -> Array:
        quantile = distributions.student_t_quantile(level, 2 + softplus(raw[2]).value)
        return unit * (raw[0] + _scale(raw[1]) * quantile)

    def _sample(self, random: np.random.Generator, shape: tuple[int, ...], unit: Array, *raw: Array) -> Array:
        freedom = np.broadcast_to(2 + softplus(raw[2]).value, shape)
        return unit * (raw[0] + _scale(raw[1]) * random.standard_t(freedom))


def _scale(raw: Array) -> Array:
    return softplus(raw).value + SMALLEST_SCALE


def _rate(target: Array, weight: Array, unit: Array) -> Array:
    """Mean counts per unit, (R,)."""
    total = (weight * unit * target).sum(axis=0)
    return total / (weight * unit).sum(axis=0)


class CountLikelihood(Likelihood):
    """A likelihood of counts: targets ≥ 0, in multiples of a unit."""

    needs_unit: ClassVar[bool] = True

    def fit_target(self, prediction: Array, target: Array) -> Array:
        target = super().fit_target(prediction, target)
        if not (target >= 0).all():
            raise InputError(
                f"loss {self.kind!r}: targets are counts ≥ 0; the lowest is {target.min()}. "
                "Give unknown targets the weight 0, and do not subtract anything from counts."
            )
        return target

    def _mean(self, *raw: Array) -> Array:
        return softplus(raw[0]).value


class Poisson(CountLikelihood):
    """A Poisson distribution with unit u and count y = target · u, which need not be a whole number.

        s = softplus(a),  λ = u s                             (1)
        cost = λ - y log λ + log Γ(y + 1)                     (2)

        da = u sigmoid(a) - y (d log s / da)                  (2', 1')

    log s and its derivative stay finite where s underflows.

    >>> import numpy as np, unrolled as un
    >>> one = np.log(np.expm1(1.0))  # softplus(one) = 1
    >>> un.losses.Poisson().quantiles(np.full((1, 1), one), [0.1, 0.5, 0.9], unit=np.array([20.0]))
    array([[14., 20., 26.]])
    """

    kind: ClassVar[str] = "poisson"
    parameters: ClassVar[tuple[str, ...]] = ("raw rate",)

    def negative_log(self, target: Array, unit: Array, *raw: Array) -> Costs:
        rate = softplus(raw[0])  # (1)
        y = target * unit
        cost = unit * rate.value - y * (np.log(unit) + rate.log) + lgamma(y + 1)  # (2)
        return Costs(cost, (unit * rate.slope - y * rate.dlog,))  # (2', 1')

    def begin(self, target: Array, weight: Array, unit: Array) -> Array:
        return softplus_inverse(_rate(target, weight, unit))[:, None]

    def _quantile(self, level: float, unit: Array, *raw: Array) -> Array:
        return distributions.poisson_quantile(level, unit * self._mean(*raw))

    def _sample(self, random: np.random.Generator, shape: tuple[int, ...], unit: Array, *raw: Array) -> Array:
        return random.poisson(np.broadcast_to(unit * self._mean(*raw), shape)).astype(np.float64)


class NegativeBinomial(CountLikelihood):
    """A negative binomial distribution of mean μ and variance μ + α μ², for overdispersed counts.

    u is the unit, y = target · u the count, r = 1/α.

        s = softplus(a_μ),  μ = u s                                           (1)
        α = softplus(a_α) + 1e-8                                              (2)
        cost = log Γ(y + 1) + log Γ(r) - log Γ(y + r)
               - y log(α μ) + (y + r) log(1 + α μ)                            (3)
             = log Γ(y + 1) - R(y, r) - y log μ + (y + r) log(1 + α μ)        (3)
        R(y, r) = log(Γ(y + r) / Γ(r)) - y log r, small where α is small      (4)

        da_μ = u sigmoid(a_μ) (1 + α y) / (1 + α μ) - y (d log s / da_μ)      (3', 1')
        dα = r² (dR/dr(y, r) - L(α μ) + (α y - α μ) α μ / (1 + α μ))          (3', 4')
        L(t) = log(1 + t) - t
        da_α = dα · sigmoid(a_α)                                              (2')

    dr/dα = -r² multiplies differences that vanish with α; L and R are computed without cancellation.

    >>> import numpy as np, unrolled as un
    >>> un.losses.NegativeBinomial().quantiles(np.array([[3.0, 0.0]]), [0.1, 0.5, 0.9])
    array([[0., 2., 7.]])

    Source: the parametrisation is that of DeepAR, Salinas et al., Int. J. Forecasting 36, 2020.
    """

    kind: ClassVar[str] = "negative_binomial"
    parameters: ClassVar[tuple[str, ...]] = ("raw mean", "raw dispersion")

    def negative_log(self, target: Array, unit: Array, *raw: Array) -> Costs:
        mean_plus, dispersion_plus = softplus(raw[0]), softplus(raw[1])
        mean = unit * mean_plus.value  # (1)
        alpha = dispersion_plus.value + SMALLEST_DISPERSION  # (2)
        y, r, t = target * unit, 1 / alpha, alpha * mean
        rising = log_rising(y, r)  # (4)
        log_mean = np.log(unit) + mean_plus.log
        cost = lgamma(y + 1) - rising.value - y * log_mean + (y + r) * np.log1p(t)  # (3)
        dmean = unit * mean_plus.slope * (1 + alpha * y) / (1 + t) - y * mean_plus.dlog  # (3', 1')
        dalpha = r * r * (rising.slope - log1p_rest(t) + (alpha * y - t) * t / (1 + t))  # (3', 4')
        return Costs(cost, (dmean, dalpha * dispersion_plus.slope))  # (2')

    def begin(self, target: Array, weight: Array, unit: Array) -> Array:
        rate = _rate(target, weight, unit)
        mean = unit * rate
        excess = np.average((unit * target - mean) ** 2 - mean, axis=0, weights=weight)
        square = np.average(mean**2, axis=0, weights=weight)
        alpha = excess / np.where(square > 0, square, 1)  # 0 if all counts are 0
        return np.column_stack([softplus_inverse(rate), softplus_inverse(alpha)])

    def _quantile(self, level: float, unit: Array, *raw: Array) -> Array:
        alpha = softplus(raw[1]).value + SMALLEST_DISPERSION
        return distributions.negative_binomial_quantile(level, unit * self._mean(*raw), alpha)

    def _sample(self, random: np.random.Generator, shape: tuple[int, ...], unit: Array, *raw: Array) -> Array:
        mean, alpha = unit * self._mean(*raw), softplus(raw[1]).value + SMALLEST_DISPERSION
        rate = random.gamma(np.broadcast_to(1 / alpha, shape), alpha * mean)  # a mixture of Poisson distributions
        return random.poisson(rate).astype(np.float64)
