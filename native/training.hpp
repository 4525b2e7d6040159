// Training of several batches in a row: gather, forward, loss, backward, clip, step.
#pragma once

#include <cmath>

#include "data.hpp"
#include "run.hpp"
#include "shared_cores.hpp"

namespace unrolled {

struct LossOptions {
  LossKind kind;
  double delta = 1;
  std::vector<double> levels;
};

struct TrainerOptions {
  LossOptions loss;
  OptimizerOptions optimizer;
  long batch_size = 1;
  double clip_norm = 0;  // 0: no limit
  std::uint64_t seed = 0;
};

struct BatchLoss {
  double total = 0, weight = 0;
};

template <class T>
class Trainer {
 public:
  Trainer(const Program& program, const Kernels<T>& kernels, Data data, TrainerOptions options)
      : kernels_(kernels), data_(std::move(data)), options_(std::move(options)), run_(program, kernels) {
    require(program.outputs.size() >= 1, "training needs an output");
    require(int(program.inputs.size()) == data_.inputs(), "the data's inputs must be the program's");
    for (int k = 0; k < data_.inputs(); ++k) {
      const Value& x = program.values[program.inputs[k]];
      require(x.sequence && x.width == data_.features_of(k), "the data's features must be the program's");
      require(k == 0 || !x.masked, "lengths apply to the first input");
    }
    const Value& y = program.values[program.outputs[0]];
    const long parameters = parameters_of(options_.loss.kind);
    outputs_ = options_.loss.kind == LossKind::cross_entropy ? y.last
               : options_.loss.kind == LossKind::quantile    ? long(options_.loss.levels.size())
               : parameters                                  ? parameters
                                                             : 1;
    require(y.width % outputs_ == 0, "predictions must fit the loss");
    require((options_.loss.kind == LossKind::cross_entropy) == (data_.classes != nullptr),
            "cross-entropy takes classes, other losses take numbers");
    elements_ = y.width / outputs_;
    const long steps = !y.sequence ? 1 : data_.steps_ahead ? data_.steps_ahead : data_.steps;
    require(data_.targets == elements_ * steps, "targets must fit the predictions");
    require(options_.batch_size >= 1, "a batch has rows");
    each_ = options_.loss.kind == LossKind::quantile ? outputs_ : 1;
    require(!data_.weight || data_.targets * each_ % data_.weights == 0, "weights must fit the targets");
    run_.needs_all_finals = false;
    grads_.resize(std::size_t(program.size));
  }

  long rows() const { return data_.rows; }
  long parameters() const { return run_.program().size; }
  long batch_size() const { return options_.batch_size; }
  std::size_t vectors() const {  // number of the optimizer's vectors
    switch (options_.optimizer.kind) {
      case OptimizerKind::sgd: return options_.optimizer.momentum != 0 ? 1 : 0;
      case OptimizerKind::rmsprop:
      case OptimizerKind::adagrad: return 1;
      default: return 2;
    }
  }

  // Train on the batches first_batch, first_batch + 1, ... of an epoch, one for each rate. It stops after a loss that
  // is not finite, before the parameters change. Returns the number of steps done.
  long train(T* params, T* first, T* second, long steps_before, const std::int64_t* order, long n, long epoch,
             long first_batch, const double* rates, long batches, BatchLoss* sums) {
    const int most = omp_get_max_threads();
    for (long k = 0; k < batches; ++k) {
      const SharedCores::Limit limit(cores_.begin(most));
      const long batch = first_batch + k;
      const auto [from, to] = bounds(batch, n);
      run_.pack(params, true);
      const Place place{options_.seed, std::uint64_t(epoch), std::uint64_t(batch)};
      sums[k] = evaluate_batch(order + from, to - from, true, place);
      if (!std::isfinite(sums[k].total)) return k;
      std::fill(grads_.begin(), grads_.end(), T(0));
      run_.backward(grads_.data(), false);
      clip();
      step(params, first, second, rates[k], double(steps_before + k + 1));
      cores_.end(double(to - from));
    }
    return batches;
  }

  // The norm of the gradient of the last step, as it was before it was clipped.
  double gradient_norm() const { return options_.clip_norm > 0 ? unclipped_norm_ : norm(); }

  void evaluate(const T* params, const std::int64_t* rows, long n, BatchLoss* sums) {
    run_.pack(params, false);
    for (long batch = 0; batch * options_.batch_size < n; ++batch) {
      const auto [from, to] = bounds(batch, n);
      sums[batch] = evaluate_batch(rows + from, to - from, false, std::nullopt);
    }
  }

 private:
  std::pair<long, long> bounds(long batch, long n) const {
    return {batch * options_.batch_size, std::min((batch + 1) * options_.batch_size, n)};
  }

  BatchLoss evaluate_batch(const std::int64_t* rows, long n, bool keep, const std::optional<Place>& place) {
    const Program& program = run_.program();
    lengths_.clear();
    bool full = true;
    for (long k = 0; data_.lengths && k < n; ++k) {
      require(data_.readable(rows[k]), "a row's length or window does not fit the data");
      lengths_.push_back(data_.length(rows[k]));
      full = full && lengths_.back() == data_.steps;
    }
    require(full || program.values[program.inputs[0]].masked, "lengths do not apply to the input of this program");
    run_.begin(n, full ? nullptr : lengths_.data());
    for (int k = 0; k < data_.inputs(); ++k) gather(k, rows);
    run_.forward(keep, place);
    return loss(rows, keep);
  }

  // Fill an input with rows of the data.
  void gather(int input, const std::int64_t* rows) {
    const auto& x = run_.batch.input(run_.program().inputs[input], data_.steps_of(input));
    const auto& geometry = run_.batch.geometry;
#pragma omp parallel for num_threads(threads_for(FLOPS_OF_A_COPY* double(x.lines * x.stride)))
    for (long r = 0; r < geometry.rows(); ++r)
      run_.batch.each_step(x, r, [&](long t, long line) {
        data_.read_step(input, rows[geometry.order[r]], t, x.data + line * x.stride);
      });
  }

  // The loss of the first output; with `keep`, also its gradient, in the output's buffer.
  BatchLoss loss(const std::int64_t* rows, bool keep) {
    const int output = run_.program().outputs[0];
    const auto y = run_.batch.buffers[output];
    require(elements_ * std::max(y.steps, 1L) == data_.targets, "predictions must have the steps of the targets");
    const long count = y.lines * elements_, width = elements_ * outputs_;
    const bool is_padded = y.stride != width;  // the output of a cell
    T* prediction = y.data;
    if (is_padded) {
      prediction = run_.batch.arena.template take<T>(count * outputs_);
      for (long line = 0; line < y.lines; ++line)
        std::copy_n(y.data + line * y.stride, width, prediction + line * width);
    }
    const bool classes = options_.loss.kind == LossKind::cross_entropy;
    T* target = classes ? nullptr : run_.batch.arena.template take<T>(count);
    auto* class_of = classes ? run_.batch.arena.template take<std::int64_t>(count) : nullptr;
    T* weight = data_.weighted() ? run_.batch.arena.template take<T>(count * each_) : nullptr;
    const bool counts = is_count_likelihood(options_.loss.kind);
    double* unit = counts && data_.windows ? run_.batch.arena.template take<double>(count) : nullptr;
    double total_weight = 0;
    for (long r = 0; r < run_.batch.geometry.rows(); ++r) {
      const long row = rows[run_.batch.geometry.order[r]];
      run_.batch.each_step(y, r, [&](long t, long line) {
        for (long e = 0; e < elements_; ++e) {
          const long k = t * elements_ + e, at = line * elements_ + e;
          if (target) target[at] = data_.read_target<T>(row, k);
          for (long i = 0; weight && i < each_; ++i)
            total_weight += double(weight[at * each_ + i] = data_.read_weight<T>(row, k * each_ + i, each_));
          if (unit) require((unit[at] = data_.read_unit(row)) > 0, "the unit of counts must be positive");
          if (counts)
            require((weight && !(weight[at] > 0)) || target[at] >= 0, "a target is below 0, which no count is");
          if (class_of) {
            class_of[at] = data_.classes[row * data_.targets + k];
            require((weight && !(weight[at] > 0)) || (class_of[at] >= 0 && class_of[at] < outputs_),
                    "a target lies outside the classes");
          }
        }
      });
    }
    if (!weight) total_weight = double(count * each_);
    T* gradient = keep ? run_.batch.gradient(output) : nullptr;
    T* slopes = keep && is_padded ? run_.batch.arena.template take<T>(count * outputs_) : gradient;
    const LossRows<T> all{options_.loss.kind,
                          options_.loss.delta,
                          options_.loss.levels.data(),
                          y.lines,
                          elements_,
                          outputs_,
                          prediction,
                          target,
                          class_of,
                          unit,
                          weight,
                          total_weight ? total_weight : 1,
                          slopes};
    const BatchLoss found{kernels_.loss(all), total_weight};
    for (long line = 0; slopes != gradient && line < y.lines; ++line)
      std::copy_n(slopes + line * width, width, gradient + line * y.stride);
    return found;
  }

  void clip() {
    if (!(options_.clip_norm > 0)) return;
    unclipped_norm_ = norm();
    if (unclipped_norm_ > options_.clip_norm)
      kernels_.scale(grads_.data(), long(grads_.size()), T(options_.clip_norm / unclipped_norm_));
  }

  double norm() const { return std::sqrt(kernels_.square_sum(grads_.data(), long(grads_.size()))); }

  void step(T* params, T* first, T* second, double rate, double number) {
    const long n = long(grads_.size());
    const int threads = threads_for(30.0 * double(n));
    kernels_.optimizer_step({options_.optimizer, n, params, grads_.data(), first, second, rate, number, threads});
  }

  const Kernels<T>& kernels_;
  Data data_;
  TrainerOptions options_;
  Run<T> run_;
  SharedCores cores_;
  std::vector<T> grads_;  // of the last step, clipped
  double unclipped_norm_ = 0;
  std::vector<std::int64_t> lengths_;
  long outputs_ = 1, elements_ = 1;
  long each_ = 1;  // costs of an element: one for each quantile
};

}  // namespace unrolled
