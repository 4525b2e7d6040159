// The kernel of all matrix products: a tile of a few rows by a few vectors, held in registers.
//
//     sums[m, :] = start[m, :] + Σ over segments, Σ_k a[m, k] b[k, :]
//
// `b` is usually packed: for each k the tile's vectors are adjacent, so that the loop reads memory sequentially. A
// product over the input and the previous state is two segments of one tile; no sum is stored in between. How rows
// are divided into tiles never changes a bit, because each sum runs over k in order, in one accumulator.
#pragma once

#include "simd.hpp"
#include "threads.hpp"

namespace {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int TILE_ROWS = 6;  // 24 accumulators of 32 registers
#else
constexpr int TILE_ROWS = 3;  // 12 of 16
#endif
constexpr int TILE_VECTORS = 4;

template <class T>
constexpr long PANEL = TILE_VECTORS * LANES<T>;  // columns of a full tile

template <class T>
struct Segment {
  const T* a;
  long a_row, a_k;  // strides from row to row and from k to k
  const T* b;
  long b_k;     // stride from k to k
  long length;  // number of k
};

template <class T, int M, int W, int V, int FIRST>
UNROLLED_INLINE void accumulate(Vec<T> (&sums)[M][W], const Segment<T>& s) {
  const T *a = s.a, *b = s.b;
  for (long k = 0; k < s.length; ++k, a += s.a_k, b += s.b_k) {
    Vec<T> w[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) w[v] = load(b + v * LANES<T>);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      const Vec<T> am = broadcast(a[m * s.a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[m][FIRST + v] += am * w[v];
    }
  }
}

// The initial values of the sums: rows that are `row` numbers apart (0: the same for all rows).
template <class T>
struct Start {
  const T* from;
  long row;
};

template <class T, int M, int W>
UNROLLED_INLINE void begin(Vec<T> (&sums)[M][W], Start<T> start) {
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < W; ++v) sums[m][v] = start.from ? load(start.from + m * start.row + v * LANES<T>) : Vec<T>{};
}

template <class T, int M, int W>
UNROLLED_INLINE void finish(const Vec<T> (&sums)[M][W], T* out) {
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < W; ++v) store(out + (m * W + v) * LANES<T>, sums[m][v]);
}

// M rows by V vectors → out (M, V·LANES), which may be the array of `start`.
template <class T, int M, int V>
void tile(T* out, Start<T> start, const Segment<T>* segments, int n) {
  Vec<T> sums[M][V];
  begin<T, M, V>(sums, start);
  for (int s = 0; s < n; ++s) accumulate<T, M, V, V, 0>(sums, segments[s]);
  finish<T, M, V>(sums, out);
}

// The GRU's tile: of the W sums n r z (q), the input contributes to the first three, the state to all but the first.
template <class T, int M, int W>
void tile_gru(T* out, Start<T> start, const Segment<T>* segments, int) {
  Vec<T> sums[M][W];
  begin<T, M, W>(sums, start);
  accumulate<T, M, W, 3, 0>(sums, segments[0]);
  accumulate<T, M, W, W - 1, 1>(sums, segments[1]);
  finish<T, M, W>(sums, out);
}

template <class T>
using TileFunction = void (*)(T*, Start<T>, const Segment<T>*, int);

template <class T, int V>
constexpr TileFunction<T> TILES[] = {
    tile<T, 1, V>, tile<T, 2, V>, tile<T, 3, V>,
#if defined(__AVX512F__) || defined(__aarch64__)
    tile<T, 4, V>, tile<T, 5, V>, tile<T, 6, V>,
#endif
};

template <class T, int W>
constexpr TileFunction<T> GRU_TILES[] = {
    tile_gru<T, 1, W>, tile_gru<T, 2, W>, tile_gru<T, 3, W>,
#if defined(__AVX512F__) || defined(__aarch64__)
    tile_gru<T, 4, W>, tile_gru<T, 5, W>, tile_gru<T, 6, W>,
#endif
};

template <class T>
UNROLLED_INLINE TileFunction<T> tile_of(int rows, int vectors) {
  switch (vectors) {
    case 1: return TILES<T, 1>[rows - 1];
    case 2: return TILES<T, 2>[rows - 1];
    case 3: return TILES<T, 3>[rows - 1];
    default: return TILES<T, 4>[rows - 1];
  }
}

// Divide rows first..last into tiles of nearly equal height, and call f(row, height) for each.
template <class F>
UNROLLED_INLINE void in_tiles(long first, long last, F f) {
  const long n = last - first, tiles = (n + TILE_ROWS - 1) / TILE_ROWS;
  long row = first;
  for (long k = 0; k < tiles; ++k) {
    const long end = first + (k + 1) * n / tiles;
    f(row, int(end - row));
    row = end;
  }
}

// Divide columns 0..n into panels, and call f(column, vectors) for each. A panel of K rows has K · vectors · LANES
// numbers, padded with zeros; all panels before column c have K · c.
template <class T, long SIZE = PANEL<T>, class F>
UNROLLED_INLINE void in_panels(long n, bool from_last, F f) {
  const long panels = (n + SIZE - 1) / SIZE;
  for (long k = 0; k < panels; ++k) {
    const long column = SIZE * (from_last ? panels - 1 - k : k);
    f(column, int((smaller(SIZE, n - column) + LANES<T> - 1) / LANES<T>));
  }
}

template <class T, class F>
UNROLLED_INLINE void in_panels(long n, F f) {
  in_panels<T>(n, false, f);
}

template <class T>
constexpr long padded(long n) {
  return (n + LANES<T> - 1) / LANES<T> * LANES<T>;
}

// Units of each gate in a panel of four gates. A panel holds one vector of units of each gate, side by side; for the
// last few units, which do not fill a vector, the gates share vectors.
template <class T>
constexpr long room_for(long units) {
  constexpr long quarter = LANES<T> < 4 ? 1 : LANES<T> / 4;  // four of them fill a vector
  return smaller(LANES<T>, (units + quarter - 1) / quarter * quarter);
}

// --- packing -----------------------------------------------------------------------------------------------

// to[k, l] = from[l, k] for l < n, and 0 for n ≤ l < room: columns of a panel whose rows are `to_row` apart
template <class T>
void pack_transposed(T* to, long to_row, long room, const T* from, long from_row, long n, long K) {
  for (long l = 0; l < room; ++l) {
    if (l < n)
      for (long k = 0; k < K; ++k) to[k * to_row + l] = from[l * from_row + k];
    else
      for (long k = 0; k < K; ++k) to[k * to_row + l] = 0;
  }
}

// from (N, K) → panels of its transpose, for `x @ weight.T`
template <class T>
void pack_weight(T* to, const T* from, long N, long K, int threads) {
  share((N + LANES<T> - 1) / LANES<T>, threads, [&](long first, long last) {
    for (long c = first * LANES<T>; c < smaller(N, last * LANES<T>); c += LANES<T>) {
      const long column = c / PANEL<T> * PANEL<T>;
      const long width = smaller(PANEL<T>, padded<T>(N - column));
      pack_transposed(to + column * K + (c - column), width, LANES<T>, from + c * K, K, smaller(LANES<T>, N - c), K);
    }
  });
}

// from (K, N) → panels, for `da @ weight`
template <class T>
void pack_matrix(T* to, const T* from, long K, long N, int threads) {
  share(K, threads, [&](long first, long last) {
    in_panels<T>(N, [&](long column, int vectors) {
      const long width = vectors * LANES<T>, n = smaller(width, N - column);
      for (long k = first; k < last; ++k) {
        T* row = to + column * K + k * width;
        std::memcpy(row, from + k * N + column, n * sizeof(T));
        for (long j = n; j < width; ++j) row[j] = 0;
      }
    });
  });
}

}  // namespace
