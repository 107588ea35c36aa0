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

Value Heap::set(std::span<const Value> members) {
  Set& set = sets_.take();
  std::vector<Value>& kept = set.members;
  kept.assign(members.begin(), members.end());
  std::sort(kept.begin(), kept.end(), [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  kept.erase(std::unique(kept.begin(), kept.end(), equal), kept.end());
  return Value::of(&set);
}

Value Heap::record(std::span<const std::pair<Symbol, Value>> fields) {
  Record& record = records_.take();
  record.fields.assign(fields.begin(), fields.end());
  std::sort(record.fields.begin(), record.fields.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return Value::of(&record);
}

Value Heap::ip(const Ip& ip) {
  Ip& kept = ips_.take();
  kept = ip;
  return Value::of(&kept);
}

Value Heap::text(std::string text) {
  std::string& kept = texts_.take();
  kept = std::move(text);
  return Value::of(std::string_view(kept));
}

void Heap::recycle() {
  sets_.used = 0;
  records_.used = 0;
  ips_.used = 0;
  texts_.used = 0;
}

}  // namespace libguard::policy::cedar
