// The instruction sets this build has kernels for, and which of them this machine can run.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace unrolled {

#if defined(__x86_64__)
namespace avx512 {
extern const InstructionSet instruction_set;
}
namespace avx2 {
extern const InstructionSet instruction_set;
}
#endif
namespace portable {
extern const InstructionSet instruction_set;
}

// Fastest first.
inline std::vector<const InstructionSet*> instruction_sets() {
  std::vector<const InstructionSet*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2_fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    found.push_back(&avx512::instruction_set);
  if (avx2_fma) found.push_back(&avx2::instruction_set);
#endif
  found.push_back(&portable::instruction_set);
  return found;
}

}  // namespace unrolled
