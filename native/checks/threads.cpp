// Runs every cell forward and backward with 1 and with 4 threads, and trains a network with 1, and twice at the same
// time with 4: bits must agree, and ThreadSanitizer sees no race.
// `make sanitize-threads` builds and runs it.
#include <cstdio>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "../geometry.hpp"
#include "../instruction_sets.hpp"
#include "../training.hpp"

using namespace unrolled;

namespace {

struct Case {
  CellShape shape;
  std::vector<std::int64_t> lengths;
  long steps;
};

std::vector<float> numbers(long n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> found(static_cast<std::size_t>(n));
  for (float& v : found) v = float(random() % 2000) * 1e-3f - 1;
  return found;
}

// The gradients, and the outputs of a pass that is not followed by a backward pass.
std::vector<float> run(const Kernels<float>& kernels, const Case& c, int threads) {
  Geometry geometry;
  geometry.set(long(c.lengths.size()), c.lengths.data());
  const Steps& steps = geometry.steps(c.steps, true);
  const CellSizes sizes = kernels.cell_sizes(c.shape);
  const long rows = steps.rows, total = steps.total, H = c.shape.hidden, F = c.shape.features;
  auto weight_ih = numbers(4 * H * F, 1), weight_hh = numbers(4 * H * H, 2), bias = numbers(4 * H, 3);
  auto x = numbers(total * F, 4), dy = numbers(total * sizes.stride, 5);
  std::vector<float> forward(sizes.forward_weights + 16), backward(sizes.backward_weights + 16);
  std::vector<float> h((rows + total) * sizes.stride + 16), state(h), saved(total * sizes.saved + 16);
  std::vector<float> dh(rows * sizes.stride + 16), dc(dh), dx(total * F), scratch(threads * sizes.scratch + 16);
  std::vector<float> gradients(4 * H * (F + H + 2));
  Recurrence<float> r{};
  r.shape = c.shape;
  r.sizes = sizes;
  r.steps = steps;
  r.keep = r.needs_initial_gradient = true;
  r.threads = threads;
  r.weight_ih = weight_ih.data();
  r.weight_hh = weight_hh.data();
  r.bias = r.bias_hn = bias.data();
  r.forward_weights = forward.data();
  r.backward_weights = backward.data();
  r.x = x.data();
  r.x_stride = r.dx_stride = F;
  r.h = h.data();
  r.c = c.shape.kind == CellKind::lstm ? state.data() : nullptr;
  r.saved = saved.data();
  r.dy = dy.data();
  r.dh = dh.data();
  r.dc = dc.data();
  r.dx = dx.data();
  r.dweight_ih = gradients.data();
  r.dweight_hh = r.dweight_ih + 4 * H * F;
  r.dbias = r.dweight_hh + 4 * H * H;
  r.dbias_hn = r.dbias + 4 * H;
  r.scratch = scratch.data();
  kernels.cell_pack(r);
  kernels.cell_forward(r);
  kernels.cell_backward(r);
  std::vector<float> y(rows * c.steps * H);
  r.keep = false;
  r.y = y.data();
  r.y_row = c.steps * H;
  r.order = geometry.order.data();
  kernels.cell_forward(r);
  for (const auto& part : {dx, dh, dc, y}) gradients.insert(gradients.end(), part.begin(), part.end());
  return gradients;
}

// The parameters after an epoch of a GRU with dropout and a dense layer, on sequences of different lengths.
std::vector<float> train(const Kernels<float>& kernels, int threads) {
  const long rows = 1024, steps = 12, features = 100, hidden = 16, batch_size = 256, batches = rows / batch_size;
  const long dense = 3 * hidden * (features + hidden + 1) + hidden;
  omp_set_num_threads(threads);
  Program program(dense + hidden + 1);
  program.add_input(program.add_value(features, features, true, true));
  for (bool sequence : {true, true, false}) program.add_value(hidden, hidden, sequence, true);
  program.add_value(1, 1, false, false);
  for (bool given : {true, false}) program.add_state(hidden, 1, given);
  const long weight_hh = 3 * hidden * features, bias = weight_hh + 3 * hidden * hidden;
  program.add({.kind = Kind::cell, .index = 0, .inputs = {0}, .output = 1,
               .cell = {CellKind::gru, Activation::tanh, true, hidden, features}, .initial = 0, .final = 1,
               .weight_ih = 0, .weight_hh = weight_hh, .bias = bias, .bias_hn = bias + 3 * hidden});
  program.add({.kind = Kind::dropout, .index = 1, .inputs = {1}, .output = 2, .drop_below = ~0ull / 2, .scale = 2});
  program.add({.kind = Kind::last, .index = 2, .inputs = {2}, .output = 3});
  program.add({.kind = Kind::dense, .index = 3, .inputs = {3}, .output = 4, .in = hidden, .out = 1,
               .weight_ih = dense, .bias = dense + hidden});
  program.add_output(4);
  program.close();
  const auto x = numbers(rows * steps * features, 6), target = numbers(rows, 7);
  std::vector<std::int64_t> lengths(rows), order(rows);
  for (long k = 0; k < rows; ++k) lengths[k] = k % (steps + 1);
  std::iota(order.begin(), order.end(), 0);
  Data data{.rows = rows, .steps = steps, .features = features, .targets = 1, .lengths = lengths.data()};
  data.x = {x.data()};
  data.target = {target.data()};
  Trainer<float> trainer(program, kernels, data,
                         {{LossKind::mse}, {.kind = OptimizerKind::adam, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8},
                          batch_size, 1.0, 1});
  auto parameters = numbers(program.size, 8);
  std::vector<float> first(program.size), second(program.size);
  const std::vector<double> rates(batches, 0.01);
  std::vector<BatchLoss> sums(batches);
  trainer.train(parameters.data(), first.data(), second.data(), 0, order.data(), rows, 0, 0, rates.data(), batches,
                sums.data());
  return parameters;
}

int wrong_trainings(const InstructionSet& set) {
  const auto alone = train(*set.f32, 1);
  std::vector<float> found[2];
  std::thread other([&] { found[0] = train(*set.f32, 4); });
  found[1] = train(*set.f32, 4);
  other.join();
  const int wrong = (found[0] != alone) + (found[1] != alone);
  if (wrong) std::printf("%s: bits of a training depend on threads\n", set.name);
  return wrong;
}

}  // namespace

int main() {
  int wrong = 0;
  for (const InstructionSet* set : instruction_sets()) wrong += wrong_trainings(*set);
  for (const InstructionSet* set : instruction_sets())
    for (CellKind kind : {CellKind::rnn, CellKind::gru, CellKind::lstm})
      for (bool after : {true, false})
        for (long hidden : {7L, 50L, 65L}) {
          const Case c{{kind, Activation::tanh, after, hidden, 3}, {9, 0, 4, 9, 1, 7, 7, 2, 9, 5, 3, 8, 6}, 9};
          if (run(*set->f32, c, 1) != run(*set->f32, c, 4)) {
            std::printf("%s, cell %d, hidden %ld: bits depend on threads\n", set->name, int(kind), hidden);
            ++wrong;
          }
        }
  std::printf("%d wrong\n", wrong);
  return wrong != 0;
}
