// The simple recurrent layer; the numbers are those of the equations in cells/rnn.py.
#pragma once

#include "../scan.hpp"

namespace {

template <class T>
struct Rnn {
  using V = Vec<T>;
  static constexpr long L = LANES<T>;

  static CellSizes sizes(const CellShape& s) {
    const long H = s.hidden, F = s.features, Hp = padded<T>(H), stride = padded_stride<T>(H);
    return {stride, stride, Hp * (1 + F + H), H * (Hp + padded<T>(F)), gradient_scratch<T>(1, H, H, F)};
  }

  // The biases, then the weights of x and of h in panels.
  static void pack(const Recurrence<T>& r) {
    const long H = r.shape.hidden, F = r.shape.features, Hp = padded<T>(H);
    for (long k = 0; k < Hp; ++k) r.forward_weights[k] = r.bias && k < H ? r.bias[k] : 0;
    pack_weight(r.forward_weights + Hp, r.weight_ih, H, F, r.threads);
    pack_weight(r.forward_weights + Hp * (1 + F), r.weight_hh, H, H, r.threads);
    if (!r.keep) return;
    pack_matrix(r.backward_weights, r.weight_hh, H, H, r.threads);
    pack_matrix(r.backward_weights + H * Hp, r.weight_ih, H, F, r.threads);
  }

  static void step(const Recurrence<T>& r, const Step<T>& at) {
    with_activation<T>(r.shape.activation, [&](auto phi) { step_with(r, at, phi); });
  }

  template <class Phi>
  static void step_with(const Recurrence<T>& r, const Step<T>& at, Phi phi) {
    const long H = r.shape.hidden, F = r.shape.features, Hp = padded<T>(H), stride = r.sizes.stride;
    in_panels<T>(H, at.odd, [&](long unit, int vectors) {
      alignas(64) T sums[TILE_ROWS * PANEL<T>];
      in_tiles(at.first, at.last, [&](long row, int n) {
        const Segment<T> segments[] = {
            {at.x + row * r.x_stride, r.x_stride, 1, r.forward_weights + Hp + unit * F, vectors * L, F},
            {at.h_prev + row * stride, stride, 1, r.forward_weights + Hp * (1 + F) + unit * H, vectors * L, H},
        };
        tile_of<T>(n, vectors)(sums, {r.forward_weights + unit, 0}, segments, 2);  // (1)
        const T* a = sums;
        for (int m = 0; m < n; ++m)
          for (int v = 0; v < vectors; ++v, a += L)
            store(at.h + (row + m) * stride + unit + v * L, phi.function(load(a)));  // (2)
      });
    });
  }

  static void step_back(const Recurrence<T>& r, const Step<T>& at) {
    with_activation<T>(r.shape.activation, [&](auto phi) {
      const auto back = [&](long row, long unit, const T* dh_next) {  // dh_next: (1') of the step after
        const long at_h = row * r.sizes.stride + unit;
        const V dh = load(dh_next ? dh_next : r.dh + at_h) + load_or_zero(at.dy, at_h);
        store(at.saved + at_h, V(dh * phi.derivative(load(at.h + at_h))));  // (2')
      };
      through_weights<T>(r, at, at.saved_next, {0}, r.backward_weights, back);
    });
  }

  static void start_back(const Recurrence<T>& r, const Step<T>& at) {
    const auto keep = [&](long row, long unit, const T* dh) { store(r.dh + row * r.sizes.stride + unit, load(dh)); };
    through_weights<T>(r, at, at.saved_next, {0}, r.backward_weights, keep);  // (1')
  }

  static void input_back(const Recurrence<T>& r, long first, long last) {
    const long H = r.shape.hidden;
    add_input_gradient<T, 1>(r, r.backward_weights + H * padded<T>(H), {0}, r.sizes.stride, first, last);
  }

  static void weights_back(const Recurrence<T>& r, T* scratch, int thread, int threads) {
    add_weight_gradients(r, 1, scratch, thread, threads);  // (1')
  }
};

}  // namespace
