#include "policy/lint/sampler.h"

#include <algorithm>
#include <set>

#include "policy/context_table.h"

namespace libguard::policy {
namespace {

using namespace cedar;

constexpr std::size_t kSetMembersMax = 6;  // 64 subsets
constexpr const char* kOther = "\x01other";

bool is_variable(const Node& node, Variable variable) {
  return node.op == Op::variable && node.detail == static_cast<std::uint8_t>(variable);
}

// Literals, and lists of nothing else.
bool is_constant(const Expression& body, const Node& node) {
  if (node.op == Op::literal) return true;
  if (node.op != Op::set) return false;
  for (std::uint32_t i = 0; i < node.c; ++i) {
    if (body.nodes[body.lists[node.b + i]].op != Op::literal) return false;
  }
  return true;
}

bool is_context_attribute(const Expression& body, const Node& node) {
  return node.op == Op::attribute && is_variable(body.nodes[node.a], Variable::context);
}

std::pair<std::int64_t, std::int64_t> range_of(std::string_view name) {
  if (name == "hour") return {0, 23};
  if (name == "risk") return {0, 100};
  return {0, INT64_MAX};
}

std::vector<std::string_view> closed_words(std::string_view name) {
  if (name == "bounded") return {"none", "tautology", "weak", "eq"};
  if (name == "effect") return {"read", "write", "ddl", "dcl", "session", "maintenance"};
  return {};
}

}  // namespace

Sampler::Sampler(Vocabulary& words, const Universe& universe, const Reach& reach,
                 const std::vector<const ParsedPolicy*>& policies)
    : words_(words), universe_(universe), reach_(reach), hierarchy_(words.entities), machine_(words.names, hierarchy_) {
  std::set<Symbol> names;
  for (const ParsedPolicy* policy : policies) {
    read(policy->body);
    for (const Node& node : policy->body.nodes) {
      if (is_context_attribute(policy->body, node)) names.insert(node.b);
      if (node.op == Op::has && is_variable(policy->body.nodes[node.a], Variable::context))
        names.insert(policy->body.lists[node.b]);
    }
  }
  for (Symbol name : names) add_dimension(name);
}

// A comparison with literals, or something that joins such comparisons.
bool Sampler::simple(const Expression& body, const Node& node) const {
  auto operand = [&](NodeIndex index) {
    const Node& one = body.nodes[index];
    return is_constant(body, one) || is_context_attribute(body, one) ||
           (one.op == Op::variable && !is_variable(one, Variable::context));
  };
  switch (node.op) {
    case Op::literal:
    case Op::variable:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
    case Op::condition:
    case Op::set:
      return true;
    case Op::attribute:
      return is_variable(body.nodes[node.a], Variable::context);
    case Op::has:
      return is_variable(body.nodes[node.a], Variable::context) && node.c == 1;
    case Op::is:
    case Op::is_empty:
      return operand(node.a);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::in:
    case Op::contains:
    case Op::contains_all:
    case Op::contains_any:
      return operand(node.a) && operand(node.b) &&
             (is_constant(body, body.nodes[node.a]) || is_constant(body, body.nodes[node.b]));
    default:
      return false;
  }
}

void Sampler::read(const Expression& body) {
  for (const Node& node : body.nodes) {
    if (!simple(body, node)) complete_ = false;
    if (is_variable(node, Variable::principal)) asks_who_ = true;
    if (is_variable(node, Variable::action) || is_variable(node, Variable::resource)) asks_what_ = true;
    if (node.op != Op::literal) continue;
    if (node.value.kind == Kind::integer) numbers_.push_back(node.value.number);
    if (node.value.kind == Kind::text) texts_.push_back(node.value);
    if (node.value.kind == Kind::entity) entities_.push_back(node.value);
  }
}

void Sampler::add_dimension(Symbol name) {
  Dimension dimension;
  dimension.name = name;
  if (name < kContextNames) {
    const ContextAttribute& attribute = context_attributes()[name];
    dimension.in_command = attribute.presence != Presence::tool;
    dimension.in_tool = attribute.presence != Presence::command;
    fill(dimension, attribute.type);
  } else {
    bool fact = false;
    for (std::size_t i = 0; i < words_.frame().facts.size(); ++i) fact = fact || words_.fact(i) == name;
    dimension.optional = true;
    dimension.in_command = fact;
    dimension.in_tool = false;
    fill(dimension, "Long");
  }
  dimensions_.push_back(std::move(dimension));
}

void Sampler::fill(Dimension& dimension, std::string_view type) {
  std::string_view name = words_.names.text(dimension.name);
  auto& values = dimension.values;
  if (type == "Bool") {
    values = {Value::of(false), Value::of(true)};
  } else if (type == "Long") {
    auto [least, most] =
        dimension.optional ? std::pair<std::int64_t, std::int64_t>{INT64_MIN, INT64_MAX} : range_of(name);
    std::set<std::int64_t> numbers{least, most};
    for (std::int64_t number : numbers_) {
      for (std::int64_t near :
           {number == INT64_MIN ? number : number - 1, number, number == INT64_MAX ? number : number + 1}) {
        if (near >= least && near <= most) numbers.insert(near);
      }
    }
    for (std::int64_t number : numbers) values.push_back(Value::of(number));
  } else if (type == "String") {
    for (std::string_view word : closed_words(name)) values.push_back(Value::of(word));
    if (values.empty()) {
      values = texts_;
      values.push_back(Value::of(std::string_view(kOther)));
    }
  } else if (type == "Set<String>") {
    add_sets(dimension, texts_);
  } else if (type == "Set<Group>" || type == "Set<DataClass>") {
    Symbol wanted = words_.type(type == "Set<Group>" ? Type::group : Type::data_class);
    std::vector<Value> members;
    for (const Value& entity : entities_) {
      if (words_.names.type_of(entity.entity) == wanted) members.push_back(entity);
    }
    add_sets(dimension, members);
  } else {
    complete_ = false;
    values.push_back(heap_.record({}));
  }
}

void Sampler::add_sets(Dimension& dimension, const std::vector<Value>& members) {
  std::vector<Value> all = members;
  bool texts = dimension.name < kContextNames && context_attributes()[dimension.name].type == "Set<String>";
  if (texts) all.push_back(Value::of(std::string_view(kOther)));
  if (all.size() > kSetMembersMax) {
    complete_ = false;
    all.resize(kSetMembersMax);
  }
  for (std::size_t bits = 0; bits < (std::size_t{1} << all.size()); ++bits) {
    std::vector<Value> chosen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((bits >> i & 1) != 0) chosen.push_back(all[i]);
    }
    dimension.values.push_back(heap_.set(std::move(chosen)));
  }
}

void Sampler::each(const std::function<bool(const Sample&)>& visit) {
  bool done[2] = {false, false};
  for (std::size_t p = 0; p < reach_.principals.size(); ++p) {
    if (!reach_.principals[p]) continue;
    for (std::size_t t = 0; t < reach_.targets.size(); ++t) {
      if (!reach_.targets[t]) continue;
      const Target& target = universe_.targets()[t];
      bool& seen = done[target.tool_call ? 1 : 0];
      if (seen && !asks_who_ && !asks_what_) continue;
      seen = true;
      if (!each_context(universe_.principals()[p], target, visit)) return;
    }
    if (!asks_who_) return;
  }
}

bool Sampler::each_context(const NamedAnchor& principal, const Target& target,
                           const std::function<bool(const Sample&)>& visit) {
  std::vector<const Dimension*> here;
  for (const Dimension& dimension : dimensions_) {
    if (target.tool_call ? dimension.in_tool : dimension.in_command) here.push_back(&dimension);
  }
  std::vector<std::size_t> at(here.size(), 0);
  for (;;) {
    if (left_ == 0) {
      complete_ = false;
      return false;
    }
    --left_;
    Sample sample;
    sample.request = {{principal.entity, principal.span()},
                      {target.action.entity, target.action.span()},
                      {target.resource.entity, target.resource.span()},
                      nullptr};
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (at[i] < here[i]->values.size()) sample.fields.emplace_back(here[i]->name, here[i]->values[at[i]]);
    }
    if (!visit(sample)) return false;
    std::size_t i = 0;
    for (; i < here.size(); ++i) {
      std::size_t count = here[i]->values.size() + (here[i]->optional ? 1 : 0);
      if (++at[i] < count) break;
      at[i] = 0;
    }
    if (i == here.size()) return true;
  }
}

EvalError Sampler::holds(const Program& program, const Sample& sample, bool& result) {
  record_.fields = sample.fields;
  EvalRequest request = sample.request;
  request.context = &record_;
  result = true;
  EvalError error = program.code.empty() ? EvalError::none : machine_.holds(program, request, result);
  machine_.reset();
  return error;
}

Sample Sampler::with(const Sample& sample, const std::vector<std::pair<Symbol, Value>>& values) const {
  Sample out = sample;
  for (const auto& [name, value] : values) {
    for (auto& field : out.fields) {
      if (field.first == name) field.second = value;
    }
  }
  return out;
}

}  // namespace libguard::policy
