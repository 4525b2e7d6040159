// Negative log-likelihoods of one target and their derivatives with respect to each raw parameter. The equations and
// their numbers are those of losses/likelihoods.py; everything is in double precision, as there.
#pragma once

#include "gamma.hpp"
#include "kernels.hpp"

namespace {

constexpr double SMALLEST_SCALE = 1e-6, SMALLEST_DISPERSION = 1e-8;

inline double normal(const double* raw, double target, double* slopes) {
  const Softplus plus = softplus(raw[1]);
  const double scale = plus.value + SMALLEST_SCALE;  // (1)
  const double z = (target - raw[0]) / scale;        // (2)
  slopes[0] = -z / scale;                            // (3', 2')
  slopes[1] = (1 - z * z) / scale * plus.slope;      // (3', 2', 1')
  return __builtin_log(scale) + HALF_LOG_2PI + 0.5 * z * z;
}

inline double student_t(const double* raw, double target, double* slopes) {
  const Softplus scale_plus = softplus(raw[1]), freedom_plus = softplus(raw[2]);
  const double freedom = 2 + freedom_plus.value;                    // (1)
  const double scale = scale_plus.value + SMALLEST_SCALE;           // (2)
  const double z = (target - raw[0]) / scale, w = z * z / freedom;  // (3)
  const Rising rising = log_rising(0.5, freedom / 2);               // (5)
  const double tail = __builtin_log1p(w), ratio = (freedom + 1) / freedom;
  const double dz = ratio * z / (1 + w);  // (4')
  slopes[0] = -dz / scale;
  slopes[1] = (1 - z * dz) / scale * scale_plus.slope;
  slopes[2] = 0.5 * (tail - ratio * w / (1 + w) - rising.slope) * freedom_plus.slope;  // (4', 5', 1')
  return HALF_LOG_2PI - rising.value + __builtin_log(scale) + 0.5 * (freedom + 1) * tail;
}

inline double poisson(const double* raw, double target, double unit, double* slopes) {
  const Softplus rate = softplus(raw[0]);  // (1)
  const double y = target * unit;
  slopes[0] = unit * rate.slope - y * rate.dlog;  // (2', 1')
  return unit * rate.value - y * (__builtin_log(unit) + rate.log) + lgamma_of(y + 1);
}

inline double negative_binomial(const double* raw, double target, double unit, double* slopes) {
  const Softplus mean_plus = softplus(raw[0]), dispersion_plus = softplus(raw[1]);
  const double alpha = dispersion_plus.value + SMALLEST_DISPERSION;                              // (2)
  const double y = target * unit, r = 1 / alpha, t = alpha * (unit * mean_plus.value);           // (1)
  const Rising rising = log_rising(y, r);                                                        // (4)
  slopes[0] = unit * mean_plus.slope * (1 + alpha * y) / (1 + t) - y * mean_plus.dlog;           // (3', 1')
  const double dalpha = r * r * (rising.slope - log1p_rest(t) + (alpha * y - t) * t / (1 + t));  // (3', 4')
  slopes[1] = dalpha * dispersion_plus.slope;                                                    // (2')
  const double log_mean = __builtin_log(unit) + mean_plus.log;
  return lgamma_of(y + 1) - rising.value - y * log_mean + (y + r) * __builtin_log1p(t);
}

inline double likelihood(LossKind kind, const double* raw, double target, double unit, double* slopes) {
  switch (kind) {
    case LossKind::normal: return normal(raw, target, slopes);
    case LossKind::student_t: return student_t(raw, target, slopes);
    case LossKind::poisson: return poisson(raw, target, unit, slopes);
    default: return negative_binomial(raw, target, unit, slopes);
  }
}

// Returns the cost of one target; `slopes`, unless null, becomes its derivatives times `factor`.
template <class T>
double likelihood_of(LossKind kind, const T* prediction, T target, double unit, long parameters, T* slopes,
                     double factor) {
  double raw[MAX_LIKELIHOOD_PARAMETERS], found[MAX_LIKELIHOOD_PARAMETERS];
  for (long k = 0; k < parameters; ++k) raw[k] = double(prediction[k]);
  const double cost = likelihood(kind, raw, double(target), unit, found);
  for (long k = 0; slopes && k < parameters; ++k) slopes[k] = T(found[k]) * T(factor);
  return cost;
}

}  // namespace
