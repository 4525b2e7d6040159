// One step of an optimizer; formulas and names are those of optimizers.py. Threads divide the elements.
#pragma once

#include "kernels.hpp"
#include "threads.hpp"
#include "tiles.hpp"

namespace {

UNROLLED_INLINE float root(float v) { return __builtin_sqrtf(v); }
UNROLLED_INLINE double root(double v) { return __builtin_sqrt(v); }

template <class T>
void sgd(const OptimizerStep<T>& o, long first, long last) {
  const T rate = T(o.rate), momentum = T(o.momentum), decay = T(o.weight_decay);
  T *params = o.params, *velocity = o.first;
  for (long k = first; k < last; ++k) {
    T g = o.grads[k] + decay * params[k];
    if (velocity) {
      velocity[k] = momentum * velocity[k] + g;
      g = o.nesterov ? g + momentum * velocity[k] : velocity[k];
    }
    params[k] -= rate * g;
  }
}

template <class T>
void rmsprop(const OptimizerStep<T>& o, long first, long last) {
  const T rate = T(o.rate), alpha = T(o.alpha), rest = T(1 - o.alpha), eps = T(o.eps), decay = T(o.weight_decay);
  T* __restrict params = o.params, * __restrict square = o.first, * __restrict grads = o.grads;
  for (long k = first; k < last; ++k) {
    const T g = grads[k] + decay * params[k];
    square[k] = alpha * square[k] + rest * g * g;
    params[k] -= rate * g / (root(square[k]) + eps);
  }
}

template <class T>
void rprop(const OptimizerStep<T>& o, long first, long last) {
  T *params = o.params, *size = o.first, *previous = o.second;
  for (long k = first; k < last; ++k) {
    T g = o.grads[k];
    const T agreement = g * previous[k];
    T s = size[k] * (agreement > 0 ? T(o.grow) : agreement < 0 ? T(o.shrink) : T(1));
    s = s < T(o.smallest) ? T(o.smallest) : s > T(o.largest) ? T(o.largest) : s;
    if (agreement < 0) g = 0;  // after a change of sign the parameter waits for one step
    params[k] -= g > 0 ? s : g < 0 ? -s : T(0);
    size[k] = s;
    previous[k] = g;
  }
}

template <class T>
void adagrad(const OptimizerStep<T>& o, long first, long last) {
  const T rate = T(o.rate), eps = T(o.eps), decay = T(o.weight_decay);
  T* __restrict params = o.params, * __restrict sum = o.first, * __restrict grads = o.grads;
  for (long k = first; k < last; ++k) {
    const T g = grads[k] + decay * params[k];
    sum[k] += g * g;
    params[k] -= rate * g / (root(sum[k]) + eps);
  }
}

template <class T>
void adam(const OptimizerStep<T>& o, long first, long last) {
  const T beta1 = T(o.beta1), beta2 = T(o.beta2), rest1 = T(1 - o.beta1), rest2 = T(1 - o.beta2), eps = T(o.eps);
  const T rate = T(o.rate / (1 - __builtin_pow(o.beta1, o.step)));  // the bias corrections are scalars
  const T correction = T(1 / __builtin_sqrt(1 - __builtin_pow(o.beta2, o.step)));
  const T in_gradient = o.decoupled ? T(0) : T(o.weight_decay), apart = T(o.decoupled ? o.rate * o.weight_decay : 0);
  T* __restrict params = o.params, * __restrict mean = o.first, * __restrict square = o.second;
  T* __restrict grads = o.grads;
  for (long k = first; k < last; ++k) {
    const T g = grads[k] + in_gradient * params[k];
    mean[k] = beta1 * mean[k] + rest1 * g;
    square[k] = beta2 * square[k] + rest2 * g * g;
    params[k] = params[k] - apart * params[k] - rate * mean[k] / (root(square[k]) * correction + eps);
  }
}

template <class T>
void optimizer_step(const OptimizerStep<T>& o) {
  share(o.size, o.threads, [&](long first, long last) {
    switch (o.kind) {
      case OptimizerKind::sgd: return sgd(o, first, last);
      case OptimizerKind::rmsprop: return rmsprop(o, first, last);
      case OptimizerKind::rprop: return rprop(o, first, last);
      case OptimizerKind::adagrad: return adagrad(o, first, last);
      case OptimizerKind::adam: return adam(o, first, last);
    }
  });
}

// Σ v², in blocks of fixed size, so that bits do not depend on threads.
template <class T>
double square_sum(const T* values, long n) {
  constexpr long BLOCK = 4096;
  double total = 0;
  for (long start = 0; start < n; start += BLOCK) {
    Vec<T> sums[4] = {};
    const long end = smaller(n, start + BLOCK);
    long k = start;
    for (; k + 4 * LANES<T> <= end; k += 4 * LANES<T>)
      for (int v = 0; v < 4; ++v) {
        const Vec<T> part = load(values + k + v * LANES<T>);
        sums[v] += part * part;
      }
    const Vec<T> all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (long l = 0; l < LANES<T>; ++l) total += all[l];
    for (; k < end; ++k) total += double(values[k]) * values[k];
  }
  return total;
}

template <class T>
void scale(T* values, long n, T factor) {
  for (long k = 0; k < n; ++k) values[k] *= factor;
}

}  // namespace
