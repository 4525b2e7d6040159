// Training rows, gathered batch by batch directly from the caller's arrays: see datasets.py.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace unrolled {

// An array of either precision, which is not copied.
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
  long targets = 0;  // numbers in a row
  const std::int64_t* lengths = nullptr;

  // in arrays
  Numbers x, target, weight;
  const std::int64_t* classes = nullptr;
  long weights = 0;  // numbers in a row; each applies to targets / weights neighbouring targets

  // in windows
  bool windows = false;
  const double *values = nullptr, *observed = nullptr, *loc = nullptr, *scale = nullptr, *row_weight = nullptr,
               *drift = nullptr;
  const std::int64_t* starts = nullptr;
  std::vector<long> lags;           // of the anchors, one per target; empty: anchors are `loc` and `drift`
  long total = 0, longest_lag = 0;  // rows of the table; the farthest anchor before the end of a window
  long channels = 0, scaled = 0;    // of the table; the first `scaled` channels have loc and scale
  long segment = 1, horizon = 0;    // rows of the table in one step; targets of a window
  long steps_ahead = 0, known = 0;  // steps of a decoded horizon, else 0; the last `known` channels are known ahead
  const std::int64_t *series = nullptr, *codes = nullptr;  // one of each row; of each series
  const double* fixed = nullptr;                           // of each series
  long all_series = 0, fixed_width = 0, code_width = 0;

  bool weighted() const { return windows || weight; }

  // --- inputs: x; if the horizon is decoded, also ahead and one input for each code ---------------------------

  int inputs() const { return 1 + (steps_ahead ? 1 + int(code_width) : 0); }
  long steps_of(int input) const { return input == 0 ? steps : steps_ahead; }
  long features_of(int input) const {
    return input == 0 ? features : input == 1 ? segment * known + fixed_width + steps_ahead : 1;
  }

  // Valid steps of a row.
  long length(long row) const { return lengths[row] / segment; }

  // Step t of a row of an input, scaled as the network reads it.
  template <class T>
  void read_step(int input, long row, long t, T* to) const {
    if (input == 0 && !windows) return x.copy(((row * steps) + t) * features, features, to);
    if (input == 0) return read_rows(row, starts[row] + t * segment, segment, 0, to);
    if (input == 1) return read_ahead(row, t, to);
    *to = T(codes[series[row] * code_width + input - 2]);
  }

  // The features known ahead of step t of the horizon; zeros past its end.
  template <class T>
  void read_ahead(long row, long t, T* to) const {
    const long count = std::min(segment, horizon - t * segment), place = starts[row] + lengths[row] + t * segment;
    read_rows(row, place, count, channels - known, to);
    std::fill(to + count * known, to + segment * known, T(0));
    to += segment * known;
    for (long k = 0; k < fixed_width; ++k) *to++ = T(fixed[series[row] * fixed_width + k]);
    for (long k = 0; k < steps_ahead; ++k) *to++ = T(k == t);
  }

  // `count` rows of the table from `place` on, channel `first` and all after it.
  template <class T>
  void read_rows(long row, long place, long count, long first, T* to) const {
    const double *shift = loc + row * scaled, *unit = scale + row * scaled;
    for (const double* from = values + place * channels; count-- > 0; from += channels) {
      for (long c = first; c < scaled; ++c) *to++ = T((from[c] - shift[c]) / unit[c]);
      for (long c = std::max(first, scaled); c < channels; ++c) *to++ = T(from[c]);
    }
  }

  // --- targets -----------------------------------------------------------------------------------------------

  // The value that a target of 1 stands for, in units of the data.
  double read_unit(long row) const { return windows ? scale[row * scaled] : 1; }

  template <class T>
  T read_target(long row, long k) const {
    if (!windows) return target.at<T>(row * targets + k);
    if (k >= horizon) return T(0);
    const long place = starts[row] + lengths[row] + k;
    return T((values[place * channels] - read_anchor(row, place, k)) / scale[row * scaled]);
  }

  // The value that target k, at this place of the table, is measured from.
  double read_anchor(long row, long place, long k) const {
    if (!lags.empty()) return values[(place - lags[k]) * channels];
    return drift ? loc[row * scaled] + drift[row] * double(k + 1) : loc[row * scaled];
  }

  // The weight of cost k; each target has `each` costs.
  template <class T>
  T read_weight(long row, long k, long each) const {
    if (!windows) return weight.at<T>(row * weights + k / (targets * each / weights));
    if (k / each >= horizon) return T(0);
    return T(observed[starts[row] + lengths[row] + k / each] * (row_weight ? row_weight[row] : 1));
  }

  // Whether a row lies within the data: the caller's arrays may have changed since they were checked.
  bool readable(long row) const {
    if (lengths && (lengths[row] < 0 || lengths[row] > steps * segment || lengths[row] % segment)) return false;
    if (!windows) return true;
    const long length = lengths[row], start = starts[row];
    if (start < 0 || start > total - horizon - length || start + length < longest_lag) return false;
    return !series || (series[row] >= 0 && series[row] < all_series);
  }
};

}  // namespace unrolled
