// Operators: equality, order, arithmetic, hierarchy, sets, records and extension functions.
#include "policy/cedar/extension.h"
#include "policy/cedar/validate/checker.h"

namespace libguard::policy::cedar {
namespace {

constexpr const char* kUseContains = "`in` asks about the hierarchy of entities; use `contains` for sets";

}  // namespace

const Value* Checker::known_value(NodeIndex index) const {
  const Node& node = at(index);
  if (node.op == Op::literal) return &node.value;
  bool action = node.op == Op::variable && static_cast<Variable>(node.detail) == Variable::action;
  return action ? &action_ : nullptr;
}

Checker::Answer Checker::equality(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer left = check(node.a, prior);
  Answer right = check(node.b, prior);
  bool good = left.good && right.good;
  TypeIndex type = TypeTable::kBoolean;
  const Value* a = known_value(node.a);
  const Value* b = known_value(node.b);
  bool known = left.type != kNoType && right.type != kNoType;
  if (known && left.type != right.type && types_.is(left.type, TypeKind::entity) &&
      types_.is(right.type, TypeKind::entity)) {
    type = TypeTable::kNo;
  } else if (a != nullptr && b != nullptr) {
    type = TypeTable::known(equal(*a, *b));
  } else if (known && !types_.join(left.type, right.type)) {
    report("incompatible_types", index,
           "values of different types are never equal: " + display(left.type) + " and " + display(right.type));
    good = false;
  }
  if (node.op == Op::not_equal && type != TypeTable::kBoolean) type = TypeTable::known(type == TypeTable::kNo);
  return {good, type, {}};
}

bool Checker::can_be_ordered(TypeIndex type) const {
  return type == TypeTable::kInteger || type == checked_.datetime || type == checked_.duration;
}

Checker::Answer Checker::comparison(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer left = check(node.a, prior);
  Answer right = check(node.b, prior);
  if (left.type == kNoType || right.type == kNoType) return {false, TypeTable::kBoolean, {}};
  if (left.type == right.type && can_be_ordered(left.type)) return {left.good && right.good, TypeTable::kBoolean, {}};
  const char* help = left.type == checked_.decimal ? "decimals compare with lessThan() and the like" : "";
  auto complain = [&](NodeIndex at, TypeIndex found, const std::string& wanted) {
    report("unexpected_type", at, "expected " + wanted + " here, found " + display(found), help);
  };
  if (left.type == TypeTable::kInteger || (can_be_ordered(left.type) && right.type != TypeTable::kInteger)) {
    complain(node.b, right.type, display(left.type));
  } else if (can_be_ordered(right.type)) {
    complain(node.a, left.type, display(right.type));
  } else {
    complain(node.a, left.type, "Long, datetime or duration");
    complain(node.b, right.type, "Long, datetime or duration");
  }
  return {false, TypeTable::kBoolean, {}};
}

// 1 + 2 - 3 stands as (1 + 2) - 3: from the left, without recursion.
Checker::Answer Checker::arithmetic(const Node& node, const Capabilities& prior) {
  const char* help = node.op == Op::add ? "there is no + for texts and sets" : "";
  bool good = true;
  const Node* rest = &node;
  for (;; rest = &at(rest->a)) {
    good = expect(rest->b, prior, Want::integer, help).good && good;
    if (!continues(at(rest->a).op, node.op)) break;
  }
  good = expect(rest->a, prior, Want::integer, help).good && good;
  return {good, TypeTable::kInteger, {}};
}

Checker::Answer Checker::is(const Node& node, const Capabilities& prior) {
  Answer object = expect(node.a, prior, Want::entity, "`is` asks for the type of an entity");
  if (object.type == kNoType) return {false, TypeTable::kBoolean, {}};
  return {object.good, TypeTable::known(types_.name(object.type) == node.b), {}};
}

// `a is T in b` is `a is T && a in b`.
Checker::Answer Checker::membership(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer left = is(node, prior);
  if (left.type == TypeTable::kNo) return left;
  return join_and(left, in(index, node.a, node.c, prior));
}

bool Checker::may_be_in(Symbol type, Symbol container) const {
  if (type == container || checked_.action_pairs.contains({type, container})) return true;
  const EntityType* entity = schema_.entity(type);
  return entity != nullptr && std::binary_search(entity->ancestors.begin(), entity->ancestors.end(), container);
}

// Which actions are in which is known before anything is asked.
Checker::Answer Checker::action_in(EntityIndex action, const std::vector<EntityIndex>& groups) const {
  bool inside = false;
  for (EntityIndex group : groups) {
    if (!is_action_type(names_.text(names_.type_of(group)))) continue;
    if (schema_.action(group) == nullptr) return {false, TypeTable::kBoolean, {}};
    const ActionType* declared = schema_.action(action);
    inside = inside || group == action ||
             (declared != nullptr && std::binary_search(declared->ancestors.begin(), declared->ancestors.end(), group));
  }
  return {true, TypeTable::known(inside), {}};
}

Checker::Answer Checker::in(NodeIndex index, NodeIndex left, NodeIndex right, const Capabilities& prior) {
  (void)index;
  Answer object = expect(left, prior, Want::entity, kUseContains);
  Answer container = expect(right, prior, Want::entity_or_entities, kUseContains);
  if (!object.good || !container.good) return {false, TypeTable::kBoolean, {}};
  const Value* one = known_value(left);
  std::vector<EntityIndex> groups;
  const Node& node = at(right);
  bool all_known = false;
  if (const Value* group = known_value(right)) {
    groups.push_back(group->entity);
    all_known = true;
  } else if (node.op == Op::set) {
    all_known = true;
    for (std::uint32_t i = 0; i < node.c; ++i) {
      const Value* member = known_value(body_.lists[node.b + i]);
      all_known = all_known && member != nullptr;
      if (member != nullptr) groups.push_back(member->entity);
    }
  }
  if (one != nullptr && all_known && is_action_type(names_.text(names_.type_of(one->entity))))
    return action_in(one->entity, groups);
  TypeIndex above = types_.is(container.type, TypeKind::set) ? types_.element(container.type) : container.type;
  bool may = may_be_in(types_.name(object.type), types_.name(above));
  return {true, may ? TypeTable::kBoolean : TypeTable::kNo, {}};
}

Checker::Answer Checker::contains(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  bool one = node.op == Op::contains;
  Answer left = expect(node.a, prior, Want::set, "only sets contain; use `in` for entities and `like` for texts");
  Answer right = one ? check(node.b, prior) : expect(node.b, prior, Want::set, "use `contains` for a single member");
  bool good = left.good && right.good;
  if (left.type == kNoType || right.type == kNoType) return {false, TypeTable::kBoolean, {}};
  TypeIndex wanted = one ? types_.element(left.type) : left.type;
  if (!types_.join(wanted, right.type)) {
    report("incompatible_types", index, display(left.type) + " can never hold " + display(right.type));
    good = false;
  }
  return {good, TypeTable::kBoolean, {}};
}

Checker::Answer Checker::set(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  bool good = true;
  bool known = true;
  TypeIndex element = kNoType;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    Answer member = check(body_.lists[node.b + i], prior);
    good = good && member.good;
    known = known && member.type != kNoType;
    if (!known) continue;
    auto joined = element == kNoType ? member.type : types_.join(element, member.type);
    if (!joined) {
      report("incompatible_types", index,
             "the members of a set must be of one type; found " + display(element) + " and " + display(member.type));
      known = false;
      continue;
    }
    element = *joined;
  }
  if (node.c == 0)
    report("empty_set_literal", index, "the type of an empty set is not known",
           "use isEmpty() to ask for an empty set");
  if (!known || element == kNoType) return {false, kNoType, {}};
  return {good, types_.set(element), {}};
}

Checker::Answer Checker::record(const Node& node, const Capabilities& prior) {
  bool good = true;
  bool known = true;
  std::vector<Attribute> attributes;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    Symbol name = body_.lists[node.b + 2 * i];
    Answer value = check(body_.lists[node.b + 2 * i + 1], prior);
    good = good && value.good;
    known = known && value.type != kNoType;
    attributes.push_back({name, value.type, true});
  }
  if (!known) return {false, kNoType, {}};
  return {good, types_.record(std::move(attributes)), {}};
}

TypeIndex Checker::extension_of(Function function) const {
  switch (function) {
    case Function::ip:
    case Function::is_ipv4:
    case Function::is_ipv6:
    case Function::is_loopback:
    case Function::is_multicast:
    case Function::is_in_range:
      return checked_.ip;
    case Function::decimal:
    case Function::less_than:
    case Function::less_than_or_equal:
    case Function::greater_than:
    case Function::greater_than_or_equal:
      return checked_.decimal;
    case Function::datetime:
    case Function::offset:
    case Function::duration_since:
    case Function::to_date:
    case Function::to_time:
      return checked_.datetime;
    default:
      return checked_.duration;
  }
}

// Constructors take one literal text that means something.
bool Checker::call_fits(NodeIndex index, const FunctionSpec& spec) {
  const Node& node = at(index);
  bool fits = true;
  if (node.c != static_cast<std::uint32_t>(spec.arguments)) {
    report("wrong_number_of_arguments", index,
           "`" + std::string(spec.name) + "` is called with the wrong number of arguments");
    fits = false;
  }
  if (spec.method) return fits;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    const Node& argument = at(body_.lists[node.b + i]);
    Heap heap;
    Value value;
    if (argument.op != Op::literal) {
      report("extension_literal", index, "`" + std::string(spec.name) + "` takes a text that is written out",
             "the value must be known when the policy is read");
      fits = false;
    } else if (node.c == 1 && argument.value.kind == Kind::text &&
               cedar::call(spec.function, &argument.value, 1, heap, value) != EvalError::none) {
      report("extension_literal", index, "this text is no value for `" + std::string(spec.name) + "`");
      fits = false;
    }
  }
  return fits;
}

Checker::Answer Checker::call(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  auto function = static_cast<Function>(node.detail);
  const FunctionSpec& spec = spec_of(function);
  TypeIndex own = extension_of(function);
  TypeIndex result = spec.method ? TypeTable::kBoolean : own;
  if (function >= Function::to_milliseconds) result = TypeTable::kInteger;
  if (function == Function::offset || function == Function::to_date) result = checked_.datetime;
  if (function == Function::duration_since || function == Function::to_time) result = checked_.duration;
  bool fits = call_fits(index, spec);
  bool good = fits;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    NodeIndex argument = body_.lists[node.b + i];
    TypeIndex wanted = !spec.method                             ? TypeTable::kText
                       : function == Function::offset && i == 1 ? checked_.duration
                                                                : own;
    Answer answer = fits ? expect_type(argument, prior, wanted) : check(argument, prior);
    good = good && answer.good;
  }
  return {good, result, {}};
}

}  // namespace libguard::policy::cedar
