#include "model/command_facts.h"

#include <algorithm>
#include <string_view>

#include "base/json_writer.h"

namespace libguard {
namespace {

// {"schema.table": ["column", ...]}: columns of one table stand together, because the input is sorted by name. Nothing
// is written for an empty one.
class ColumnGroups {
 public:
  ColumnGroups(JsonWriter& json, std::string_view name) : json_(json), name_(name) {}
  void add(std::string_view column) {
    auto dot = column.rfind('.');
    std::string_view table = dot == std::string_view::npos ? std::string_view() : column.substr(0, dot);
    if (!open_) json_.name(name_).begin_object();
    if (!open_ || table != table_) {
      if (open_) json_.end_array();
      json_.name(table).begin_array();
      table_ = table;
      open_ = true;
    }
    json_.text(dot == std::string_view::npos ? column : column.substr(dot + 1));
  }
  void end() {
    if (open_) json_.end_array().end_object();
  }

 private:
  JsonWriter& json_;
  std::string_view name_;
  std::string_view table_;
  bool open_ = false;
};

constexpr std::size_t kColumnsAtFirst = 16;

// Sorting by (table, column), so that a table's name is written once even where another sorts between its columns.
bool by_table(std::string_view a, std::string_view b) {
  auto parts = [](std::string_view c) {
    auto dot = c.rfind('.');
    return std::pair(c.substr(0, dot == std::string_view::npos ? 0 : dot),
                     c.substr(dot == std::string_view::npos ? 0 : dot + 1));
  };
  return parts(a) < parts(b);
}

void append_columns(JsonWriter& json, std::string_view name, std::vector<std::string_view>& columns) {
  if (columns.empty()) return;
  std::sort(columns.begin(), columns.end(), by_table);
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  ColumnGroups groups(json, name);
  for (std::string_view column : columns) groups.add(column);
  groups.end();
  columns.clear();
}

void append_touch(JsonWriter& json, const Touch& touch) {
  json.begin_object().text("action", touch.action).text("object", touch.object);
  if (touch.bound != Bound::eq) json.text("bound", to_string(touch.bound));
  if (touch.rows_bound != kUnproven) json.number("rows_bound", touch.rows_bound);
  json.texts_if("columns_written", touch.columns_written);
  if (touch.system) json.boolean("system", true);
  if (touch.through_view) json.boolean("through_view", true);
  json.end_object();
}

template <typename Test>
void append_functions(JsonWriter& json, std::string_view name, const Command& command, Test test) {
  bool open = false;
  for (const CalledFunction& function : command.functions) {
    if (!test(function)) continue;
    if (!open) json.name(name).begin_array();
    open = true;
    json.text(function.name);
  }
  if (open) json.end_array();
}

void append_all_columns(JsonWriter& json, const Command& command) {
  std::vector<std::string_view> columns;
  columns.reserve(kColumnsAtFirst);
  for (const RevealedColumn& revealed : command.reveals)
    columns.insert(columns.end(), revealed.sources.begin(), revealed.sources.end());
  append_columns(json, "shows", columns);
  columns.assign(command.error_reveals.begin(), command.error_reveals.end());
  append_columns(json, "error_shows", columns);
  columns.assign(command.carries.begin(), command.carries.end());
  append_columns(json, "carries", columns);
  for (bool match : {true, false}) {
    for (const TestedColumn& tested : command.tests) {
      if (tested.match == match) columns.push_back(tested.column);
    }
    append_columns(json, match ? "matches" : "infers", columns);
  }
  for (bool known : {true, false}) {
    for (const AssignedValue& assigned : command.assigned) {
      if (assigned.known == known) columns.push_back(assigned.column);
    }
    append_columns(json, known ? "assigned" : "assigned_unknown", columns);
  }
}

std::string cut() { return "{\"cut\":true}"; }

// ---- reading

bool flag_of(const Json& json, const char* name) {
  auto found = json.find(name);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

std::optional<std::string> text_of(const Json& json, const char* name) {
  auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// False when the member is there and is no array of texts.
bool texts_of(const Json& json, const char* name, std::vector<std::string>& out) {
  auto found = json.find(name);
  if (found == json.end()) return true;
  if (!found->is_array()) return false;
  for (const Json& one : *found) {
    if (!one.is_string()) return false;
    out.push_back(one.get<std::string>());
  }
  return true;
}

bool columns_of(const Json& json, const char* name, std::vector<std::string>& out) {
  out.clear();
  auto found = json.find(name);
  if (found == json.end()) return true;
  if (!found->is_object()) return false;
  for (const auto& [table, columns] : found->items()) {
    std::vector<std::string> names;
    if (!texts_of(*found, table.c_str(), names)) return false;
    for (const std::string& column : names) out.push_back(table.empty() ? column : table + "." + column);
  }
  return true;
}

bool read_touch(const Json& json, Touch& touch) {
  if (!json.is_object()) return false;
  auto action = text_of(json, "action");
  auto object = text_of(json, "object");
  std::vector<std::string> columns;
  if (!action || !object || !texts_of(json, "columns_written", columns)) return false;
  touch.action = *action;
  touch.object = *object;
  touch.columns_written.insert(columns.begin(), columns.end());
  touch.bound = Bound::eq;
  if (auto bound = text_of(json, "bound")) {
    auto known = bound_from(*bound);
    if (!known) return false;
    touch.bound = *known;
  }
  auto rows = json.find("rows_bound");
  if (rows != json.end()) {
    if (!rows->is_number_integer()) return false;
    touch.rows_bound = rows->get<std::int64_t>();
  }
  touch.system = flag_of(json, "system");
  touch.through_view = flag_of(json, "through_view");
  return true;
}

bool read_touches(const Json& json, Command& command) {
  auto found = json.find("touches");
  if (found == json.end()) return true;
  if (!found->is_array()) return false;
  for (const Json& one : *found) {
    if (!read_touch(one, command.touches.emplace_back())) return false;
  }
  return true;
}

bool read_functions(const Json& json, Command& command) {
  std::vector<std::string> safe, unvetted, definers;
  if (!texts_of(json, "functions", safe) || !texts_of(json, "unvetted", unvetted) ||
      !texts_of(json, "definers", definers))
    return false;
  for (const auto* names : {&safe, &unvetted}) {
    for (const std::string& name : *names) {
      CalledFunction function;
      function.name = name;
      function.safe = names == &safe;
      function.security_definer = std::find(definers.begin(), definers.end(), name) != definers.end();
      command.functions.push_back(std::move(function));
    }
  }
  std::sort(command.functions.begin(), command.functions.end());
  return true;
}

bool read_columns(const Json& json, RecordedFacts& facts) {
  Command& command = facts.command;
  std::vector<std::string> columns;
  if (!columns_of(json, "shows", columns)) return false;
  if (!columns.empty()) command.reveals.push_back({"", {columns.begin(), columns.end()}});
  if (!columns_of(json, "error_shows", columns)) return false;
  command.error_reveals.insert(columns.begin(), columns.end());
  if (!columns_of(json, "carries", columns)) return false;
  command.carries.insert(columns.begin(), columns.end());
  for (bool match : {true, false}) {
    if (!columns_of(json, match ? "matches" : "infers", columns)) return false;
    for (const std::string& column : columns) command.tests.push_back({column, match});
  }
  for (bool known : {true, false}) {
    if (!columns_of(json, known ? "assigned" : "assigned_unknown", columns)) return false;
    for (const std::string& column : columns) {
      command.assigned.push_back({column, known, known ? "0" : ""});
      if (known) facts.assigned.insert(column);
    }
  }
  return true;
}

}  // namespace

std::string facts_json_text(const Command& command, std::int64_t decided_us) {
  // Each statement was a question of its own, which one set of facts cannot say.
  if (!command.parts.empty()) return cut();
  std::string out;
  out.reserve(512);
  JsonWriter json(out);
  json.begin_object().number("decided_us", decided_us);
  if (command.dialect == Dialect::postgres) json.text("dialect", "postgres");
  if (command.statements != 1) json.number("statements", command.statements);
  if (!command.touches.empty()) {
    json.begin_array("touches");
    for (const Touch& touch : command.touches) append_touch(json, touch);
    json.end_array();
  }
  append_functions(json, "functions", command, [](const CalledFunction& f) { return f.safe; });
  append_functions(json, "unvetted", command, [](const CalledFunction& f) { return !f.safe; });
  append_functions(json, "definers", command, [](const CalledFunction& f) { return f.security_definer; });
  append_all_columns(json, command);
  json.texts_if("doubts", command.doubts);
  if (command.destructive) json.boolean("destructive", true);
  if (command.packs_rows) json.boolean("packs_rows", true);
  if (command.literals.empty()) json.boolean("values_bound", true);
  json.end_object();
  return out.size() > limits::kFactsBytesMax ? cut() : out;
}

std::string tool_facts_json_text(const std::vector<std::string>& arguments, std::int64_t decided_us) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().number("decided_us", decided_us).texts("arguments", arguments).end_object();
  return out.size() > limits::kFactsBytesMax ? cut() : out;
}

std::optional<RecordedFacts> facts_from_json(const Json& json) {
  if (!json.is_object() || flag_of(json, "cut")) return std::nullopt;
  RecordedFacts facts;
  Command& command = facts.command;
  auto decided = json.find("decided_us");
  if (decided == json.end() || !decided->is_number_integer()) return std::nullopt;
  facts.decided_us = decided->get<std::int64_t>();
  command.understood = true;
  command.dialect = text_of(json, "dialect") == "postgres" ? Dialect::postgres : Dialect::sqlite;
  command.statements = 1;
  if (auto statements = json.find("statements"); statements != json.end()) {
    if (!statements->is_number_integer()) return std::nullopt;
    command.statements = static_cast<int>(std::clamp<std::int64_t>(statements->get<std::int64_t>(), 0, 1'000'000));
  }
  std::vector<std::string> arguments;
  if (!read_touches(json, command) || !read_functions(json, command) || !read_columns(json, facts) ||
      !texts_of(json, "doubts", command.doubts) || !texts_of(json, "arguments", arguments))
    return std::nullopt;
  facts.arguments.insert(arguments.begin(), arguments.end());
  command.destructive = flag_of(json, "destructive");
  command.packs_rows = flag_of(json, "packs_rows");
  if (!flag_of(json, "values_bound")) command.literals.push_back({0, 0});
  return facts;
}

std::optional<CommandEffect> effect_from(std::string_view word) noexcept {
  for (CommandEffect effect : {CommandEffect::opaque, CommandEffect::read, CommandEffect::write, CommandEffect::ddl,
                               CommandEffect::dcl, CommandEffect::session, CommandEffect::maintenance}) {
    if (word == to_string(effect)) return effect;
  }
  return std::nullopt;
}

std::optional<Bound> bound_from(std::string_view word) noexcept {
  for (Bound bound : {Bound::none, Bound::tautology, Bound::weak, Bound::eq}) {
    if (word == to_string(bound)) return bound;
  }
  return std::nullopt;
}

}  // namespace libguard
