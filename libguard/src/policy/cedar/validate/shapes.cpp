#include "policy/cedar/validate/shapes.h"

#include <algorithm>

namespace libguard::policy::cedar {

Shape Shapes::keep(Key key) { return known_.emplace(std::move(key), static_cast<Shape>(known_.size())).first->second; }

Shape Shapes::text(std::string_view text) {
  return texts_.emplace(std::string(text), static_cast<std::uint32_t>(texts_.size())).first->second;
}

// Children stand before their parents, so one pass is enough.
Shape Shapes::of(NodeIndex node) {
  while (shapes_.size() <= node) shapes_.push_back(compute(expression_->nodes[shapes_.size()]));
  return shapes_[node];
}

Shape Shapes::literal(const Value& value) {
  Key key{static_cast<std::uint32_t>(Op::literal), static_cast<std::uint32_t>(value.kind)};
  switch (value.kind) {
    case Kind::boolean:
      key.push_back(value.boolean ? 1 : 0);
      break;
    case Kind::text:
      key.push_back(text(value.text()));
      break;
    case Kind::entity:
      key.push_back(value.entity);
      break;
    default: {
      auto number = static_cast<std::uint64_t>(value.number);
      key.insert(key.end(), {static_cast<std::uint32_t>(number >> 32), static_cast<std::uint32_t>(number)});
    }
  }
  return keep(std::move(key));
}

Shape Shapes::has(const Node& node) {
  Shape object = shapes_[node.a];
  Shape all = 0;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    Symbol name = expression_->lists[node.b + i];
    Shape one = keep({static_cast<std::uint32_t>(Op::has), object, name});
    all = i == 0 ? one : both(all, one);
    object = attribute(object, name);
  }
  return all;
}

Shape Shapes::list(const Node& node) {
  Key key{static_cast<std::uint32_t>(node.op), node.detail};
  for (std::uint32_t i = 0; i < node.c; ++i) key.push_back(shapes_[expression_->lists[node.b + i]]);
  return keep(std::move(key));
}

Shape Shapes::record(const Node& node) {
  std::vector<std::pair<Symbol, Shape>> fields;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    const std::uint32_t* pair = &expression_->lists[node.b + 2 * i];
    fields.emplace_back(pair[0], shapes_[pair[1]]);
  }
  std::sort(fields.begin(), fields.end());
  Key key{static_cast<std::uint32_t>(Op::record)};
  for (const auto& [name, shape] : fields) key.insert(key.end(), {name, shape});
  return keep(std::move(key));
}

Shape Shapes::negated(Op op, Shape a, Shape b) {
  return keep({static_cast<std::uint32_t>(Op::logical_not), keep({static_cast<std::uint32_t>(op), a, b})});
}

Shape Shapes::compute(const Node& node) {
  auto child = [&](NodeIndex index) { return index == kNoNode ? kNoNode : shapes_[index]; };
  switch (node.op) {
    case Op::literal:
      return literal(node.value);
    case Op::variable:
      return keep({static_cast<std::uint32_t>(node.op), node.detail});
    case Op::has:
      return has(node);
    case Op::set:
    case Op::call:
      return list(node);
    case Op::record:
      return record(node);
    case Op::attribute:
      return attribute(child(node.a), node.b);
    case Op::not_equal:
      return negated(Op::equal, child(node.a), child(node.b));
    case Op::greater:
      return negated(Op::less_equal, child(node.a), child(node.b));
    case Op::greater_equal:
      return negated(Op::less, child(node.a), child(node.b));
    case Op::is:
      return keep({static_cast<std::uint32_t>(Op::is), child(node.a), node.b});
    case Op::is_in:
      return both(keep({static_cast<std::uint32_t>(Op::is), child(node.a), node.b}),
                  keep({static_cast<std::uint32_t>(Op::in), child(node.a), child(node.c)}));
    case Op::like: {
      Key key{static_cast<std::uint32_t>(Op::like), child(node.a)};
      for (const std::string& piece : expression_->patterns[node.b]) key.push_back(text(piece));
      return keep(std::move(key));
    }
    case Op::condition:
      return keep({static_cast<std::uint32_t>(node.op), child(node.a), child(node.b), child(node.c)});
    case Op::logical_not:
    case Op::negate:
    case Op::is_empty:
      return keep({static_cast<std::uint32_t>(node.op), child(node.a)});
    default:
      return keep({static_cast<std::uint32_t>(node.op), child(node.a), child(node.b)});
  }
}

}  // namespace libguard::policy::cedar
