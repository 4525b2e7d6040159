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

// --- arguments ---------------------------------------------------------------------------------------------

template <class Array>
auto* data_of(const Array& a, long n, const char* what) {
  if (long(a.size()) != n)
    refuse(std::string(what) + " must hold " + std::to_string(n) + " numbers; got " + std::to_string(a.size()));
  auto* data = a.data();
  if (reinterpret_cast<std::uintptr_t>(data) % sizeof(*data)) refuse(std::string(what) + " is misaligned");
  return data;
}

template <class Array>
long axis(const Array& a, std::size_t k, const char* what) {
  if (k >= a.ndim()) refuse(std::string(what) + " has too few axes");
  return long(a.shape(k));
}

template <class E>
E named(const std::vector<std::pair<const char*, E>>& table, const std::string& name) {
  for (const auto& [known, value] : table)
    if (name == known) return value;
  refuse("no kernel is called '" + name + "'");
}

const std::vector<std::pair<const char*, CellKind>> CELLS = {
    {"rnn", CellKind::rnn}, {"gru", CellKind::gru}, {"lstm", CellKind::lstm}};
const std::vector<std::pair<const char*, Kind>> LAYERS = {{"last", Kind::last},
                                                          {"dropout", Kind::dropout},
                                                          {"reverse", Kind::reverse},
                                                          {"concatenate", Kind::concatenate},
                                                          {"add", Kind::add}};
const std::vector<std::pair<const char*, Activation>> ACTIVATIONS = {{"linear", Activation::linear},
                                                                     {"tanh", Activation::tanh},
                                                                     {"relu", Activation::relu},
                                                                     {"sigmoid", Activation::sigmoid}};
const std::vector<std::pair<const char*, LossKind>> LOSSES = {{"mse", LossKind::mse},
                                                              {"mae", LossKind::mae},
                                                              {"huber", LossKind::huber},
                                                              {"cross_entropy", LossKind::cross_entropy},
                                                              {"quantile", LossKind::quantile},
                                                              {"normal", LossKind::normal},
                                                              {"student_t", LossKind::student_t},
                                                              {"poisson", LossKind::poisson},
                                                              {"negative_binomial", LossKind::negative_binomial}};
const std::vector<std::pair<const char*, OptimizerKind>> OPTIMIZERS = {{"sgd", OptimizerKind::sgd},
                                                                       {"rmsprop", OptimizerKind::rmsprop},
                                                                       {"rprop", OptimizerKind::rprop},
                                                                       {"adagrad", OptimizerKind::adagrad},
                                                                       {"adam", OptimizerKind::adam}};

const InstructionSet& instruction_set_named(const std::string& name) {
  for (const InstructionSet* set : instruction_sets())
    if (name == set->name) return *set;
  refuse("this machine has no instruction set '" + name + "'");
}

template <class T>
const Kernels<T>& kernels_of(const std::string& name) {
  const InstructionSet& set = instruction_set_named(name);
  if constexpr (sizeof(T) == 4)
    return *set.f32;
  else
    return *set.f64;
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
