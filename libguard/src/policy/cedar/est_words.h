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
  Op op;
  std::string_view word;  // in JSON; the same in text, but for `neg`
  bool binary;            // {"left", "right"}, else {"arg"}
  Binding binding;        // kMember: written as a method
};
inline constexpr EstOperator kEstOperators[] = {
    {Op::logical_or, "||", true, kOr},
    {Op::logical_and, "&&", true, kAnd},
    {Op::equal, "==", true, kRelation},
    {Op::not_equal, "!=", true, kRelation},
    {Op::less, "<", true, kRelation},
    {Op::less_equal, "<=", true, kRelation},
    {Op::greater, ">", true, kRelation},
    {Op::greater_equal, ">=", true, kRelation},
    {Op::in, "in", true, kRelation},
    {Op::add, "+", true, kAdd},
    {Op::subtract, "-", true, kAdd},
    {Op::multiply, "*", true, kMultiply},
    {Op::logical_not, "!", false, kUnary},
    {Op::negate, "neg", false, kUnary},
    {Op::contains, "contains", true, kMember},
    {Op::contains_all, "containsAll", true, kMember},
    {Op::contains_any, "containsAny", true, kMember},
    {Op::get_tag, "getTag", true, kMember},
    {Op::has_tag, "hasTag", true, kMember},
    {Op::is_empty, "isEmpty", false, kMember},
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
