// What the walk over a program (compiled once) asks of the kernels (compiled once for each instruction set).
//
// Only plain structs and function pointers stand here: nothing that a compiler could emit twice.
#pragma once

#include <cstdint>

namespace unrolled {

enum class CellKind { rnn, gru, lstm };
enum class Activation { linear, tanh, relu, sigmoid };
enum class LossKind { mse, mae, huber, cross_entropy, quantile, normal, student_t, poisson, negative_binomial };
enum class OptimizerKind { sgd, rmsprop, rprop, adagrad, adam };

constexpr long MOST_PARAMETERS = 3;
constexpr long parameters_of(LossKind kind) {  // raw numbers that a likelihood takes; 0: it is none
  switch (kind) {
    case LossKind::normal: return 2;
    case LossKind::student_t: return 3;
    case LossKind::poisson: return 1;
    case LossKind::negative_binomial: return 2;
    default: return 0;
  }
}
constexpr bool of_counts(LossKind kind) { return kind == LossKind::poisson || kind == LossKind::negative_binomial; }

// The valid steps of a batch, time-major and without padding; rows are sorted longest first, so that those still
// running at step t are the first counts[t].
struct Steps {
  long rows, steps;
  const long* counts;  // (steps)
  const long* starts;  // (steps + 1): where each step's block begins among the valid steps
  const long* before;  // (total): where the state before each valid step lies, see Recurrence::h
  long total;
};

// A recurrent operation and its geometry.
struct CellShape {
  CellKind kind;
  Activation activation;
  bool reset_after;
  long hidden, features;
};

// How many numbers its buffers take.
struct CellSizes {
  long stride;            // of a row of h, c and their gradients: hidden, padded
  long saved;             // of a row of `saved`
  long forward_weights;   // packed for the way there
  long backward_weights;  // and for the way back
  long scratch;           // of each thread, on the way back
};

// A recurrent operation on one batch. H hidden units, F features, R valid steps in all.
template <class T>
struct Recurrence {
  CellShape shape;
  CellSizes sizes;
  Steps steps;
  bool keep;  // whether there is a way back: then c and saved have a row for each valid step
  int threads;
  const T *weight_ih, *weight_hh, *bias, *bias_hn;  // as the user sees them; bias may be null
  T *forward_weights, *backward_weights;
  const T* x;  // (R, x_stride)
  long x_stride;
  T* y;  // where the caller wants the outputs, (rows, padded steps, H), or null
  long y_row;
  const std::int64_t* order;  // the caller's row of each
  T* h;      // (rows + R, stride): the initial state, then each step's output; (2 rows, stride) if they go to y
  T* c;      // likewise; (rows, stride) unless kept
  T* saved;  // (R, saved), what the way back needs and where it leaves da; (rows, saved) unless kept

  const T* dy;          // (R, stride), null for 0
  T *dh, *dc;           // (rows, stride): in: gradient of the final state; out: of the initial one
  bool initial_wanted;  // whether the latter is
  T* dx;                // (R, dx_stride), added to; null if not wanted
  long dx_stride;
  T *dweight_ih, *dweight_hh, *dbias, *dbias_hn;  // added to
  T* scratch;                                     // (threads, sizes.scratch)
};

// y = φ(x W^T + b) on rows.
template <class T>
struct DenseRows {
  long rows, in, out;
  Activation activation;
  int threads;
  const T *weight, *bias;
  T *forward_weights, *backward_weights;  // packed: padded(out) · in, padded(in) · out
  const T* x;
  long x_stride;
  T* y;  // (rows, y_stride)
  long y_stride;

  T* dy;  // (rows, y_stride), becomes da
  T* dx;  // added to; null if not wanted
  long dx_stride;
  T *dweight, *dbias;  // added to
  T* scratch;          // (threads, dense_scratch)
};

template <class T>
struct LossRows {
  LossKind kind;
  double delta;                 // Huber's
  const double* levels;         // of quantiles
  long rows, elements;          // (rows, elements) costs ...
  long outputs;                 // ... each from so many predictions: classes, quantiles, parameters, or 1
  const T* prediction;          // (rows, elements · outputs)
  const T* target;              // (rows, elements), null for classes
  const std::int64_t* classes;  // (rows, elements)
  const double* unit;           // (rows, elements) of counts, null for 1
  const T* weight;              // (rows, elements), of quantiles (rows, elements · outputs), or null
  double total_weight;
  T* dprediction;  // null if not wanted
};

template <class T>
struct OptimizerStep {
  OptimizerKind kind;
  long size;
  T *params, *grads, *first, *second;  // what is remembered, in the order of Optimizer.slots
  double rate, weight_decay;
  bool decoupled;  // weight decay apart from the gradient
  double momentum;
  bool nesterov;
  double alpha, beta1, beta2, eps;
  double shrink, grow, smallest, largest;  // Rprop's
  double step;                             // 1 for the first
  int threads;
};

template <class T>
struct Kernels {
  long lanes;
  CellSizes (*cell_sizes)(const CellShape&);
  void (*cell_pack)(const Recurrence<T>&);
  void (*cell_forward)(const Recurrence<T>&);
  void (*cell_backward)(const Recurrence<T>&);
  long (*dense_scratch)(long in, long out);
  void (*dense_pack)(const DenseRows<T>&);
  void (*dense_forward)(const DenseRows<T>&);
  void (*dense_backward)(const DenseRows<T>&);
  double (*loss)(const LossRows<T>&);
  double (*square_sum)(const T* values, long n);
  void (*scale)(T* values, long n, T factor);
  void (*optimizer_step)(const OptimizerStep<T>&);
  double (*multiply_adds)(long rounds, T* result);
};

struct Level {
  const char* name;
  const Kernels<float>* f32;
  const Kernels<double>* f64;
};

}  // namespace unrolled
