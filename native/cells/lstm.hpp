// The LSTM; the numbers are those of the equations in cells/lstm.py.
#pragma once

#include "../scan.hpp"

namespace {

template <class T>
struct Lstm {
  using V = Vec<T>;
  static constexpr long L = LANES<T>;

  static CellSizes sizes(const CellShape& s) {
    const long H = s.hidden, F = s.features, Hp = padded<T>(H), stride = padded_stride<T>(H);
    return {stride, 5 * stride, 4 * (H / L * L + room_for<T>(H % L)) * (1 + F + H), 4 * H * (Hp + padded<T>(F)),
            gradient_scratch<T>(4, H, H, F)};
  }

  // For each panel of units: the biases, then for each k of x and of h the weights of i f g o side by side.
  static void pack(const Recurrence<T>& r) {
    const long H = r.shape.hidden, F = r.shape.features;
    const auto pack_unit = [&](long unit, T* to) {
      const long n = smaller(L, H - unit), room = room_for<T>(n), width = 4 * room;
      for (long g = 0; g < 4; ++g, to += room) {
        pack_transposed(to, width, room, r.bias + g * H + unit, 1, n, 1);
        pack_transposed(to + width, width, room, r.weight_ih + (g * H + unit) * F, F, n, F);
        pack_transposed(to + width * (1 + F), width, room, r.weight_hh + (g * H + unit) * H, H, n, H);
      }
    };
    share(padded<T>(H) / L, r.threads, [&](long first, long last) {
      for (long k = first; k < last; ++k) pack_unit(k * L, r.forward_weights + k * 4 * L * (1 + F + H));
    });
    if (!r.keep) return;
    pack_matrix(r.backward_weights, r.weight_hh, 4 * H, H, r.threads);
    pack_matrix(r.backward_weights + 4 * H * padded<T>(H), r.weight_ih, 4 * H, F, r.threads);
  }

  static void step(const Recurrence<T>& r, const Step<T>& at) {
    const long H = r.shape.hidden, F = r.shape.features, stride = r.sizes.stride, saved_row = r.sizes.saved;
    const bool keep = r.keep;
    in_panels<T, L>(H, at.odd, [&](long unit, int) {
      const T* weights = r.forward_weights + 4 * unit * (1 + F + H);
      const long room = room_for<T>(H - unit), width = 4 * room;
      // where gates share vectors, the last unit of a gate is followed by another gate
      const auto sum = [&](const T* a) { return room == L ? load(a) : first_lanes<T>(load(a), H - unit); };
      in_tiles(at.first, at.last, [&](long row, int n) {
        alignas(64) T sums[TILE_ROWS * 4 * L];
        const Segment<T> segments[] = {
            {at.x + row * r.x_stride, r.x_stride, 1, weights + width, width, F},
            {at.h_prev + row * stride, stride, 1, weights + width * (1 + F), width, H},
        };
        tile_of<T>(n, int(width / L))(sums, {weights, 0}, segments, 2);  // (1)
        const T* c_prev = at.c_prev + row * stride + unit;
        T *h_to = at.h + row * stride + unit, *c_to = at.c + row * stride + unit;
        T* saved = at.saved + row * saved_row + unit;
        V c[TILE_ROWS], o[TILE_ROWS];
        for (int m = 0; m < n; ++m) {
          const T* a = sums + m * width;
          const V i = sigmoid<T>(sum(a)), f = sigmoid<T>(sum(a + room));  // (2)
          const V g = tanh_<T>(sum(a + 2 * room));
          o[m] = sigmoid<T>(sum(a + 3 * room));
          c[m] = f * load(c_prev + m * stride) + i * g;  // (3)
          store(c_to + m * stride, c[m]);
          if (!keep) continue;
          T* to = saved + m * saved_row;
          store(to, i);
          store(to + stride, f);
          store(to + 2 * stride, g);
          store(to + 3 * stride, o[m]);
        }
        for (int m = 0; m < n; ++m) {  // a loop of its own: all c are ready, so that nothing waits
          const V tanh_c = tanh_<T>(c[m]);
          store(h_to + m * stride, V(o[m] * tanh_c));  // (4)
          if (keep) store(saved + m * saved_row + 4 * stride, tanh_c);
        }
      });
    });
  }

  static void step_back(const Recurrence<T>& r, const Step<T>& at) {
    const long stride = r.sizes.stride;
    const auto back = [&](long row, long unit, const T* dh_next) {  // dh_next: (1') of the step after
      const long at_h = row * stride + unit;
      T* saved = at.saved + row * r.sizes.saved + unit;
      const V i = load(saved), f = load(saved + stride), g = load(saved + 2 * stride);
      const V o = load(saved + 3 * stride), tanh_c = load(saved + 4 * stride);
      const V dh = load(dh_next ? dh_next : r.dh + at_h) + load_or_zero(at.dy, at_h);
      const V do_ = dh * tanh_c;                                           // (4')
      const V dc = load(r.dc + at_h) + dh * o * dtanh<T>(tanh_c);          // (4')
      const V df = dc * load(at.c_prev + at_h), di = dc * g, dg = dc * i;  // (3')
      store(r.dc + at_h, V(dc * f));                                       // (3')
      store(saved, V(di * dsigmoid<T>(i)));                                // (2')
      store(saved + stride, V(df * dsigmoid<T>(f)));
      store(saved + 2 * stride, V(dg * dtanh<T>(g)));
      store(saved + 3 * stride, V(do_ * dsigmoid<T>(o)));
    };
    through_weights<T>(r, at, at.saved_next, {0, stride, 2 * stride, 3 * stride}, r.backward_weights, back);
  }

  static void start_back(const Recurrence<T>& r, const Step<T>& at) {
    const long stride = r.sizes.stride;
    const auto keep = [&](long row, long unit, const T* dh) { store(r.dh + row * stride + unit, load(dh)); };
    through_weights<T>(r, at, at.saved_next, {0, stride, 2 * stride, 3 * stride}, r.backward_weights, keep);  // (1')
  }

  static void input_back(const Recurrence<T>& r, long first, long last) {
    const long H = r.shape.hidden;
    add_input_gradient<T, 4>(r, r.backward_weights + 4 * H * padded<T>(H), {0, 1, 2, 3}, r.sizes.stride, first, last);
  }

  static void weights_back(const Recurrence<T>& r, T* scratch, int thread, int threads) {
    add_weight_gradients(r, 4, scratch, thread, threads);  // (1')
  }
};

}  // namespace
