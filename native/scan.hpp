// A cell through time, forward and backward. Threads divide the rows, over which nothing is summed here.
#pragma once

#include "gradients.hpp"
#include "kernels.hpp"
#include "threads.hpp"
#include "tiles.hpp"

namespace {

// One step of the rows first..last: pointers to the values of row 0.
template <class T>
struct Step {
  const T* x;
  const T* h_prev;
  T* h;
  const T* c_prev;
  T* c;
  T* saved;
  const T* saved_next;  // of the following step, in the backward pass
  const T* dy;
  long first, last;  // rows
  long running;      // rows first..running have a following step
  bool odd;          // odd steps go from the last panel to the first: its weights are still in the cache
};

template <class T>
Step<T> step_at(const Recurrence<T>& r, long t, long first, long last) {
  const Steps& s = r.steps;
  const long valid = s.starts[t], stride = r.sizes.stride;
  const long before = r.y ? t % 2 * s.rows : t ? s.rows + s.starts[t - 1] : 0;
  Step<T> at{};
  at.x = r.x + valid * r.x_stride;
  at.h_prev = r.h + before * stride;
  at.h = r.h + (r.y ? (t + 1) % 2 * s.rows : s.rows + valid) * stride;
  if (r.c) {
    at.c_prev = r.c + (r.keep ? before * stride : 0);
    at.c = r.c + (r.keep ? (s.rows + valid) * stride : 0);
  }
  at.saved = r.saved + (r.keep ? valid * r.sizes.saved : 0);
  at.first = first;
  at.last = smaller(last, s.counts[t]);
  at.odd = t % 2;
  return at;
}

// The first row of a thread's share: all shares have about the same number of valid steps.
UNROLLED_INLINE long boundary(const Steps& s, int part, int parts) {
  if (part == 0) return 0;
  const long target = s.total * part / parts;
  if (s.counts[s.steps - 1] == s.rows) return s.rows * part / parts;
  long low = 0, high = s.rows;
  while (low < high) {  // bisection for the first row before which there are `target` steps
    const long row = (low + high) / 2;
    long steps = 0;
    for (long t = 0; t < s.steps; ++t) steps += smaller(row, s.counts[t]);
    if (steps < target)
      low = row + 1;
    else
      high = row;
  }
  return low;
}

template <class Cell, class T>
void scan(const Recurrence<T>& r) {
  if (r.steps.steps == 0) return;
  const long H = r.shape.hidden;
  in_parallel(r.threads, [&](int thread, int threads) {
    const long first = boundary(r.steps, thread, threads), last = boundary(r.steps, thread + 1, threads);
    for (long t = 0; t < r.steps.steps; ++t) {
      const Step<T> at = step_at(r, t, first, last);
      if (at.last <= first) break;
      Cell::step(r, at);
      for (long row = first; r.y && row < at.last; ++row)  // to the caller's array, while they are in the cache
        std::memcpy(r.y + r.order[row] * r.y_row + t * H, at.h + row * r.sizes.stride, std::size_t(H) * sizeof(T));
    }
  });
}

template <class Cell, class T>
void scan_back(const Recurrence<T>& r) {
  if (r.steps.steps == 0) return;
  in_parallel(r.threads, [&](int thread, int threads) {
    const long first = boundary(r.steps, thread, threads), last = boundary(r.steps, thread + 1, threads);
    for (long t = r.steps.steps - 1; t >= 0; --t) {
      Step<T> at = step_at(r, t, first, last);
      if (at.last <= first) continue;
      const bool ends = t + 1 == r.steps.steps;
      at.running = ends ? first : larger(first, smaller(last, r.steps.counts[t + 1]));
      at.saved_next = ends ? nullptr : r.saved + r.steps.starts[t + 1] * r.sizes.saved;
      at.dy = r.dy ? r.dy + r.steps.starts[t] * r.sizes.stride : nullptr;
      Cell::step_back(r, at);
    }
    if (r.needs_initial_gradient) {
      Step<T> at{};
      at.first = first;
      at.last = at.running = larger(first, smaller(last, r.steps.counts[0]));
      at.saved_next = r.saved;
      Cell::start_back(r, at);
    }
  });
  in_parallel(r.threads, [&](int thread, int threads) {
    Cell::input_back(r, r.steps.total * thread / threads, r.steps.total * (thread + 1) / threads);
    Cell::weights_back(r, r.scratch + thread * r.sizes.scratch, thread, threads);
  });
}

// --- what cells have in common -----------------------------------------------------------------------------

template <class T>
long padded_stride(long hidden) {  // rows exactly 1 KiB apart would compete for the same cache sets
  const long stride = padded<T>(hidden);
  return stride * long(sizeof(T)) % 1024 ? stride : stride + LANES<T>;
}

template <class T>
UNROLLED_INLINE Vec<T> load_or_zero(const T* from, long offset) {
  return from ? load(from + offset) : Vec<T>{};
}

// The matrix product of a backward step: calls f(row, unit, sums) for each row and vector of units, where sums = Σ
// over gates of da_next W[gate, unit], or null for rows without a following step. `planes` are the offsets of the
// gates in a row of `saved`; their weights follow each other in `weights` in the same order.
template <class T, int GATES, class F>
UNROLLED_INLINE void through_weights(const Recurrence<T>& r, const Step<T>& at, const T* saved,
                                     const long (&planes)[GATES], const T* weights, F f) {
  const long H = r.shape.hidden, stride = r.sizes.saved;
  in_panels<T>(H, at.odd, [&](long unit, int vectors) {
    alignas(64) T sums[TILE_ROWS * PANEL<T>];
    const T* panel = weights + unit * GATES * H;
    const long width = vectors * LANES<T>;
    in_tiles(at.first, at.running, [&](long row, int n) {
      Segment<T> segments[GATES];
      for (int g = 0; g < GATES; ++g)
        segments[g] = {saved + row * stride + planes[g], stride, 1, panel + g * H * width, width, H};
      tile_of<T>(n, vectors)(sums, {}, segments, GATES);
      const T* sum = sums;
      for (int m = 0; m < n; ++m)
        for (int v = 0; v < vectors; ++v, sum += LANES<T>) f(row + m, unit + v * LANES<T>, sum);
    });
    for (long row = at.running; row < at.last; ++row)
      for (int v = 0; v < vectors; ++v) f(row, unit + v * LANES<T>, static_cast<const T*>(nullptr));
  });
}

// dx += da W_ih for valid steps first..last; gates[k] is the gate, numbered as in weight_ih, of plane k.
template <class T, int GATES>
void add_input_gradient(const Recurrence<T>& r, const T* weights, const long (&gates)[GATES], long plane, long first,
                        long last) {
  if (!r.dx) return;
  const long H = r.shape.hidden, F = r.shape.features;
  in_panels<T>(F, [&](long column, int vectors) {
    alignas(64) T sums[TILE_ROWS * PANEL<T>];
    const T* panel = weights + column * GATES * H;
    const long width = vectors * LANES<T>, n = smaller(width, F - column);
    in_tiles(first, last, [&](long row, int height) {
      Segment<T> segments[GATES];
      for (int k = 0; k < GATES; ++k)
        segments[k] = {
            r.saved + row * r.sizes.saved + k * plane, r.sizes.saved, 1, panel + gates[k] * H * width, width, H};
      tile_of<T>(height, vectors)(sums, {}, segments, GATES);
      for (int m = 0; m < height; ++m) {
        T* dx = r.dx + (row + m) * r.dx_stride + column;
        for (long j = 0; j < n; ++j) dx[j] += sums[m * width + j];
      }
    });
  });
}

// The gradients of the weights of a cell whose gates all sum the input's and the state's part.
template <class T>
void add_weight_gradients(const Recurrence<T>& r, long gates, T* scratch, int thread, int threads) {
  const long H = r.shape.hidden, stride = r.sizes.stride;
  const Columns<T> h{r.h, stride, H, r.steps.before, r.dweight_hh};
  const Columns<T> x{r.x, r.x_stride, r.shape.features, nullptr, r.dweight_ih};
  const WeightGradient<T> all{r.saved, r.sizes.saved, gates, H, stride, h, x, r.dbias, r.steps.total};
  GradientShare<T>(all, scratch, thread, threads).add();
}

}  // namespace
