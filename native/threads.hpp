// Work divided among threads, with denormals flushed to zero meanwhile and the CPU's mode restored afterwards.
//
// Threads divide whole results (rows, columns, elements), never the terms of a sum, so that bits do not depend on the
// number of threads.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

#include <cstdint>

namespace {

// Vanishing gradients become denormals, which make a CPU ten times slower.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (std::uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  std::uint64_t before_;
#endif
};

// f(thread, threads) on all threads at the same time
template <class F>
void in_parallel(int threads, F f) {
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    {
      const FlushDenormals flush;
      f(omp_get_thread_num(), omp_get_num_threads());
    }
    return;
  }
#endif
  const FlushDenormals flush;
  f(0, 1);
}

// f(first, last) on shares of 0..n
template <class F>
void share(long n, int threads, F f) {
  in_parallel(threads, [&](int thread, int all) {
    const long first = n * thread / all, last = n * (thread + 1) / all;
    if (first < last) f(first, last);
  });
}

}  // namespace
