// Runs every cell forward and backward with 1 and with 4 threads: bits must agree, and ThreadSanitizer sees no race.
// `make sanitize-threads` builds and runs it.
#include <cstdio>
#include <random>
#include <vector>

#include "../geometry.hpp"
#include "../instruction_sets.hpp"

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

}  // namespace

int main() {
  int wrong = 0;
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
