// The Python module `unrolled.nn.engines._native`. Arguments from Python are checked in bind/; the rest of native/
// does not depend on Python.
#include <pthread.h>

#include <chrono>

#include "bind/arguments.hpp"
#include "bind/runs.hpp"
#include "bind/streams.hpp"
#include "bind/trainers.hpp"

using namespace nanobind::literals;

namespace {

template <class T>
void bind_precision(nb::module_& m, const std::string& suffix) {
  nb::class_<BoundRun<T>>(m, ("Run" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&>(), "program"_a, "instruction_set"_a)
      .def("forward", &BoundRun<T>::forward, "params"_a.noconvert(), "inputs"_a, "lengths"_a.none(), "initial"_a,
           "keep"_a, "place"_a.none(), "outputs"_a.noconvert(), "finals"_a.noconvert())
      .def("backward", &BoundRun<T>::backward, "doutputs"_a, "dfinals"_a, "dparams"_a.noconvert(),
           "dinputs"_a.noconvert(), "dinitial"_a.noconvert());
  nb::class_<BoundTrainer<T>>(m, ("Trainer" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const BoundData&, const TrainerOptions&>(),
           "program"_a, "instruction_set"_a, "data"_a, "options"_a)
      .def("train", &BoundTrainer<T>::train, "params"_a.noconvert(), "memory"_a.noconvert(), "steps_before"_a,
           "order"_a.noconvert(), "epoch"_a, "first_batch"_a, "rates"_a.noconvert(), "totals"_a.noconvert(),
           "weights"_a.noconvert())
      .def("gradient_norm", &BoundTrainer<T>::gradient_norm)
      .def("evaluate", &BoundTrainer<T>::evaluate, "params"_a.noconvert(), "rows"_a.noconvert(),
           "totals"_a.noconvert(), "weights"_a.noconvert());
  nb::class_<BoundStream<T>>(m, ("Stream" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const In<T>&, long>(), "program"_a,
           "instruction_set"_a, "params"_a.noconvert(), "rows"_a)
      .def("step", &BoundStream<T>::step, "x"_a.noconvert(), "y"_a.noconvert())
      .def("read", &BoundStream<T>::read, "layer"_a, "to"_a.noconvert())
      .def("write", &BoundStream<T>::write, "layer"_a, "from"_a.noconvert());
}

// Operations per second of one core that only multiplies and adds.
double multiply_add_rate(const std::string& instruction_set) {
  const Kernels<float>& kernels = kernels_of<float>(instruction_set);
  float result[64];
  double best = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto began = std::chrono::steady_clock::now();
    const double operations = kernels.multiply_adds(1000000, result);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    best = std::max(best, operations / took.count());
  }
  return best;
}

void before_fork() {  // threads do not survive a fork: a parallel region of the child would wait for them forever
  if (!omp_in_parallel()) omp_pause_resource_all(omp_pause_hard);
}

}  // namespace

NB_MODULE(_native, m) {
  pthread_atfork(before_fork, nullptr, nullptr);

  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const InstructionSet* set : instruction_sets()) names.emplace_back(set->name);
    return names;
  });
  m.def("threads", &omp_get_max_threads);
  m.def("limit_threads", &omp_set_num_threads, "threads"_a);  // of the calling thread, not of others
  m.def("multiply_add_rate", &multiply_add_rate, "instruction_set"_a);

  nb::class_<Program>(m, "Program")
      .def(nb::new_([](long size) { return std::make_shared<Program>(size); }), "size"_a)
      .def("add_value", &Program::add_value, "width"_a, "last"_a, "sequence"_a, "masked"_a)
      .def("add_state", &Program::add_state, "hidden"_a, "parts"_a, "given"_a)
      .def("add_input", &Program::add_input, "value"_a)
      .def("add_output", &Program::add_output, "value"_a)
      .def(
          "add_cell",
          [](Program& p, const std::string& kind, const std::string& activation, bool reset_after, int index,
             std::vector<int> inputs, int output, long hidden, long features, int initial, int final, bool branching,
             long weight_ih, long weight_hh, long bias, long bias_hn) {
            Operation op{Kind::cell, index, std::move(inputs), output};
            op.cell = {named<CellKind>(CELLS, kind), named<Activation>(ACTIVATIONS, activation), reset_after, hidden,
                       features};
            op.initial = initial;
            op.final = final;
            op.branching = branching;
            op.weight_ih = weight_ih;
            op.weight_hh = weight_hh;
            op.bias = bias;
            op.bias_hn = bias_hn;
            p.add(std::move(op));
          },
          "kind"_a, "activation"_a, "reset_after"_a, "index"_a, "inputs"_a, "output"_a, "hidden"_a, "features"_a,
          "initial"_a, "final"_a, "branching"_a, "weight_ih"_a, "weight_hh"_a, "bias"_a, "bias_hn"_a)
      .def(
          "add_layer",
          [](Program& p, const std::string& kind, int index, std::vector<int> inputs, int output,
             const std::string& activation, long in, long out, long weight, long bias, std::uint64_t drop_below,
             double scale) {
            Operation op{named<Kind>(KINDS, kind), index, std::move(inputs), output};
            op.activation = named<Activation>(ACTIVATIONS, activation);
            op.in = in;
            op.out = out;
            op.weight_ih = weight;
            op.bias = bias;
            op.drop_below = drop_below;
            op.scale = scale;
            p.add(std::move(op));
          },
          "kind"_a, "index"_a, "inputs"_a, "output"_a, "activation"_a = "linear", "in_size"_a = 0, "out_size"_a = 0,
          "weight"_a = -1, "bias"_a = -1, "drop_below"_a = 0, "scale"_a = 1.0);

  nb::class_<BoundData>(m, "Data");
  m.def("arrays", &arrays, "x"_a.noconvert(), "target"_a.noconvert().none(), "classes"_a.noconvert().none(),
        "weight"_a.noconvert().none(), "lengths"_a.noconvert().none());
  m.def("windows", &windows, "values"_a.noconvert(), "observed"_a.noconvert(), "starts"_a.noconvert(),
        "lengths"_a.noconvert(), "loc"_a.noconvert(), "scale"_a.noconvert(), "window"_a, "horizon"_a,
        "lags"_a.noconvert().none(), "segment"_a = 1, "decoded"_a = false, "known"_a = 0,
        "weight"_a.noconvert() = nb::none(), "drift"_a.noconvert() = nb::none(), "series"_a.noconvert() = nb::none(),
        "fixed"_a.noconvert() = nb::none(), "codes"_a.noconvert() = nb::none());

  nb::class_<OptimizerOptions>(m, "OptimizerOptions")
      .def_rw("weight_decay", &OptimizerOptions::weight_decay)
      .def_rw("decoupled", &OptimizerOptions::decoupled)
      .def_rw("momentum", &OptimizerOptions::momentum)
      .def_rw("nesterov", &OptimizerOptions::nesterov)
      .def_rw("alpha", &OptimizerOptions::alpha)
      .def_rw("beta1", &OptimizerOptions::beta1)
      .def_rw("beta2", &OptimizerOptions::beta2)
      .def_rw("eps", &OptimizerOptions::eps)
      .def_rw("shrink", &OptimizerOptions::shrink)
      .def_rw("grow", &OptimizerOptions::grow)
      .def_rw("smallest", &OptimizerOptions::smallest)
      .def_rw("largest", &OptimizerOptions::largest);
  nb::class_<TrainerOptions>(m, "TrainerOptions")
      .def(nb::init<>())
      .def(
          "set_loss",
          [](TrainerOptions& o, const std::string& kind, double delta, std::vector<double> levels) {
            o.loss = {named<LossKind>(LOSSES, kind), delta, std::move(levels)};
            require(o.loss.kind != LossKind::quantile || !o.loss.levels.empty(), "quantiles need levels");
          },
          "kind"_a, "delta"_a = 1.0, "levels"_a = std::vector<double>{})
      .def(
          "set_optimizer",
          [](TrainerOptions& o, const std::string& kind) { o.optimizer = {named<OptimizerKind>(OPTIMIZERS, kind)}; },
          "kind"_a)
      .def_rw("optimizer", &TrainerOptions::optimizer)
      .def_rw("batch_size", &TrainerOptions::batch_size)
      .def_rw("clip_norm", &TrainerOptions::clip_norm)
      .def_rw("seed", &TrainerOptions::seed);

  bind_precision<float>(m, "32");
  bind_precision<double>(m, "64");
}
