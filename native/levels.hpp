// The instruction sets this build has kernels for, and which of them this machine can run.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace unrolled {

#if defined(__x86_64__)
namespace avx512 {
extern const Level level;
}
namespace avx2 {
extern const Level level;
}
#endif
namespace portable {
extern const Level level;
}

// Fastest first.
inline std::vector<const Level*> levels() {
  std::vector<const Level*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2_fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    found.push_back(&avx512::level);
  if (avx2_fma) found.push_back(&avx2::level);
#endif
  found.push_back(&portable::level);
  return found;
}

}  // namespace unrolled
