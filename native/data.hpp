// Training rows, gathered batch by batch straight from the user's arrays: see data.py.
#pragma once

#include <algorithm>
#include <cstdint>

namespace unrolled {

// Numbers of either precision, as they lie.
struct Numbers {
  const void* data = nullptr;
  bool is_double = false;

  explicit operator bool() const { return data != nullptr; }

  template <class T>
  T at(long k) const {
    return is_double ? T(static_cast<const double*>(data)[k]) : T(static_cast<const float*>(data)[k]);
  }

  template <class T>
  void copy(long first, long n, T* to) const {
    if (is_double)
      std::copy_n(static_cast<const double*>(data) + first, n, to);
    else
      std::copy_n(static_cast<const float*>(data) + first, n, to);
  }
};

// Rows in arrays, or windows of one table of series.
struct Data {
  long rows = 0, steps = 0, features = 0;
  long targets = 0;  // numbers a row
  const std::int64_t* lengths = nullptr;

  // in arrays
  Numbers x, target, weight;
  const std::int64_t* classes = nullptr;
  long weights = 0;  // a row; each stands for targets / weights neighbours

  // in windows
  bool windows = false;
  const double *values = nullptr, *observed = nullptr, *loc = nullptr, *scale = nullptr;
  const std::int64_t *starts = nullptr, *lags = nullptr;
  long total = 0, longest_lag = 0;  // steps of the table; how far before a window's end an anchor may lie

  bool weighted() const { return windows || weight; }

  // Step t of a row, in units that the network reads.
  template <class T>
  void read_step(long row, long t, T* to) const {
    if (!windows) return x.copy(((row * steps) + t) * features, features, to);
    const double* from = values + (starts[row] + t) * features;
    for (long c = 0; c < features; ++c) to[c] = T((from[c] - loc[row * features + c]) / scale[row * features + c]);
  }

  // What a target of 1 stands for.
  double read_unit(long row) const { return windows ? scale[row * features] : 1; }

  template <class T>
  T read_target(long row, long k) const {
    if (!windows) return target.at<T>(row * targets + k);
    const long place = starts[row] + lengths[row] + k;
    const double anchor = lags ? values[(place - lags[k]) * features] : loc[row * features];
    return T((values[place * features] - anchor) / scale[row * features]);
  }

  // The weight of the k-th of `each` costs that a target stands for.
  template <class T>
  T read_weight(long row, long k, long each) const {
    if (windows) return T(observed[starts[row] + lengths[row] + k / each]);
    return weight.at<T>(row * weights + k / (targets * each / weights));
  }

  // Whether a row can be read: the arrays are the user's and may have changed since.
  bool readable(long row) const {
    if (lengths && (lengths[row] < 0 || lengths[row] > steps)) return false;
    if (!windows) return true;
    const long length = lengths[row], start = starts[row];
    return start >= 0 && start <= total - targets - length && start + length >= longest_lag;
  }
};

}  // namespace unrolled
