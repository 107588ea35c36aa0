#pragma once
// Parsed Cedar policies. An expression is one flat vector of nodes in which children stand before their parents, so
// that every pass over it (folding, checks, compiling) is a loop and no depth of nesting can exhaust a stack.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/cedar/extension.h"
#include "policy/cedar/value.h"

namespace libguard::policy::cedar {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = UINT32_MAX;

enum class Op : std::uint8_t {
  literal,   // value
  variable,  // detail: Variable
  logical_and,
  logical_or,  // a, b
  logical_not,
  negate,  // a
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,  // a, b
  add,
  subtract,
  multiply,  // a, b
  in,
  contains,
  contains_all,
  contains_any,
  get_tag,
  has_tag,    // a, b
  is_empty,   // a
  has,        // a; list of symbols [b, b + c)
  like,       // a; b: pattern
  is,         // a; b: type
  is_in,      // a; b: type; c: expression
  attribute,  // a; b: symbol
  condition,  // a: if; b: then; c: else
  set,        // list of nodes [b, b + c)
  record,     // list of (symbol, node) pairs [b, b + 2c)
  call,       // detail: Function; list of nodes [b, b + c)
};

enum class Variable : std::uint8_t { principal, action, resource, context };

struct Node {
  Op op = Op::literal;
  std::uint8_t detail = 0;
  std::uint32_t a = kNoNode;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  Value value;
};

struct Expression {
  std::vector<Node> nodes;
  std::vector<std::uint32_t> lists;
  std::vector<std::vector<std::string>> patterns;  // pieces between stars
  std::vector<std::uint32_t> offsets;              // of each node, in its text
  NodeIndex root = kNoNode;                        // all conditions, and-ed; kNoNode: none
};

enum class ScopeKind : std::uint8_t { any, equal, in, is, is_in };

struct Scope {
  ScopeKind kind = ScopeKind::any;
  bool slot = false;  // the entity is a template's slot
  EntityIndex entity = 0;
  Symbol type = 0;
  std::uint32_t offset = 0;  // of the variable, in its text
};

struct ActionScope {
  ScopeKind kind = ScopeKind::any;    // any, equal or in
  std::vector<EntityIndex> entities;  // one for equal; those of a list or one for in
  std::uint32_t offset = 0;           // of the variable, in its text
};

// One `when` or `unless` as it was written, without the negation that `unless` means.
struct Clause {
  bool unless = false;
  NodeIndex root = kNoNode;
};

struct ParsedPolicy {
  bool permit = false;
  Scope principal;
  ActionScope action;
  Scope resource;
  Expression body;
  std::vector<Clause> clauses;  // whose conjunction is the body
  std::vector<std::pair<std::string, std::string>> annotations;
  std::vector<std::string> bare_annotations;  // those of them that were written without a value
  std::size_t offset = 0;                     // of `permit` or `forbid` in its text

  [[nodiscard]] bool is_template() const { return principal.slot || resource.slot; }
  [[nodiscard]] const std::string* annotation(std::string_view name) const {
    for (const auto& [key, value] : annotations) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

}  // namespace libguard::policy::cedar
