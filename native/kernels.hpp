// The interface between the execution of programs, compiled once, and the kernels, compiled for each instruction set.
//
// It has only plain structs and function pointers: a function defined here could be compiled for one instruction set
// and linked into another.
#pragma once

#include <cstdint>

namespace unrolled {

enum class CellKind { rnn, gru, lstm };
enum class Activation { linear, tanh, relu, sigmoid };
enum class LossKind { mse, mae, huber, cross_entropy, quantile, normal, student_t, poisson, negative_binomial };
enum class OptimizerKind { sgd, rmsprop, rprop, adagrad, adam };

constexpr long gates_of(CellKind kind) { return kind == CellKind::lstm ? 4 : kind == CellKind::gru ? 3 : 1; }

constexpr long MAX_LIKELIHOOD_PARAMETERS = 3;
constexpr long parameters_of(LossKind kind) {  // raw parameters of a likelihood; 0 for other losses
  switch (kind) {
    case LossKind::normal: return 2;
    case LossKind::student_t: return 3;
    case LossKind::poisson: return 1;
    case LossKind::negative_binomial: return 2;
    default: return 0;
  }
}
constexpr bool is_count_likelihood(LossKind kind) {
  return kind == LossKind::poisson || kind == LossKind::negative_binomial;
}

// The valid steps of a batch, time-major and without padding; rows are sorted longest first, so that those still
// running at step t are the first counts[t].
struct Steps {
  long rows, steps;
  const long* counts;  // (steps)
  const long* starts;  // (steps + 1): index of the first valid step of each step's block
  const long* before;  // (total): row of Recurrence::h that holds the state before each valid step
  long total;
};

// A recurrent operation and its geometry.
struct CellShape {
  CellKind kind;
  Activation activation;
  bool reset_after;
  long hidden, features;
};

// Sizes of its buffers, in numbers.
struct CellSizes {
  long stride;            // of a row of h, c and their gradients: `hidden` padded to whole vectors
  long saved;             // of a row of `saved`
  long forward_weights;   // weights packed for the forward pass
  long backward_weights;  // weights packed for the backward pass
  long scratch;           // of each thread in the backward pass
};

// A recurrent operation on one batch. H hidden units, F features, R valid steps in all.
template <class T>
struct Recurrence {
  CellShape shape;
  CellSizes sizes;
  Steps steps;
  bool keep;  // whether a backward pass follows: then c and saved have a row for each valid step
  int threads;
  const T *weight_ih, *weight_hh, *bias, *bias_hn;  // in the layout of cells/base.py; bias may be null
  T *forward_weights, *backward_weights;
  const T* x;  // (R, x_stride)
  long x_stride;
  T* y;  // the caller's array of outputs, (rows, padded steps, H), or null
  long y_row;
  const std::int64_t* order;  // the caller's row of each sorted row
  T* h;      // (rows + R, stride): the initial state, then each step's output; (2 rows, stride) if outputs go to y
  T* c;      // likewise; (rows, stride) unless `keep`
  T* saved;  // (R, saved): the gates, which the backward pass overwrites with da; (rows, saved) unless `keep`

  const T* dy;                  // (R, stride), null for 0
  T *dh, *dc;                   // (rows, stride): in: gradient of the final state; out: of the initial state
  bool needs_initial_gradient;  // whether the gradient of the initial state is computed
  T* dx;                        // (R, dx_stride), added to; null if not needed
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
  T* dx;  // added to; null if not needed
  long dx_stride;
  T *dweight, *dbias;  // added to
  T* scratch;          // (threads, dense_scratch)
};

template <class T>
struct LossRows {
  LossKind kind;
  double delta;                 // Huber's
  const double* levels;         // of quantiles
  long rows, elements;          // there are (rows, elements) costs
  long outputs;                 // predictions of each element: classes, quantiles, parameters, or 1
  const T* prediction;          // (rows, elements · outputs)
  const T* target;              // (rows, elements), null for classes
  const std::int64_t* classes;  // (rows, elements)
  const double* unit;           // (rows, elements), of count likelihoods; null for 1
  const T* weight;              // (rows, elements), of quantiles (rows, elements · outputs), or null
  double total_weight;
  T* dprediction;  // null if not needed
};

struct OptimizerOptions {
  OptimizerKind kind;
  double weight_decay = 0;
  bool decoupled = false;  // weight decay that is not part of the gradient (AdamW)
  double momentum = 0;
  bool nesterov = false;
  double alpha = 0, beta1 = 0, beta2 = 0, eps = 0;
  double shrink = 0, grow = 0, smallest = 0, largest = 0;  // Rprop's
};

template <class T>
struct OptimizerStep : OptimizerOptions {
  long size;
  T *params, *grads, *first, *second;  // the last two are the optimizer's vectors, in the order of Optimizer.slots
  double rate, step;                   // step: 1 for the first
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

struct InstructionSet {
  const char* name;
  const Kernels<float>* f32;
  const Kernels<double>* f64;
};

}  // namespace unrolled
