#pragma once
// Runs a program for one request.

#include <span>
#include <vector>

#include "policy/cedar/entities.h"
#include "policy/cedar/program.h"

namespace libguard::policy::cedar {

// An entity of a request with everything above it (sorted).
struct Anchored {
  EntityIndex entity = 0;
  std::span<const EntityIndex> ancestors;
};
// `X in X` holds for every X, known or not.
[[nodiscard]] bool is_in(const Anchored& anchored, EntityIndex container);

struct EvalRequest {
  Anchored principal;
  Anchored action;
  Anchored resource;
  const Record* context = nullptr;
};

// Reused between requests: once it has run a program, running it again allocates nothing. Not thread-safe.
class Machine {
 public:
  Machine(const Names& names, Hierarchy& hierarchy) : names_(names), hierarchy_(hierarchy) {}

  // Sets `result` when it returns none. A program without code is true.
  EvalError run(const Program& program, const EvalRequest& request, Value& result);
  // The same for a policy's condition, which must be a boolean.
  EvalError holds(const Program& program, const EvalRequest& request, bool& result);
  // Values made while running live until here.
  void reset() { heap_.recycle(); }

 private:
  // Of a size that Program::stack_max has found out, so that pushing needs no check.
  class Stack {
   public:
    void start(std::uint32_t most) {
      if (places_.size() < most) places_.resize(most);
      next_ = places_.data();
    }
    void push(const Value& value) { *next_++ = value; }
    Value pop() { return *--next_; }
    void drop(std::uint32_t count) { next_ -= count; }
    Value& top() { return next_[-1]; }
    // The lowest of the `count` upmost values.
    Value* last(std::uint32_t count) { return next_ - count; }

   private:
    std::vector<Value> places_;
    Value* next_ = nullptr;
  };

  EvalError step(const Program& program, const Instruction& instruction, std::size_t& at);
  void variable(Variable variable);
  EvalError logical(const Instruction& instruction, std::size_t& at);
  EvalError binary(Code code);
  EvalError compare_order(Code code, const Value& a, const Value& b, Value& out);
  EvalError arithmetic(Code code, const Value& a, const Value& b, Value& out);
  EvalError sets(Code code, const Value& a, const Value& b, Value& out);
  EvalError in(const Value& a, const Value& b, Value& out);
  EvalError tag(Code code, const Value& a, const Value& b, Value& out);
  EvalError unary(const Program& program, const Instruction& instruction);
  EvalError has(const Program& program, const Instruction& instruction);
  EvalError has_one(const Value& object, Symbol name, bool& found);
  EvalError attribute(const Value& object, Symbol name, Value& out);
  EvalError build(const Program& program, const Instruction& instruction);
  [[nodiscard]] bool contains(EntityIndex entity, EntityIndex container);

  const Names& names_;
  Hierarchy& hierarchy_;
  const EvalRequest* request_ = nullptr;
  Stack stack_;
  std::vector<std::pair<Symbol, Value>> fields_;  // of a record being built
  Heap heap_;
};

}  // namespace libguard::policy::cedar
