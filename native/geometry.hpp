// The layout of the valid steps of a batch: time-major and without padding, the longest rows first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "kernels.hpp"

namespace unrolled {

class Geometry {
 public:
  std::vector<std::int64_t> order;    // the batch's row of each sorted row
  std::vector<std::int64_t> lengths;  // of sorted rows; empty: all full

  // `given`: lengths of the batch's rows, or null.
  void set(long rows, const std::int64_t* given) {
    const bool same = !given && lengths.empty() && long(order.size()) == rows;
    if (same) return;
    kept_.clear();
    order.resize(rows);
    std::iota(order.begin(), order.end(), 0);
    lengths.clear();
    if (!given) return;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return given[a] > given[b]; });
    for (auto row : order) lengths.push_back(given[row]);
  }

  long rows() const { return long(order.size()); }

  // The valid steps of a value with `steps` steps; `masked`: whether lengths apply to it.
  const Steps& steps(long steps, bool masked) {
    masked = masked && !lengths.empty();
    for (const auto& k : kept_)
      if (k->padded == steps && k->masked == masked && !k->branched) return k->steps;
    auto made = std::make_unique<Kept>();
    made->padded = steps;
    made->masked = masked;
    const long longest = masked ? lengths.front() : steps;
    made->counts.assign(longest, rows());
    if (masked)
      for (long t = 0, n = rows(); t < longest; ++t) {
        while (n > 0 && lengths[n - 1] <= t) --n;
        made->counts[t] = n;
      }
    made->starts.assign(1, 0);
    for (long n : made->counts) made->starts.push_back(made->starts.back() + n);
    made->before.reserve(made->starts.back());
    for (long t = 0; t < longest; ++t)
      for (long n = 0; n < made->counts[t]; ++n) made->before.push_back(t ? rows() + made->starts[t - 1] + n : n);
    return keep(std::move(made), rows());
  }

  // The steps of a branching cell: one step of steps · rows independent rows, without a mask.
  const Steps& branched(long steps) {
    for (const auto& k : kept_)
      if (k->padded == steps && k->branched) return k->steps;
    auto made = std::make_unique<Kept>();
    made->padded = steps;
    made->branched = true;
    const long total = steps * rows();
    made->counts = {total};
    made->starts = {0, total};
    made->before.resize(total);
    std::iota(made->before.begin(), made->before.end(), 0L);
    return keep(std::move(made), total);
  }

  // The length of a sorted row of a value with `steps` steps.
  long length(long row, long steps, bool masked) const { return masked && !lengths.empty() ? lengths[row] : steps; }

 private:
  struct Kept {
    long padded;
    bool masked = false, branched = false;
    std::vector<long> counts, starts, before;
    Steps steps;
  };

  const Steps& keep(std::unique_ptr<Kept> k, long rows) {
    const long longest = long(k->counts.size());
    k->steps = {rows, longest, k->counts.data(), k->starts.data(), k->before.data(), k->starts.back()};
    return kept_.emplace_back(std::move(k))->steps;
  }

  std::vector<std::unique_ptr<Kept>> kept_;
};

}  // namespace unrolled
