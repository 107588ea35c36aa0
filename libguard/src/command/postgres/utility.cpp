// Statements that are no queries: session, transactions, cursors, EXPLAIN, COPY, TRUNCATE and maintenance.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

namespace libguard::command::postgres {
namespace {

constexpr int kCascadeDepthMax = 64;

constexpr std::string_view kSessionSentence =
    "each action runs in a session that is reset afterwards, so settings, cursors, prepared statements and listeners "
    "would "
    "not last; send the query itself";
constexpr std::string_view kTransactionSentence =
    "each action is a transaction of its own; send the one statement that does the work, without BEGIN, COMMIT or "
    "SAVEPOINT";
constexpr std::string_view kCopySentence =
    "COPY is understood but not run here; use SELECT to read and INSERT to write";
constexpr std::string_view kNoTransactionSentence =
    "this statement cannot run inside a transaction, and every action here is one";

bool says_yes(Node option) {
  Node argument = option.node(F_arg);
  if (!argument) return true;
  if (argument.is(T_Integer)) return argument.number(F_own) != 0;
  if (argument.is(T_Boolean)) return argument.number(F_own) != 0;
  const std::string word = text::lower_ascii(argument.own_text());
  return word != "false" && word != "off" && word != "0" && word != "no" && word != "f" && word != "n";
}

bool is_query(Node node) {
  switch (node.tag()) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      return true;
    default:
      return false;
  }
}

// What changes how the texts or names that follow are read.
bool changes_meaning(std::string_view setting) {
  const std::string name = text::lower_ascii(setting);
  return name == "standard_conforming_strings" || name == "search_path" || name == "backslash_quote" ||
         name == "client_encoding" || name == "transform_null_equals";
}

// Settings of speed and labels: they change no meaning, no limit and nobody's rights, so policy may permit to SET them.
// The session is reset afterwards like any other.
bool is_plain_setting(std::string_view setting) {
  static constexpr std::array<std::string_view, 13> kPlain = {"application_name",
                                                              "effective_cache_size",
                                                              "from_collapse_limit",
                                                              "geqo",
                                                              "hash_mem_multiplier",
                                                              "jit",
                                                              "join_collapse_limit",
                                                              "max_parallel_workers_per_gather",
                                                              "plan_cache_mode",
                                                              "random_page_cost",
                                                              "seq_page_cost",
                                                              "timezone",
                                                              "work_mem"};
  const std::string name = text::lower_ascii(setting);
  return name.starts_with("enable_") || std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end();
}

}  // namespace

void Analysis::statement(Node node) {
  if (is_query(node)) {
    const bool select = node.is(T_SelectStmt);
    if (select) {
      facts_.kind("select");
      facts_.effect(CommandEffect::read);
    }
    note_single_call(node);
    std::vector<OutColumn> columns = query(node, around(), true);
    const bool into = select && node.has(F_intoClause);
    if ((select && !into) || node.has(F_returningClause)) facts_.reveal(std::move(columns));
    return;
  }
  if (session(node) || transaction_or_prepared(node) || maintenance(node) || privilege(node) || creation(node) ||
      definition(node)) {
    return;
  }
  facts_.fail("command.unknown_node", "a statement of this kind is not understood");
}

bool Analysis::session(Node node) {
  auto state = [&](std::string_view kind, std::string_view what, bool plain = false) {
    facts_.kind(kind);
    facts_.effect(CommandEffect::session);
    if (!plain) facts_.not_runnable("command.session_state", kSessionSentence);
    facts_.touch({.action = "session",
                  .object = "$session." + std::string(what),
                  .oid = 0,
                  .bound = Bound::eq,
                  .rows_bound = kUnproven,
                  .columns_written = {},
                  .system = false,
                  .through_view = false});
  };
  switch (node.tag()) {
    case T_VariableSetStmt:
      state("set", node.text(F_name).empty() ? "all" : node.text(F_name), is_plain_setting(node.text(F_name)));
      if (changes_meaning(node.text(F_name)) || node.text(F_name).empty()) facts_.meaning_changed = true;
      return true;
    case T_ConstraintsSetStmt:
      state("set", "constraints");
      return true;
    case T_VariableShowStmt: {
      const std::string name = text::lower_ascii(node.text(F_name));
      facts_.kind("show");
      facts_.effect(CommandEffect::read);
      if (!is_open_setting(name)) facts_.unsafe = true;
      facts_.touch({.action = "select",
                    .object = "pg_catalog.pg_settings",
                    .oid = 0,
                    .bound = Bound::eq,
                    .rows_bound = kUnproven,
                    .columns_written = {},
                    .system = true,
                    .through_view = false});
      Sources sources;
      const Relation& settings = facts_.extra("pg_catalog", "pg_settings");
      if (facts_.unsafe) sources.add(column_id(settings.id, facts_.extra_column(settings, "setting")));
      facts_.reveal({{facts_.keep(name), sources, nullptr, 0, "text"}});
      return true;
    }
    case T_DiscardStmt:
      state("discard", "all");
      return true;
    case T_ListenStmt:
      state("listen", "notifications");
      return true;
    case T_UnlistenStmt:
      state("unlisten", "notifications");
      return true;
    case T_NotifyStmt:
      state("notify", "notifications");
      return true;
    case T_LoadStmt:
      state("load", "library");
      facts_.effect(CommandEffect::opaque);
      facts_.destructive = true;
      return true;
    default:
      return false;
  }
}

bool Analysis::transaction_or_prepared(Node node) {
  auto state = [&](std::string_view kind) {
    facts_.kind(kind);
    facts_.effect(CommandEffect::session);
    facts_.unsafe = true;
    facts_.not_runnable("command.session_state", kSessionSentence);
  };
  switch (node.tag()) {
    case T_TransactionStmt:
      facts_.kind("tcl");
      facts_.effect(CommandEffect::session);
      facts_.not_runnable("command.transaction_control", kTransactionSentence);
      return true;
    case T_PrepareStmt:
      state("prepare");
      statement(node.node(F_query));
      return true;
    case T_ExecuteStmt: {
      state("execute");
      Scope scope(around());
      list_sources(node.list(F_params), scope);
      facts_.effect(CommandEffect::opaque);
      facts_.doubt("opaque_prepared " + std::string(node.text(F_name)));
      facts_.destructive = true;
      return true;
    }
    case T_DeallocateStmt:
      state("deallocate");
      return true;
    case T_DeclareCursorStmt: {
      state("declare_cursor");
      std::vector<OutColumn> columns = query(node.node(F_query), around(), false);
      facts_.reveal(std::move(columns));
      facts_.returns_rows = false;
      return true;
    }
    case T_FetchStmt:
      state("fetch");
      return true;
    case T_ClosePortalStmt:
      state("close_cursor");
      return true;
    case T_DoStmt:
      do_block(node);
      return true;
    case T_CallStmt:
      call_procedure(node);
      return true;
    case T_ExplainStmt:
      explain(node);
      return true;
    case T_CopyStmt:
      copy(node);
      return true;
    default:
      return false;
  }
}

void Analysis::explain(Node node) {
  bool analyze = false;
  for (Node option : node.list(F_options)) {
    if (text::lower_ascii(option.text(F_defname)) == "analyze") analyze = analyze || says_yes(option);
  }
  facts_.kind("explain");
  facts_.effect(CommandEffect::read);
  if (analyze) facts_.kind("explain_analyze");
  // Costs and row counts tell how common a value is, so a test is never a mere match.
  facts_.no_match = true;
  Node inner = node.node(F_query);
  if (inner.is(T_ExplainStmt)) {
    facts_.fail("command.unknown_node", "EXPLAIN of EXPLAIN is not understood");
    return;
  }
  const bool was_muted = facts_.muted;
  const bool was_only = facts_.explain_only;
  if (!analyze) facts_.muted = facts_.explain_only = true;
  if (is_query(inner)) {
    if (inner.is(T_SelectStmt)) facts_.kind("select");
    query(inner, around(), false);
  } else if (!analyze && (inner.is(T_CreateTableAsStmt) || inner.is(T_DeclareCursorStmt)) &&
             is_query(inner.node(F_query))) {
    query(inner.node(F_query), around(), false);
  } else {
    statement(inner);
  }
  facts_.muted = was_muted;
  facts_.explain_only = was_only;
  facts_.reveal({{"QUERY PLAN", {}, nullptr, 0, "text"}});
}

void Analysis::copy(Node node) {
  facts_.not_runnable("command.copy", kCopySentence);
  facts_.unsafe = true;
  const bool from = node.flag(F_is_from);
  facts_.kind(from ? "copy_from" : "copy_to");
  if (node.flag(F_is_program)) facts_.kind("copy_program");
  if (node.has(F_filename) || node.flag(F_is_program)) {
    facts_.destructive = true;
    facts_.doubt(node.flag(F_is_program) ? "server_program" : "server_file");
    facts_.effect(CommandEffect::opaque);
  }
  if (from) {
    copy_from(node);
    return;
  }
  facts_.effect(CommandEffect::read);
  if (Node inner = node.node(F_query)) {
    for (const OutColumn& column : query(inner, around(), false)) facts_.carry(column.sources);
    return;
  }
  const Relation* relation = relation_of_range(node.node(F_relation));
  if (relation == nullptr) return;
  read_relation(*relation);
  Item item;
  item.relation = relation;
  item.open = relation->open;
  facts_.carry(whole_row(item).sources);
}

void Analysis::copy_from(Node node) {
  facts_.effect(CommandEffect::write);
  Scope scope(around());
  Item* item = target(node.node(F_relation), scope);
  if (item == nullptr) return;
  if (Node where = node.node(F_whereClause)) predicate(where, scope, false);
  const Relation& relation = *item->relation;
  Write copied{.action = "insert", .bound = {Bound::eq, kUnproven}, .columns = {}};
  for (Node column : node.list(F_attlist)) copied.columns.emplace(column.own_text());
  if (copied.columns.empty()) copied.columns.insert(relation.columns.begin(), relation.columns.end());
  write(relation, copied);
}

void Analysis::truncate_relation(const Relation& relation, bool cascade, int depth) {
  if (!facts_.spend() || depth > kCascadeDepthMax) return;
  facts_.touch({.action = "delete",
                .object = relation.full,
                .oid = relation.entry != nullptr ? relation.entry->oid : 0,
                .bound = Bound::none,
                .rows_bound = kUnproven,
                .columns_written = {},
                .system = relation.system,
                .through_view = depth > 0});
  if (facts_.has_write(relation.full)) return;
  facts_.write(relation.full);
  set_off(relation, "truncate", {});
  for (const Relation* child : relation.children) truncate_relation(*child, cascade, depth + 1);
  if (!cascade) return;
  for (const Reference& reference : names_.references_to(relation)) {
    truncate_relation(*reference.from, true, depth + 1);
  }
}

void Analysis::truncate(Node node) {
  facts_.kind("truncate");
  facts_.effect(CommandEffect::write);
  facts_.destructive = true;
  for (Node range : node.list(F_relations)) {
    const Relation* relation = relation_of_range(range);
    if (relation == nullptr) return;
    truncate_relation(*relation, node.number(F_behavior) == LG_DROP_CASCADE, 0);
  }
  if (names_.open_world() && node.number(F_behavior) == LG_DROP_CASCADE) facts_.doubt("opaque_cascade");
}

std::string Analysis::object_of(Node range) {
  if (!range) return database_object("all");
  const Relation* relation = relation_of_range(range);
  return relation != nullptr ? relation->full : std::string();
}

void Analysis::maintain(std::string_view kind, std::string object) {
  facts_.kind(kind);
  facts_.effect(CommandEffect::maintenance);
  facts_.touch({.action = "maintenance",
                .object = std::move(object),
                .oid = 0,
                .bound = Bound::eq,
                .rows_bound = kUnproven,
                .columns_written = {},
                .system = false,
                .through_view = false});
}

bool Analysis::maintenance(Node node) {
  switch (node.tag()) {
    case T_TruncateStmt:
      truncate(node);
      return true;
    case T_VacuumStmt: {
      const bool vacuum = node.flag(F_is_vacuumcmd);
      if (vacuum) facts_.not_runnable("command.no_transaction", kNoTransactionSentence);
      if (node.list(F_rels).empty()) maintain(vacuum ? "vacuum" : "analyze", database_object("all"));
      for (Node each : node.list(F_rels)) maintain(vacuum ? "vacuum" : "analyze", object_of(each.node(F_relation)));
      return true;
    }
    case T_ClusterStmt:
      if (!node.has(F_relation)) facts_.not_runnable("command.no_transaction", kNoTransactionSentence);
      maintain("cluster", object_of(node.node(F_relation)));
      return true;
    case T_ReindexStmt:
      // The relation may be an index, which the catalogue does not list.
      maintain("reindex", node.has(F_relation) ? written_name(node.node(F_relation)) : database_object("all"));
      facts_.not_runnable("command.no_transaction", kNoTransactionSentence);
      return true;
    case T_CheckPointStmt:
      maintain("checkpoint", database_object("all"));
      return true;
    case T_RefreshMatViewStmt: {
      const std::string name = object_of(node.node(F_relation));
      maintain("refresh_materialized_view", name);
      facts_.write(name);
      if (const Relation* relation = relation_of_range(node.node(F_relation))) read_behind(*relation);
      return true;
    }
    case T_LockStmt:
      for (Node range : node.list(F_relations)) maintain("lock", object_of(range));
      return true;
    default:
      return false;
  }
}

}  // namespace libguard::command::postgres
