// The GRU, reset after and before; the numbers are those of the equations in cells/gru.py.
//
// Each step saves n r z q; the backward pass replaces them by da_n da_r da_z and dq (after), or keeps q (before). The
// first three planes go through the input's weights, the last three through the state's weights (after).
#pragma once

#include "../scan.hpp"

namespace {

// The number of the gate, in the order r z n of the weights, of each plane n r z of `saved`.
constexpr long GATE_OF_PLANE[] = {2, 0, 1};

template <class T>
struct Gru {
  using V = Vec<T>;
  static constexpr long L = LANES<T>;

  static CellSizes sizes(const CellShape& s) {
    const long H = s.hidden, F = s.features, Hp = padded<T>(H), stride = padded_stride<T>(H);
    return {stride, 4 * stride, Hp * (4 + 3 * F + 3 * H), 3 * H * (Hp + padded<T>(F)),
            gradient_scratch<T>(2, H, H, F)};
  }

  // Size of the packed weights of one vector of units: biases of n r z (q), x to n r z, h to r z (q).
  static long sums(const Recurrence<T>& r) { return r.shape.reset_after ? 4 : 3; }
  static long unit_size(const Recurrence<T>& r) {
    return L * (sums(r) + 3 * r.shape.features + (sums(r) - 1) * r.shape.hidden);
  }
  static T* candidate(const Recurrence<T>& r) {  // before: the panels of W_hn
    return r.forward_weights + padded<T>(r.shape.hidden) / L * unit_size(r);
  }

  static void pack(const Recurrence<T>& r) {
    const long H = r.shape.hidden, F = r.shape.features, S = sums(r);
    const auto pack_unit = [&](long unit, T* to) {
      const long n = smaller(L, H - unit);
      for (long k = 0; k < 3; ++k) {
        const long g = GATE_OF_PLANE[k];
        pack_transposed(to + k * L, S * L, L, r.bias + g * H + unit, 1, n, 1);
        pack_transposed(to + (S + k) * L, 3 * L, L, r.weight_ih + (g * H + unit) * F, F, n, F);
      }
      if (S == 4) pack_transposed(to + 3 * L, S * L, L, r.bias_hn + unit, 1, n, 1);
      for (long k = 0; k < S - 1; ++k)
        pack_transposed(to + (S + 3 * F + k) * L, (S - 1) * L, L, r.weight_hh + (k * H + unit) * H, H, n, H);
    };
    share(padded<T>(H) / L, r.threads, [&](long first, long last) {
      for (long k = first; k < last; ++k) pack_unit(k * L, r.forward_weights + k * unit_size(r));
    });
    if (S == 3) pack_weight(candidate(r), r.weight_hh + 2 * H * H, H, H, r.threads);
    if (!r.keep) return;
    if (S == 4) {
      pack_matrix(r.backward_weights, r.weight_hh, 3 * H, H, r.threads);
    } else {
      pack_matrix(r.backward_weights, r.weight_hh, 2 * H, H, r.threads);
      pack_matrix(r.backward_weights + 2 * H * padded<T>(H), r.weight_hh + 2 * H * H, H, H, r.threads);
    }
    pack_matrix(r.backward_weights + 3 * H * padded<T>(H), r.weight_ih, 3 * H, F, r.threads);
  }

  static void step(const Recurrence<T>& r, const Step<T>& at) {
    const long H = r.shape.hidden, F = r.shape.features, stride = r.sizes.stride, S = sums(r);
    in_panels<T, L>(H, at.odd, [&](long unit, int) {
      const T* weights = r.forward_weights + unit / L * unit_size(r);
      in_tiles(at.first, at.last, [&](long row, int rows) {
        alignas(64) T found[TILE_ROWS * 4 * L];
        const Segment<T> segments[] = {
            {at.x + row * r.x_stride, r.x_stride, 1, weights + S * L, 3 * L, F},
            {at.h_prev + row * stride, stride, 1, weights + (S + 3 * F) * L, (S - 1) * L, H},
        };
        (S == 4 ? GRU_TILES<T, 4> : GRU_TILES<T, 3>)[rows - 1](found, {weights, 0}, segments, 2);
        for (int m = 0; m < rows; ++m) {
          const T* a = found + m * S * L;
          const long at_h = (row + m) * stride + unit;
          T* saved = at.saved + (row + m) * r.sizes.saved + unit;
          const V h_prev = load(at.h_prev + at_h);
          const V reset = sigmoid<T>(load(a + L)), z = sigmoid<T>(load(a + 2 * L));  // (1)
          if (S == 4) {
            const V q = load(a + 3 * L), n = tanh_<T>(load(a) + reset * q);  // (2), after
            store(at.h + at_h, V(n + z * (h_prev - n)));                     // (3)
            if (!r.keep) continue;
            store(saved, n);
            store(saved + stride, reset);
            store(saved + 2 * stride, z);
            store(saved + 3 * stride, q);
          } else {
            store(saved + stride, reset);
            store(saved + 2 * stride, z);
            store(saved, load(a));
            store(saved + 3 * stride, V(reset * h_prev));  // (2), before: q
          }
        }
      });
    });
    if (S == 3) step_candidate(r, at);
  }

  static void step_candidate(const Recurrence<T>& r, const Step<T>& at) {  // before: n needs q of all units
    const long H = r.shape.hidden, stride = r.sizes.stride;
    in_panels<T>(H, at.odd, [&](long unit, int vectors) {
      alignas(64) T found[TILE_ROWS * PANEL<T>];
      in_tiles(at.first, at.last, [&](long row, int rows) {
        const Segment<T> q{
            at.saved + row * r.sizes.saved + 3 * stride, r.sizes.saved, 1, candidate(r) + unit * H, vectors * L, H};
        tile_of<T>(rows, vectors)(found, {}, &q, 1);
        const T* a = found;
        for (int m = 0; m < rows; ++m)
          for (int v = 0; v < vectors; ++v, a += L) {
            const long u = unit + v * L, at_h = (row + m) * stride + u;
            T* saved = at.saved + (row + m) * r.sizes.saved + u;
            const V n = tanh_<T>(load(saved) + load(a));  // (2), before
            const V h_prev = load(at.h_prev + at_h), z = load(saved + 2 * stride);
            store(saved, n);
            store(at.h + at_h, V(n + z * (h_prev - n)));  // (3)
          }
      });
    });
  }

  static void step_back(const Recurrence<T>& r, const Step<T>& at) {
    if (r.shape.reset_after)
      step_back_after(r, at);
    else
      step_back_before(r, at);
  }

  static void step_back_after(const Recurrence<T>& r, const Step<T>& at) {
    const long stride = r.sizes.stride;
    const auto back = [&](long row, long unit, const T* dh_next) {  // dh_next: (1'), (2') of the step after
      const long at_h = row * stride + unit;
      T* saved = at.saved + row * r.sizes.saved + unit;
      const V n = load(saved), reset = load(saved + stride), z = load(saved + 2 * stride),
              q = load(saved + 3 * stride);
      V dh = load(r.dh + at_h) + load_or_zero(at.dy, at_h);
      if (dh_next) dh += load(dh_next);
      const V dz = dh * (load(at.h_prev + at_h) - n), direct = dh * z;  // (3')
      const V da_n = (dh - direct) * dtanh<T>(n);                       // (3'), (2')
      store(r.dh + at_h, direct);                                       // (3')
      store(saved, da_n);
      store(saved + stride, V(da_n * q * dsigmoid<T>(reset)));  // (2'), (1')
      store(saved + 2 * stride, V(dz * dsigmoid<T>(z)));        // (1')
      store(saved + 3 * stride, V(da_n * reset));               // (2'): dq
    };
    through_weights<T>(r, at, at.saved_next, {stride, 2 * stride, 3 * stride}, r.backward_weights, back);
  }

  static void step_back_before(const Recurrence<T>& r, const Step<T>& at) {
    const long H = r.shape.hidden, stride = r.sizes.stride;
    const auto back = [&](long row, long unit, const T* dh_next) {  // dh_next: (1') of the step after
      const long at_h = row * stride + unit;
      T* saved = at.saved + row * r.sizes.saved + unit;
      const V n = load(saved), z = load(saved + 2 * stride);
      V dh = load(r.dh + at_h) + load_or_zero(at.dy, at_h);
      if (dh_next) dh += load(dh_next);
      const V dz = dh * (load(at.h_prev + at_h) - n), direct = dh * z;  // (3')
      store(r.dh + at_h, direct);                                       // (3')
      store(saved, V((dh - direct) * dtanh<T>(n)));                     // (3'), (2')
      store(saved + 2 * stride, V(dz * dsigmoid<T>(z)));                // (1')
    };
    const auto back_of_reset = [&](long row, long unit, const T* sums) {
      const long at_h = row * stride + unit;
      T* saved = at.saved + row * r.sizes.saved + unit;
      const V dq = load(sums), reset = load(saved + stride);                       // (2')
      store(saved + stride, V(dq * load(at.h_prev + at_h) * dsigmoid<T>(reset)));  // (2'), (1')
      store(r.dh + at_h, V(load(r.dh + at_h) + dq * reset));
    };
    through_weights<T>(r, at, at.saved_next, {stride, 2 * stride}, r.backward_weights, back);
    Step<T> all = at;  // rows that end here too have a da_n
    all.running = at.last;
    through_weights<T>(r, all, at.saved, {0}, r.backward_weights + 2 * H * padded<T>(H), back_of_reset);
  }

  static void start_back(const Recurrence<T>& r, const Step<T>& at) {
    const long stride = r.sizes.stride;
    const auto add = [&](long row, long unit, const T* dh_prev) {  // (1'), (2')
      T* dh = r.dh + row * stride + unit;
      store(dh, V(load(dh) + load(dh_prev)));
    };
    if (r.shape.reset_after)
      through_weights<T>(r, at, at.saved_next, {stride, 2 * stride, 3 * stride}, r.backward_weights, add);
    else
      through_weights<T>(r, at, at.saved_next, {stride, 2 * stride}, r.backward_weights, add);
  }

  static void input_back(const Recurrence<T>& r, long first, long last) {
    const long H = r.shape.hidden;
    add_input_gradient<T, 3>(r, r.backward_weights + 3 * H * padded<T>(H), {2, 0, 1}, r.sizes.stride, first, last);
  }

  static void weights_back(const Recurrence<T>& r, T* scratch, int thread, int threads) {
    const long H = r.shape.hidden, F = r.shape.features, saved = r.sizes.saved, stride = r.sizes.stride;
    const long total = r.steps.total;
    const Columns<T> h{r.h, stride, H, r.steps.before, r.dweight_hh}, x{r.x, r.x_stride, F, nullptr, r.dweight_ih};
    const WeightGradient<T> of_rz{r.saved + stride, saved, 2, H, stride, h, x, r.dbias, total};  // (1')
    GradientShare<T>(of_rz, scratch, thread, threads).add();
    const Columns<T> x_n{r.x, r.x_stride, F, nullptr, r.dweight_ih + 2 * H * F};
    Columns<T> q;               // (2'), before: a_n takes q and the input, after: the input alone
    if (r.shape.reset_after) {  // (2'): q takes the state
      const Columns<T> h_q{r.h, stride, H, r.steps.before, r.dweight_hh + 2 * H * H};
      const WeightGradient<T> of_q{r.saved + 3 * stride, saved, 1, H, stride, h_q, {}, r.dbias_hn, total};
      GradientShare<T>(of_q, scratch, thread, threads).add();
    } else {
      q = {r.saved + 3 * stride, saved, H, nullptr, r.dweight_hh + 2 * H * H};
    }
    GradientShare<T>({r.saved, saved, 1, H, stride, q, x_n, r.dbias + 2 * H, total}, scratch, thread, threads).add();
  }
};

}  // namespace
