// The values of one batch in a program, and their gradients.
#pragma once

#include <omp.h>

#include "geometry.hpp"
#include "memory.hpp"
#include "program.hpp"

namespace unrolled {

// Work below which starting threads takes longer than they save.
constexpr double MIN_FLOPS_FOR_THREADS = 1e6;
constexpr double FLOPS_OF_A_COPY = 8;  // copying a number takes as long as this many operations

inline int threads_for(double flops) {
  return flops < MIN_FLOPS_FOR_THREADS ? 1 : std::max(1, omp_get_max_threads());
}

template <class T>
class Batch {
 public:
  struct Buffer {
    T* data = nullptr;
    long stride = 0;
    long steps = 0;                // including padding; 0: not a sequence
    const Steps* valid = nullptr;  // null: not a sequence
    long lines = 0;                // rows, or valid steps
    T* gradient = nullptr;         // like data, null for 0
    T* last_gradient = nullptr;    // (rows, stride) of each row's last valid step, added to `gradient`
  };
  struct StateBuffer {
    T *h = nullptr, *c = nullptr;    // (rows, hidden)
    T *dh = nullptr, *dc = nullptr;  // null for 0
  };

  const Program& program;
  Geometry geometry;
  std::vector<Buffer> buffers;
  std::vector<StateBuffer> states;
  std::vector<char> needs_gradient;  // one flag per value
  Arena arena;

  explicit Batch(const Program& p) : program(p) {}

  // Start a new batch; `lengths` (rows) in the caller's order, or null.
  void begin(long rows, const std::int64_t* lengths) {
    arena.reset();
    geometry.set(rows, lengths);
    buffers.assign(program.values.size(), {});
    states.assign(program.states.size(), {});
    needs_gradient.assign(program.values.size(), true);
  }

  // Allocate an input of `steps` steps; the caller fills its lines.
  Buffer& input(int value, long steps) { return make(value, steps, program.values[value].width); }

  // Pack an input from (N, T, width) or (N, width) in the caller's order of rows.
  void fill(const Buffer& b, const T* from, long width) const {
#pragma omp parallel for num_threads(threads_for(FLOPS_OF_A_COPY* double(b.lines * width)))
    for (long n = 0; n < geometry.rows(); ++n) {
      const T* row = from + geometry.order[n] * std::max(b.steps, 1L) * width;
      each_step(b, n, [&](long t, long line) { std::copy_n(row + t * width, width, b.data + line * b.stride); });
    }
  }

  // The inverse of `fill`; padding becomes 0.
  void unpack(const Buffer& b, const T* data, T* to, long width) const {
    const long steps = std::max(b.steps, 1L);
#pragma omp parallel for num_threads(threads_for(FLOPS_OF_A_COPY* double(b.lines * width)))
    for (long n = 0; n < geometry.rows(); ++n) {
      T* row = to + geometry.order[n] * steps * width;
      long valid = 0;
      each_step(b, n, [&](long t, long line) {
        if (data)
          std::copy_n(data + line * b.stride, width, row + t * width);
        else
          std::fill_n(row + t * width, width, T(0));
        valid = t + 1;
      });
      std::fill(row + valid * width, row + steps * width, T(0));
    }
  }

  // Call f(t, line) for each valid step of a sorted row; a value that is not a sequence has one.
  template <class F>
  void each_step(const Buffer& b, long row, F f) const {
    if (!b.valid) return f(0, row);
    for (long t = 0; t < b.valid->steps && row < b.valid->counts[t]; ++t) f(t, b.valid->starts[t] + row);
  }

  // Allocate a value.
  Buffer& make(int value, long steps, long stride) {
    const Value& v = program.values[value];
    Buffer& b = buffers[value];
    b.steps = v.sequence ? steps : 0;
    b.valid = v.sequence ? &geometry.steps(steps, v.masked) : nullptr;
    b.lines = v.sequence ? b.valid->total : geometry.rows();
    b.stride = stride;
    b.data = arena.take<T>(b.lines * stride);
    return b;
  }

  // The gradient of a value, zeros at first; null if it is not needed.
  T* gradient(int value) {
    Buffer& b = buffers[value];
    if (!needs_gradient[value]) return nullptr;
    if (!b.gradient) b.gradient = arena.zeros<T>(b.lines * b.stride);
    return b.gradient;
  }

  // An initial state: (rows, hidden) in sorted order, zeros unless the caller fills it.
  StateBuffer& make_state(int state) { return make_parts(state, &StateBuffer::h, &StateBuffer::c); }
  StateBuffer& make_state_gradient(int state) { return make_parts(state, &StateBuffer::dh, &StateBuffer::dc); }

 private:
  StateBuffer& make_parts(int state, T* StateBuffer::*first, T* StateBuffer::*second) {
    StateBuffer& s = states[state];
    const long n = geometry.rows() * program.states[state].hidden;
    if (!(s.*first)) s.*first = arena.zeros<T>(n);
    if (!(s.*second) && program.states[state].parts == 2) s.*second = arena.zeros<T>(n);
    return s;
  }
};

}  // namespace unrolled
