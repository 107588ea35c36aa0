#pragma once
// The values of the Cedar language. A Value is 16 trivially copied bytes; what it points to belongs to a policy, an
// entity store, a request or the heap of one evaluation, all of which outlive it.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/cedar/names.h"

namespace libguard::policy::cedar {

enum class Kind : std::uint8_t { boolean, integer, text, entity, set, record, decimal, datetime, duration, ip };

struct Set;
struct Record;

// Bytes in network order; IPv4 uses the first four. The address is kept as written: 10.0.0.1/8 is not 10.0.0.0/8.
struct Ip {
  bool v6 = false;
  std::uint8_t prefix = 0;
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Ip&) const = default;
};

struct Value {
  Kind kind = Kind::boolean;
  std::uint32_t size = 0;  // of a text, in bytes
  union {
    bool boolean;
    std::int64_t number;  // integer; decimal x 10,000; datetime and duration in ms
    const char* chars;
    EntityIndex entity;
    const Set* set;
    const Record* record;
    const Ip* ip;
  };

  Value() : boolean(false) {}
  static Value of(bool value) {
    Value v;
    v.boolean = value;
    return v;
  }
  static Value of_number(Kind kind, std::int64_t number) {
    Value v;
    v.kind = kind;
    v.number = number;
    return v;
  }
  static Value of(std::int64_t number) { return of_number(Kind::integer, number); }
  // The text must outlive the value.
  static Value of(std::string_view text) {
    Value v;
    v.kind = Kind::text;
    v.size = static_cast<std::uint32_t>(text.size());
    v.chars = text.data();
    return v;
  }
  static Value of_entity(EntityIndex entity) {
    Value v;
    v.kind = Kind::entity;
    v.number = 0;
    v.entity = entity;
    return v;
  }
  static Value of(const Set* set) {
    Value v;
    v.kind = Kind::set;
    v.set = set;
    return v;
  }
  static Value of(const Record* record) {
    Value v;
    v.kind = Kind::record;
    v.record = record;
    return v;
  }
  static Value of(const Ip* ip) {
    Value v;
    v.kind = Kind::ip;
    v.ip = ip;
    return v;
  }
  [[nodiscard]] std::string_view text() const { return {chars, size}; }
};
static_assert(sizeof(Value) == 16);

// A total order over all values, used for equality, set membership and canonical sets. Its recursion is as deep as the
// values, whose depth the parsers bound.
[[nodiscard]] int compare(const Value& a, const Value& b);
inline bool equal(const Value& a, const Value& b) { return compare(a, b) == 0; }

struct Set {
  std::vector<Value> members;  // sorted by compare, unique
  [[nodiscard]] bool contains(const Value& value) const;
};

struct Record {
  std::vector<std::pair<Symbol, Value>> fields;  // sorted by symbol, unique
  [[nodiscard]] const Value* find(Symbol name) const;
};

// Owns what values point to. Costs nothing while empty; recycled, it gives the same places out again, so that the next
// evaluation of the same policies needs no memory.
class Heap {
 public:
  Value set(std::span<const Value> members);                       // sorts, drops duplicates
  Value record(std::span<const std::pair<Symbol, Value>> fields);  // sorts; names must be unique
  Value ip(const Ip& ip);
  Value text(std::string text);
  // Ends the life of every value so far.
  void recycle();

 private:
  template <typename T>
  struct Pool {
    std::vector<std::unique_ptr<T>> places;
    std::size_t used = 0;
    T& take() {
      if (used == places.size()) places.push_back(std::make_unique<T>());
      return *places[used++];
    }
  };
  Pool<Set> sets_;
  Pool<Record> records_;
  Pool<Ip> ips_;
  Pool<std::string> texts_;
};

}  // namespace libguard::policy::cedar
