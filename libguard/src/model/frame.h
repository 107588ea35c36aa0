#pragma once
// The part of the configuration that several level-2 modules need, as plain values. Built by guard/config.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace libguard {

// data.pii.email: { columns: [shop/main.customers.email], show: "partial:last=4" }
struct DataClass {
  std::string name;               // "pii.email"; "pii" is its parent in Cedar
  std::set<std::string> columns;  // "connection/schema.table.column"; ".*" as the column = the whole table
  std::string show = "redact";    // operator spec: redact | label | partial:first=..,last=..
};

// facts.refund_cents: { assigned: shop/main.orders.refunded_cents, scale: 2 }
struct Fact {
  std::string name;
  std::string connection;
  std::string column;  // "schema.table.column"
  int scale = 0;
};

struct ConnectionFrame {
  std::string name;
  std::set<std::string> tags;
  std::int64_t rows_affected_max = 1'000;
};

struct GroupAccount {
  std::string account;
  std::vector<std::string> groups;
  bool human = false;
};

struct Frame {
  std::map<std::string, ConnectionFrame> connections;
  std::map<std::string, DataClass> classes;
  std::vector<Fact> facts;
  std::map<std::string, GroupAccount> accounts;
  std::string timezone = "UTC";
};

// The classes of "connection/schema.table.column" (table wildcards included).
[[nodiscard]] std::set<std::string> classes_of(const Frame& frame, const std::string& connection,
                                               const std::string& column);

}  // namespace libguard
