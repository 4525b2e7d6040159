// One batch through a program: operations in order, and read upwards for the way back.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "memory.hpp"
#include "philox.hpp"
#include "program.hpp"

namespace unrolled {

// A step's work below which threads cost more than they bring.
constexpr double FLOPS_WORTH_A_THREAD = 1e6;
constexpr double FLOPS_OF_A_COPY = 8;  // to copy a number takes as long as so many operations on it

inline int threads_for(double flops) { return flops < FLOPS_WORTH_A_THREAD ? 1 : std::max(1, omp_get_max_threads()); }

// The rows of a batch, longest first, and where their valid steps lie.
class Geometry {
 public:
  std::vector<std::int64_t> order;    // the batch's row of each sorted row
  std::vector<std::int64_t> lengths;  // of sorted rows; empty: all full

  // Lengths of the batch's rows, or null.
  void set(long rows, const std::int64_t* given) {
    const bool same = !given && lengths.empty() && long(order.size()) == rows;
    if (same) return;
    kept_.clear();
    order.resize(rows);
    std::iota(order.begin(), order.end(), 0);
    lengths.clear();
    if (!given) return;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return given[a] > given[b]; });
    for (auto row : order) lengths.push_back(given[row]);
  }

  long rows() const { return long(order.size()); }

  // The valid steps of a value with this many steps; `masked`: lengths apply to it.
  const Steps& steps(long steps, bool masked) {
    masked = masked && !lengths.empty();
    for (const auto& k : kept_)
      if (k->padded == steps && k->masked == masked) return k->steps;
    auto made = std::make_unique<Kept>();
    made->padded = steps;
    made->masked = masked;
    const long longest = masked ? lengths.front() : steps;
    made->counts.assign(longest, rows());
    if (masked)
      for (long t = 0, n = rows(); t < longest; ++t) {
        while (n > 0 && lengths[n - 1] <= t) --n;
        made->counts[t] = n;
      }
    made->starts.assign(1, 0);
    for (long n : made->counts) made->starts.push_back(made->starts.back() + n);
    const long total = made->starts.back();
    made->before.reserve(total);
    for (long t = 0; t < longest; ++t)
      for (long n = 0; n < made->counts[t]; ++n) made->before.push_back(t ? rows() + made->starts[t - 1] + n : n);
    made->steps = {rows(), longest, made->counts.data(), made->starts.data(), made->before.data(), total};
    kept_.push_back(std::move(made));
    return kept_.back()->steps;
  }

  // The length of a sorted row of a value with this many steps.
  long length(long row, long steps, bool masked) const { return masked && !lengths.empty() ? lengths[row] : steps; }

 private:
  struct Kept {
    long padded;
    bool masked;
    std::vector<long> counts, starts, before;
    Steps steps;
  };
  std::vector<std::unique_ptr<Kept>> kept_;
};

template <class T>
class Run {
 public:
  struct Buffer {
    T* data = nullptr;
    long stride = 0;
    long steps = 0;                // before padding is left out; 0: not a sequence
    const Steps* valid = nullptr;  // null: not a sequence
    long lines = 0;                // rows, or valid steps
    T* gradient = nullptr;         // like data, null for 0
    T* last_gradient = nullptr;    // (rows, stride) of each row's last valid step, beside it
  };
  struct StateBuffer {
    T *h = nullptr, *c = nullptr;    // (rows, hidden)
    T *dh = nullptr, *dc = nullptr;  // null for 0
  };

  Geometry geometry;
  std::vector<Buffer> buffers;
  std::vector<StateBuffer> states;
  Arena arena;

  Run(const Program& program, const Kernels<T>& kernels)
      : program_(program), kernels_(kernels), packed_(program.operations.size()) {}

  const Program& program() const { return program_; }

  // Forget the batch before; `lengths` (rows) or null, as the batch's rows come.
  void begin(long rows, const std::int64_t* lengths) {
    arena.reset();
    geometry.set(rows, lengths);
    buffers.assign(program_.values.size(), {});
    states.assign(program_.states.size(), {});
    kept_.assign(program_.operations.size(), {});
  }

  // Make room for an input of this many steps; the caller fills its lines.
  Buffer& input(int value, long steps) { return make(value, steps, program_.values[value].width); }

  // The packed lines of an input from (N, T, width) or (N, width) in the batch's order.
  void fill(const Buffer& b, const T* from, long width) const {
#pragma omp parallel for num_threads(threads_for(FLOPS_OF_A_COPY* double(b.lines * width)))
    for (long n = 0; n < geometry.rows(); ++n) {
      const T* row = from + geometry.order[n] * std::max(b.steps, 1L) * width;
      each_step(b, n, [&](long t, long line) { std::copy_n(row + t * width, width, b.data + line * b.stride); });
    }
  }

  // ... and back: padding becomes 0.
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

  // f(t, line) for each valid step of a sorted row; rows that are no sequences have one.
  template <class F>
  void each_step(const Buffer& b, long row, F f) const {
    if (!b.valid) return f(0, row);
    for (long t = 0; t < b.valid->steps && row < b.valid->counts[t]; ++t) f(t, b.valid->starts[t] + row);
  }

  // Pack the weights, unless that was done for the same parameters; `keep`: for the way back too.
  void pack_if_changed(const T* params, bool keep) {
    const std::size_t bytes = std::size_t(program_.size) * sizeof(T);
    if (packed_of_.size() == std::size_t(program_.size) && packed_back_ >= keep &&
        std::memcmp(packed_of_.data(), params, bytes) == 0)
      return;
    packed_of_.assign(params, params + program_.size);
    packed_back_ = keep;
    pack(packed_of_.data(), keep);
  }

  void pack(const T* params, bool keep) {
    params_ = params;
    for (std::size_t k = 0; k < program_.operations.size(); ++k) {
      const Operation& op = program_.operations[k];
      Packed& p = packed_[k];
      if (op.kind == Kind::cell) {
        const CellSizes sizes = kernels_.cell_sizes(op.cell);
        p.make(sizes.forward_weights, keep ? sizes.backward_weights : 0);
        kernels_.cell_pack(recurrence(op, p, keep));
      } else if (op.kind == Kind::dense) {
        const long L = kernels_.lanes, out = (op.out + L - 1) / L * L, in = (op.in + L - 1) / L * L;
        p.make(out * (op.in + 1), keep ? in * op.out : 0);
        kernels_.dense_pack(dense(op, p));
      }
    }
  }

  // Inputs are filled and weights packed; `place` turns dropout on, `keep` allows the way back.
  void forward(bool keep, const std::optional<Place>& place) {
    keep_ = keep;
    for (std::size_t k = 0; k < program_.operations.size(); ++k) {
      const Operation& op = program_.operations[k];
      switch (op.kind) {
        case Kind::cell: cell(op, k); break;
        case Kind::dense: dense_forward(op, k); break;
        case Kind::last: last(op); break;
        case Kind::dropout: dropout(op, k, place); break;
        case Kind::reverse: reverse(op); break;
        case Kind::concatenate: concatenate(op); break;
        case Kind::add: add(op); break;
      }
    }
  }

  // Gradients of outputs and states are set; those of parameters are added to `dparams`, those of inputs and
  // given states are made if wanted.
  void backward(T* dparams, bool inputs_wanted) {
    wanted_.assign(program_.values.size(), inputs_wanted);
    for (const Operation& op : program_.operations) wanted_[op.output] = true;
    for (std::size_t k = program_.operations.size(); k-- > 0;) {
      const Operation& op = program_.operations[k];
      switch (op.kind) {
        case Kind::cell: cell_back(op, k, dparams, inputs_wanted); break;
        case Kind::dense: dense_back(op, k, dparams); break;
        case Kind::last: last_back(op); break;
        case Kind::dropout: dropout_back(op, k); break;
        case Kind::reverse: reverse_back(op); break;
        case Kind::concatenate: concatenate_back(op); break;
        case Kind::add: add_back(op); break;
      }
    }
  }

  // The gradient of a value, zeros at first; null if nobody wants it.
  T* gradient(int value) {
    Buffer& b = buffers[value];
    if (!wanted_.empty() && !wanted_[value]) return nullptr;
    if (!b.gradient) b.gradient = arena.zeros<T>(b.lines * b.stride);
    return b.gradient;
  }

  // Initial states: (rows, hidden) in sorted order, zeros unless the caller fills them.
  StateBuffer& make_state(int state) {
    StateBuffer& s = states[state];
    const long n = geometry.rows() * program_.states[state].hidden;
    if (!s.h) s.h = arena.zeros<T>(n);
    if (!s.c && program_.states[state].parts == 2) s.c = arena.zeros<T>(n);
    return s;
  }

  StateBuffer& make_state_gradient(int state) {
    StateBuffer& s = states[state];
    const long n = geometry.rows() * program_.states[state].hidden;
    if (!s.dh) s.dh = arena.zeros<T>(n);
    if (!s.dc && program_.states[state].parts == 2) s.dc = arena.zeros<T>(n);
    return s;
  }

 private:
  struct Packed {
    std::unique_ptr<Arena> memory;
    T *forward = nullptr, *backward = nullptr;
    long forward_size = 0, backward_size = 0;

    void make(long forward_wanted, long backward_wanted) {
      if (memory && forward_size == forward_wanted && backward_size >= backward_wanted) return;
      memory = std::make_unique<Arena>();
      forward = memory->template take<T>(forward_wanted);
      backward = backward_wanted ? memory->template take<T>(backward_wanted) : nullptr;
      forward_size = forward_wanted;
      backward_size = backward_wanted;
    }
  };

  struct Kept {  // what an operation needs for its way back
    T *h = nullptr, *c = nullptr, *saved = nullptr;
    T* mask = nullptr;
  };

  Buffer& make(int value, long steps, long stride) {
    const Value& v = program_.values[value];
    Buffer& b = buffers[value];
    b.steps = v.sequence ? steps : 0;
    b.valid = v.sequence ? &geometry.steps(steps, v.masked) : nullptr;
    b.lines = v.sequence ? b.valid->total : geometry.rows();
    b.stride = stride;
    b.data = arena.take<T>(b.lines * stride);
    return b;
  }

  Buffer& make_like(int value, const Buffer& x) { return make(value, x.steps, program_.values[value].width); }

  const T* at(long offset) const { return offset < 0 ? nullptr : params_ + offset; }

  // --- cells ------------------------------------------------------------------------------------------------------

  Recurrence<T> recurrence(const Operation& op, const Packed& p, bool keep) const {
    Recurrence<T> r{};
    r.shape = op.cell;
    r.sizes = kernels_.cell_sizes(op.cell);
    r.keep = keep;
    r.weight_ih = at(op.weight_ih);
    r.weight_hh = at(op.weight_hh);
    r.bias = at(op.bias);
    r.bias_hn = at(op.bias_hn);
    r.threads =
        threads_for(FLOPS_OF_A_COPY * gates(op.cell) * double(op.cell.hidden * (op.cell.hidden + op.cell.features)));
    r.forward_weights = p.forward;
    r.backward_weights = p.backward;
    return r;
  }

  static double gates(const CellShape& c) { return c.kind == CellKind::lstm ? 4 : c.kind == CellKind::gru ? 3 : 1; }

  Recurrence<T> on_batch(const Operation& op, std::size_t k) {
    Recurrence<T> r = recurrence(op, packed_[k], keep_);
    const Buffer& x = buffers[op.inputs[0]];
    r.steps = *x.valid;
    r.x = x.data;
    r.x_stride = x.stride;
    r.h = kept_[k].h;
    r.c = kept_[k].c;
    r.saved = kept_[k].saved;
    r.threads = threads_for(2.0 * double(r.steps.total) * gates(op.cell) * double(op.cell.hidden) *
                            double(op.cell.hidden + op.cell.features));
    if (r.steps.rows == 1) r.threads = 1;
    return r;
  }

  void cell(const Operation& op, std::size_t k) {
    const Buffer& x = buffers[op.inputs[0]];
    const CellSizes sizes = kernels_.cell_sizes(op.cell);
    const long rows = geometry.rows(), total = x.valid->total, H = op.cell.hidden, stride = sizes.stride;
    const bool has_c = op.cell.kind == CellKind::lstm;
    Kept& kept = kept_[k];
    kept.h = arena.take<T>((rows + total) * stride);
    if (has_c) kept.c = arena.take<T>((keep_ ? rows + total : rows) * stride);
    kept.saved = arena.take<T>((keep_ ? total : rows) * sizes.saved);
    const StateBuffer& initial = states[op.initial];
    widen(kept.h, initial.h, rows, H, stride);
    if (has_c) widen(kept.c, initial.c, rows, H, stride);

    kernels_.cell_forward(on_batch(op, k));

    Buffer& y = buffers[op.output];
    y = {kept.h + rows * stride, stride, x.steps, x.valid, total};
    if (final_wanted(op.final)) {
      StateBuffer& end = make_state(op.final);
      for (long n = 0; n < rows; ++n) {
        const long length = geometry.length(n, x.steps, program_.values[op.output].masked);
        const long line = length ? rows + x.valid->starts[length - 1] + n : n;
        std::copy_n(kept.h + line * stride, H, end.h + n * H);
        if (has_c) std::copy_n(kept.c + (keep_ ? line : n) * stride, H, end.c + n * H);
      }
    }
  }

  bool final_wanted(int state) const {
    if (finals_wanted) return true;
    for (const Operation& op : program_.operations)
      if (op.initial == state) return true;
    return false;
  }

  void cell_back(const Operation& op, std::size_t k, T* dparams, bool inputs_wanted) {
    Recurrence<T> r = on_batch(op, k);
    const long rows = geometry.rows(), H = op.cell.hidden, stride = r.sizes.stride;
    const bool has_c = op.cell.kind == CellKind::lstm;
    const Buffer& y = buffers[op.output];
    const StateBuffer& end = states[op.final];
    r.dy = y.gradient;
    r.dh = arena.take<T>(rows * stride);
    widen(r.dh, end.dh, rows, H, stride);
    if (y.last_gradient)
      for (long i = 0; i < rows * stride; ++i) r.dh[i] += y.last_gradient[i];
    if (has_c) {
      r.dc = arena.take<T>(rows * stride);
      widen(r.dc, end.dc, rows, H, stride);
    }
    r.initial_wanted = program_.states[op.initial].given ? inputs_wanted : true;
    r.dx = gradient(op.inputs[0]);
    r.dx_stride = buffers[op.inputs[0]].stride;
    r.dweight_ih = dparams + op.weight_ih;
    r.dweight_hh = dparams + op.weight_hh;
    r.dbias = op.bias < 0 ? nullptr : dparams + op.bias;
    r.dbias_hn = op.bias_hn < 0 ? nullptr : dparams + op.bias_hn;
    r.scratch = arena.take<T>(r.threads * r.sizes.scratch);
    kernels_.cell_backward(r);
    if (!r.initial_wanted) return;
    StateBuffer& start = make_state_gradient(op.initial);
    for (long n = 0; n < rows; ++n)
      for (long u = 0; u < H; ++u) {
        start.dh[n * H + u] += r.dh[n * stride + u];
        if (has_c) start.dc[n * H + u] += r.dc[n * stride + u];
      }
  }

  // (rows, H) or null → (rows, stride) with zeros where nothing comes from
  static void widen(T* to, const T* from, long rows, long H, long stride) {
    std::memset(static_cast<void*>(to), 0, std::size_t(rows * stride) * sizeof(T));
    if (from)
      for (long n = 0; n < rows; ++n) std::copy_n(from + n * H, H, to + n * stride);
  }

  // --- layers -----------------------------------------------------------------------------------------------------

  DenseRows<T> dense(const Operation& op, const Packed& p) const {
    DenseRows<T> d{};
    d.in = op.in;
    d.out = op.out;
    d.activation = op.activation;
    d.weight = at(op.weight_ih);
    d.bias = at(op.bias);
    d.threads = threads_for(FLOPS_OF_A_COPY * double(op.in * op.out));
    d.forward_weights = p.forward;
    d.backward_weights = p.backward;
    return d;
  }

  DenseRows<T> on_batch_dense(const Operation& op, std::size_t k) {
    DenseRows<T> d = dense(op, packed_[k]);
    const Buffer &x = buffers[op.inputs[0]], &y = buffers[op.output];
    const long pieces = program_.values[op.inputs[0]].width / op.in;  // axes before the last
    d.rows = x.lines * pieces;
    d.x = x.data;
    d.x_stride = pieces == 1 ? x.stride : op.in;
    d.y = y.data;
    d.y_stride = op.out;
    d.threads = threads_for(2.0 * double(d.rows) * double(op.in) * double(op.out));
    return d;
  }

  void dense_forward(const Operation& op, std::size_t k) {
    make_like(op.output, buffers[op.inputs[0]]);
    kernels_.dense_forward(on_batch_dense(op, k));
  }

  void dense_back(const Operation& op, std::size_t k, T* dparams) {
    const Buffer& y = buffers[op.output];
    if (!y.gradient) return;
    DenseRows<T> d = on_batch_dense(op, k);
    d.dy = y.gradient;
    d.dx = gradient(op.inputs[0]);
    d.dx_stride = d.x_stride;
    d.dweight = dparams + op.weight_ih;
    d.dbias = op.bias < 0 ? nullptr : dparams + op.bias;
    d.scratch = arena.take<T>(d.threads * kernels_.dense_scratch(op.in, op.out));
    kernels_.dense_backward(d);
  }

  void last(const Operation& op) {
    const Buffer x = buffers[op.inputs[0]];
    const long width = program_.values[op.output].width;
    Buffer& y = make_like(op.output, x);
    for (long n = 0; n < geometry.rows(); ++n) {
      const long line = last_line(op, x, n);
      if (line < 0)
        std::fill_n(y.data + n * width, width, T(0));
      else
        std::copy_n(x.data + line * x.stride, width, y.data + n * width);
    }
  }

  long last_line(const Operation& op, const Buffer& x, long row) const {
    const long length = geometry.length(row, x.steps, program_.values[op.inputs[0]].masked);
    return length ? x.valid->starts[length - 1] + row : -1;
  }

  void last_back(const Operation& op) {
    Buffer &x = buffers[op.inputs[0]], &y = buffers[op.output];
    if (!y.gradient) return;
    const long width = program_.values[op.output].width;
    const bool apart = program_.values[op.inputs[0]].from_cell;  // it adds this to its final state's gradient
    if (apart && !x.last_gradient) x.last_gradient = arena.zeros<T>(geometry.rows() * x.stride);
    T* dx = apart ? nullptr : gradient(op.inputs[0]);
    if (!apart && !dx) return;
    for (long n = 0; n < geometry.rows(); ++n) {
      const long line = last_line(op, x, n);
      if (line < 0) continue;
      T* to = apart ? x.last_gradient + n * x.stride : dx + line * x.stride;
      for (long j = 0; j < width; ++j) to[j] += y.gradient[n * y.stride + j];
    }
  }

  void dropout(const Operation& op, std::size_t k, const std::optional<Place>& place) {
    const Buffer x = buffers[op.inputs[0]];
    const Value& v = program_.values[op.output];
    Buffer& y = make_like(op.output, x);
    T* mask = nullptr;
    if (place && op.drop_below) {
      mask = kept_[k].mask = arena.take<T>(geometry.rows() * v.last);
      Words words(3, *place, std::uint64_t(op.index));  // Purpose.DROPOUT
      for (long n = 0; n < geometry.rows(); ++n)
        for (long j = 0; j < v.last; ++j) {
          const std::uint64_t word = words[std::uint64_t(geometry.order[n] * v.last + j)];
          mask[n * v.last + j] = word >= op.drop_below ? T(op.scale) : T(0);
        }
    }
    masked_copy(x, mask, v, x.data, x.stride, y.data, y.stride, false);
  }

  void dropout_back(const Operation& op, std::size_t k) {
    const Buffer &x = buffers[op.inputs[0]], &y = buffers[op.output];
    T* dx = gradient(op.inputs[0]);
    if (!dx || !y.gradient) return;
    masked_copy(x, kept_[k].mask, program_.values[op.output], y.gradient, y.stride, dx, x.stride, true);
  }

  // to (+)= from ∘ mask, the mask (rows, last) the same at each step
  void masked_copy(const Buffer& x, const T* mask, const Value& v, const T* from, long from_stride, T* to,
                   long to_stride, bool adds) const {
    for (long n = 0; n < geometry.rows(); ++n)
      each_step(x, n, [&](long, long line) {
        const T* a = from + line * from_stride;
        T* b = to + line * to_stride;
        for (long j = 0; j < v.width; ++j) {
          const T value = mask ? a[j] * mask[n * v.last + j % v.last] : a[j];
          b[j] = adds ? b[j] + value : value;
        }
      });
  }

  void reverse(const Operation& op) {
    const Buffer x = buffers[op.inputs[0]];
    const long width = program_.values[op.output].width;
    Buffer& y = make_like(op.output, x);
    reversed(op, x,
             [&](long from, long to) { std::copy_n(x.data + from * x.stride, width, y.data + to * y.stride); });
  }

  void reverse_back(const Operation& op) {
    const Buffer &x = buffers[op.inputs[0]], &y = buffers[op.output];
    T* dx = gradient(op.inputs[0]);
    if (!dx || !y.gradient) return;
    const long width = program_.values[op.output].width;
    reversed(op, x, [&](long from, long to) {
      for (long j = 0; j < width; ++j) dx[from * x.stride + j] += y.gradient[to * y.stride + j];
    });
  }

  template <class F>
  void reversed(const Operation& op, const Buffer& x, F f) const {
    for (long n = 0; n < geometry.rows(); ++n) {
      const long length = geometry.length(n, x.steps, program_.values[op.output].masked);
      each_step(x, n, [&](long t, long line) { f(x.valid->starts[length - 1 - t] + n, line); });
    }
  }

  void concatenate(const Operation& op) {
    const Buffer first = buffers[op.inputs[0]];
    Buffer& y = make_like(op.output, first);
    joined(op, [&](const Buffer& x, long from, long to, long n) { std::copy_n(x.data + from, n, y.data + to); });
  }

  void concatenate_back(const Operation& op) {
    const Buffer& y = buffers[op.output];
    if (!y.gradient) return;
    for (int input : op.inputs) gradient(input);
    joined(op, [&](const Buffer& x, long from, long to, long n) {
      if (x.gradient)
        for (long j = 0; j < n; ++j) x.gradient[from + j] += y.gradient[to + j];
    });
  }

  // f(input's buffer, offset in it, offset in the output, how many) for all pieces
  template <class F>
  void joined(const Operation& op, F f) const {
    const Value& v = program_.values[op.output];
    const Buffer& y = buffers[op.output];
    long offset = 0;
    for (int input : op.inputs) {
      const Buffer& x = buffers[input];
      check_same(x, y);
      const long n = program_.values[input].last;
      for (long line = 0; line < y.lines; ++line)
        for (long piece = 0; piece < v.width / v.last; ++piece)
          f(x, line * x.stride + piece * n, line * y.stride + piece * v.last + offset, n);
      offset += n;
    }
  }

  void add(const Operation& op) {
    const Buffer first = buffers[op.inputs[0]];
    const long width = program_.values[op.output].width;
    Buffer& y = make_like(op.output, first);
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Buffer& x = buffers[op.inputs[i]];
      check_same(x, y);
      for (long line = 0; line < y.lines; ++line)
        for (long j = 0; j < width; ++j) {
          T& to = y.data[line * y.stride + j];
          to = x.data[line * x.stride + j] + (i ? to : T(0));
        }
    }
  }

  void add_back(const Operation& op) {
    const Buffer& y = buffers[op.output];
    if (!y.gradient) return;
    const long width = program_.values[op.output].width;
    for (int input : op.inputs) {
      const Buffer& x = buffers[input];
      T* dx = gradient(input);
      if (!dx) continue;
      for (long line = 0; line < y.lines; ++line)
        for (long j = 0; j < width; ++j) dx[line * x.stride + j] += y.gradient[line * y.stride + j];
    }
  }

  static void check_same(const Buffer& a, const Buffer& b) {
    require(a.lines == b.lines && a.steps == b.steps, "inputs of one layer must have equally many steps");
  }

 public:
  bool finals_wanted = true;  // of all states, for the caller; those that operations read are always made

 private:
  const Program& program_;
  const Kernels<T>& kernels_;
  std::vector<Packed> packed_;
  std::vector<Kept> kept_;
  std::vector<char> wanted_;
  const T* params_ = nullptr;
  std::vector<T> packed_of_;
  bool packed_back_ = false;
  bool keep_ = false;
};

}  // namespace unrolled
