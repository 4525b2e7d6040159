// Streams: one step at a time.
#pragma once

#include "../stream.hpp"
#include "arguments.hpp"

namespace {

template <class T>
class BoundStream {
 public:
  BoundStream(std::shared_ptr<Program> program, const std::string& instruction_set, const In<T>& params, long rows)
      : program_(closed(std::move(program))),
        stream_(*program_, kernels_of<T>(instruction_set), data_of(params, program_->size, "params"), rows) {}

  void step(const In<T>& x, const Out<T>& y) {
    const Busy busy(mutex_);
    const T* from = data_of(x, stream_.rows() * stream_.input_size(), "x");
    T* to = data_of(y, stream_.rows() * stream_.output_size(), "y");
    const nb::gil_scoped_release release;
    stream_.step(from, to);
  }

  // Copy the state of recurrent layer k, (parts, rows, hidden), to or from an array.
  void read(long k, const Out<T>& to) {
    const Busy busy(mutex_);
    const auto& state = layer(k);
    std::copy(state.begin(), state.end(), data_of(to, long(state.size()), "a state"));
  }

  void write(long k, const In<T>& from) {
    const Busy busy(mutex_);
    auto& state = layer(k);
    std::copy_n(data_of(from, long(state.size()), "a state"), state.size(), state.begin());
  }

 private:
  std::vector<T>& layer(long k) {
    require(k >= 0 && k < long(stream_.state().size()), "no such recurrent layer");
    return stream_.state()[std::size_t(k)];
  }

  std::shared_ptr<Program> program_;
  Stream<T> stream_;
  std::mutex mutex_;
};

}  // namespace
