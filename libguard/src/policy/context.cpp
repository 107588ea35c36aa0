#include "policy/context.h"

#include <algorithm>
#include <charconv>

#include "model/hops.h"
#include "policy/risk.h"

namespace libguard::policy {
namespace {

using cedar::Value;

// "-12.50" with scale 2 is -1250. Nullopt past 64 bits, or when digits beyond the scale say something.
std::optional<std::int64_t> scaled(std::string_view digits, int scale) {
  auto point = digits.find('.');
  std::string_view fraction = point == std::string_view::npos ? std::string_view() : digits.substr(point + 1);
  std::string whole(digits.substr(0, point));
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(scale, 0)); ++i)
    whole += i < fraction.size() ? fraction[i] : '0';
  if (fraction.size() > static_cast<std::size_t>(scale)) {
    std::string_view rest = fraction.substr(static_cast<std::size_t>(scale));
    if (rest.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
  }
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (error != std::errc{} || end != whole.data() + whole.size()) return std::nullopt;
  return value;
}

// Whether a touch may write the column without an AssignedValue that says so.
bool may_write(const Touch& touch, std::string_view table, const std::string& column) {
  if (touch.object != table) return false;
  if (touch.action == "insert" || touch.action == "merge") return true;  // a column left out takes its default
  if (touch.action != "update") return false;
  return touch.columns_written.empty() || touch.columns_written.contains(column);
}

}  // namespace

bool fact_values(const Command& command, const Vocabulary& words, std::vector<FactValue>& out, std::string& name) {
  const auto& facts = words.frame().facts;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Fact& fact = facts[i];
    if (fact.connection != command.connection) continue;
    auto dot = fact.column.rfind('.');
    std::string_view table = std::string_view(fact.column).substr(0, dot);
    std::string column = fact.column.substr(dot + 1);
    const AssignedValue* found = nullptr;
    std::size_t count = 0;
    for (const AssignedValue& assigned : command.assigned) {
      bool whole = assigned.column.ends_with(".*") &&
                   std::string_view(assigned.column).substr(0, assigned.column.size() - 2) == table;
      if (assigned.column != fact.column && !whole) continue;
      found = &assigned;
      ++count;
    }
    bool written = std::any_of(command.touches.begin(), command.touches.end(),
                               [&](const Touch& t) { return may_write(t, table, column); });
    if (count == 0 && !written) continue;
    auto value = count == 1 && found->known ? scaled(found->digits, fact.scale) : std::nullopt;
    if (!value) {
      name = fact.name;
      return false;
    }
    out.push_back({words.fact(i), *value});
  }
  return true;
}

template <typename Texts>
Value RequestContext::texts(ContextName name, const Texts& texts) {
  if (!used(name) || texts.empty()) return Value::of(&nothing_);
  std::vector<Value> members;
  for (const auto& text : texts) members.push_back(Value::of(std::string_view(text)));
  return heap_.set(std::move(members));
}

// Fields stand in the order of ContextName; round() and touch() count on the first nine.
void RequestContext::start(const Identity& identity, const Request& request, int hour, int risk) {
  std::string_view tool = request.tool.empty() ? hop_of(identity, request, "tool") : std::string_view(request.tool);
  add(ContextName::agent, Value::of(hop_of(identity, request, "agent")));
  add(ContextName::crew, Value::of(hop_of(identity, request, "crew")));
  add(ContextName::task, Value::of(hop_of(identity, request, "task")));
  add(ContextName::tool, Value::of(tool));
  add(ContextName::hour, Value::of(std::int64_t{hour}));
  add(ContextName::risk, Value::of(std::int64_t{risk}));
}

void RequestContext::command(const Identity& identity, const Request& request, const Command& command,
                             const std::vector<FactValue>& facts, int hour, int risk) {
  record_.fields.reserve(kContextNames + facts.size());
  for (ContextName name : {ContextName::approvals, ContextName::approver_groups, ContextName::row_limit,
                           ContextName::masked, ContextName::read_only, ContextName::reason_given, ContextName::bounded,
                           ContextName::rows_bound, ContextName::columns_written}) {
    add(name, Value());
  }
  start(identity, request, hour, risk);
  add(ContextName::destructive, Value::of(command.destructive));
  add(ContextName::effect, Value::of(std::string_view(to_string(command.effect))));
  std::vector<std::string_view> functions;
  for (const CalledFunction& function : command.functions) functions.push_back(function.name);
  add(ContextName::functions, texts(ContextName::functions, functions));
  add(ContextName::kinds, texts(ContextName::kinds, command.kinds));
  add(ContextName::statements, Value::of(std::int64_t{command.statements}));
  add(ContextName::values_bound, Value::of(command.literals.empty()));
  counters();
  for (const FactValue& fact : facts) record_.fields.emplace_back(fact.name, Value::of(fact.value));
  whole_.bound = Bound::eq;
  whole_.rows_bound = 0;
  for (const Touch& touch : command.touches) {
    whole_.bound = std::min(whole_.bound, touch.bound);
    whole_.rows_bound = std::max(whole_.rows_bound, touch.rows_bound);
    if (used(ContextName::columns_written))
      whole_.columns_written.insert(touch.columns_written.begin(), touch.columns_written.end());
  }
}

void RequestContext::tool(const Identity& identity, const Request& request, const Json& arguments, int hour, int risk) {
  for (ContextName name : {ContextName::approvals, ContextName::approver_groups, ContextName::row_limit,
                           ContextName::masked, ContextName::read_only, ContextName::reason_given})
    add(name, Value());
  start(identity, request, hour, risk);
  add(ContextName::argument_bytes, Value::of(static_cast<std::int64_t>(request.arguments.size())));
  std::vector<Value> argument_names;
  std::vector<std::pair<Symbol, Value>> sizes;
  for (const auto& [name, value] : arguments.items()) {
    auto size = value.is_string() ? value.template get_ref<const std::string&>().size() : dump(value).size();
    argument_names.push_back(heap_.text(name));
    sizes.emplace_back(names_.symbol(name), Value::of(static_cast<std::int64_t>(size)));
  }
  add(ContextName::argument_names, heap_.set(std::move(argument_names)));
  add(ContextName::argument_sizes, heap_.record(std::move(sizes)));
  counters();
}

void RequestContext::counters() {
  for (Symbol name = static_cast<Symbol>(ContextName::first_counter); name < kContextNames; ++name) {
    if (!policies_.context_used[name]) continue;
    Counter counter = *counter_of(name);
    record_.fields.emplace_back(name, Value::of(usage_[counter.budget][counter.measure]));
  }
}

Value RequestContext::entities(Type type, const std::set<std::string>& ids) {
  if (ids.empty()) return Value::of(&nothing_);
  std::vector<Value> members;
  for (const std::string& id : ids) members.push_back(Value::of_entity(names_.entity(words_.type(type), id)));
  return heap_.set(std::move(members));
}

// A class is masked, too, when every class below it is.
std::set<std::string> RequestContext::with_parents(const std::set<std::string>& classes) const {
  std::set<std::string> out = classes;
  for (const std::string& name : classes) {
    for (auto dot = name.rfind('.'); dot != std::string::npos && dot != 0; dot = name.rfind('.', dot - 1)) {
      std::string parent = name.substr(0, dot);
      const auto& all = words_.data_classes();
      bool whole = std::all_of(all.begin(), all.end(), [&](const auto& entry) {
        bool below = entry.first == parent || entry.first.starts_with(parent + ".");
        return !below || classes.contains(entry.first);
      });
      if (whole) out.insert(std::move(parent));
    }
  }
  return out;
}

void RequestContext::round(const RoundFacts& facts) {
  static const std::set<std::string> kNobody;
  put(ContextName::approvals, Value::of(facts.approvals));
  put(ContextName::approver_groups, entities(Type::group, facts.groups != nullptr ? *facts.groups : kNobody));
  put(ContextName::row_limit, Value::of(facts.row_limit));
  bool masks = facts.masked != nullptr && !facts.masked->empty() && used(ContextName::masked);
  put(ContextName::masked, masks ? entities(Type::data_class, with_parents(*facts.masked)) : Value::of(&nothing_));
  put(ContextName::read_only, Value::of(facts.read_only));
  put(ContextName::reason_given, Value::of(facts.reason_given));
}

void RequestContext::touch(const Touch* touch) {
  constexpr auto kBounded = static_cast<std::size_t>(ContextName::bounded);
  if (record_.fields[kBounded].first != static_cast<Symbol>(ContextName::bounded)) return;  // a tool has none of these
  const Touch& shown = touch != nullptr ? *touch : whole_;
  record_.fields[kBounded].second = Value::of(std::string_view(to_string(shown.bound)));
  record_.fields[kBounded + 1].second = Value::of(shown.rows_bound);
  record_.fields[kBounded + 2].second = texts(ContextName::columns_written, shown.columns_written);
}

}  // namespace libguard::policy
