// The execution of a program on one batch: its operations in order, and in reverse order for the backward pass.
#pragma once

#include "batch.hpp"
#include "layers.hpp"

namespace unrolled {

template <class T>
class Run {
 public:
  Batch<T> batch;
  bool needs_all_finals = true;  // for the caller; final states that operations read are always computed

  Run(const Program& program, const Kernels<T>& kernels)
      : batch(program), program_(program), kernels_(kernels), packed_(program.operations.size()) {}

  const Program& program() const { return program_; }

  // Start a new batch; `lengths` (rows) in the caller's order, or null.
  void begin(long rows, const std::int64_t* lengths) {
    batch.begin(rows, lengths);
    kept_.assign(program_.operations.size(), {});
    results_.assign(program_.values.size(), {});
  }

  // The caller's array of an output, (rows, steps, width). An output that nothing else reads is written there
  // directly, and `batch` has no copy of it.
  void result(int value, T* data, long size) { results_[value] = {data, size}; }

  // Pack the weights unless they are packed already; `keep`: for the backward pass too.
  void pack_if_changed(const T* params, bool keep) {
    const std::size_t bytes = std::size_t(program_.size) * sizeof(T);
    if (bytes && packed_of_.size() == std::size_t(program_.size) && packed_back_ >= keep &&
        std::memcmp(packed_of_.data(), params, bytes) == 0)
      return;
    packed_of_.clear();  // if packing fails, nothing counts as packed
    pack(params, keep);
    packed_of_.assign(params, params + program_.size);
    packed_back_ = keep;
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

  // Requires filled inputs and packed weights; `place` turns dropout on, `keep` allows a backward pass.
  void forward(bool keep, const std::optional<Place>& place) {
    keep_ = keep;
    for (std::size_t k = 0; k < program_.operations.size(); ++k) {
      const Operation& op = program_.operations[k];
      if (op.kind == Kind::cell)
        cell_forward(op, k);
      else if (op.kind == Kind::dense)
        dense_forward(op, k);
      else if (op.kind == Kind::embedding)
        embedding_forward(op);
      else
        LayerOn<T>(batch, op, kept_[k].mask).apply(place);
    }
  }

  // Requires the gradients of outputs and states; adds those of parameters to `dparams`, and computes those of inputs
  // and given states if `needs_inputs`.
  void backward(T* dparams, bool needs_inputs) {
    for (int input : program_.inputs) batch.needs_gradient[input] = needs_inputs;
    for (std::size_t k = program_.operations.size(); k-- > 0;) {
      const Operation& op = program_.operations[k];
      if (op.kind == Kind::cell)
        cell_backward(op, k, dparams, needs_inputs);
      else if (op.kind == Kind::dense)
        dense_backward(op, k, dparams);
      else if (op.kind == Kind::embedding)
        embedding_backward(op, dparams);
      else
        LayerOn<T>(batch, op, kept_[k].mask).apply_back();
    }
  }

 private:
  using Buffer = typename Batch<T>::Buffer;
  using StateBuffer = typename Batch<T>::StateBuffer;

  struct Packed {  // weights as the kernels read them
    std::unique_ptr<Arena> memory;
    T *forward = nullptr, *backward = nullptr;
    long forward_size = 0, backward_size = 0;

    void make(long forward_needed, long backward_needed) {
      if (memory && forward_size == forward_needed && backward_size >= backward_needed) return;
      memory.reset();  // if the new allocation fails, the old size must not be reused
      auto made = std::make_unique<Arena>();
      forward = made->template take<T>(forward_needed);
      backward = backward_needed ? made->template take<T>(backward_needed) : nullptr;
      memory = std::move(made);
      forward_size = forward_needed;
      backward_size = backward_needed;
    }
  };

  struct Result {
    T* data = nullptr;
    long size = 0;
  };

  struct Kept {  // from the forward to the backward pass of an operation
    T *y = nullptr, *h = nullptr, *c = nullptr, *saved = nullptr;
    T* mask = nullptr;
  };

  const T* at(long offset) const { return offset < 0 ? nullptr : params_ + offset; }

  // --- cells -----------------------------------------------------------------------------------------------

  static double weights(const CellShape& c) {
    return double(gates_of(c.kind)) * double(c.hidden) * double(c.hidden + c.features);
  }

  Recurrence<T> recurrence(const Operation& op, const Packed& p, bool keep) const {
    Recurrence<T> r{};
    r.shape = op.cell;
    r.sizes = kernels_.cell_sizes(op.cell);
    r.keep = keep;
    r.threads = threads_for(FLOPS_OF_A_COPY * weights(op.cell));
    r.weight_ih = at(op.weight_ih);
    r.weight_hh = at(op.weight_hh);
    r.bias = at(op.bias);
    r.bias_hn = at(op.bias_hn);
    r.forward_weights = p.forward;
    r.backward_weights = p.backward;
    return r;
  }

  Recurrence<T> on_batch(const Operation& op, std::size_t k) {
    Recurrence<T> r = recurrence(op, packed_[k], keep_);
    const Buffer& x = batch.buffers[op.inputs[0]];
    r.steps = steps_of(op);
    r.x = x.data;
    r.x_stride = x.stride;
    r.y = kept_[k].y;
    r.y_row = x.steps * op.cell.hidden;
    r.order = batch.geometry.order.data();
    r.h = kept_[k].h;
    r.c = kept_[k].c;
    r.saved = kept_[k].saved;
    r.threads = r.steps.rows == 1 ? 1 : threads_for(2 * double(r.steps.total) * weights(op.cell));
    return r;
  }

  // A branching cell takes all steps at once, as independent rows.
  Steps steps_of(const Operation& op) {
    const Buffer& x = batch.buffers[op.inputs[0]];
    return op.branching ? batch.geometry.branched(x.steps) : *x.valid;
  }

  void cell_forward(const Operation& op, std::size_t k) {
    const Buffer x = batch.buffers[op.inputs[0]];
    const CellSizes sizes = kernels_.cell_sizes(op.cell);
    const Steps steps = steps_of(op);
    const long rows = steps.rows, total = steps.total, H = op.cell.hidden, stride = sizes.stride;
    const bool has_c = op.cell.kind == CellKind::lstm;
    Kept& kept = kept_[k];
    kept.y = writes_to_caller(op.output) ? results_[op.output].data : nullptr;
    if (kept.y) require(results_[op.output].size == rows * x.steps * H, "an output has the wrong size");
    kept.h = batch.arena.template take<T>((rows + (kept.y ? rows : total)) * stride);
    if (has_c) kept.c = batch.arena.template take<T>((keep_ ? rows + total : rows) * stride);
    kept.saved = batch.arena.template take<T>((keep_ ? total : rows) * sizes.saved);
    const StateBuffer& initial = batch.states[op.initial];
    widen(kept.h, initial.h, rows, H, stride);
    if (has_c) widen(kept.c, initial.c, rows, H, stride);

    kernels_.cell_forward(on_batch(op, k));

    batch.buffers[op.output] = {kept.y ? nullptr : kept.h + rows * stride, stride, x.steps, x.valid, total};
    for (long n = 0; kept.y && n < rows; ++n) {  // padding
      const long length = batch.geometry.length(n, x.steps, program_.values[op.output].masked);
      T* row = kept.y + batch.geometry.order[n] * x.steps * H;
      std::fill(row + length * H, row + x.steps * H, T(0));
    }
    if (op.branching || !needs_final(op.final)) return;
    StateBuffer& end = batch.make_state(op.final);
    for (long n = 0; n < rows; ++n) {
      const long length = batch.geometry.length(n, x.steps, program_.values[op.output].masked);
      const long line = (kept.y ? length % 2 * rows : length ? rows + x.valid->starts[length - 1] : 0) + n;
      std::copy_n(kept.h + line * stride, H, end.h + n * H);
      if (has_c) std::copy_n(kept.c + (keep_ ? line : n) * stride, H, end.c + n * H);
    }
  }

  // Whether only the caller reads a value, in the forward and in the backward pass.
  bool writes_to_caller(int value) const {
    const auto reads = [&](const std::vector<int>& values) {
      return std::count(values.begin(), values.end(), value);
    };
    if (keep_ || !results_[value].data || reads(program_.outputs) != 1) return false;
    for (const Operation& op : program_.operations)
      if (reads(op.inputs) || (op.branching && op.output == value)) return false;
    return true;
  }

  bool needs_final(int state) const {
    const auto& all = program_.operations;
    return needs_all_finals || std::any_of(all.begin(), all.end(), [&](auto& op) { return op.initial == state; });
  }

  void cell_backward(const Operation& op, std::size_t k, T* dparams, bool needs_inputs) {
    Recurrence<T> r = on_batch(op, k);
    const long rows = r.steps.rows, H = op.cell.hidden, stride = r.sizes.stride;
    const bool has_c = op.cell.kind == CellKind::lstm;
    const Buffer& y = batch.buffers[op.output];
    const StateBuffer end = op.branching ? StateBuffer{} : batch.states[op.final];
    r.dy = y.gradient;
    r.dh = batch.arena.template take<T>(rows * stride);
    widen(r.dh, end.dh, rows, H, stride);
    if (y.last_gradient)
      for (long i = 0; i < rows * stride; ++i) r.dh[i] += y.last_gradient[i];
    if (has_c) {
      r.dc = batch.arena.template take<T>(rows * stride);
      widen(r.dc, end.dc, rows, H, stride);
    }
    r.needs_initial_gradient = program_.states[op.initial].given ? needs_inputs : true;
    r.dx = batch.gradient(op.inputs[0]);
    r.dx_stride = batch.buffers[op.inputs[0]].stride;
    r.dweight_ih = dparams + op.weight_ih;
    r.dweight_hh = dparams + op.weight_hh;
    r.dbias = op.bias < 0 ? nullptr : dparams + op.bias;
    r.dbias_hn = op.bias_hn < 0 ? nullptr : dparams + op.bias_hn;
    r.scratch = batch.arena.template take<T>(r.threads * r.sizes.scratch);
    kernels_.cell_backward(r);
    if (!r.needs_initial_gradient) return;
    StateBuffer& start = batch.make_state_gradient(op.initial);
    for (long n = 0; n < rows; ++n) {
      const long row = n % batch.geometry.rows();
      for (long u = 0; u < H; ++u) {
        start.dh[row * H + u] += r.dh[n * stride + u];
        if (has_c) start.dc[row * H + u] += r.dc[n * stride + u];
      }
    }
  }

  // (rows of the batch, H) → (rows, stride), repeated as often as it fits; null → zeros
  void widen(T* to, const T* from, long rows, long H, long stride) const {
    std::fill_n(to, rows * stride, T(0));
    for (long n = 0; from && n < rows; ++n) std::copy_n(from + n % batch.geometry.rows() * H, H, to + n * stride);
  }

  // --- dense -----------------------------------------------------------------------------------------------

  DenseRows<T> dense(const Operation& op, const Packed& p) const {
    DenseRows<T> d{};
    d.in = op.in;
    d.out = op.out;
    d.activation = op.activation;
    d.threads = threads_for(FLOPS_OF_A_COPY * double(op.in) * double(op.out));
    d.weight = at(op.weight_ih);
    d.bias = at(op.bias);
    d.forward_weights = p.forward;
    d.backward_weights = p.backward;
    return d;
  }

  DenseRows<T> on_batch_dense(const Operation& op, std::size_t k) {
    DenseRows<T> d = dense(op, packed_[k]);
    const Buffer &x = batch.buffers[op.inputs[0]], &y = batch.buffers[op.output];
    const long pieces = program_.values[op.inputs[0]].width / op.in;  // axes before the last
    d.rows = x.lines * pieces;
    d.x = x.data;
    d.x_stride = pieces == 1 ? x.stride : op.in;
    d.y = y.data;
    d.y_stride = op.out;
    d.threads = threads_for(2 * double(d.rows) * double(op.in) * double(op.out));
    return d;
  }

  void dense_forward(const Operation& op, std::size_t k) {
    batch.make(op.output, batch.buffers[op.inputs[0]].steps, program_.values[op.output].width);
    kernels_.dense_forward(on_batch_dense(op, k));
  }

  void dense_backward(const Operation& op, std::size_t k, T* dparams) {
    const Buffer& y = batch.buffers[op.output];
    if (!y.gradient) return;
    DenseRows<T> d = on_batch_dense(op, k);
    d.dy = y.gradient;
    d.dx = batch.gradient(op.inputs[0]);
    d.dx_stride = d.x_stride;
    d.dweight = dparams + op.weight_ih;
    d.dbias = op.bias < 0 ? nullptr : dparams + op.bias;
    d.scratch = batch.arena.template take<T>(d.threads * kernels_.dense_scratch(op.in, op.out));
    kernels_.dense_backward(d);
  }

  // --- embedding -------------------------------------------------------------------------------------------

  void embedding_forward(const Operation& op) {
    const Buffer x = batch.buffers[op.inputs[0]];
    const long width = program_.values[op.output].width;
    const Buffer& y = batch.make(op.output, x.steps, width);
    for (long line = 0; line < x.lines; ++line)
      std::copy_n(params_ + op.weight_ih + code(op, x, line) * width, width, y.data + line * y.stride);
  }

  void embedding_backward(const Operation& op, T* dparams) {
    const Buffer &x = batch.buffers[op.inputs[0]], &y = batch.buffers[op.output];
    if (!y.gradient) return;
    const long width = program_.values[op.output].width;
    for (long line = 0; line < x.lines; ++line) {
      T* to = dparams + op.weight_ih + code(op, x, line) * width;
      for (long j = 0; j < width; ++j) to[j] += y.gradient[line * y.stride + j];
    }
  }

  static long code(const Operation& op, const Buffer& x, long line) {
    const T code = x.data[line * x.stride];
    require(code >= 0 && code < T(op.in) && code == T(long(code)), "codes must be whole numbers that have a vector");
    return long(code);
  }

  const Program& program_;
  const Kernels<T>& kernels_;
  std::vector<Packed> packed_;
  std::vector<Kept> kept_;
  std::vector<Result> results_;
  const T* params_ = nullptr;
  std::vector<T> packed_of_;
  bool packed_back_ = false;
  bool keep_ = false;
};

}  // namespace unrolled
