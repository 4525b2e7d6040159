// Gradients of weights: one sum over all rows (for a cell: all valid steps of all rows), after the way back.
//
//     dW[c, :] += Σ_r a[r, c] [left[r] | right[r] | 1]
//
// Several gradients come out of one product this way: dweight_hh from the state before, dweight_ih from the input,
// dbias from the 1. Columns c are shared out over threads; rows are summed in blocks of fixed size and order.
#pragma once

#include "threads.hpp"
#include "tiles.hpp"

namespace {

constexpr long ROW_BLOCK = 128;

template <class T>
struct Columns {  // what stands in [left | right | 1]
  const T* data = nullptr;
  long stride = 0, width = 0;
  const long* rows = nullptr;  // where row r lies; null: at r
  T* gradient = nullptr;       // (columns of a, width)
};

template <class T>
struct WeightGradient {
  const T* a;  // (rows, stride): `planes` of `units` columns, each plane `plane` after the one before
  long stride, planes, units, plane;
  Columns<T> left, right;
  T* dbias;  // null: not wanted
  long rows;

  long width() const { return left.width + right.width + 1; }
};

// Numbers that one thread needs beside, at most.
template <class T>
long gradient_scratch(long columns, long width) {
  const long wide = padded<T>(width);
  return ROW_BLOCK * (wide + columns) + columns * wide;
}

template <class T>
void add_weight_gradient(const WeightGradient<T>& g, T* scratch, int thread, int threads) {
  const long width = g.width(), wide = padded<T>(width);
  const long tiles_of_plane = (g.units + TILE_ROWS - 1) / TILE_ROWS, tiles = g.planes * tiles_of_plane;
  const long first = tiles * thread / threads, last = tiles * (thread + 1) / threads;
  if (first == last) return;
  const auto unit_of = [&](long tile) { return (tile % tiles_of_plane) * g.units / tiles_of_plane; };
  const auto height = [&](long tile) {
    const long k = tile % tiles_of_plane;
    return int((k + 1) * g.units / tiles_of_plane - unit_of(tile));
  };
  const auto row_of = [&](long tile) { return tile / tiles_of_plane * g.units + unit_of(tile); };  // of the weight
  const long base = row_of(first), columns = row_of(last - 1) + height(last - 1) - base;

  T* b = scratch;                      // a block's [left | right | 1] in panels
  T* a = b + ROW_BLOCK * wide;         // a block's columns of a, tile by tile
  T* sums = a + ROW_BLOCK * columns;   // (columns, wide)
  std::memset(sums, 0, columns * wide * sizeof(T));
  // few rows are read where they lie; many would miss the cache at every step
  const bool direct = smaller(g.rows, ROW_BLOCK) * g.stride * long(sizeof(T)) <= 65536;

  for (long start = 0; start < g.rows; start += ROW_BLOCK) {
    const long n = smaller(ROW_BLOCK, g.rows - start);
    for (long k = 0; k < n; ++k) {
      const long r = start + k;
      const T* left = g.left.data + (g.left.rows ? g.left.rows[r] : r) * g.left.stride;
      const T* right = g.right.data + r * g.right.stride;
      in_panels<T>(width, [&](long column, int vectors) {
        T* to = b + column * n + k * vectors * LANES<T>;
        const long end = smaller(column + vectors * LANES<T>, width);
        const long in_left = smaller(end, g.left.width), in_right = smaller(end, width - 1);
        long j = column;
        if (j < in_left) {
          std::memcpy(to, left + j, (in_left - j) * sizeof(T));
          j = in_left;
        }
        if (j < in_right) {
          std::memcpy(to + (j - column), right + (j - g.left.width), (in_right - j) * sizeof(T));
          j = in_right;
        }
        if (j == width - 1 && j < end) to[j++ - column] = 1;
        for (; j < column + vectors * LANES<T>; ++j) to[j - column] = 0;
      });
    }
    if (!direct)
      for (long k = 0; k < n; ++k) {
        const T* row = g.a + (start + k) * g.stride;
        for (long t = first; t < last; ++t) {
          const long c = row_of(t) - base;
          const int m = height(t);
          const T* from = row + t / tiles_of_plane * g.plane + unit_of(t);
          T* to = a + c * n + k * m;
          for (int i = 0; i < m; ++i) to[i] = from[i];
        }
      }
    for (long t = first; t < last; ++t) {
      const long c = row_of(t) - base;
      const int m = height(t);
      Segment<T> segment{a + c * n, 1, m, nullptr, n};
      if (direct) {
        segment.a = g.a + start * g.stride + t / tiles_of_plane * g.plane + unit_of(t);
        segment.a_k = g.stride;
      }
      in_panels<T>(width, [&](long column, int vectors) {
        alignas(64) T found[TILE_ROWS * PANEL<T>];
        segment.b = b + column * n;
        tile_of<T>(m, vectors)(found, nullptr, &segment, 1);
        const long w = vectors * LANES<T>;
        for (int i = 0; i < m; ++i) {
          T* to = sums + (c + i) * wide + column;
          for (int v = 0; v < vectors; ++v)
            store(to + v * LANES<T>, load(to + v * LANES<T>) + load(found + i * w + v * LANES<T>));
        }
      });
    }
  }
  for (long c = 0; c < columns; ++c) {
    const T* from = sums + c * wide;
    const Columns<T>* const parts[] = {&g.left, &g.right};
    for (const Columns<T>* part : parts) {
      T* to = part->gradient + (base + c) * part->width;
      for (long j = 0; j < part->width; ++j) to[j] += from[j];
      from += part->width;
    }
    if (g.dbias) g.dbias[base + c] += *from;
  }
}

}  // namespace
