// y = φ(W x + b) on rows: no recurrence, the same tiles.
#pragma once

#include "gradients.hpp"
#include "kernels.hpp"
#include "threads.hpp"
#include "tiles.hpp"

namespace {

template <class T>
void activate(Activation activation, T* values, long n) {  // (padded n)
  if (activation == Activation::linear) return;
  with_activation<T>(activation, [&](auto phi) {
    for (long k = 0; k < n; k += LANES<T>) store(values + k, phi.function(load(values + k)));
  });
}

// The weights in panels, then the biases.
template <class T>
void dense_pack(const DenseRows<T>& d) {
  pack_weight(d.forward_weights, d.weight, d.out, d.in, d.threads);
  T* bias = d.forward_weights + padded<T>(d.out) * d.in;
  for (long k = 0; k < padded<T>(d.out); ++k) bias[k] = d.bias && k < d.out ? d.bias[k] : 0;
  if (d.backward_weights) pack_matrix(d.backward_weights, d.weight, d.out, d.in, d.threads);
}

template <class T>
void dense_forward(const DenseRows<T>& d) {
  share(d.rows, d.threads, [&](long first, long last) {
    in_panels<T>(d.out, [&](long column, int vectors) {
      alignas(64) T sums[TILE_ROWS * PANEL<T>];
      const long width = vectors * LANES<T>, n = smaller(width, d.out - column);
      in_tiles(first, last, [&](long row, int height) {
        const Segment<T> x{d.x + row * d.x_stride, d.x_stride, 1, d.forward_weights + column * d.in, width, d.in};
        tile_of<T>(height, vectors)(sums, {d.forward_weights + padded<T>(d.out) * d.in + column, 0}, &x, 1);
        activate(d.activation, sums, height * width);
        for (int m = 0; m < height; ++m)
          std::memcpy(d.y + (row + m) * d.y_stride + column, sums + m * width, n * sizeof(T));
      });
    });
  });
}

template <class T>
long dense_scratch(long in, long out) {
  return gradient_scratch<T>(1, out, in, 0);
}

template <class T, class Phi>
void dense_activation_back(const DenseRows<T>& d, Phi phi) {
  share(d.rows, d.threads, [&](long first, long last) {
    for (long row = first; row < last; ++row)
      for (long k = 0; k < d.out; k += LANES<T>) {
        alignas(64) T y[LANES<T>] = {}, dy[LANES<T>] = {};
        const long n = smaller(LANES<T>, d.out - k), at = row * d.y_stride + k;
        std::memcpy(y, d.y + at, n * sizeof(T));
        std::memcpy(dy, d.dy + at, n * sizeof(T));
        store(dy, Vec<T>(load(dy) * phi.derivative(load(y))));
        std::memcpy(d.dy + at, dy, n * sizeof(T));
      }
  });
}

template <class T>
void dense_backward(const DenseRows<T>& d) {
  if (d.activation != Activation::linear)
    with_activation<T>(d.activation, [&](auto phi) { dense_activation_back(d, phi); });
  if (d.dx)
    share(d.rows, d.threads, [&](long first, long last) {
      in_panels<T>(d.in, [&](long column, int vectors) {
        alignas(64) T sums[TILE_ROWS * PANEL<T>];
        const long width = vectors * LANES<T>, n = smaller(width, d.in - column);
        in_tiles(first, last, [&](long row, int height) {
          const Segment<T> da{
              d.dy + row * d.y_stride, d.y_stride, 1, d.backward_weights + column * d.out, width, d.out};
          tile_of<T>(height, vectors)(sums, {}, &da, 1);
          for (int m = 0; m < height; ++m) {
            T* dx = d.dx + (row + m) * d.dx_stride + column;
            for (long j = 0; j < n; ++j) dx[j] += sums[m * width + j];
          }
        });
      });
    });
  const WeightGradient<T> all{d.dy, d.y_stride, 1,     d.out, 0, {d.x, d.x_stride, d.in, nullptr, d.dweight},
                              {},   d.dbias,    d.rows};
  in_parallel(d.threads, [&](int thread, int threads) {
    GradientShare<T>(all, d.scratch + thread * dense_scratch<T>(d.in, d.out), thread, threads).add();
  });
}

}  // namespace
