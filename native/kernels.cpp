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

template <class T>
CellSizes cell_sizes(const CellShape& shape) {
  switch (shape.kind) {
    case CellKind::rnn: return Rnn<T>::sizes(shape);
    case CellKind::gru: return Gru<T>::sizes(shape);
    default: return Lstm<T>::sizes(shape);
  }
}

template <class T>
void cell_pack(const Recurrence<T>& r) {
  switch (r.shape.kind) {
    case CellKind::rnn: return Rnn<T>::pack(r);
    case CellKind::gru: return Gru<T>::pack(r);
    case CellKind::lstm: return Lstm<T>::pack(r);
  }
}

template <class T>
void cell_forward(const Recurrence<T>& r) {
  switch (r.shape.kind) {
    case CellKind::rnn: return scan<Rnn<T>>(r);
    case CellKind::gru: return scan<Gru<T>>(r);
    case CellKind::lstm: return scan<Lstm<T>>(r);
  }
}

template <class T>
void cell_backward(const Recurrence<T>& r) {
  switch (r.shape.kind) {
    case CellKind::rnn: return scan_back<Rnn<T>>(r);
    case CellKind::gru: return scan_back<Gru<T>>(r);
    case CellKind::lstm: return scan_back<Lstm<T>>(r);
  }
}

template <class T>
constexpr unrolled::Kernels<T> KERNELS = {
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
