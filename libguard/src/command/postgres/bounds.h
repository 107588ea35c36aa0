#pragma once
// How surely a WHERE confines a write. Everything here demands positive proof: what is not recognised as restricting
// does not restrict, and only equality with literals or parameters on all columns of a unique key is `eq`.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

// ctid and its kind: names a row, but is no column of it.
inline constexpr std::uint32_t kSystemColumn = kWholeRow - 1;

// Without the casts around it.
[[nodiscard]] inline Node bare(Node node) {
  while (node.is(T_TypeCast)) node = node.node(F_arg);
  return node;
}

// Written without a schema or with the server's own.
[[nodiscard]] inline bool own_operator(NodeList name) { return name.size() == 1 || name[0].own_text() == "pg_catalog"; }

class BoundReader {
 public:
  BoundReader(Analysis& analysis, Scope& scope, Item& target) : analysis_(analysis), scope_(scope), target_(target) {}
  [[nodiscard]] BoundOf read(Node where);

 private:
  // What a part of the predicate says of one column, for finding arms of an OR that complete each other.
  enum class Say : std::uint8_t { equal, above, below, unequal, null, not_null };
  struct Part {
    bool restricts = false;
    bool joins = false;   // ties the target to another relation of FROM
    bool others = false;  // restricts another relation of FROM
    bool narrow = false;  // asks for equality, not for a range, a pattern or a flag
    std::set<std::pair<std::uint32_t, Say>> says;
  };
  struct Mentions {
    std::set<std::uint32_t> columns;  // of the target
    bool others = false;              // columns of other relations
    bool any() const { return !columns.empty(); }
  };

  std::optional<std::uint32_t> column(Node node) const;
  // A literal, a parameter, or a variable of the code around.
  bool fixed(Node node) const;
  bool all_fixed(NodeList list) const;
  void mention(Node node, Mentions& found, int depth) const;
  Mentions mentions(Node node) const;

  Part part(Node node, bool negated);
  Part all_of(NodeList parts, bool negated);
  Part any_of(NodeList parts, bool negated);
  Part comparison(Node node, bool negated);
  Part compared(Node node, std::string_view symbol, bool negated);
  Part listed(Node node, bool negated);
  Part array_compared(Node node, bool negated);
  Part between(Node node, bool negated);
  Part pattern(Node node, bool negated);
  Part null_test(Node node, bool negated);
  Part truth_test(Node node, bool negated);
  Part sublink(Node node, bool negated);
  bool is_flag(std::uint32_t position) const;
  bool covers_type(std::uint32_t position, std::string_view symbol, Node literal) const;
  bool reads_target(Node node, int depth) const;
  bool ties(Node query, bool exists) const;
  bool local(Node column, Scope& inner) const;
  bool all_local(Node node, Scope& inner, int depth) const;
  bool narrowed(Node query, int depth) const;

  void collect_keys(Node node);
  void name_key(Node column, std::int64_t count);
  bool collect_or(Node node);
  std::vector<std::vector<std::uint32_t>> keys_of_target() const;
  std::optional<std::int64_t> rows_named(const std::vector<std::uint32_t>& key) const;
  BoundOf keyed() const;

  Analysis& analysis_;
  Scope& scope_;
  Item& target_;
  std::map<std::uint32_t, std::int64_t> named_;  // column -> how many values
};

}  // namespace libguard::command::postgres
