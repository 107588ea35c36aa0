#include "model/command_facts.h"

#include <algorithm>
#include <string_view>

#include "base/json_writer.h"

namespace libguard {
namespace {

// "schema.table.column" in its two parts. Their order keeps the columns of a table together, even where another table
// sorts between their names.
struct Placed {
  explicit Placed(std::string_view name) : column(name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return;
    table = name.substr(0, dot);
    column = name.substr(dot + 1);
  }
  auto operator<=>(const Placed&) const = default;

  std::string_view table;
  std::string_view column;
};

// {"schema.table": ["column", ...]}, of columns in order. Nothing is written for none.
class ColumnGroups {
 public:
  ColumnGroups(JsonWriter& json, std::string_view name) : json_(json), name_(name) {}
  void add(const Placed& placed) {
    if (!open_) json_.name(name_).begin_object();
    if (!open_ || placed.table != table_) {
      if (open_) json_.end_array();
      json_.name(placed.table).begin_array();
      table_ = placed.table;
      open_ = true;
    }
    json_.text(placed.column);
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

void append_columns(JsonWriter& json, std::string_view name, std::vector<Placed>& columns) {
  if (columns.empty()) return;
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  ColumnGroups groups(json, name);
  for (const Placed& column : columns) groups.add(column);
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

bool plain_read(const Touch& touch) {
  return touch.action == "select" && touch.bound == Bound::eq && touch.rows_bound == kUnproven &&
         touch.columns_written.empty() && !touch.system && !touch.through_view;
}

// What most commands do: each relation of `reads` is selected from, and nothing else is touched.
bool only_reads(const Command& command) {
  return std::equal(
      command.touches.begin(), command.touches.end(), command.reads.begin(), command.reads.end(),
      [](const Touch& touch, const std::string& read) { return plain_read(touch) && touch.object == read; });
}

void append_touches(JsonWriter& json, const Command& command) {
  if (only_reads(command)) return;
  json.begin_array("touches");
  for (const Touch& touch : command.touches) append_touch(json, touch);
  json.end_array();
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
  std::vector<Placed> columns;
  columns.reserve(kColumnsAtFirst);
  auto add = [&](const std::string& column) { columns.emplace_back(column); };
  for (const RevealedColumn& revealed : command.reveals)
    std::for_each(revealed.sources.begin(), revealed.sources.end(), add);
  append_columns(json, "shows", columns);
  std::for_each(command.error_reveals.begin(), command.error_reveals.end(), add);
  append_columns(json, "error_shows", columns);
  std::for_each(command.carries.begin(), command.carries.end(), add);
  append_columns(json, "carries", columns);
  for (bool match : {true, false}) {
    for (const TestedColumn& tested : command.tests) {
      if (tested.match == match) add(tested.column);
    }
    append_columns(json, match ? "matches" : "infers", columns);
  }
  for (bool known : {true, false}) {
    for (const AssignedValue& assigned : command.assigned) {
      if (assigned.known == known) add(assigned.column);
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
    const std::string place = table.empty() ? std::string() : table + ".";
    for (const std::string& column : names) out.push_back(std::string(place).append(column));
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
  if (found == json.end()) {
    for (const std::string& read : command.reads) {
      Touch& touch = command.touches.emplace_back();
      touch.action = "select";
      touch.object = read;
      touch.bound = Bound::eq;
    }
    return true;
  }
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
  append_touches(json, command);
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

std::optional<RecordedFacts> facts_from_json(const Json& json, const std::vector<std::string>& reads) {
  if (!json.is_object() || flag_of(json, "cut")) return std::nullopt;
  RecordedFacts facts;
  Command& command = facts.command;
  auto decided = json.find("decided_us");
  if (decided == json.end() || !decided->is_number_integer()) return std::nullopt;
  facts.decided_us = decided->get<std::int64_t>();
  command.understood = true;
  command.reads.insert(reads.begin(), reads.end());
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
