#include "policy/cedar/value.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

template <typename T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_sets(const Set& a, const Set& b) {
  if (a.members.size() != b.members.size()) return order(a.members.size(), b.members.size());
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    if (int c = compare(a.members[i], b.members[i])) return c;
  }
  return 0;
}

int compare_records(const Record& a, const Record& b) {
  if (a.fields.size() != b.fields.size()) return order(a.fields.size(), b.fields.size());
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].first != b.fields[i].first) return order(a.fields[i].first, b.fields[i].first);
    if (int c = compare(a.fields[i].second, b.fields[i].second)) return c;
  }
  return 0;
}

}  // namespace

int compare(const Value& a, const Value& b) {
  if (a.kind != b.kind) return order(a.kind, b.kind);
  switch (a.kind) {
    case Kind::boolean:
      return order(a.boolean, b.boolean);
    case Kind::text:
      return a.text().compare(b.text());
    case Kind::entity:
      return order(a.entity, b.entity);
    case Kind::set:
      return a.set == b.set ? 0 : compare_sets(*a.set, *b.set);
    case Kind::record:
      return a.record == b.record ? 0 : compare_records(*a.record, *b.record);
    case Kind::ip:
      return order(*a.ip, *b.ip);
    case Kind::integer:
    case Kind::decimal:
    case Kind::datetime:
    case Kind::duration:
      return order(a.number, b.number);
  }
  return 0;
}

bool Set::contains(const Value& value) const {
  auto less = [](const Value& a, const Value& b) { return compare(a, b) < 0; };
  return std::binary_search(members.begin(), members.end(), value, less);
}

const Value* Record::find(Symbol name) const {
  auto less = [](const auto& field, Symbol wanted) { return field.first < wanted; };
  auto at = std::lower_bound(fields.begin(), fields.end(), name, less);
  return at != fields.end() && at->first == name ? &at->second : nullptr;
}

Value Heap::set(std::vector<Value> members) {
  std::sort(members.begin(), members.end(), [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  members.erase(std::unique(members.begin(), members.end(), equal), members.end());
  sets_.push_back(std::make_unique<Set>(Set{std::move(members)}));
  return Value::of(sets_.back().get());
}

Value Heap::record(std::vector<std::pair<Symbol, Value>> fields) {
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  records_.push_back(std::make_unique<Record>(Record{std::move(fields)}));
  return Value::of(records_.back().get());
}

Value Heap::ip(const Ip& ip) {
  ips_.push_back(std::make_unique<Ip>(ip));
  return Value::of(ips_.back().get());
}

Value Heap::text(std::string text) {
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  return Value::of(std::string_view(*texts_.back()));
}

void Heap::clear() {
  sets_.clear();
  records_.clear();
  ips_.clear();
  texts_.clear();
}

}  // namespace libguard::policy::cedar
