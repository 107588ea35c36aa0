#pragma once
// A small shop as a Catalogue made by hand, so that these tests need no server.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "command/understander.h"

namespace libguard::test {

inline CatalogueRelation table(std::string schema, std::string name,
                               const std::vector<std::pair<std::string, std::string>>& columns,
                               std::vector<CatalogueKey> keys = {}) {
  CatalogueRelation relation;
  relation.schema = std::move(schema);
  relation.name = std::move(name);
  for (const auto& [column, type] : columns) {
    CatalogueColumn entry;
    entry.name = column;
    entry.type = type;
    entry.not_null = column == "id" || column == "email";
    entry.number = static_cast<std::int16_t>(relation.columns.size() + 1);
    relation.columns.push_back(entry);
  }
  relation.keys = std::move(keys);
  return relation;
}

inline CatalogueRelation view(std::string name, const std::vector<std::string>& columns, std::string definition,
                              std::vector<std::string> depends) {
  CatalogueRelation relation;
  relation.schema = "public";
  relation.name = std::move(name);
  relation.kind = 'v';
  for (const std::string& column : columns) {
    CatalogueColumn& entry = relation.columns.emplace_back();
    entry.name = column;
    entry.type = "text";
  }
  relation.definition = std::move(definition);
  relation.depends = std::move(depends);
  return relation;
}

inline CatalogueFunction function(std::string schema, std::string name, std::vector<std::string> arguments,
                                  std::string result, char volatility = 'v') {
  CatalogueFunction entry;
  entry.schema = std::move(schema);
  entry.name = std::move(name);
  entry.argument_types = std::move(arguments);
  entry.result_type = std::move(result);
  entry.volatility = volatility;
  entry.language = "plpgsql";
  return entry;
}

inline Catalogue shop() {
  Catalogue c;
  c.dialect = Dialect::postgres;
  c.version = "v1";
  c.search_path = {"public"};
  c.relations.push_back(table(
      "public", "people",
      {{"id", "int4"}, {"email", "text"}, {"ssn", "text"}, {"name", "text"}, {"born", "date"}, {"active", "bool"}},
      {{{"id"}, true}, {{"email"}, true}}));
  c.relations.push_back(table("public", "bills",
                              {{"id", "int4"}, {"person_id", "int4"}, {"cents", "int4"}, {"note", "text"}},
                              {{{"id"}, true}}));
  c.relations.push_back(table("public", "seats", {{"row_no", "int4"}, {"seat_no", "int4"}, {"who", "text"}},
                              {{{"row_no", "seat_no"}, true}}));
  c.relations.push_back(table("app", "wallets", {{"id", "int4"}, {"owner", "text"}}, {{{"id"}, true}}));
  c.relations.push_back(view("people_view", {"id", "contact"},
                             " SELECT people.id,\n    people.email AS contact\n   FROM people;", {"public.people"}));
  c.relations.push_back(
      view("deep_view", {"who"}, "SELECT upper(v.contact) AS who FROM people_view v", {"public.people_view"}));
  c.relations.push_back(view("joined_view", {"id", "email"},
                             "SELECT b.id, p.email FROM bills b JOIN people p ON p.id = b.person_id",
                             {"public.bills", "public.people"}));
  c.relations.push_back(view("evil_view", {"n"}, "SELECT wipe() AS n", {}));
  c.relations.push_back(view("broken_view", {"x"}, "SELECT !!! FROM", {"public.people"}));
  c.relations.push_back(view("loop_a", {"x"}, "SELECT x FROM loop_b", {"public.loop_b"}));
  c.relations.push_back(view("loop_b", {"x"}, "SELECT x FROM loop_a", {"public.loop_a"}));
  CatalogueRelation parts = table("public", "parts", {{"id", "int4"}, {"region", "text"}}, {{{"id"}, true}});
  parts.kind = 'p';
  parts.children = {"public.parts_eu"};
  c.relations.push_back(parts);
  CatalogueRelation part = table("public", "parts_eu", {{"id", "int4"}, {"region", "text"}});
  part.parents = {"public.parts"};
  c.relations.push_back(part);
  CatalogueRelation watched = table("public", "watched", {{"id", "int4"}, {"cents", "int4"}}, {{{"id"}, true}});
  CatalogueTrigger& watch = watched.triggers.emplace_back();
  watch.name = "watch";
  watch.function = "public.on_watch";
  watch.events = {"update"};
  c.relations.push_back(watched);
  CatalogueRelation ruled = table("public", "ruled", {{"id", "int4"}});
  ruled.rule_events = {"insert"};
  c.relations.push_back(ruled);
  c.foreign_keys.push_back({"public.bills", "public.people", "cascade", "no action", {"person_id"}, {"id"}});
  c.functions.push_back(function("public", "wipe", {}, "int4"));
  c.functions.push_back(function("public", "people_of", {"text"}, "public.people", 's'));
  c.functions.push_back(function("public", "lower", {"public.people"}, "text"));
  c.functions.push_back(function("public", "on_eq", {"int4", "int4"}, "bool"));
  c.functions.push_back(function("public", "to_mood", {"text"}, "public.mood", 'i'));
  c.functions.push_back(function("app", "hidden", {}, "int4"));
  c.operators.push_back({"public", "===", "int4", "int4", "public.on_eq"});
  c.casts.push_back({"text", "public.mood", "public.to_mood", 'e'});
  c.types = {"public.mood", "public.positive"};
  c.domains = {"public.positive"};
  return c;
}

inline const command::Understander& shop_understander() {
  static const auto understander = command::postgres_understander(std::make_shared<const Catalogue>(shop()));
  return *understander;
}

inline std::shared_ptr<const Command> read(std::string_view sql, const std::vector<Value>& params = {}) {
  return shop_understander().understand(sql, params);
}

// The sources of all result columns together.
inline std::set<std::string> revealed(const Command& command) {
  std::set<std::string> all;
  for (const RevealedColumn& column : command.reveals) all.insert(column.sources.begin(), column.sources.end());
  return all;
}

inline const Touch* touch(const Command& command, std::string_view action, std::string_view object) {
  for (const Touch& each : command.touches) {
    if (each.action == action && each.object == object) return &each;
  }
  return nullptr;
}

inline bool doubts(const Command& command, std::string_view text) {
  return std::find(command.doubts.begin(), command.doubts.end(), text) != command.doubts.end();
}

inline bool calls(const Command& command, std::string_view name, bool safe) {
  for (const CalledFunction& each : command.functions) {
    if (each.name == name) return each.safe == safe;
  }
  return false;
}

// "match", "infer" or "".
inline std::string tested(const Command& command, std::string_view column) {
  for (const TestedColumn& each : command.tests) {
    if (each.column == column) return each.match ? "match" : "infer";
  }
  return "";
}

}  // namespace libguard::test
