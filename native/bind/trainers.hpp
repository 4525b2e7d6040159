// Training data, and training in slices of epochs.
#pragma once

#include "arguments.hpp"

namespace {

class BoundData {  // keeps alive the arrays that it points into
 public:
  Data data;

  template <class Array>
  Array keep(Array a) {
    kept_.push_back(nb::ndarray<>(a));
    return a;
  }

 private:
  std::vector<nb::ndarray<>> kept_;
};

using AnyFloats = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

Numbers numbers_of(BoundData& d, const AnyFloats& a, long n, const char* what) {
  const bool is_double = a.dtype() == nb::dtype<double>();
  if (!is_double && a.dtype() != nb::dtype<float>()) refuse(std::string(what) + " must be float32 or float64");
  check_memory(a, n, is_double ? sizeof(double) : sizeof(float), what);
  d.keep(a);
  return {a.data(), is_double};
}

BoundData arrays(const AnyFloats& x, const std::optional<AnyFloats>& target, const std::optional<Ints>& classes,
                 const std::optional<AnyFloats>& weight, const std::optional<Ints>& lengths) {
  BoundData d;
  Data& a = d.data;
  require(x.ndim() == 3 && x.size() > 0, "x must be (N, T, F)");
  a.rows = long(x.shape(0));
  a.steps = long(x.shape(1));
  a.features = long(x.shape(2));
  a.x = numbers_of(d, x, long(x.size()), "x");
  require(target.has_value() != classes.has_value(), "targets are numbers or classes");
  const long all = long(target ? target->size() : classes->size());
  require(all > 0 && all % a.rows == 0, "targets must have as many rows as x");
  a.targets = all / a.rows;
  if (target)
    a.target = numbers_of(d, *target, all, "target");
  else
    a.classes = data_of(d.keep(*classes), all, "classes");
  if (weight) {
    const long n = long(weight->size());
    require(n > 0 && n % a.rows == 0, "weights must have as many rows as x");
    a.weights = n / a.rows;
    a.weight = numbers_of(d, *weight, n, "weight");
  }
  if (lengths) a.lengths = data_of(d.keep(*lengths), a.rows, "lengths");
  return d;
}

// Features of each row's series: numbers, and codes for embeddings.
void add_series(BoundData& d, const std::optional<Ints>& series, const std::optional<In<double>>& fixed,
                const std::optional<Ints>& codes) {
  Data& w = d.data;
  require(series.has_value(), "rows need the number of their series");
  w.series = data_of(d.keep(*series), w.rows, "series");
  w.all_series = fixed ? axis(*fixed, 0, "fixed") : axis(*codes, 0, "codes");
  const auto width = [&](const auto& a, const char* what) {
    if (a.ndim() != 2 || long(a.shape(0)) != w.all_series || long(a.shape(1)) >= LIMIT)
      refuse(std::string(what) + " must have one row for each of " + std::to_string(w.all_series) + " series");
    return long(a.shape(1));
  };
  if (fixed) {
    w.fixed_width = width(*fixed, "fixed");
    w.fixed = data_of(d.keep(*fixed), w.all_series * w.fixed_width, "fixed");
  }
  if (codes) {  // checked by the embedding that reads them
    w.code_width = width(*codes, "codes");
    w.codes = data_of(d.keep(*codes), w.all_series * w.code_width, "codes");
  }
}

BoundData windows(const In<double>& values, const In<double>& observed, const Ints& starts, const Ints& lengths,
                  const In<double>& loc, const In<double>& scale, long window, long horizon,
                  const std::optional<Ints>& lags, long segment, bool decoded, long known,
                  const std::optional<In<double>>& weight, const std::optional<In<double>>& drift,
                  const std::optional<Ints>& series, const std::optional<In<double>>& fixed,
                  const std::optional<Ints>& codes) {
  BoundData d;
  Data& w = d.data;
  require(values.ndim() == 2 && starts.ndim() == 1 && starts.size() > 0, "values are (n, C), starts (N,)");
  require(loc.ndim() == 2 && scale.ndim() == 2, "loc and scale are (N, L)");
  const long n = long(values.shape(0));
  w.windows = true;
  w.rows = long(starts.size());
  w.channels = long(values.shape(1));
  w.scaled = long(loc.shape(1));
  w.segment = segment;
  w.horizon = horizon;
  w.known = known;
  for (long size : {window, horizon, segment, w.channels})
    require(size >= 1 && size < LIMIT, "window, horizon, segment and channels must be ≥ 1");
  require(window % segment == 0, "a window holds whole segments");
  require(segment * w.channels < LIMIT, "a segment has too many numbers");
  require(w.scaled >= 1 && w.scaled <= w.channels, "loc and scale are of the first channels, one at least");
  require(known >= 0 && known <= w.channels, "no more channels are known ahead than there are");
  w.steps = window / segment;
  w.features = segment * w.channels;
  w.steps_ahead = decoded ? horizon / segment + (horizon % segment != 0) : 0;
  w.targets = decoded ? w.steps_ahead * segment : horizon;
  w.values = data_of(d.keep(values), n * w.channels, "values");
  w.observed = data_of(d.keep(observed), n, "observed");
  w.starts = data_of(d.keep(starts), w.rows, "starts");
  w.lengths = data_of(d.keep(lengths), w.rows, "lengths");
  w.loc = data_of(d.keep(loc), w.rows * w.scaled, "loc");
  w.scale = data_of(d.keep(scale), w.rows * w.scaled, "scale");
  w.total = n;
  if (weight) w.row_weight = data_of(d.keep(*weight), w.rows, "weight");
  require(!drift || !lags, "anchors have lags or drift, not both");
  if (drift) w.drift = data_of(d.keep(*drift), w.rows, "drift");
  if (fixed || codes) add_series(d, series, fixed, codes);
  if (lags) {
    const std::int64_t* given = data_of(*lags, horizon, "lags");
    w.lags.assign(given, given + horizon);  // a copy: the caller's array may change unnoticed
    for (long k = 0; k < horizon; ++k) {
      require(w.lags[k] > k, "an anchor must be known at the window's end");
      w.longest_lag = std::max(w.longest_lag, w.lags[k] - k);
    }
  }
  for (long k = 0; k < w.rows; ++k) require(w.readable(k), "windows, targets and anchors must lie within the values");
  return d;
}

template <class T>
class BoundTrainer {
 public:
  BoundTrainer(std::shared_ptr<Program> program, const std::string& instruction_set, const BoundData& data,
               const TrainerOptions& options)
      : program_(closed(std::move(program))),
        data_(data),
        trainer_(*program_, kernels_of<T>(instruction_set), data.data, options) {}

  long train(const Out<T>& params, const std::vector<Out<T>>& memory, long steps_before, const Ints& order,
             long epoch, long first_batch, const In<double>& rates, const Out<double>& totals,
             const Out<double>& weights) {
    const Busy busy(mutex_);
    T* p = data_of(params, program_->size, "params");
    require(memory.size() <= 2, "an optimizer remembers at most two vectors");
    require(memory.size() >= trainer_.vectors(), "the optimizer's vectors are missing");
    T* first = memory.size() > 0 ? data_of(memory[0], program_->size, "a vector") : nullptr;
    T* second = memory.size() > 1 ? data_of(memory[1], program_->size, "a vector") : nullptr;
    const long n = long(order.size()), batches = long(rates.size());
    const std::int64_t* rows = checked_rows(order);
    require(first_batch >= 0 && epoch >= 0 && steps_before >= 0, "counts are not negative");
    const long size = trainer_.batch_size(), all = n / size + (n % size != 0);
    require(batches <= all && first_batch <= all - batches, "the epoch has fewer batches");
    const double* r = data_of(rates, batches, "rates");
    double *t = data_of(totals, batches, "totals"), *w = data_of(weights, batches, "weights");
    std::vector<BatchLoss> sums(static_cast<std::size_t>(batches));
    long done;
    {
      const nb::gil_scoped_release release;
      done = trainer_.train(p, first, second, steps_before, rows, n, epoch, first_batch, r, batches, sums.data());
    }
    write(sums, t, w);
    return done;
  }

  double gradient_norm() {
    const Busy busy(mutex_);
    return trainer_.gradient_norm();
  }

  void evaluate(const In<T>& params, const Ints& rows, const Out<double>& totals, const Out<double>& weights) {
    const Busy busy(mutex_);
    const T* p = data_of(params, program_->size, "params");
    const std::int64_t* which = checked_rows(rows);
    const long n = long(rows.size()), size = trainer_.batch_size(), batches = n / size + (n % size != 0);
    double *t = data_of(totals, batches, "totals"), *w = data_of(weights, batches, "weights");
    std::vector<BatchLoss> sums(static_cast<std::size_t>(batches));
    {
      const nb::gil_scoped_release release;
      trainer_.evaluate(p, which, n, sums.data());
    }
    write(sums, t, w);
  }

 private:
  const std::int64_t* checked_rows(const Ints& rows) const {
    const long n = long(rows.size());
    const std::int64_t* data = data_of(rows, n, "rows");
    for (long k = 0; k < n; ++k) require(data[k] >= 0 && data[k] < trainer_.rows(), "no such row in the data");
    return data;
  }

  static void write(const std::vector<BatchLoss>& sums, double* totals, double* weights) {
    for (const BatchLoss& s : sums) {
      *totals++ = s.total;
      *weights++ = s.weight;
    }
  }

  std::shared_ptr<Program> program_;
  BoundData data_;
  Trainer<T> trainer_;
  std::mutex mutex_;
};

}  // namespace
