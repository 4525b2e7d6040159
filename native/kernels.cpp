// All kernels: compiled once for each instruction set, with its flags and its name in UNROLLED_INSTRUCTION_SET.
#include "kernels.hpp"

#include "cells/gru.hpp"
#include "cells/lstm.hpp"
#include "cells/rnn.hpp"
#include "dense.hpp"
#include "losses.hpp"
#include "optimizers.hpp"
#include "roofline.hpp"

namespace {

// Call f with a value of the cell's class; the compiler warns where a kind has no case.
template <class T, class F>
auto with_cell(CellKind kind, F f) {
  switch (kind) {
    case CellKind::rnn: return f(Rnn<T>{});
    case CellKind::gru: return f(Gru<T>{});
    case CellKind::lstm: return f(Lstm<T>{});
  }
  __builtin_unreachable();
}

template <class T>
CellSizes cell_sizes(const CellShape& shape) {
  return with_cell<T>(shape.kind, [&](auto cell) { return cell.sizes(shape); });
}

template <class T>
void cell_pack(const Recurrence<T>& r) {
  with_cell<T>(r.shape.kind, [&](auto cell) { cell.pack(r); });
}

template <class T>
void cell_forward(const Recurrence<T>& r) {
  with_cell<T>(r.shape.kind, [&](auto cell) { scan<decltype(cell)>(r); });
}

template <class T>
void cell_backward(const Recurrence<T>& r) {
  with_cell<T>(r.shape.kind, [&](auto cell) { scan_back<decltype(cell)>(r); });
}

template <class T>
constexpr Kernels<T> KERNELS = {
    LANES<T>,         cell_sizes<T>, cell_pack<T>,      cell_forward<T>,   cell_backward<T>,
    dense_scratch<T>, dense_pack<T>, dense_forward<T>,  dense_backward<T>, loss<T>,
    square_sum<T>,    scale<T>,      optimizer_step<T>, multiply_adds<T>,
};

}  // namespace

#define UNROLLED_TEXT(name) #name
#define UNROLLED_NAME(name) UNROLLED_TEXT(name)

namespace unrolled::UNROLLED_INSTRUCTION_SET {

extern const InstructionSet instruction_set;
const InstructionSet instruction_set = {UNROLLED_NAME(UNROLLED_INSTRUCTION_SET), &KERNELS<float>, &KERNELS<double>};

}  // namespace unrolled::UNROLLED_INSTRUCTION_SET
