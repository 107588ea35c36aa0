#pragma once
// The words of Cedar's operators, which its text and its JSON form share.

#include <cstdint>
#include <string_view>

#include "policy/cedar/ast.h"

namespace libguard::policy::cedar {

inline constexpr std::string_view kVariableWords[] = {"principal", "action", "resource", "context"};

// How tightly the parts of an expression hold together in text; a looser part of a tighter whole needs parentheses.
enum Binding : int { kLoosest, kOr, kAnd, kRelation, kAdd, kMultiply, kUnary, kMember };

struct EstOperator {
  std::string_view word;  // in JSON; the same in text, but for `neg`
  Op op;
  bool binary;      // {"left", "right"}, else {"arg"}
  Binding binding;  // kMember: written as a method
};
inline constexpr EstOperator kEstOperators[] = {
    {"||", Op::logical_or, true, kOr},
    {"&&", Op::logical_and, true, kAnd},
    {"==", Op::equal, true, kRelation},
    {"!=", Op::not_equal, true, kRelation},
    {"<", Op::less, true, kRelation},
    {"<=", Op::less_equal, true, kRelation},
    {">", Op::greater, true, kRelation},
    {">=", Op::greater_equal, true, kRelation},
    {"in", Op::in, true, kRelation},
    {"+", Op::add, true, kAdd},
    {"-", Op::subtract, true, kAdd},
    {"*", Op::multiply, true, kMultiply},
    {"!", Op::logical_not, false, kUnary},
    {"neg", Op::negate, false, kUnary},
    {"contains", Op::contains, true, kMember},
    {"containsAll", Op::contains_all, true, kMember},
    {"containsAny", Op::contains_any, true, kMember},
    {"getTag", Op::get_tag, true, kMember},
    {"hasTag", Op::has_tag, true, kMember},
    {"isEmpty", Op::is_empty, false, kMember},
};

// `op` must be in the table.
[[nodiscard]] constexpr const EstOperator& est_operator(Op op) {
  const EstOperator* found = kEstOperators;
  while (found->op != op) ++found;
  return *found;
}

[[nodiscard]] constexpr const EstOperator* find_est_operator(std::string_view word) {
  for (const EstOperator& candidate : kEstOperators) {
    if (candidate.word == word) return &candidate;
  }
  return nullptr;
}

}  // namespace libguard::policy::cedar
