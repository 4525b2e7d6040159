// The Python module `unrolled._native`: checks arrays, lets go of the GIL, calls. Nothing below knows of Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <pthread.h>

#include <mutex>

#include "levels.hpp"
#include "stream.hpp"
#include "training.hpp"

namespace nb = nanobind;

namespace {

using namespace unrolled;

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Ints = In<std::int64_t>;

// --- arguments
// ------------------------------------------------------------------------------------------------------

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
                                                              {"quantile", LossKind::quantile}};
const std::vector<std::pair<const char*, OptimizerKind>> OPTIMIZERS = {{"sgd", OptimizerKind::sgd},
                                                                       {"rmsprop", OptimizerKind::rmsprop},
                                                                       {"rprop", OptimizerKind::rprop},
                                                                       {"adagrad", OptimizerKind::adagrad},
                                                                       {"adam", OptimizerKind::adam}};

const Level& level_named(const std::string& name) {
  for (const Level* level : levels())
    if (name == level->name) return *level;
  refuse("this machine has no level '" + name + "'");
}

template <class T>
const Kernels<T>& kernels_of(const std::string& name) {
  const Level& level = level_named(name);
  if constexpr (sizeof(T) == 4)
    return *level.f32;
  else
    return *level.f64;
}

// One call at a time: what a pass needs lies in its own memory.
class Busy {
 public:
  explicit Busy(std::mutex& m) : lock_(m, std::try_to_lock) {
    require(lock_.owns_lock(), "in use by another thread");
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

// --- runs
// -----------------------------------------------------------------------------------------------------------

template <class T>
class BoundRun {
 public:
  using Optional = std::optional<In<T>>;

  BoundRun(std::shared_ptr<Program> program, const std::string& level)
      : program_(std::move(program)), run_(*program_, kernels_of<T>(level)) {}

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
      steps.push_back(v.sequence ? axis(inputs[k], 1, "an input") : 1);
      require(steps.back() >= 1, "a sequence has steps");
      x.push_back(data_of(inputs[k], rows * steps.back() * v.width, "an input"));
    }
    const std::int64_t* valid = lengths ? data_of(*lengths, rows, "lengths") : nullptr;
    for (std::size_t k = 0; valid && k < inputs.size(); ++k)
      if (program_->values[program_->inputs[k]].masked)
        for (long n = 0; n < rows; ++n) require(valid[n] >= 0 && valid[n] <= steps[k], "lengths must lie in 0..T");
    const auto starts = state_parts(initial, rows, true);
    const auto ends = state_parts(finals, rows, false);
    require(outputs.size() == program_->outputs.size(), "wrong number of outputs");

    {
      const nb::gil_scoped_release release;
      run_.begin(rows, valid);
      for (std::size_t k = 0; k < x.size(); ++k) {
        const int value = program_->inputs[k];
        run_.fill(run_.input(value, steps[k]), x[k], program_->values[value].width);
      }
      each_state(true, [&](int state, int part, std::size_t k) {
        if (!starts[k]) return;
        auto& s = run_.make_state(state);
        sort(starts[k], part ? s.c : s.h, program_->states[state].hidden);
      });
      run_.pack_if_changed(p, keep);
      run_.forward(keep, place ? std::optional(Place{std::get<0>(*place), std::get<1>(*place), std::get<2>(*place)})
                               : std::nullopt);
    }
    rows_ = rows;
    std::vector<T*> y;
    for (std::size_t k = 0; k < outputs.size(); ++k)
      y.push_back(data_of(outputs[k], size_of(program_->outputs[k]), "an output"));
    const nb::gil_scoped_release release;
    for (std::size_t k = 0; k < y.size(); ++k) {
      const int value = program_->outputs[k];
      const auto& b = run_.buffers[value];
      run_.unpack(b, b.data, y[k], program_->values[value].width);
    }
    each_state(false, [&](int state, int part, std::size_t k) {
      const auto& s = run_.states[state];
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
      dy.push_back(doutputs[k] ? data_of(*doutputs[k], size_of(program_->outputs[k]), "an output's gradient")
                               : nullptr);
    std::vector<T*> dx;
    for (std::size_t k = 0; k < dinputs.size(); ++k)
      dx.push_back(data_of(dinputs[k], size_of(program_->inputs[k]), "an input's gradient"));
    const auto ends = state_parts(dfinals, rows_, false);
    const auto starts = state_parts(dinitial, rows_, true);
    kept_ = false;

    const nb::gil_scoped_release release;
    for (std::size_t k = 0; k < dy.size(); ++k) {
      const int value = program_->outputs[k];
      if (dy[k]) add_packed(run_.buffers[value], dy[k], run_.gradient(value), program_->values[value].width);
    }
    each_state(false, [&](int state, int part, std::size_t k) {
      if (!ends[k]) return;
      auto& s = run_.make_state_gradient(state);
      sort(ends[k], part ? s.dc : s.dh, program_->states[state].hidden);
    });
    std::fill_n(dp, program_->size, T(0));
    run_.backward(dp, true);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      const int value = program_->inputs[k];
      const auto& b = run_.buffers[value];
      run_.unpack(b, b.gradient, dx[k], program_->values[value].width);
    }
    each_state(true, [&](int state, int part, std::size_t k) {
      const auto& s = run_.make_state_gradient(state);
      unsort(part ? s.dc : s.dh, starts[k], program_->states[state].hidden);
    });
  }

 private:
  long size_of(int value) const {
    const auto& b = run_.buffers[value];
    return rows_ * std::max(b.steps, 1L) * program_->values[value].width;
  }

  // f(state, part, k): parts of the states that come from the caller (given), or from operations
  template <class F>
  void each_state(bool given, F f) const {
    std::size_t k = 0;
    for (std::size_t state = 0; state < program_->states.size(); ++state)
      if (program_->states[state].given == given)
        for (int part = 0; part < program_->states[state].parts; ++part) f(int(state), part, k++);
  }

  template <class Array>
  auto state_parts(const std::vector<Array>& arrays, long rows, bool given) const {
    if constexpr (std::is_same_v<Array, Optional>) {
      std::vector<const T*> found;
      each_state(given, [&](int state, int, std::size_t k) {
        require(k < arrays.size(), "too few parts of states");
        found.push_back(arrays[k] ? data_of(*arrays[k], rows * program_->states[state].hidden, "a state") : nullptr);
      });
      require(found.size() == arrays.size(), "too many parts of states");
      return found;
    } else {
      std::vector<T*> found;
      each_state(given, [&](int state, int, std::size_t k) {
        require(k < arrays.size(), "too few parts of states");
        found.push_back(data_of(arrays[k], rows * program_->states[state].hidden, "a state"));
      });
      require(found.size() == arrays.size(), "too many parts of states");
      return found;
    }
  }

  void sort(const T* from, T* to, long width) const {
    const auto& order = run_.geometry.order;
    for (std::size_t n = 0; n < order.size(); ++n) std::copy_n(from + order[n] * width, width, to + long(n) * width);
  }

  void unsort(const T* from, T* to, long width) const {
    const auto& order = run_.geometry.order;
    for (std::size_t n = 0; n < order.size(); ++n) std::copy_n(from + long(n) * width, width, to + order[n] * width);
  }

  void add_packed(const typename Run<T>::Buffer& b, const T* from, T* to, long width) const {
    if (!to) return;
    for (long n = 0; n < run_.geometry.rows(); ++n) {
      const T* row = from + run_.geometry.order[n] * std::max(b.steps, 1L) * width;
      run_.each_step(b, n, [&](long t, long line) {
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

// --- training
// -------------------------------------------------------------------------------------------------------

class BoundData {  // keeps the arrays alive that it points into
 public:
  Data data;

  template <class Array>
  Array keep(Array a) {
    kept_.push_back(nb::ndarray<>(a));
    return a;
  }

 private:
  std::vector<nb::ndarray<>> kept_;
};

using AnyFloats = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

Numbers numbers_of(BoundData& d, const AnyFloats& a, long n, const char* what) {
  const bool is_double = a.dtype() == nb::dtype<double>();
  if (!is_double && a.dtype() != nb::dtype<float>()) refuse(std::string(what) + " must be float32 or float64");
  if (long(a.size()) != n)
    refuse(std::string(what) + " must hold " + std::to_string(n) + " numbers; got " + std::to_string(a.size()));
  if (reinterpret_cast<std::uintptr_t>(a.data()) % (is_double ? 8 : 4)) refuse(std::string(what) + " is misaligned");
  d.keep(a);
  return {a.data(), is_double};
}

BoundData arrays(const AnyFloats& x, const std::optional<AnyFloats>& target, const std::optional<Ints>& classes,
                 const std::optional<AnyFloats>& weight, const std::optional<Ints>& lengths) {
  BoundData d;
  Data& a = d.data;
  require(x.ndim() == 3 && x.size() > 0, "x must be (N, T, F)");
  a.rows = long(x.shape(0));
  a.steps = long(x.shape(1));
  a.features = long(x.shape(2));
  a.x = numbers_of(d, x, long(x.size()), "x");
  require(target.has_value() != classes.has_value(), "targets are numbers or classes");
  const long all = long(target ? target->size() : classes->size());
  require(all > 0 && all % a.rows == 0, "targets must have as many rows as x");
  a.targets = all / a.rows;
  if (target)
    a.target = numbers_of(d, *target, all, "target");
  else
    a.classes = data_of(d.keep(*classes), all, "classes");
  if (weight) {
    const long n = long(weight->size());
    require(n > 0 && n % a.rows == 0 && a.targets % (n / a.rows) == 0, "weights must fit the targets");
    a.weights = n / a.rows;
    a.weight = numbers_of(d, *weight, n, "weight");
  }
  if (lengths) a.lengths = data_of(d.keep(*lengths), a.rows, "lengths");
  return d;
}

BoundData windows(const In<double>& values, const In<double>& observed, const Ints& starts, const Ints& lengths,
                  const In<double>& loc, const In<double>& scale, long window, long horizon,
                  const std::optional<Ints>& lags) {
  BoundData d;
  Data& w = d.data;
  require(values.ndim() == 2 && starts.ndim() == 1 && starts.size() > 0, "values are (n, C), starts (N,)");
  const long n = long(values.shape(0));
  w.windows = true;
  w.rows = long(starts.size());
  w.features = long(values.shape(1));
  w.steps = window;
  w.targets = horizon;
  require(window >= 1 && horizon >= 1 && w.features >= 1, "window, horizon and channels must be ≥ 1");
  w.values = data_of(d.keep(values), n * w.features, "values");
  w.observed = data_of(d.keep(observed), n, "observed");
  w.starts = data_of(d.keep(starts), w.rows, "starts");
  w.lengths = data_of(d.keep(lengths), w.rows, "lengths");
  w.loc = data_of(d.keep(loc), w.rows * w.features, "loc");
  w.scale = data_of(d.keep(scale), w.rows * w.features, "scale");
  long longest = 0;
  if (lags) {
    w.lags = data_of(d.keep(*lags), horizon, "lags");
    for (long k = 0; k < horizon; ++k) {
      require(w.lags[k] > k, "an anchor must be known at the window's end");
      longest = std::max(longest, long(w.lags[k]) - k);
    }
  }
  for (long k = 0; k < w.rows; ++k) {
    require(w.lengths[k] >= 0 && w.lengths[k] <= window, "lengths must lie in 0..window");
    require(w.starts[k] >= 0 && w.starts[k] <= n - horizon - w.lengths[k], "a window must lie within the values");
    require(w.starts[k] + w.lengths[k] >= longest, "an anchor must lie within the values");
  }
  return d;
}

template <class T>
class BoundTrainer {
 public:
  BoundTrainer(std::shared_ptr<Program> program, const std::string& level, const BoundData& data,
               const TrainerOptions& options)
      : program_(std::move(program)), data_(data), trainer_(*program_, kernels_of<T>(level), data.data, options) {}

  long train(const Out<T>& params, const std::vector<Out<T>>& memory, long steps_before, const Ints& order,
             long epoch, long first_batch, const In<double>& rates, const Out<double>& totals,
             const Out<double>& weights) {
    const Busy busy(mutex_);
    T* p = data_of(params, program_->size, "params");
    require(memory.size() <= 2, "an optimizer remembers at most two vectors");
    require(memory.size() >= trainer_.vectors(), "the optimizer's vectors are missing");
    T* first = memory.size() > 0 ? data_of(memory[0], program_->size, "a vector") : nullptr;
    T* second = memory.size() > 1 ? data_of(memory[1], program_->size, "a vector") : nullptr;
    const long n = long(order.size()), batches = long(rates.size());
    const std::int64_t* rows = checked_rows(order);
    require(first_batch >= 0 && epoch >= 0 && steps_before >= 0, "counts are not negative");
    const long size = trainer_.batch_size(), all = n / size + (n % size != 0);
    require(batches <= all && first_batch <= all - batches, "the epoch has fewer batches");
    const double* r = data_of(rates, batches, "rates");
    double *t = data_of(totals, batches, "totals"), *w = data_of(weights, batches, "weights");
    std::vector<BatchLoss> sums(static_cast<std::size_t>(batches));
    long done;
    {
      const nb::gil_scoped_release release;
      done = trainer_.train(p, first, second, steps_before, rows, n, epoch, first_batch, r, batches, sums.data());
    }
    write(sums, t, w);
    return done;
  }

  void evaluate(const In<T>& params, const Ints& rows, const Out<double>& totals, const Out<double>& weights) {
    const Busy busy(mutex_);
    const T* p = data_of(params, program_->size, "params");
    const std::int64_t* which = checked_rows(rows);
    const long n = long(rows.size()), size = trainer_.batch_size(), batches = n / size + (n % size != 0);
    double *t = data_of(totals, batches, "totals"), *w = data_of(weights, batches, "weights");
    std::vector<BatchLoss> sums(static_cast<std::size_t>(batches));
    {
      const nb::gil_scoped_release release;
      trainer_.evaluate(p, which, n, sums.data());
    }
    write(sums, t, w);
  }

 private:
  const std::int64_t* checked_rows(const Ints& rows) const {
    const long n = long(rows.size());
    const std::int64_t* data = data_of(rows, n, "rows");
    for (long k = 0; k < n; ++k) require(data[k] >= 0 && data[k] < trainer_.rows(), "no such row in the data");
    return data;
  }

  static void write(const std::vector<BatchLoss>& sums, double* totals, double* weights) {
    for (const BatchLoss& s : sums) {
      *totals++ = s.total;
      *weights++ = s.weight;
    }
  }

  std::shared_ptr<Program> program_;
  BoundData data_;
  Trainer<T> trainer_;
  std::mutex mutex_;
};

// --- streams
// --------------------------------------------------------------------------------------------------------

template <class T>
class BoundStream {
 public:
  BoundStream(std::shared_ptr<Program> program, const std::string& level, const In<T>& params, long rows)
      : program_(std::move(program)),
        stream_(*program_, kernels_of<T>(level), data_of(params, program_->size, "params"), rows) {}

  void step(const In<T>& x, const Out<T>& y) {
    const Busy busy(mutex_);
    const T* from = data_of(x, stream_.rows() * stream_.input_size(), "x");
    T* to = data_of(y, stream_.rows() * stream_.output_size(), "y");
    const nb::gil_scoped_release release;
    stream_.step(from, to);
  }

  // The state of recurrent layer k, (parts, rows, hidden), into or from an array.
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

template <class T>
void bind_precision(nb::module_& m, const std::string& suffix) {
  nb::class_<BoundRun<T>>(m, ("Run" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&>(), nb::arg("program"), nb::arg("level"))
      .def("forward", &BoundRun<T>::forward, nb::arg("params").noconvert(), nb::arg("inputs"),
           nb::arg("lengths").none(), nb::arg("initial"), nb::arg("keep"), nb::arg("place").none(),
           nb::arg("outputs").noconvert(), nb::arg("finals").noconvert())
      .def("backward", &BoundRun<T>::backward, nb::arg("doutputs"), nb::arg("dfinals"),
           nb::arg("dparams").noconvert(), nb::arg("dinputs").noconvert(), nb::arg("dinitial").noconvert());
  nb::class_<BoundTrainer<T>>(m, ("Trainer" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const BoundData&, const TrainerOptions&>(),
           nb::arg("program"), nb::arg("level"), nb::arg("data"), nb::arg("options"))
      .def("train", &BoundTrainer<T>::train, nb::arg("params").noconvert(), nb::arg("memory").noconvert(),
           nb::arg("steps_before"), nb::arg("order").noconvert(), nb::arg("epoch"), nb::arg("first_batch"),
           nb::arg("rates").noconvert(), nb::arg("totals").noconvert(), nb::arg("weights").noconvert())
      .def("evaluate", &BoundTrainer<T>::evaluate, nb::arg("params").noconvert(), nb::arg("rows").noconvert(),
           nb::arg("totals").noconvert(), nb::arg("weights").noconvert());
  nb::class_<BoundStream<T>>(m, ("Stream" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const In<T>&, long>(), nb::arg("program"),
           nb::arg("level"), nb::arg("params").noconvert(), nb::arg("rows"))
      .def("step", &BoundStream<T>::step, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("read", &BoundStream<T>::read, nb::arg("layer"), nb::arg("to").noconvert())
      .def("write", &BoundStream<T>::write, nb::arg("layer"), nb::arg("from").noconvert());
}

void before_fork() {  // threads do not survive a fork: a parallel region of the child would wait for them for ever
  if (!omp_in_parallel()) omp_pause_resource_all(omp_pause_hard);
}

}  // namespace

NB_MODULE(_native, m) {
  pthread_atfork(before_fork, nullptr, nullptr);

  m.def("levels", [] {
    std::vector<std::string> names;
    for (const Level* level : levels()) names.emplace_back(level->name);
    return names;
  });
  m.def("threads", &omp_get_max_threads);

  nb::class_<Program>(m, "Program")
      .def(nb::new_([](long size) { return std::make_shared<Program>(size); }), nb::arg("size"))
      .def("add_value", &Program::add_value, nb::arg("width"), nb::arg("last"), nb::arg("sequence"),
           nb::arg("masked"))
      .def("add_state", &Program::add_state, nb::arg("hidden"), nb::arg("parts"), nb::arg("given"))
      .def("add_input", &Program::add_input, nb::arg("value"))
      .def("add_output", &Program::add_output, nb::arg("value"))
      .def(
          "add_cell",
          [](Program& p, const std::string& kind, const std::string& activation, bool reset_after, int index,
             std::vector<int> inputs, int output, long hidden, long features, int initial, int final, long weight_ih,
             long weight_hh, long bias, long bias_hn) {
            Operation op{Kind::cell, index, std::move(inputs), output};
            op.cell = {named(CELLS, kind), named(ACTIVATIONS, activation), reset_after, hidden, features};
            op.initial = initial;
            op.final = final;
            op.weight_ih = weight_ih;
            op.weight_hh = weight_hh;
            op.bias = bias;
            op.bias_hn = bias_hn;
            p.add_cell(std::move(op));
          },
          nb::arg("kind"), nb::arg("activation"), nb::arg("reset_after"), nb::arg("index"), nb::arg("inputs"),
          nb::arg("output"), nb::arg("hidden"), nb::arg("features"), nb::arg("initial"), nb::arg("final"),
          nb::arg("weight_ih"), nb::arg("weight_hh"), nb::arg("bias"), nb::arg("bias_hn"))
      .def(
          "add_dense",
          [](Program& p, const std::string& activation, int index, std::vector<int> inputs, int output, long in,
             long out, long weight, long bias) {
            Operation op{Kind::dense, index, std::move(inputs), output};
            op.activation = named(ACTIVATIONS, activation);
            op.in = in;
            op.out = out;
            op.weight_ih = weight;
            op.bias = bias;
            p.add_dense(std::move(op));
          },
          nb::arg("activation"), nb::arg("index"), nb::arg("inputs"), nb::arg("output"), nb::arg("in_size"),
          nb::arg("out_size"), nb::arg("weight"), nb::arg("bias"))
      .def(
          "add_layer",
          [](Program& p, const std::string& kind, int index, std::vector<int> inputs, int output,
             std::uint64_t drop_below, double scale) {
            Operation op{named(LAYERS, kind), index, std::move(inputs), output};
            op.drop_below = drop_below;
            op.scale = scale;
            p.add_layer(std::move(op));
          },
          nb::arg("kind"), nb::arg("index"), nb::arg("inputs"), nb::arg("output"), nb::arg("drop_below") = 0,
          nb::arg("scale") = 1.0);

  nb::class_<BoundData>(m, "Data");
  m.def("arrays", &arrays, nb::arg("x").noconvert(), nb::arg("target").noconvert().none(),
        nb::arg("classes").noconvert().none(), nb::arg("weight").noconvert().none(),
        nb::arg("lengths").noconvert().none());
  m.def("windows", &windows, nb::arg("values").noconvert(), nb::arg("observed").noconvert(),
        nb::arg("starts").noconvert(), nb::arg("lengths").noconvert(), nb::arg("loc").noconvert(),
        nb::arg("scale").noconvert(), nb::arg("window"), nb::arg("horizon"), nb::arg("lags").noconvert().none());

  nb::class_<TrainerOptions>(m, "TrainerOptions")
      .def(nb::init<>())
      .def(
          "set_loss",
          [](TrainerOptions& o, const std::string& kind, double delta, std::vector<double> levels) {
            o.loss = {named(LOSSES, kind), delta, std::move(levels)};
            require(o.loss.kind != LossKind::quantile || !o.loss.levels.empty(), "quantiles need levels");
          },
          nb::arg("kind"), nb::arg("delta") = 1.0, nb::arg("levels") = std::vector<double>{})
      .def(
          "set_optimizer",
          [](TrainerOptions& o, const std::string& kind, double weight_decay, bool decoupled, double momentum,
             bool nesterov, double alpha, double beta1, double beta2, double eps, double shrink, double grow,
             double smallest, double largest) {
            o.optimizer = {named(OPTIMIZERS, kind),
                           weight_decay,
                           decoupled,
                           momentum,
                           nesterov,
                           alpha,
                           beta1,
                           beta2,
                           eps,
                           shrink,
                           grow,
                           smallest,
                           largest};
          },
          nb::arg("kind"), nb::arg("weight_decay") = 0.0, nb::arg("decoupled") = false, nb::arg("momentum") = 0.0,
          nb::arg("nesterov") = false, nb::arg("alpha") = 0.0, nb::arg("beta1") = 0.0, nb::arg("beta2") = 0.0,
          nb::arg("eps") = 0.0, nb::arg("shrink") = 0.0, nb::arg("grow") = 0.0, nb::arg("smallest") = 0.0,
          nb::arg("largest") = 0.0)
      .def_rw("batch_size", &TrainerOptions::batch_size)
      .def_rw("clip_norm", &TrainerOptions::clip_norm)
      .def_rw("seed", &TrainerOptions::seed);

  bind_precision<float>(m, "32");
  bind_precision<double>(m, "64");
}
