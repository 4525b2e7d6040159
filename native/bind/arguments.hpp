// Checks of arrays and names that come from Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <mutex>

#include "../instruction_sets.hpp"
#include "../training.hpp"

namespace {

namespace nb = nanobind;
using namespace unrolled;

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Ints = In<std::int64_t>;

template <class Array>
void check_memory(const Array& a, long n, std::size_t bytes, const char* what) {
  if (long(a.size()) != n)
    refuse(std::string(what) + " must hold " + std::to_string(n) + " numbers; got " + std::to_string(a.size()));
  if (reinterpret_cast<std::uintptr_t>(a.data()) % bytes) refuse(std::string(what) + " is misaligned");
}

template <class Array>
auto* data_of(const Array& a, long n, const char* what) {
  check_memory(a, n, sizeof(*a.data()), what);
  return a.data();
}

template <class Array>
long axis(const Array& a, std::size_t k, const char* what) {
  if (k >= a.ndim()) refuse(std::string(what) + " has too few axes");
  return long(a.shape(k));
}

// The array's numbers, or null if there is no array.
template <class Array>
auto* data_of(const std::optional<Array>& a, long n, const char* what) {
  return a ? data_of(*a, n, what) : nullptr;
}

// The names of all values of the enumerations, in order.
constexpr const char* KINDS[] = {"cell", "dense", "embedding", "last", "dropout", "reverse", "concatenate", "add"};
constexpr const char* CELLS[] = {"rnn", "gru", "lstm"};
constexpr const char* ACTIVATIONS[] = {"linear", "tanh", "relu", "sigmoid"};
constexpr const char* LOSSES[] = {"mse",    "mae",       "huber",   "cross_entropy",    "quantile",
                                  "normal", "student_t", "poisson", "negative_binomial"};
constexpr const char* OPTIMIZERS[] = {"sgd", "rmsprop", "rprop", "adagrad", "adam"};

template <class E, std::size_t N>
E named(const char* const (&names)[N], const std::string& name) {
  for (std::size_t k = 0; k < N; ++k)
    if (name == names[k]) return E(k);
  refuse("no kernel is called '" + name + "'");
}

template <class T>
const Kernels<T>& kernels_of(const std::string& instruction_set) {
  for (const InstructionSet* set : instruction_sets()) {
    if (instruction_set != set->name) continue;
    if constexpr (sizeof(T) == 4)
      return *set->f32;
    else
      return *set->f64;
  }
  refuse("this machine has no instruction set '" + instruction_set + "'");
}

// The program, checked for completeness and closed to changes.
inline std::shared_ptr<Program> closed(std::shared_ptr<Program> program) {
  require(program != nullptr, "a program is missing");
  program->close();
  return program;
}

// Allows one call at a time: a pass works in memory of the object.
class Busy {
 public:
  explicit Busy(std::mutex& m) : lock_(m, std::try_to_lock) {
    require(lock_.owns_lock(), "in use by another thread");
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace
