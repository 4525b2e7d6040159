// The peak arithmetic rate of one core, which kernels are compared with (benchmarks/speed.py, roofline).
#pragma once

#include "simd.hpp"

namespace {

// `rounds` times 12 independent multiply-adds of whole vectors; returns the number of operations.
template <class T>
double multiply_adds(long rounds, T* result) {
  constexpr int CHAINS = 12;       // more than latency times units of a core, fewer than the registers of AVX2
  const volatile T half = T(0.5);  // volatile: the compiler must not compute the sums itself
  const Vec<T> factor = broadcast(T(half)), addend = broadcast(T(half));
  Vec<T> sums[CHAINS];  // all different, or the compiler would compute only one
  for (int c = 0; c < CHAINS; ++c) sums[c] = broadcast(T(c));
  for (long k = 0; k < rounds; ++k) {
#pragma GCC unroll 16
    for (int c = 0; c < CHAINS; ++c) sums[c] = sums[c] * factor + addend;
  }
  for (int c = 1; c < CHAINS; ++c) sums[0] += sums[c];
  store(result, sums[0]);
  return 2.0 * CHAINS * LANES<T> * double(rounds);
}

}  // namespace
