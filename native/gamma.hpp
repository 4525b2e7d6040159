// Softplus and the gamma functions of the likelihoods: those of losses/special_functions.py, for one double.
#pragma once

#include "simd.hpp"

namespace {

constexpr double STIRLING_FROM = 10;  // from here on the seven terms are exact to the last bits
constexpr double LGAMMA_TERMS[] = {1.0 / 12,   -1.0 / 360,        1.0 / 1260, -1.0 / 1680,
                                   1.0 / 1188, -691.0 / 360360.0, 1.0 / 156};
constexpr double DIGAMMA_TERMS[] = {1.0 / 12,  -1.0 / 120,       1.0 / 252, -1.0 / 240,
                                    1.0 / 132, -691.0 / 32760.0, 1.0 / 12};
constexpr double HALF_LOG_2PI = 0.91893853320467274178;

// s = log(1 + exp(a)), its derivative σ(a), log s, and the derivative of log s
struct Softplus {
  double value, slope, log, dlog;
};

inline Softplus softplus(double a) {
  const double decay = __builtin_exp(-__builtin_fabs(a)), near = __builtin_log1p(decay);
  const double value = a < 0 ? near : a + near, slope = (a < 0 ? decay : 1) / (1 + decay);
  if (a < -40) return {value, slope, a, 1};  // s = exp(a) to the last bit
  return {value, slope, __builtin_log(value), slope / value};
}

// Σ terms[k] / x^(2k + 1)
inline double stirling(double x, const double (&terms)[7]) {
  const double inverse = 1 / (x * x);
  double total = 0;
  for (int k = 6; k >= 0; --k) total = total * inverse + terms[k];
  return total / x;
}

inline double lgamma_of(double x) {
  double product = 1;
  for (; x < STIRLING_FROM; x += 1) product *= x;
  return (x - 0.5) * __builtin_log(x) - x + HALF_LOG_2PI + stirling(x, LGAMMA_TERMS) - __builtin_log(product);
}

inline double digamma_of(double x) {
  double total = 0;
  for (; x < STIRLING_FROM; x += 1) total -= 1 / x;
  return total + __builtin_log(x) - 0.5 / x - stirling(x, DIGAMMA_TERMS) / x;
}

// log(1 + t) - t
inline double log1p_rest(double t) {
  if (!(t > -0.5 && t < 0.5)) return __builtin_log1p(t) - t;
  const double u = t / (2 + t), u2 = u * u;
  double series = 0;
  for (int k = 29; k > 1; k -= 2) series = series * u2 + 1.0 / k;
  return 2 * u * u2 * series - t * u;
}

// log(Γ(y + r) / Γ(r)) - y log r and its derivative with respect to r
struct Rising {
  double value, slope;
};

inline Rising log_rising(double y, double r) {
  if (r < STIRLING_FROM)
    return {lgamma_of(y + r) - lgamma_of(r) - y * __builtin_log(r), digamma_of(y + r) - digamma_of(r) - y / r};
  const double end = y + r, share = y / r;
  return {
      (end - 0.5) * __builtin_log1p(share) - y + stirling(end, LGAMMA_TERMS) - stirling(r, LGAMMA_TERMS),
      log1p_rest(share) + 0.5 * share / end - stirling(end, DIGAMMA_TERMS) / end + stirling(r, DIGAMMA_TERMS) / r};
}

}  // namespace
