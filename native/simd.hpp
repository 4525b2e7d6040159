// Vectors of one instruction set, and the transcendental functions on them.
//
// This header is compiled once for each instruction set (portable, AVX2, AVX-512). Everything is in an anonymous
// namespace, so that no function compiled for one instruction set can be linked into another.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "kernels.hpp"

#ifndef UNROLLED_VECTOR_BYTES
#error "compile for an instruction set: -DUNROLLED_INSTRUCTION_SET=avx2 -DUNROLLED_VECTOR_BYTES=32"
#endif

#define UNROLLED_INLINE inline __attribute__((always_inline))

namespace {

using namespace unrolled;

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(UNROLLED_VECTOR_BYTES)));
  typedef T loose __attribute__((vector_size(UNROLLED_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};
template <class T>
using Vec = typename VectorOf<T>::type;

template <class T>
constexpr long LANES = UNROLLED_VECTOR_BYTES / sizeof(T);

template <class T>
UNROLLED_INLINE Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::loose*>(from);
}

template <class T>
UNROLLED_INLINE void store(T* to, Vec<T> v) {
  *reinterpret_cast<typename VectorOf<T>::loose*>(to) = v;
}

template <class T>
UNROLLED_INLINE Vec<T> broadcast(T value) {
  return value - Vec<T>{};  // GCC and Clang turn this into one broadcast
}

UNROLLED_INLINE constexpr long smaller(long a, long b) { return a < b ? a : b; }
UNROLLED_INLINE constexpr long larger(long a, long b) { return a > b ? a : b; }

// --- exp, and from it tanh and σ ---------------------------------------------------------------------------

template <class T>
struct ExpOf;

template <>
struct ExpOf<float> {
  using Int = std::int32_t;
  typedef Int Ints __attribute__((vector_size(UNROLLED_VECTOR_BYTES)));
  static constexpr int mantissa_bits = 23, bias = 127, terms = 7;
  static constexpr float log2e = 1.44269504088896341f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float rounder = 12582912.0f;  // 1.5 · 2^23: adding it leaves the nearest integer in the low bits
  static constexpr float limit = 87.0f;
};

template <>
struct ExpOf<double> {
  using Int = std::int64_t;
  typedef Int Ints __attribute__((vector_size(UNROLLED_VECTOR_BYTES)));
  static constexpr int mantissa_bits = 52, bias = 1023, terms = 13;
  static constexpr double log2e = 1.44269504088896340736, ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double rounder = 6755399441055744.0;  // 1.5 · 2^52
  static constexpr double limit = 708.0;
};

// the first n lanes, followed by zeros
template <class T>
UNROLLED_INLINE Vec<T> first_lanes(Vec<T> v, long n) {
  typename ExpOf<T>::Ints lane;
#pragma GCC unroll 16
  for (long l = 0; l < LANES<T>; ++l) lane[l] = typename ExpOf<T>::Int(l);
  return lane < typename ExpOf<T>::Int(n) ? v : Vec<T>{};
}

// exp(x) - 1 = scale · part + (scale - 1) with scale = 2^n, x = n ln 2 + r, |r| ≤ ½ ln 2, part = exp(r) - 1.
template <class T>
struct Exp {
  Vec<T> scale, part;
};

template <class T, int N>
UNROLLED_INLINE Vec<T> exp_series(Vec<T> r, Vec<T> r2) {  // 1/2! + r/3! + ... up to r^N of exp, N odd
  T inverse[N + 1] = {1};
#pragma GCC unroll 16
  for (int k = 1; k <= N; ++k) inverse[k] = inverse[k - 1] / k;
  Vec<T> sum = inverse[N - 1] + inverse[N] * r;  // Horner's rule on pairs of terms halves the latency
#pragma GCC unroll 16
  for (int k = N - 3; k >= 2; k -= 2) sum = sum * r2 + (inverse[k] + inverse[k + 1] * r);
  return sum;
}

template <class T>
UNROLLED_INLINE Exp<T> split_exp(Vec<T> x) {
  using E = ExpOf<T>;
  const Vec<T> shifted = x * E::log2e + E::rounder;
  const Vec<T> n = shifted - E::rounder;
  const Vec<T> r = (x - n * E::ln2_high) - n * E::ln2_low;
  typename E::Ints bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << E::mantissa_bits) + (typename E::Int{E::bias} << E::mantissa_bits);
  Exp<T> e;
  std::memcpy(&e.scale, &bits, sizeof bits);
  const Vec<T> r2 = r * r;
  e.part = r + r2 * exp_series<T, E::terms>(r, r2);
  return e;
}

// NaN stays NaN, so that diverging training is detected.
template <class T>
UNROLLED_INLINE Vec<T> clamped(Vec<T> a, T limit) {
  const Vec<T> low = broadcast(-limit), high = broadcast(limit);
#if defined(__AVX512F__)  // the same in two instructions, which GCC does not generate itself
  if constexpr (sizeof(T) == 4)
    return _mm512_max_ps(low, _mm512_min_ps(high, a));
  else
    return _mm512_max_pd(low, _mm512_min_pd(high, a));
#else
  const Vec<T> below = high < a ? high : a;
  return low > below ? low : below;
#endif
}

template <class T>
UNROLLED_INLINE Vec<T> exp_(Vec<T> a) {
  const Exp<T> e = split_exp<T>(clamped<T>(a, ExpOf<T>::limit));
  return e.scale * e.part + e.scale;
}

template <class T>
UNROLLED_INLINE Vec<T> tanh_(Vec<T> a) {  // (e^2a - 1) / (e^2a + 1), exact to the last bits near 0 too
  const Exp<T> e = split_exp<T>(clamped<T>(a, T(22)) * T(2));
  const Vec<T> less_one = e.scale * e.part + (e.scale - T(1));
  return less_one / (less_one + T(2));
}

template <class T>
UNROLLED_INLINE Vec<T> sigmoid(Vec<T> a) {  // 1 / (1 + e^-a)
  const Exp<T> e = split_exp<T>(-clamped<T>(a, ExpOf<T>::limit));
  return T(1) / (e.scale * e.part + e.scale + T(1));
}

// Derivatives take outputs, as in activations.py.
template <class T>
UNROLLED_INLINE Vec<T> dtanh(Vec<T> y) {
  return T(1) - y * y;
}

template <class T>
UNROLLED_INLINE Vec<T> dsigmoid(Vec<T> y) {
  return y * (T(1) - y);
}

// The activations by name; `function` and `derivative` (of the output) as in the table of activations.py.
template <class T>
struct Tanh {
  static UNROLLED_INLINE Vec<T> function(Vec<T> a) { return tanh_<T>(a); }
  static UNROLLED_INLINE Vec<T> derivative(Vec<T> y) { return dtanh<T>(y); }
};

template <class T>
struct Sigmoid {
  static UNROLLED_INLINE Vec<T> function(Vec<T> a) { return sigmoid<T>(a); }
  static UNROLLED_INLINE Vec<T> derivative(Vec<T> y) { return dsigmoid<T>(y); }
};

template <class T>
struct Relu {
  static UNROLLED_INLINE Vec<T> function(Vec<T> a) { return a < T(0) ? Vec<T>{} : a; }  // NaN stays NaN
  static UNROLLED_INLINE Vec<T> derivative(Vec<T> y) { return y > T(0) ? broadcast(T(1)) : Vec<T>{}; }
};

template <class T>
struct Linear {
  static UNROLLED_INLINE Vec<T> function(Vec<T> a) { return a; }
  static UNROLLED_INLINE Vec<T> derivative(Vec<T>) { return broadcast(T(1)); }
};

// Call f with an activation, as a value of its class.
template <class T, class F>
UNROLLED_INLINE void with_activation(Activation activation, F f) {
  switch (activation) {
    case Activation::tanh: return f(Tanh<T>{});
    case Activation::sigmoid: return f(Sigmoid<T>{});
    case Activation::relu: return f(Relu<T>{});
    case Activation::linear: return f(Linear<T>{});
  }
}

}  // namespace
