// The layers without recurrence and without weights, forward and backward: see layers.py.
#pragma once

#include <optional>

#include "batch.hpp"
#include "philox.hpp"

namespace unrolled {

constexpr std::uint64_t DROPOUT = 3;  // Purpose.DROPOUT in randomness.py

// One such operation on one batch.
template <class T>
class LayerOn {
 public:
  using Buffer = typename Batch<T>::Buffer;

  // `mask`: the mask of dropout, kept from the forward to the backward pass.
  LayerOn(Batch<T>& batch, const Operation& op, T*& mask)
      : batch_(batch), op_(op), mask_(mask), value_(batch.program.values[op.output]) {}

  void apply(const std::optional<Place>& place) {
    const Buffer x = batch_.buffers[op_.inputs[0]];  // a copy: allocating the output may move it
    Buffer& y = batch_.make(op_.output, x.steps, value_.width);
    switch (op_.kind) {
      case Kind::last: return last(x, y);
      case Kind::dropout: return dropout(x, y, place);
      case Kind::reverse: return reverse(x, y);
      case Kind::concatenate: return concatenate(y);
      default: return add(y);
    }
  }

  void apply_back() {
    const Buffer& y = batch_.buffers[op_.output];
    if (!y.gradient) return;
    switch (op_.kind) {
      case Kind::last: return last_back(y);
      case Kind::dropout: return dropout_back(y);
      case Kind::reverse: return reverse_back(y);
      case Kind::concatenate: return concatenate_back(y);
      default: return add_back(y);
    }
  }

 private:
  long rows() const { return batch_.geometry.rows(); }
  const Value& input_value() const { return batch_.program.values[op_.inputs[0]]; }

  void last(const Buffer& x, const Buffer& y) const {
    for (long n = 0; n < rows(); ++n) {
      const long line = last_line(x, n);
      if (line < 0)
        std::fill_n(y.data + n * y.stride, value_.width, T(0));
      else
        std::copy_n(x.data + line * x.stride, value_.width, y.data + n * y.stride);
    }
  }

  void last_back(const Buffer& y) const {
    Buffer& x = batch_.buffers[op_.inputs[0]];
    const bool apart = input_value().from_cell;  // a cell adds it to the gradient of its final state
    if (apart && !x.last_gradient) x.last_gradient = batch_.arena.template zeros<T>(rows() * x.stride);
    T* dx = apart ? x.last_gradient : batch_.gradient(op_.inputs[0]);
    if (!dx) return;
    for (long n = 0; n < rows(); ++n) {
      const long line = last_line(x, n);
      if (line >= 0) add_to(dx + (apart ? n : line) * x.stride, y.gradient + n * y.stride, value_.width);
    }
  }

  long last_line(const Buffer& x, long row) const {
    const long length = batch_.geometry.length(row, x.steps, input_value().masked);
    return length ? x.valid->starts[length - 1] + row : -1;
  }

  void dropout(const Buffer& x, const Buffer& y, const std::optional<Place>& place) {
    mask_ = nullptr;
    if (place && op_.drop_below) {
      mask_ = batch_.arena.template take<T>(rows() * value_.last);
      Words words(DROPOUT, *place, std::uint64_t(op_.index));
      for (long n = 0; n < rows(); ++n)
        for (long j = 0; j < value_.last; ++j) {
          const std::uint64_t word = words[std::uint64_t(batch_.geometry.order[n] * value_.last + j)];
          mask_[n * value_.last + j] = word >= op_.drop_below ? T(op_.scale) : T(0);
        }
    }
    each_piece(x, [&](long n, long line, long piece) {
      const T* from = x.data + line * x.stride + piece;
      T* to = y.data + line * y.stride + piece;
      for (long j = 0; j < value_.last; ++j) to[j] = mask_ ? from[j] * mask_[n * value_.last + j] : from[j];
    });
  }

  void dropout_back(const Buffer& y) const {
    const Buffer& x = batch_.buffers[op_.inputs[0]];
    T* dx = batch_.gradient(op_.inputs[0]);
    if (!dx) return;
    each_piece(x, [&](long n, long line, long piece) {
      const T* from = y.gradient + line * y.stride + piece;
      T* to = dx + line * x.stride + piece;
      for (long j = 0; j < value_.last; ++j) to[j] += mask_ ? from[j] * mask_[n * value_.last + j] : from[j];
    });
  }

  // Call f(row, line, offset) for every vector along the last axis.
  template <class F>
  void each_piece(const Buffer& x, F f) const {
    for (long n = 0; n < rows(); ++n)
      batch_.each_step(x, n, [&](long, long line) {
        for (long piece = 0; piece < value_.width; piece += value_.last) f(n, line, piece);
      });
  }

  void reverse(const Buffer& x, const Buffer& y) const {
    reversed(
        x, [&](long from, long to) { std::copy_n(x.data + from * x.stride, value_.width, y.data + to * y.stride); });
  }

  void reverse_back(const Buffer& y) const {
    const Buffer& x = batch_.buffers[op_.inputs[0]];
    T* dx = batch_.gradient(op_.inputs[0]);
    if (!dx) return;
    reversed(x, [&](long from, long to) { add_to(dx + from * x.stride, y.gradient + to * y.stride, value_.width); });
  }

  template <class F>
  void reversed(const Buffer& x, F f) const {
    for (long n = 0; n < rows(); ++n) {
      const long length = batch_.geometry.length(n, x.steps, value_.masked);
      batch_.each_step(x, n, [&](long t, long line) { f(x.valid->starts[length - 1 - t] + n, line); });
    }
  }

  void concatenate(const Buffer& y) const {
    joined(y, [&](const Buffer& x, long from, long to, long n) { std::copy_n(x.data + from, n, y.data + to); });
  }

  void concatenate_back(const Buffer& y) const {
    for (int input : op_.inputs) batch_.gradient(input);
    joined(y, [&](const Buffer& x, long from, long to, long n) {
      if (x.gradient) add_to(x.gradient + from, y.gradient + to, n);
    });
  }

  // Call f(buffer of the input, offset in it, offset in the output, length) for every contiguous piece.
  template <class F>
  void joined(const Buffer& y, F f) const {
    long offset = 0;
    for (int input : op_.inputs) {
      const Buffer& x = same_steps(input, y);
      const long n = batch_.program.values[input].last;
      for (long line = 0; line < y.lines; ++line)
        for (long piece = 0; piece < value_.width / value_.last; ++piece)
          f(x, line * x.stride + piece * n, line * y.stride + piece * value_.last + offset, n);
      offset += n;
    }
  }

  void add(const Buffer& y) const {
    std::fill_n(y.data, y.lines * y.stride, T(0));
    for (int input : op_.inputs) {
      const Buffer& x = same_steps(input, y);
      for (long line = 0; line < y.lines; ++line)
        add_to(y.data + line * y.stride, x.data + line * x.stride, value_.width);
    }
  }

  void add_back(const Buffer& y) const {
    for (int input : op_.inputs) {
      T* dx = batch_.gradient(input);
      const Buffer& x = batch_.buffers[input];
      for (long line = 0; dx && line < y.lines; ++line)
        add_to(dx + line * x.stride, y.gradient + line * y.stride, value_.width);
    }
  }

  const Buffer& same_steps(int input, const Buffer& y) const {
    const Buffer& x = batch_.buffers[input];
    require(x.lines == y.lines && x.steps == y.steps,
            "inputs of one layer must have equally many steps; lengths must apply to all of them or none");
    return x;
  }

  static void add_to(T* to, const T* from, long n) {
    for (long j = 0; j < n; ++j) to[j] += from[j];
  }

  Batch<T>& batch_;
  const Operation& op_;
  T*& mask_;
  const Value& value_;
};

}  // namespace unrolled
