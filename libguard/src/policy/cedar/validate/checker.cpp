#include "policy/cedar/validate/checker.h"

#include "base/text.h"
#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {

CheckedSchema::CheckedSchema(const Schema& of, Names& known)
    : schema(of),
      names(known),
      types(schema.types()),
      ip(types.extension(names.symbol("ipaddr"))),
      decimal(types.extension(names.symbol("decimal"))),
      datetime(types.extension(names.symbol("datetime"))),
      duration(types.extension(names.symbol("duration"))) {
  for (const ActionType& action : schema.actions()) {
    for (EntityIndex group : action.ancestors) action_pairs.emplace(names.type_of(action.uid), names.type_of(group));
  }
}

void Findings::add(Finding finding) {
  if (known_.emplace(finding.offset, finding.code).second) all_.push_back(std::move(finding));
}

Checker::Checker(CheckedSchema& checked, const Expression& body, Findings& findings)
    : checked_(checked),
      schema_(checked.schema),
      names_(checked.names),
      types_(checked.types),
      body_(body),
      findings_(findings),
      shapes_(body) {
  measure();
}

bool Checker::continues(Op left, Op op) {
  auto adds = [](Op one) { return one == Op::add || one == Op::subtract || one == Op::multiply; };
  return left == op || (adds(left) && adds(op));
}

// How deep check() would recurse. Chains do not count: they are walked in a loop.
void Checker::measure() {
  std::vector<int> depth(body_.nodes.size(), 1);
  int deepest = 0;
  for (NodeIndex index = 0; index < body_.nodes.size(); ++index) {
    const Node& node = at(index);
    auto below = [&](NodeIndex child, int cost) {
      if (child != kNoNode) depth[index] = std::max(depth[index], depth[child] + cost);
    };
    switch (node.op) {
      case Op::literal:
      case Op::variable:
        break;
      case Op::set:
      case Op::call:
        for (std::uint32_t i = 0; i < node.c; ++i) below(body_.lists[node.b + i], 1);
        break;
      case Op::record:
        for (std::uint32_t i = 0; i < node.c; ++i) below(body_.lists[node.b + 2 * i + 1], 1);
        break;
      case Op::condition:
        below(node.c, 1);
        below(node.b, 1);
        below(node.a, 1);
        break;
      case Op::is_in:
        below(node.c, 1);
        below(node.a, 1);
        break;
      case Op::logical_and:
      case Op::logical_or:
      case Op::add:
      case Op::subtract:
      case Op::multiply:
        below(node.a, continues(at(node.a).op, node.op) ? 0 : 1);
        below(node.b, 1);
        break;
      case Op::logical_not:
      case Op::negate:
      case Op::is_empty:
      case Op::has:
      case Op::like:
      case Op::is:
      case Op::attribute:
        below(node.a, 1);
        break;
      default:
        below(node.a, 1);
        below(node.b, 1);
    }
    deepest = std::max(deepest, depth[index]);
  }
  if (deepest <= limits::kCheckDepthMax) return;
  able_ = false;
  report("too_complex", body_.root, "the condition is nested too deeply to be checked",
         "split it into several policies");
}

bool Checker::never(const Environment& environment) {
  if (!able_) return false;
  here_ = environment;
  action_ = Value::of_entity(environment.action->uid);
  Answer answer = expect(body_.root, {}, Want::boolean);
  return answer.type == TypeTable::kNo;
}

void Checker::report(const char* code, NodeIndex at, std::string message, std::string help) {
  std::size_t offset = at < body_.offsets.size() ? body_.offsets[at] : 0;
  findings_.add({code, offset, std::move(message), std::move(help), false});
}

std::string Checker::where() const {
  return "when principal is " + std::string(names_.text(here_.principal)) + ", action is " +
         names_.display(here_.action->uid) + ", resource is " + std::string(names_.text(here_.resource));
}

Checker::Answer Checker::check(NodeIndex index, const Capabilities& prior) {
  if (++steps_ > limits::kCheckStepsMax || prior.size() > limits::kCapabilitiesMax) {
    if (able_)
      report("too_complex", index, "the condition takes too long to be checked", "split it into several policies");
    able_ = false;
  }
  if (!able_) return {false, kNoType, {}};
  Answer answer = dispatch(index, prior);
  // What is wrong proves nothing.
  if (!answer.good) answer.proved = {};
  return answer;
}

Checker::Answer Checker::dispatch(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  switch (node.op) {
    case Op::literal:
      return literal(node);
    case Op::variable:
      return variable(node);
    case Op::logical_and:
    case Op::logical_or:
      return chain(index, prior);
    case Op::logical_not:
      return negation(node, prior);
    case Op::negate:
      return {expect(node.a, prior, Want::integer).good, TypeTable::kInteger, {}};
    case Op::condition:
      return condition(index, prior);
    case Op::equal:
    case Op::not_equal:
      return equality(index, prior);
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return comparison(index, prior);
    case Op::add:
    case Op::subtract:
    case Op::multiply:
      return arithmetic(node, prior);
    case Op::in:
      return in(index, node.a, node.b, prior);
    case Op::is:
      return is(node, prior);
    case Op::is_in:
      return membership(index, prior);
    case Op::contains:
    case Op::contains_all:
    case Op::contains_any:
      return contains(index, prior);
    case Op::is_empty:
      return {expect(node.a, prior, Want::set).good, TypeTable::kBoolean, {}};
    case Op::like:
      return {expect(node.a, prior, Want::text).good, TypeTable::kBoolean, {}};
    case Op::has:
      return has(index, prior);
    case Op::attribute:
      return attribute(index, prior);
    case Op::get_tag:
      return get_tag(index, prior);
    case Op::has_tag:
      return has_tag(node, prior);
    case Op::set:
      return set(index, prior);
    case Op::record:
      return record(node, prior);
    case Op::call:
      return call(index, prior);
  }
  return {false, kNoType, {}};
}

bool Checker::fits(TypeIndex type, Want want) const {
  TypeKind kind = types_.kind(type);
  switch (want) {
    case Want::boolean:
      return types_.is_boolean(type);
    case Want::integer:
      return kind == TypeKind::integer;
    case Want::text:
      return kind == TypeKind::text;
    case Want::entity:
      return kind == TypeKind::entity;
    case Want::entity_or_record:
      return kind == TypeKind::entity || kind == TypeKind::record;
    case Want::entity_or_entities:
      return kind == TypeKind::entity ||
             (kind == TypeKind::set && types_.kind(types_.element(type)) == TypeKind::entity);
    case Want::set:
      return kind == TypeKind::set;
  }
  return false;
}

Checker::Answer Checker::accept(Answer answer, NodeIndex index, bool fits, const std::string& wanted,
                                const char* help) {
  if (answer.type == kNoType) return {false, kNoType, {}};
  if (fits) return answer;
  report("unexpected_type", index, "expected " + wanted + " here, found " + display(answer.type), help);
  return {false, kNoType, {}};
}

Checker::Answer Checker::expect(NodeIndex index, const Capabilities& prior, Want want, const char* help) {
  static constexpr const char* kWanted[] = {
      "Bool", "Long", "String", "an entity", "an entity or a record", "an entity or a set of entities", "a set"};
  Answer answer = check(index, prior);
  bool good = answer.type != kNoType && fits(answer.type, want);
  return accept(std::move(answer), index, good, kWanted[static_cast<std::size_t>(want)], help);
}

Checker::Answer Checker::expect_type(NodeIndex index, const Capabilities& prior, TypeIndex type) {
  Answer answer = check(index, prior);
  bool good = answer.type == type;
  return accept(std::move(answer), index, good, display(type), "");
}

// An entity that the schema does not know has no type; the validator says so itself, for dead code too.
Checker::Answer Checker::literal(const Node& node) const {
  switch (node.value.kind) {
    case Kind::boolean:
      return {true, TypeTable::known(node.value.boolean), {}};
    case Kind::integer:
      return {true, TypeTable::kInteger, {}};
    case Kind::text:
      return {true, TypeTable::kText, {}};
    case Kind::entity: {
      Symbol type = names_.type_of(node.value.entity);
      bool known = is_action_type(names_.text(type)) ? schema_.action(node.value.entity) != nullptr
                                                     : schema_.entity(type) != nullptr;
      if (!known) return {false, kNoType, {}};
      return {true, types_.entity(type), {}};
    }
    default:
      return {false, kNoType, {}};
  }
}

Checker::Answer Checker::variable(const Node& node) {
  switch (static_cast<Variable>(node.detail)) {
    case Variable::principal:
      return {true, types_.entity(here_.principal), {}};
    case Variable::action:
      return {true, types_.entity(names_.type_of(here_.action->uid)), {}};
    case Variable::resource:
      return {true, types_.entity(here_.resource), {}};
    case Variable::context:
      break;
  }
  return {true, here_.action->context, {}};
}

Checker::Answer Checker::join_and(const Answer& left, Answer right) {
  bool good = left.good && right.good;
  if (left.type == kNoType || right.type == kNoType) return {false, TypeTable::kBoolean, {}};
  if (right.type == TypeTable::kNo) return {good, TypeTable::kNo, {}};
  if (right.type == TypeTable::kYes) return {good, left.type, unite(left.proved, right.proved)};
  if (left.type == TypeTable::kYes) return {good, right.type, std::move(right.proved)};
  return {good, TypeTable::kBoolean, unite(left.proved, right.proved)};
}

Checker::Answer Checker::join_or(const Answer& left, Answer right) {
  bool good = left.good && right.good;
  if (left.type == kNoType || right.type == kNoType) return {false, TypeTable::kBoolean, {}};
  if (right.type == TypeTable::kYes) return {good, TypeTable::kYes, std::move(right.proved)};
  if (right.type == TypeTable::kNo) return {good, left.type, left.proved};
  if (left.type == TypeTable::kNo) return {good, right.type, std::move(right.proved)};
  return {good, TypeTable::kBoolean, intersect(left.proved, right.proved)};
}

Checker::Answer Checker::step_and(Answer left, NodeIndex right, const Capabilities& prior) {
  // What stands behind a `false` is never looked at.
  if (left.type == TypeTable::kNo) return {left.good, TypeTable::kNo, {}};
  return join_and(left, expect(right, unite(prior, left.proved), Want::boolean));
}

Checker::Answer Checker::step_or(Answer left, NodeIndex right, const Capabilities& prior) {
  if (left.type == TypeTable::kYes) return left;
  return join_or(left, expect(right, prior, Want::boolean));
}

// a && b && c stands as (a && b) && c: from the left, without recursion.
Checker::Answer Checker::chain(NodeIndex index, const Capabilities& prior) {
  Op op = at(index).op;
  std::vector<NodeIndex> rights;
  NodeIndex first = index;
  for (; at(first).op == op; first = at(first).a) rights.push_back(at(first).b);
  Answer answer = expect(first, prior, Want::boolean);
  for (std::size_t i = rights.size(); i-- > 0;) {
    if (!answer.good) answer.proved = {};
    answer = op == Op::logical_and ? step_and(std::move(answer), rights[i], prior)
                                   : step_or(std::move(answer), rights[i], prior);
  }
  return answer;
}

Checker::Answer Checker::negation(const Node& node, const Capabilities& prior) {
  Answer inner = expect(node.a, prior, Want::boolean);
  TypeIndex type = inner.type == TypeTable::kYes  ? TypeTable::kNo
                   : inner.type == TypeTable::kNo ? TypeTable::kYes
                                                  : TypeTable::kBoolean;
  return {inner.good, type, {}};
}

Checker::Answer Checker::condition(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer test = expect(node.a, prior, Want::boolean);
  if (test.type == TypeTable::kNo) {
    Answer otherwise = check(node.c, prior);
    otherwise.good = otherwise.good && test.good;
    return otherwise;
  }
  Answer then = check(node.b, unite(prior, test.proved));
  if (then.good) then.proved = unite(then.proved, test.proved);
  then.good = then.good && test.good;
  if (test.type == TypeTable::kYes) return then;
  Answer otherwise = check(node.c, prior);
  if (then.type == kNoType || otherwise.type == kNoType) return {false, kNoType, {}};
  auto joined = types_.join(then.type, otherwise.type);
  if (!joined) {
    report("incompatible_types", index,
           "the branches of `if` are of different types, " + display(then.type) + " and " + display(otherwise.type));
    return {false, kNoType, {}};
  }
  return {then.good && otherwise.good, *joined, intersect(then.proved, otherwise.proved)};
}

}  // namespace libguard::policy::cedar
