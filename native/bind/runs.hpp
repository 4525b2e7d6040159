// Forward and backward on arrays.
#pragma once

#include "arguments.hpp"

namespace {

template <class T>
class BoundRun {
 public:
  using Optional = std::optional<In<T>>;

  BoundRun(std::shared_ptr<Program> program, const std::string& instruction_set)
      : program_(closed(std::move(program))), run_(*program_, kernels_of<T>(instruction_set)) {}

  void forward(const In<T>& params, const std::vector<In<T>>& inputs, const std::optional<Ints>& lengths,
               const std::vector<Optional>& initial, bool keep,
               const std::optional<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>>& place,
               const std::vector<Out<T>>& outputs, const std::vector<Out<T>>& finals) {
    const Busy busy(mutex_);
    kept_ = false;
    const T* p = data_of(params, program_->size, "params");
    require(inputs.size() == program_->inputs.size() && !inputs.empty(), "wrong number of inputs");
    const long rows = axis(inputs[0], 0, "an input");
    require(rows >= 1, "a batch has rows");
    std::vector<const T*> x;
    std::vector<long> steps;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Value& v = program_->values[program_->inputs[k]];
      require(axis(inputs[k], 0, "an input") == rows, "inputs must have equally many rows");
      require(inputs[k].size() > 0, "an input is not empty");
      steps.push_back(v.sequence ? axis(inputs[k], 1, "an input") : 1);
      require(steps.back() >= 1, "a sequence has steps");
      x.push_back(data_of(inputs[k], rows * steps.back() * v.width, "an input"));
    }
    const std::int64_t* valid = data_of(lengths, rows, "lengths");
    for (std::size_t k = 0; valid && k < inputs.size(); ++k)
      if (program_->values[program_->inputs[k]].masked)
        for (long n = 0; n < rows; ++n) require(valid[n] >= 0 && valid[n] <= steps[k], "lengths must lie in 0..T");
    const auto starts = state_parts(initial, rows, true);
    const auto ends = state_parts(finals, rows, false);
    require(outputs.size() == program_->outputs.size(), "wrong number of outputs");

    const nb::gil_scoped_release release;
    run_.begin(rows, valid);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const int value = program_->inputs[k];
      run_.batch.fill(run_.batch.input(value, steps[k]), x[k], program_->values[value].width);
    }
    each_state(true, [&](int state, int part, std::size_t k) {
      if (!starts[k]) return;
      auto& s = run_.batch.make_state(state);
      sort(starts[k], part ? s.c : s.h, program_->states[state].hidden);
    });
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const long size = long(outputs[k].size());
      run_.result(program_->outputs[k], data_of(outputs[k], size, "an output"), size);
    }
    run_.pack_if_changed(p, keep);
    std::optional<Place> at;
    if (place) at = std::make_from_tuple<Place>(*place);
    run_.forward(keep, at);
    rows_ = rows;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const int value = program_->outputs[k];
      const auto& b = run_.batch.buffers[value];
      T* y = data_of(outputs[k], size_of(value), "an output");
      if (b.data) run_.batch.unpack(b, b.data, y, program_->values[value].width);
    }
    each_state(false, [&](int state, int part, std::size_t k) {
      const auto& s = run_.batch.states[state];
      unsort(part ? s.c : s.h, ends[k], program_->states[state].hidden);
    });
    kept_ = keep;
  }

  void backward(const std::vector<Optional>& doutputs, const std::vector<Optional>& dfinals, const Out<T>& dparams,
                const std::vector<Out<T>>& dinputs, const std::vector<Out<T>>& dinitial) {
    const Busy busy(mutex_);
    require(kept_, "a tape is used once, after a forward pass that keeps it");
    T* dp = data_of(dparams, program_->size, "dparams");
    require(doutputs.size() == program_->outputs.size(), "wrong number of output gradients");
    require(dinputs.size() == program_->inputs.size(), "wrong number of input gradients");
    std::vector<const T*> dy;
    for (std::size_t k = 0; k < doutputs.size(); ++k)
      dy.push_back(data_of(doutputs[k], size_of(program_->outputs[k]), "an output's gradient"));
    std::vector<T*> dx;
    for (std::size_t k = 0; k < dinputs.size(); ++k)
      dx.push_back(data_of(dinputs[k], size_of(program_->inputs[k]), "an input's gradient"));
    const auto ends = state_parts(dfinals, rows_, false);
    const auto starts = state_parts(dinitial, rows_, true);
    kept_ = false;

    const nb::gil_scoped_release release;
    for (std::size_t k = 0; k < dy.size(); ++k) {
      const int value = program_->outputs[k];
      if (dy[k])
        add_packed(run_.batch.buffers[value], dy[k], run_.batch.gradient(value), program_->values[value].width);
    }
    each_state(false, [&](int state, int part, std::size_t k) {
      if (!ends[k]) return;
      auto& s = run_.batch.make_state_gradient(state);
      sort(ends[k], part ? s.dc : s.dh, program_->states[state].hidden);
    });
    std::fill_n(dp, program_->size, T(0));
    run_.backward(dp, true);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      const int value = program_->inputs[k];
      const auto& b = run_.batch.buffers[value];
      run_.batch.unpack(b, b.gradient, dx[k], program_->values[value].width);
    }
    each_state(true, [&](int state, int part, std::size_t k) {
      const auto& s = run_.batch.make_state_gradient(state);
      unsort(part ? s.dc : s.dh, starts[k], program_->states[state].hidden);
    });
  }

 private:
  long size_of(int value) const {
    const auto& b = run_.batch.buffers[value];
    return rows_ * std::max(b.steps, 1L) * program_->values[value].width;
  }

  // Call f(state, part, k) for all parts of the states that come from the caller (`given`) or from operations.
  template <class F>
  void each_state(bool given, F f) const {
    std::size_t k = 0;
    for (std::size_t state = 0; state < program_->states.size(); ++state)
      if (program_->states[state].given == given)
        for (int part = 0; part < program_->states[state].parts; ++part) f(int(state), part, k++);
  }

  template <class Array>
  auto state_parts(const std::vector<Array>& arrays, long rows, bool given) const {
    std::vector<decltype(data_of(arrays[0], 0, ""))> found;
    each_state(given, [&](int state, int, std::size_t k) {
      require(k < arrays.size(), "too few parts of states");
      found.push_back(data_of(arrays[k], rows * program_->states[state].hidden, "a state"));
    });
    require(found.size() == arrays.size(), "too many parts of states");
    return found;
  }

  void sort(const T* from, T* to, long width) const {
    const auto& order = run_.batch.geometry.order;
    for (std::size_t n = 0; n < order.size(); ++n) std::copy_n(from + order[n] * width, width, to + long(n) * width);
  }

  void unsort(const T* from, T* to, long width) const {
    const auto& order = run_.batch.geometry.order;
    for (std::size_t n = 0; n < order.size(); ++n) std::copy_n(from + long(n) * width, width, to + order[n] * width);
  }

  void add_packed(const typename Batch<T>::Buffer& b, const T* from, T* to, long width) const {
    if (!to) return;
    for (long n = 0; n < run_.batch.geometry.rows(); ++n) {
      const T* row = from + run_.batch.geometry.order[n] * std::max(b.steps, 1L) * width;
      run_.batch.each_step(b, n, [&](long t, long line) {
        for (long j = 0; j < width; ++j) to[line * b.stride + j] += row[t * width + j];
      });
    }
  }

  std::shared_ptr<Program> program_;
  Run<T> run_;
  std::mutex mutex_;
  long rows_ = 0;
  bool kept_ = false;
};

}  // namespace
