// A program: operations in order on numbered values and states, with offsets into the flat parameter vector.
//
// It is the program of program.py with numbers instead of names. Anything that would make a kernel read or write out
// of bounds is refused here, when the program is built.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace unrolled {

constexpr long LIMIT = 1L << 31;  // of sizes, so that their products do not overflow

[[noreturn]] inline void refuse(const std::string& why) { throw std::invalid_argument(why); }

inline void require(bool holds, const char* why) {
  if (!holds) refuse(why);
}

enum class Kind { cell, dense, embedding, last, dropout, reverse, concatenate, add };

struct Value {  // (N, width), or (N, T, width) for a sequence
  long width;   // numbers in one row or step
  long last;    // length of the last axis
  bool sequence, masked;
  bool from_cell = false;
};

struct State {  // (N, hidden), and a second part c for an LSTM
  long hidden;
  int parts;
  bool given;  // by the caller, not written by an operation
};

struct Operation {
  Kind kind;
  int index;  // in the Python program: part of the place of its random numbers
  std::vector<int> inputs;
  int output;
  CellShape cell{};
  int initial = -1, final = -1;  // states
  bool branching = false;        // every step begins from the initial state, and there is no final one
  long in = 0, out = 0;          // sizes of a dense layer; `in` of an embedding: its number of codes
  Activation activation = Activation::linear;
  long weight_ih = -1, weight_hh = -1, bias = -1, bias_hn = -1;  // offsets; layers use weight_ih and bias
  std::uint64_t drop_below = 0;                                  // of dropout: units with a smaller word are dropped
  double scale = 1;
};

class Program {
 public:
  std::vector<Value> values;
  std::vector<State> states;
  std::vector<Operation> operations;
  std::vector<int> inputs, outputs;
  long size = 0;  // length of the flat parameter vector

  explicit Program(long size) : size(size) { require(size >= 0, "a program has no negative number of parameters"); }

  // Check that all outputs and states are written, and refuse later changes: kernels rely on both.
  void close() {
    for (int output : outputs) require(written(output), "nothing writes an output of the program");
    const char* const wrong_writers = "a state is given, or written by one operation";
    std::vector<char> known;
    for (const State& state : states) known.push_back(state.given);
    for (const Operation& op : operations) {
      if (op.kind != Kind::cell) continue;
      require(known[std::size_t(op.initial)], "a state is read before it is written");
      if (op.branching) continue;
      require(!known[std::size_t(op.final)], wrong_writers);
      known[std::size_t(op.final)] = true;
    }
    for (char is_known : known) require(is_known, wrong_writers);
    closed_ = true;
  }

  int add_value(long width, long last, bool sequence, bool masked) {
    check_open();
    require(width >= 1 && last >= 1 && width % last == 0 && width < LIMIT, "a value's width must be ≥ 1");
    values.push_back({width, last, sequence, masked && sequence});
    return int(values.size()) - 1;
  }

  int add_state(long hidden, int parts, bool given) {
    check_open();
    require(hidden >= 1 && hidden < LIMIT && (parts == 1 || parts == 2), "a state has 1 or 2 parts of ≥ 1 units");
    states.push_back({hidden, parts, given});
    return int(states.size()) - 1;
  }

  void add_input(int value) {
    check_open();
    check_value(value);
    inputs.push_back(value);
  }

  void add_output(int value) {
    check_open();
    check_value(value);
    outputs.push_back(value);
  }

  void add(Operation op) {
    const bool joins = op.kind == Kind::concatenate || op.kind == Kind::add;
    check_values(op, joins ? int(op.inputs.size()) : 1);
    if (op.branching) op.final = -1;
    switch (op.kind) {
      case Kind::cell: check_cell(op); break;
      case Kind::dense: check_dense(op); break;
      case Kind::embedding: check_embedding(op); break;
      default: check_layer(op);
    }
    values[op.output].from_cell = op.kind == Kind::cell && !op.branching;
    operations.push_back(std::move(op));
  }

 private:
  void check_value(int value) const {
    require(value >= 0 && value < int(values.size()), "no such value in this program");
  }

  void check_open() const { require(!closed_, "a program in use cannot change"); }

  bool written(int value) const {
    for (int input : inputs)
      if (input == value) return true;
    for (const Operation& op : operations)
      if (op.output == value) return true;
    return false;
  }

  void check_values(const Operation& op, int n) const {
    check_open();
    require(n >= 1 && int(op.inputs.size()) == n, "wrong number of inputs");
    for (int input : op.inputs) {
      check_value(input);
      require(input != op.output, "an operation cannot overwrite its input");
    }
    check_value(op.output);
    for (int input : inputs) require(input != op.output, "an operation cannot overwrite an input of the program");
    for (const Operation& earlier : operations) require(earlier.output != op.output, "a value is written once");
    for (int input : op.inputs) require(written(input), "an operation reads a value that nothing has written");
  }

  void check_cell(const Operation& op) const {
    const CellShape& c = op.cell;
    const Value &x = values[op.inputs[0]], &y = values[op.output];
    require(c.hidden >= 1 && c.hidden < LIMIT / 2 && c.features >= 1 && c.features < LIMIT / 2,
            "a cell has units and features, and not so many that their products overflow");
    require(x.width == c.features && x.last == x.width && y.width == c.hidden, "a cell's buffers must fit its sizes");
    require(x.sequence && y.sequence && x.masked == y.masked, "a cell reads and writes a sequence");
    const int parts = c.kind == CellKind::lstm ? 2 : 1;
    require(!op.branching || !x.masked, "lengths cannot apply to the input of a branching cell");
    for (int state : {op.initial, op.branching ? op.initial : op.final}) {
      require(state >= 0 && state < int(states.size()), "a cell's state must be one of the program's");
      require(states[state].hidden == c.hidden && states[state].parts == parts, "a cell's state must fit it");
    }
    require(op.branching || !states[op.final].given, "an operation's final state does not come from the caller");
    const long rows = gates_of(c.kind) * c.hidden;
    check_parameter(op.weight_ih, rows * c.features, false);
    check_parameter(op.weight_hh, rows * c.hidden, false);
    check_parameter(op.bias, rows, c.kind == CellKind::rnn);
    if (c.kind == CellKind::gru && c.reset_after)
      check_parameter(op.bias_hn, c.hidden, false);
    else
      require(op.bias_hn == -1, "only a GRU with reset='after' has the bias bias_hn");
  }

  void check_dense(const Operation& op) const {
    const Value &x = values[op.inputs[0]], &y = values[op.output];
    require(op.in == x.last && op.out >= 1 && op.out < LIMIT, "a dense layer reads the last axis of its input");
    require(y.width == x.width / x.last * op.out, "a dense layer's output must fit its size");
    require(x.sequence == y.sequence && x.masked == y.masked, "a dense layer keeps the axis of time");
    check_parameter(op.weight_ih, op.in * op.out, false);
    check_parameter(op.bias, op.out, true);
  }

  void check_embedding(const Operation& op) const {
    const Value &x = values[op.inputs[0]], &y = values[op.output];
    require(x.width == 1 && y.width == y.last, "an embedding reads one code and writes a vector");
    require(x.sequence == y.sequence && x.masked == y.masked, "an embedding keeps the axis of time");
    require(op.in >= 1 && op.in < LIMIT, "an embedding has codes");
    check_parameter(op.weight_ih, op.in * y.width, false);
  }

  void check_layer(const Operation& op) const {
    const Value& y = values[op.output];
    long width = 0, last = 0;
    for (int input : op.inputs) {
      const Value& x = values[input];
      if (op.kind == Kind::last)
        require(x.sequence && !y.sequence, "'last' turns a sequence into rows");
      else
        require(x.sequence == y.sequence, "a layer keeps the axis of time");
      if (op.kind == Kind::reverse) require(x.sequence, "'reverse' needs a sequence");
      if (op.kind == Kind::reverse || op.kind == Kind::dropout)
        require(x.masked == y.masked, "lengths apply to a layer's input and output, or to neither");
      require(x.width / x.last == y.width / y.last, "the axes before the last must agree");
      if (op.kind != Kind::concatenate) require(x.width == y.width, "a layer keeps the width");
      width += x.width;
      last += x.last;
    }
    if (op.kind == Kind::concatenate) require(width == y.width && last == y.last, "widths must add up");
  }

  void check_parameter(long offset, long count, bool optional) const {
    if (offset == -1 && optional) return;
    require(offset >= 0 && count <= size && offset <= size - count, "parameters must lie within the flat vector");
  }

  bool closed_ = false;
};

}  // namespace unrolled
