// The Python module `unrolled.nn.engines._native`. Arguments from Python are checked in bind/; the rest of native/
// does not depend on Python.
#include <pthread.h>

#include <chrono>

#include "bind/arguments.hpp"
#include "bind/runs.hpp"
#include "bind/streams.hpp"
#include "bind/trainers.hpp"

namespace {

template <class T>
void bind_precision(nb::module_& m, const std::string& suffix) {
  nb::class_<BoundRun<T>>(m, ("Run" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&>(), nb::arg("program"), nb::arg("instruction_set"))
      .def("forward", &BoundRun<T>::forward, nb::arg("params").noconvert(), nb::arg("inputs"),
           nb::arg("lengths").none(), nb::arg("initial"), nb::arg("keep"), nb::arg("place").none(),
           nb::arg("outputs").noconvert(), nb::arg("finals").noconvert())
      .def("backward", &BoundRun<T>::backward, nb::arg("doutputs"), nb::arg("dfinals"),
           nb::arg("dparams").noconvert(), nb::arg("dinputs").noconvert(), nb::arg("dinitial").noconvert());
  nb::class_<BoundTrainer<T>>(m, ("Trainer" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const BoundData&, const TrainerOptions&>(),
           nb::arg("program"), nb::arg("instruction_set"), nb::arg("data"), nb::arg("options"))
      .def("train", &BoundTrainer<T>::train, nb::arg("params").noconvert(), nb::arg("memory").noconvert(),
           nb::arg("steps_before"), nb::arg("order").noconvert(), nb::arg("epoch"), nb::arg("first_batch"),
           nb::arg("rates").noconvert(), nb::arg("totals").noconvert(), nb::arg("weights").noconvert())
      .def("evaluate", &BoundTrainer<T>::evaluate, nb::arg("params").noconvert(), nb::arg("rows").noconvert(),
           nb::arg("totals").noconvert(), nb::arg("weights").noconvert());
  nb::class_<BoundStream<T>>(m, ("Stream" + suffix).c_str())
      .def(nb::init<std::shared_ptr<Program>, const std::string&, const In<T>&, long>(), nb::arg("program"),
           nb::arg("instruction_set"), nb::arg("params").noconvert(), nb::arg("rows"))
      .def("step", &BoundStream<T>::step, nb::arg("x").noconvert(), nb::arg("y").noconvert())
      .def("read", &BoundStream<T>::read, nb::arg("layer"), nb::arg("to").noconvert())
      .def("write", &BoundStream<T>::write, nb::arg("layer"), nb::arg("from").noconvert());
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
  m.def("limit_threads", &omp_set_num_threads, nb::arg("threads"));  // of the calling thread, not of others
  m.def("multiply_add_rate", &multiply_add_rate, nb::arg("instruction_set"));

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
             std::vector<int> inputs, int output, long hidden, long features, int initial, int final, bool branching,
             long weight_ih, long weight_hh, long bias, long bias_hn) {
            Operation op{Kind::cell, index, std::move(inputs), output};
            op.cell = {named(CELLS, kind), named(ACTIVATIONS, activation), reset_after, hidden, features};
            op.initial = initial;
            op.final = final;
            op.branching = branching;
            op.weight_ih = weight_ih;
            op.weight_hh = weight_hh;
            op.bias = bias;
            op.bias_hn = bias_hn;
            p.add_cell(std::move(op));
          },
          nb::arg("kind"), nb::arg("activation"), nb::arg("reset_after"), nb::arg("index"), nb::arg("inputs"),
          nb::arg("output"), nb::arg("hidden"), nb::arg("features"), nb::arg("initial"), nb::arg("final"),
          nb::arg("branching"), nb::arg("weight_ih"), nb::arg("weight_hh"), nb::arg("bias"), nb::arg("bias_hn"))
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
          "add_embedding",
          [](Program& p, int index, std::vector<int> inputs, int output, long count, long weight) {
            Operation op{Kind::embedding, index, std::move(inputs), output};
            op.in = count;
            op.weight_ih = weight;
            p.add_embedding(std::move(op));
          },
          nb::arg("index"), nb::arg("inputs"), nb::arg("output"), nb::arg("count"), nb::arg("weight"))
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
        nb::arg("scale").noconvert(), nb::arg("window"), nb::arg("horizon"), nb::arg("lags").noconvert().none(),
        nb::arg("segment") = 1, nb::arg("decoded") = false, nb::arg("known") = 0,
        nb::arg("weight").noconvert() = nb::none(), nb::arg("drift").noconvert() = nb::none(),
        nb::arg("series").noconvert() = nb::none(), nb::arg("fixed").noconvert() = nb::none(),
        nb::arg("codes").noconvert() = nb::none());

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
