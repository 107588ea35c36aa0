#pragma once
// An expression as instructions for a stack machine: evaluation is one loop, without recursion and without allocation
// for the usual policy.

#include <cstdint>
#include <vector>

#include "policy/cedar/ast.h"

namespace libguard::policy::cedar {

enum class Code : std::uint8_t {
  constant,       // a: index of constants
  variable,       // detail: Variable
  context,        // a: symbol; `context.name`, which most conditions read
  check_boolean,  // the top must be a boolean
  jump,           // a: target
  and_jump,       // top must be a boolean; false: jump to a and keep it; true: drop it
  or_jump,        // the same for true
  else_jump,      // top must be a boolean; dropped; false: jump to a
  is_jump,        // top must be an entity; not of type b: replace it by false and jump to a
  logical_not,
  negate,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  in,
  contains,
  contains_all,
  contains_any,
  get_tag,
  has_tag,
  is_empty,
  has,        // lists [a, a + b): symbols
  like,       // a: pattern
  is,         // a: type
  attribute,  // a: symbol
  set,        // a: how many
  record,     // lists [a, a + b): symbols, in the order of their values
  call,       // detail: Function; a: how many arguments
};

struct Instruction {
  Code code = Code::constant;
  std::uint8_t detail = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Value> constants;
  std::vector<std::uint32_t> lists;
  std::vector<std::vector<std::string>> patterns;
  std::uint32_t stack_max = 0;  // values at a time, so that running needs no checks
};

// Folds literal sets, records and well-formed extension literals into constants that `heap` keeps.
[[nodiscard]] Program compile(Expression expression, Heap& heap);

}  // namespace libguard::policy::cedar
