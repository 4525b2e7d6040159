// A network that is fed one step at a time: weights are packed once, and the state is kept between steps.
#pragma once

#include "run.hpp"

namespace unrolled {

template <class T>
class Stream {
 public:
  Stream(const Program& program, const Kernels<T>& kernels, const T* params, long rows)
      : params_(params, params + program.size), rows_(rows), run_(program, kernels) {
    require(rows >= 1 && rows < (1L << 31), "a stream has at least one row");
    require(program.inputs.size() == 1 && program.outputs.size() == 1, "a stream has one input and one output");
    for (const Operation& op : program.operations) {
      require(op.kind != Kind::reverse && !op.branching,
              "a stream goes step by step, which 'reverse' and branching cells cannot");
      if (op.kind != Kind::cell) continue;
      require(program.states[op.initial].given, "a stream's states must be its own");
      const State& s = program.states[op.initial];
      links_.push_back({op.initial, op.final});
      memory_.emplace_back(std::size_t(s.parts * rows * s.hidden));
    }
    run_.pack(params_.data(), false);
  }

  long rows() const { return rows_; }
  long input_size() const { return run_.program().values[run_.program().inputs[0]].width; }
  long output_size() const { return run_.program().values[run_.program().outputs[0]].width; }

  // All parts of the state of recurrent layer k: (parts, rows, hidden).
  std::vector<std::vector<T>>& state() { return memory_; }

  // x (rows, features) → y (rows, outputs)
  void step(const T* x, T* y) {
    const Program& program = run_.program();
    run_.begin(rows_, nullptr);
    auto& in = run_.batch.input(program.inputs[0], 1);
    std::copy_n(x, rows_ * input_size(), in.data);
    for (std::size_t k = 0; k < links_.size(); ++k) {
      auto& s = run_.batch.states[links_[k].initial];
      s.h = memory_[k].data();
      if (program.states[links_[k].initial].parts == 2) s.c = memory_[k].data() + memory_[k].size() / 2;
    }
    run_.forward(false, std::nullopt);
    for (std::size_t k = 0; k < links_.size(); ++k) {
      const auto& s = run_.batch.states[links_[k].final];
      const std::size_t n = s.c ? memory_[k].size() / 2 : memory_[k].size();
      std::copy_n(s.h, n, memory_[k].data());
      if (s.c) std::copy_n(s.c, n, memory_[k].data() + n);
    }
    const auto& out = run_.batch.buffers[program.outputs[0]];
    for (long n = 0; n < rows_; ++n) std::copy_n(out.data + n * out.stride, output_size(), y + n * output_size());
  }

 private:
  struct Link {
    int initial, final;
  };

  std::vector<T> params_;
  long rows_;
  Run<T> run_;
  std::vector<Link> links_;
  std::vector<std::vector<T>> memory_;
};

}  // namespace unrolled
