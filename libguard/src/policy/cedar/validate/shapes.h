#pragma once
// Expressions as numbers: two that are written alike have the same one, wherever they stand. What `has` proved for one
// then holds for the other.

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/cedar/ast.h"

namespace libguard::policy::cedar {

using Shape = std::uint32_t;

// Of one expression, which must outlive it. Comparisons and `has` with a path count as what they stand for.
class Shapes {
 public:
  explicit Shapes(const Expression& expression) : expression_(&expression) {}

  Shape of(NodeIndex node);
  // `object.name`, written or not.
  Shape attribute(Shape object, Symbol name) { return keep({static_cast<std::uint32_t>(Op::attribute), object, name}); }

 private:
  using Key = std::vector<std::uint32_t>;
  Shape keep(Key key);
  Shape text(std::string_view text);
  Shape compute(const Node& node);
  Shape literal(const Value& value);
  Shape has(const Node& node);
  Shape list(const Node& node);
  Shape record(const Node& node);
  Shape both(Shape a, Shape b) { return keep({static_cast<std::uint32_t>(Op::logical_and), a, b}); }
  Shape negated(Op op, Shape a, Shape b);

  const Expression* expression_;
  std::vector<Shape> shapes_;  // by node
  std::map<Key, Shape> known_;
  std::unordered_map<std::string, std::uint32_t> texts_;
};

}  // namespace libguard::policy::cedar
