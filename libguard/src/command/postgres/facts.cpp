#include "command/postgres/facts.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"

namespace libguard::command::postgres {
namespace {

// A 64 KiB statement has at most some 30,000 nodes; more visits than this mean that something is read again and again.
constexpr int kVisitsMax = 200'000;
constexpr std::size_t kTouchesAtFirst = 4;

// Which of two effects says more about a text of several statements.
int rank(CommandEffect effect) {
  switch (effect) {
    case CommandEffect::read:
      return 1;
    case CommandEffect::session:
      return 2;
    case CommandEffect::maintenance:
      return 3;
    case CommandEffect::write:
      return 4;
    case CommandEffect::ddl:
      return 5;
    case CommandEffect::dcl:
      return 6;
    case CommandEffect::opaque:
      return 7;
  }
  return 7;
}

constexpr CommandEffect kByRank[] = {CommandEffect::opaque,      CommandEffect::read,  CommandEffect::session,
                                     CommandEffect::maintenance, CommandEffect::write, CommandEffect::ddl,
                                     CommandEffect::dcl,         CommandEffect::opaque};

bool reads_only(std::string_view kind) {
  return kind == "select" || kind == "explain" || kind == "explain_analyze" || kind == "show";
}

void merge(Touch& into, const Touch& from) {
  into.bound = std::min(into.bound, from.bound);
  into.rows_bound = into.rows_bound == kUnproven || from.rows_bound > kUnproven - into.rows_bound
                        ? kUnproven
                        : into.rows_bound + from.rows_bound;
  into.columns_written.insert(from.columns_written.begin(), from.columns_written.end());
  into.through_view = into.through_view && from.through_view;
}

void widen(Touch& touch) {
  touch.rows_bound = kUnproven;
  const bool changes = touch.action == "update" || touch.action == "delete" || touch.action == "merge";
  if (changes) touch.bound = std::min(touch.bound, Bound::weak);
}

}  // namespace

void Facts::fail(std::string_view code, std::string sentence) {
  if (failed()) return;
  code_ = code;
  sentence_ = std::move(sentence);
}

void Facts::kind(std::string_view word) {
  if (muted) return;
  if (std::find(kinds_.begin(), kinds_.end(), word) == kinds_.end()) kinds_.emplace_back(word);
}

void Facts::effect(CommandEffect effect) { effect_ = std::max(effect_, rank(effect)); }

void Facts::not_runnable(std::string_view code, std::string_view sentence) {
  if (!not_runnable_code_.empty()) return;
  not_runnable_code_ = code;
  not_runnable_ = sentence;
}

void Facts::read(const Relation& relation) {
  reads_.insert(relation.full);
  relations_read_.insert(&relation);
}

void Facts::touch(Touch touch) {
  if (touches_.size() > limits::kObjectsPerCommandMax) {
    return fail("command.too_complex", "the command touches more objects than one command may; split it");
  }
  if (widely) widen(touch);
  auto found = std::find_if(touches_.begin(), touches_.end(), [&](const Touch& known) {
    return known.object == touch.object && known.action == touch.action;
  });
  if (found == touches_.end()) {
    if (touches_.empty()) touches_.reserve(kTouchesAtFirst);
    touches_.push_back(std::move(touch));
  } else {
    merge(*found, touch);
  }
}

void Facts::infer(const Sources& sources) {
  for (ColumnId id : sources) tests_[id].infer = true;
}

void Facts::match(const Sources& sources) {
  for (ColumnId id : sources) ++tests_[id].matches;
}

void Facts::reveal(std::vector<OutColumn> columns) {
  if (in_code) return;
  returns_rows = true;
  // Beside another column, or counted, the rows of a function say what its arguments are: regexp_matches(ssn, '^5').
  const bool alone = std::all_of(columns.begin(), columns.end(), [&](const OutColumn& column) {
    return std::includes(column.sources.begin(), column.sources.end(), row_sources_.begin(), row_sources_.end());
  });
  if (!alone) infer(row_sources_);
  if (reveals_.empty()) {
    reveals_ = std::move(columns);
  } else {
    for (OutColumn& column : columns) reveals_.push_back(std::move(column));
  }
}

Relation& Facts::extra(std::string_view schema, std::string_view name) {
  for (Relation& relation : extras_) {
    if (relation.schema == schema && relation.name == name) return relation;
  }
  Relation& relation = extras_.emplace_back();
  relation.schema = schema;
  relation.name = name;
  relation.full = relation.schema + "." + relation.name;
  relation.id = names_.relation_count() + static_cast<std::uint32_t>(extras_.size()) - 1;
  relation.open = true;
  relation.system = schema == "pg_catalog" || schema == "information_schema" || schema == "pg_toast";
  return relation;
}

const Relation* Facts::find_extra(std::string_view schema, std::string_view name) const {
  for (const Relation& relation : extras_) {
    if (relation.name == name && (schema.empty() || relation.schema == schema)) return &relation;
  }
  return nullptr;
}

std::uint32_t Facts::extra_column(const Relation& relation, std::string_view name) {
  Relation& own = extras_[relation.id - names_.relation_count()];
  for (std::uint32_t i = 0; i < own.columns.size(); ++i) {
    if (own.columns[i] == name) return i;
  }
  own.columns.emplace_back(name);
  return static_cast<std::uint32_t>(own.columns.size() - 1);
}

const Relation& Facts::relation(std::uint32_t id) const {
  return id < names_.relation_count() ? names_.relation(id) : extras_[id - names_.relation_count()];
}

std::string Facts::column_name(ColumnId id) const {
  const Relation& from = relation(relation_of(id));
  const std::uint32_t position = position_of(id);
  const std::string_view column = position < from.columns.size() ? std::string_view(from.columns[position]) : "*";
  std::string name;
  name.reserve(from.full.size() + 1 + column.size());
  return name.append(from.full).append(1, '.').append(column);
}

bool Facts::spend() {
  if (++spent_ > kVisitsMax) fail("command.too_complex", "the command is too involved to be understood; simplify it");
  return !failed();
}

std::set<std::string> Facts::named(const Sources& sources) const {
  std::set<std::string> names;
  for (ColumnId id : sources) names.insert(column_name(id));
  return names;
}

bool Facts::readonly_safe() const {
  if (unsafe || !writes_.empty() || kinds_.empty()) return false;
  if (!std::all_of(kinds_.begin(), kinds_.end(), reads_only)) return false;
  if (effect_ > 1 || !std::all_of(behind.kinds.begin(), behind.kinds.end(), reads_only)) return false;
  return std::all_of(functions_.begin(), functions_.end(), [](const CalledFunction& f) { return f.safe || f.read; });
}

void Facts::into(Command& command, int statements) && {
  command.dialect = Dialect::postgres;
  command.connection = names_.connection();
  command.catalogue_version = names_.version();
  command.statements = statements;
  command.readonly_safe = !failed() && readonly_safe();
  command.kinds = std::move(kinds_);
  command.doubts.assign(doubts_.begin(), doubts_.end());
  if (failed()) {
    command.not_understood_code = code_;
    command.not_understood = sentence_;
    command.runnable = false;
    command.not_runnable_code = code_;
    command.not_runnable = sentence_;
    return;
  }
  command.understood = true;
  command.effect = kByRank[effect_];
  command.reads = std::move(reads_);
  command.writes = std::move(writes_);
  std::sort(touches_.begin(), touches_.end(),
            [](const Touch& a, const Touch& b) { return std::tie(a.action, a.object) < std::tie(b.action, b.object); });
  command.touches = std::move(touches_);
  command.functions.reserve(functions_.size());
  while (!functions_.empty()) {
    command.functions.push_back(std::move(functions_.extract(functions_.begin()).value()));
  }
  command.reveals.reserve(reveals_.size());
  for (const OutColumn& column : reveals_) command.reveals.push_back({std::string(column.name), named(column.sources)});
  command.error_reveals = named(error_reveals_);
  command.carries = named(carries_);
  command.tests.reserve(tests_.size());
  for (const auto& [id, tested] : tests_) {
    command.tests.push_back({column_name(id), !no_match && !tested.infer && tested.matches == 1});
  }
  std::sort(command.tests.begin(), command.tests.end());
  command.assigned.reserve(assigned_.size());
  for (const Assignment& value : assigned_) {
    command.assigned.push_back({column_name(value.column), value.known, value.digits});
  }
  for (const auto& [doubt, why] : reasons_) command.reasons.push_back({doubt, why});
  command.behind = std::move(behind);
  command.destructive = destructive;
  command.returns_rows = returns_rows;
  command.packs_rows = packs_rows;
  command.runnable = not_runnable_code_.empty();
  command.not_runnable_code = not_runnable_code_;
  command.not_runnable = not_runnable_;
}

}  // namespace libguard::command::postgres
