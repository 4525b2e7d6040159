// Gradients of weights: one sum over all rows (for a cell: all valid steps of all rows), after the backward pass.
//
//     dleft[c, :] += Σ_r a[r, c] left[r, :],   dright likewise,   dbias[c] += Σ_r a[r, c]
//
// The vectors of a tile run over columns of `a`, its rows over columns of left, right and a 1 for the bias. Threads
// divide the tiles; rows are summed in blocks of fixed size and order.
#pragma once

#include "threads.hpp"
#include "tiles.hpp"

namespace {

constexpr long ROW_BLOCK = 128;
constexpr long MAX_UNPACKED_BYTES = 65536;  // larger blocks of rows are packed before they are read

template <class T>
struct Columns {
  const T* data = nullptr;
  long stride = 0, width = 0;
  const long* rows = nullptr;  // index of row r in `data`; null: r
  T* gradient = nullptr;       // (columns of a, width)
};

template <class T>
struct WeightGradient {
  const T* a;  // (rows, stride): `planes` planes of `units` columns, at multiples of `plane`
  long stride, planes, units, plane;
  Columns<T> left, right;
  T* dbias;  // null if not needed
  long rows;
};

UNROLLED_INLINE long tiles_in(long columns) { return (columns + TILE_ROWS - 1) / TILE_ROWS; }

// The largest scratch memory of one thread, in numbers.
template <class T>
long gradient_scratch(long planes, long units, long left, long right) {
  const long wide = planes * ((units + PANEL<T> - 1) / PANEL<T>)*PANEL<T>;
  return ROW_BLOCK * (wide + left) + (left + right + 1) * wide;
}

template <class T>
class GradientShare {  // of one thread
 public:
  GradientShare(const WeightGradient<T>& g, T* scratch, int thread, int threads)
      : g_(g),
        left_(tiles_in(g.left.width)),
        right_(tiles_in(g.right.width)),
        tiles_(left_ + right_ + (g.dbias ? 1 : 0)),
        panels_((g.units + PANEL<T> - 1) / PANEL<T>),
        first_(tiles_ * panels_ * g.planes * thread / threads),
        last_(tiles_ * panels_ * g.planes * (thread + 1) / threads),
        scratch_(scratch) {}

  void add() {
    if (first_ == last_) return;
    T* const packed = scratch_;                                    // panels of a block of a
    const long held = (last_ - 1) / tiles_ - first_ / tiles_ + 1;  // panels of this share
    T* const gathered = packed + held * PANEL<T> * ROW_BLOCK;      // a block of left
    T* const sums = gathered + g_.left.width * ROW_BLOCK;
    zero(sums);
    const bool near = smaller(g_.rows, ROW_BLOCK) * g_.stride * long(sizeof(T)) <= MAX_UNPACKED_BYTES;
    for (long start = 0; start < g_.rows; start += ROW_BLOCK) {
      const long n = smaller(ROW_BLOCK, g_.rows - start);
      const Columns<T> left = left_block(gathered, start, n);
      T* to = sums;
      for (long item = first_; item < last_; ++item) {
        const Piece p = piece(item);
        const long width = p.vectors * LANES<T>;
        const T* from = g_.a + start * g_.stride + p.plane * g_.plane + p.unit;
        Segment<T> s{nullptr, 1, 0, from, g_.stride, n};
        if (!near) {
          T* const panel = packed + (item / tiles_ - first_ / tiles_) * PANEL<T> * ROW_BLOCK;
          if (item == first_ || item % tiles_ == 0) pack(panel, from, width, n);
          s.b = panel;
          s.b_k = width;
        }
        const T one = 1;
        if (p.part == 0) {
          s.a = left.data + p.column;
          s.a_k = left.stride;
        } else if (p.part == 1) {
          s.a = g_.right.data + start * g_.right.stride + p.column;
          s.a_k = g_.right.stride;
        } else {
          s.a = &one;
        }
        tile_of<T>(p.height, p.vectors)(to, {to, width}, &s, 1);
        to += p.height * width;
      }
    }
    add_sums(sums);
  }

 private:
  struct Piece {  // one tile: `height` columns of a part (left, right, 1) by a panel of units of a plane
    long plane, unit, part, column;
    int vectors, height;
  };

  Piece piece(long item) const {
    const long panel = item / tiles_, tile = item % tiles_;
    Piece p;
    p.plane = panel / panels_;
    p.unit = panel % panels_ * PANEL<T>;
    p.vectors = int((smaller(PANEL<T>, g_.units - p.unit) + LANES<T> - 1) / LANES<T>);
    p.part = tile < left_ ? 0 : tile < left_ + right_ ? 1 : 2;
    const long k = tile - (p.part == 0 ? 0 : p.part == 1 ? left_ : left_ + right_);
    const long width = p.part == 0 ? g_.left.width : p.part == 1 ? g_.right.width : 1;
    const long all = tiles_in(width);
    p.column = k * width / all;
    p.height = int((k + 1) * width / all - p.column);
    return p;
  }

  void zero(T* sums) const {
    long n = 0;
    for (long item = first_; item < last_; ++item) n += piece(item).height * piece(item).vectors * LANES<T>;
    std::memset(sums, 0, n * sizeof(T));
  }

  // Rows start.. of left: in place, or gathered if they are not contiguous.
  Columns<T> left_block(T* gathered, long start, long n) const {
    Columns<T> left = g_.left;
    const long* rows = left.rows;
    if (!rows || rows[start + n - 1] - rows[start] == n - 1) {
      left.data += (rows ? rows[start] : start) * left.stride;
      return left;
    }
    for (long k = 0; k < n; ++k)
      std::memcpy(gathered + k * left.width, left.data + rows[start + k] * left.stride, left.width * sizeof(T));
    left.data = gathered;
    left.stride = left.width;
    return left;
  }

  void pack(T* to, const T* from, long width, long n) const {
    for (long k = 0; k < n; ++k, from += g_.stride)
      for (long j = 0; j < width; j += LANES<T>, to += LANES<T>) store(to, load(from + j));
  }

  void add_sums(const T* sums) const {
    for (long item = first_; item < last_; ++item) {
      const Piece p = piece(item);
      const long width = p.vectors * LANES<T>, units = smaller(width, g_.units - p.unit);
      const long row = p.plane * g_.units + p.unit;  // of the weight
      if (p.part == 2) {
        for (long u = 0; u < units; ++u) g_.dbias[row + u] += sums[u];
      } else {
        const Columns<T>& part = p.part == 0 ? g_.left : g_.right;
        T* to = part.gradient + row * part.width + p.column;
        for (long u = 0; u < units; ++u, to += part.width)
          for (int m = 0; m < p.height; ++m) to[m] += sums[m * width + u];
      }
      sums += p.height * width;
    }
  }

  const WeightGradient<T>& g_;
  long left_, right_, tiles_, panels_, first_, last_;
  T* scratch_;
};

}  // namespace
