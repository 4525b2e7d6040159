// Costs of predictions and their gradients; the formulas are those of losses/pointwise.py.
//
// Costs are weighted; the caller divides their sum by the sum of weights. The gradient is that of the mean.
#pragma once

#include "kernels.hpp"
#include "likelihoods.hpp"
#include "simd.hpp"

namespace {

template <class T>
struct Cost {
  T cost, slope;
};

template <class T>
UNROLLED_INLINE T sign(T error) {
  return error > 0 ? T(1) : error < 0 ? T(-1) : error;  // NaN stays NaN
}

template <class T>
UNROLLED_INLINE Cost<T> cost_of(const LossRows<T>& l, T prediction, T target, long level) {
  const T error = prediction - target;
  switch (l.kind) {
    case LossKind::mse: return {error * error, 2 * error};
    case LossKind::mae: return {error < 0 ? -error : error, sign(error)};
    case LossKind::quantile: {
      const T q = T(l.levels[level]), slope = error < 0 ? -q : error > 0 ? 1 - q : error;
      return {error * slope, slope};
    }
    default: {  // Huber: the slope is at most delta
      const T delta = T(l.delta), near = error > delta ? delta : error < -delta ? -delta : error;
      return {near * (error - near / 2), near};
    }
  }
}

// Returns the cost; `slopes`, unless null, becomes softmax - one-hot
template <class T>
double cross_entropy(const T* scores, std::int64_t target, long K, T* slopes, T factor) {
  constexpr long L = LANES<T>;
  T highest = scores[0];
  for (long k = 1; k < K; ++k) highest = scores[k] > highest ? scores[k] : highest;
  double sum = 0;
  for (long k = 0; k < K; k += L) {
    alignas(64) T part[L] = {};
    const long n = smaller(L, K - k);
    std::memcpy(part, scores + k, n * sizeof(T));
    store(part, exp_<T>(load(part) - highest));
    for (long j = 0; j < n; ++j) sum += part[j];
    if (slopes) std::memcpy(slopes + k, part, n * sizeof(T));
  }
  if (slopes) {
    const T scale = T(factor / sum);
    for (long k = 0; k < K; ++k) slopes[k] *= scale;
    slopes[target] -= factor;
  }
  return __builtin_log(sum) - double(scores[target] - highest);
}

// The weighted sum of all costs.
template <class T>
double loss(const LossRows<T>& l) {
  double total = 0;
  const long Q = l.outputs;
  const bool is_likelihood = parameters_of(l.kind) > 0;
  for (long k = 0; k < l.rows * l.elements; ++k) {
    const T* prediction = l.prediction + k * Q;
    T* slopes = l.dprediction ? l.dprediction + k * Q : nullptr;
    if (is_likelihood || l.kind == LossKind::cross_entropy) {  // all predictions share one cost
      const T weight = l.weight ? l.weight[k] : T(1);
      if (weight > 0 && is_likelihood)
        total += double(weight) * likelihood_of(l.kind, prediction, l.target[k], l.unit ? l.unit[k] : 1.0, Q, slopes,
                                                weight / l.total_weight);
      else if (weight > 0)
        total += weight * cross_entropy(prediction, l.classes[k], Q, slopes, T(weight / l.total_weight));
      else  // an ignored target may be anything, even no class
        for (long q = 0; slopes && q < Q; ++q) slopes[q] = 0;
      continue;
    }
    for (long q = 0; q < Q; ++q) {  // Q is 1 except for quantiles
      const T weight = l.weight ? l.weight[k * Q + q] : T(1);
      const Cost<T> found = cost_of(l, prediction[q], l.target[k], q);
      const bool counts = weight > 0;  // an ignored target may be NaN
      if (counts) total += double(weight) * found.cost;
      if (slopes) slopes[q] = counts ? found.slope * T(weight / l.total_weight) : T(0);
    }
  }
  return total;
}

}  // namespace
