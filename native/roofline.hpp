// What one core could do at best: the roof that the kernels are measured against (benchmarks/speed.py, roofline).
#pragma once

#include "simd.hpp"

namespace {

// `rounds` times 12 independent multiply-adds of whole vectors; the operations done.
template <class T>
double multiply_adds(long rounds, T* result) {
  constexpr int CHAINS = 12;       // more than a core's latency times its units, fewer than AVX2's registers
  const volatile T half = T(0.5);  // unknown to the compiler
  const Vec<T> factor = broadcast(T(half)), addend = broadcast(T(half));
  Vec<T> sums[CHAINS];  // no two alike, else one would do for all
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
