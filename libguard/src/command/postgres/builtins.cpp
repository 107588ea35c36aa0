#include "command/postgres/builtins.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace libguard::command::postgres {
namespace {

constexpr Builtin kBuiltins[] = {
#include "command/postgres/builtin_table.inc"
};

struct Columns {
  std::string_view name;
  std::string_view columns;
};
constexpr Columns kColumns[] = {
#include "command/postgres/builtin_columns.inc"
};

constexpr std::string_view kOperators[] = {
#include "command/postgres/builtin_operators.inc"
};

constexpr std::string_view kTypes[] = {
#include "command/postgres/builtin_types.inc"
};

constexpr std::string_view kValueOperators[] = {"!!", "#",   "#-", "#>", "#>>", "%", "&", "*",  "+",  "-",
                                                "->", "->>", "/",  "@",  "@-@", "^", "|", "|/", "||", "||/"};

// What reduces many rows to one number or one of the values.
constexpr std::string_view kReducing[] = {"any_value",
                                          "avg",
                                          "bit_and",
                                          "bit_or",
                                          "bit_xor",
                                          "bool_and",
                                          "bool_or",
                                          "corr",
                                          "count",
                                          "covar_pop",
                                          "covar_samp",
                                          "cume_dist",
                                          "dense_rank",
                                          "every",
                                          "max",
                                          "min",
                                          "mode",
                                          "percent_rank",
                                          "percentile_cont",
                                          "percentile_disc",
                                          "rank",
                                          "regr_avgx",
                                          "regr_avgy",
                                          "regr_count",
                                          "regr_intercept",
                                          "regr_r2",
                                          "regr_slope",
                                          "regr_sxx",
                                          "regr_sxy",
                                          "regr_syy",
                                          "stddev",
                                          "stddev_pop",
                                          "stddev_samp",
                                          "sum",
                                          "var_pop",
                                          "var_samp",
                                          "variance"};

constexpr std::string_view kRanking[] = {"cume_dist", "dense_rank", "ntile", "percent_rank", "rank", "row_number"};

constexpr std::string_view kErrorShows[] = {"array_to_tsvector",
                                            "chr",
                                            "convert_from",
                                            "convert_to",
                                            "decode",
                                            "format",
                                            "json_object",
                                            "json_populate_record",
                                            "json_populate_recordset",
                                            "json_to_record",
                                            "json_to_recordset",
                                            "jsonb_object",
                                            "jsonb_populate_record",
                                            "jsonb_populate_recordset",
                                            "jsonb_to_record",
                                            "jsonb_to_recordset",
                                            "make_date",
                                            "make_time",
                                            "make_timestamp",
                                            "make_timestamptz",
                                            "parse_ident",
                                            "pg_size_bytes",
                                            "similar_escape",
                                            "similar_to_escape",
                                            "to_date",
                                            "to_number",
                                            "to_timestamp",
                                            "to_tsquery",
                                            "unistr",
                                            "xmlparse",
                                            "xpath",
                                            "xpath_exists"};

constexpr std::string_view kMild[] = {"current_setting",
                                      "currval",
                                      "lastval",
                                      "nextval",
                                      "pg_advisory_lock",
                                      "pg_advisory_lock_shared",
                                      "pg_advisory_unlock",
                                      "pg_advisory_unlock_all",
                                      "pg_advisory_unlock_shared",
                                      "pg_advisory_xact_lock",
                                      "pg_advisory_xact_lock_shared",
                                      "pg_backend_pid",
                                      "pg_current_xact_id",
                                      "pg_export_snapshot",
                                      "pg_log_backend_memory_contexts",
                                      "pg_logical_emit_message",
                                      "pg_notify",
                                      "pg_sleep",
                                      "pg_sleep_for",
                                      "pg_sleep_until",
                                      "pg_try_advisory_lock",
                                      "pg_try_advisory_lock_shared",
                                      "pg_try_advisory_xact_lock",
                                      "pg_try_advisory_xact_lock_shared",
                                      "set_config",
                                      "setseed",
                                      "txid_current"};

constexpr std::string_view kOpenCatalog[] = {"pg_aggregate",
                                             "pg_am",
                                             "pg_amop",
                                             "pg_amproc",
                                             "pg_attrdef",
                                             "pg_attribute",
                                             "pg_auth_members",
                                             "pg_available_extension_versions",
                                             "pg_available_extensions",
                                             "pg_cast",
                                             "pg_class",
                                             "pg_collation",
                                             "pg_constraint",
                                             "pg_conversion",
                                             "pg_database",
                                             "pg_default_acl",
                                             "pg_depend",
                                             "pg_description",
                                             "pg_enum",
                                             "pg_event_trigger",
                                             "pg_extension",
                                             "pg_group",
                                             "pg_index",
                                             "pg_indexes",
                                             "pg_inherits",
                                             "pg_init_privs",
                                             "pg_language",
                                             "pg_locks",
                                             "pg_matviews",
                                             "pg_namespace",
                                             "pg_opclass",
                                             "pg_operator",
                                             "pg_opfamily",
                                             "pg_partitioned_table",
                                             "pg_policies",
                                             "pg_policy",
                                             "pg_proc",
                                             "pg_publication",
                                             "pg_publication_rel",
                                             "pg_publication_tables",
                                             "pg_range",
                                             "pg_rewrite",
                                             "pg_roles",
                                             "pg_rules",
                                             "pg_sequence",
                                             "pg_sequences",
                                             "pg_shdepend",
                                             "pg_shdescription",
                                             "pg_stat_all_indexes",
                                             "pg_stat_all_tables",
                                             "pg_stat_bgwriter",
                                             "pg_stat_database",
                                             "pg_stat_sys_indexes",
                                             "pg_stat_sys_tables",
                                             "pg_stat_user_functions",
                                             "pg_stat_user_indexes",
                                             "pg_stat_user_tables",
                                             "pg_stat_xact_all_tables",
                                             "pg_stat_xact_user_tables",
                                             "pg_statio_all_indexes",
                                             "pg_statio_all_sequences",
                                             "pg_statio_all_tables",
                                             "pg_statio_user_indexes",
                                             "pg_statio_user_sequences",
                                             "pg_statio_user_tables",
                                             "pg_statistic_ext",
                                             "pg_tables",
                                             "pg_tablespace",
                                             "pg_timezone_abbrevs",
                                             "pg_timezone_names",
                                             "pg_transform",
                                             "pg_trigger",
                                             "pg_ts_config",
                                             "pg_ts_config_map",
                                             "pg_ts_dict",
                                             "pg_ts_parser",
                                             "pg_ts_template",
                                             "pg_type",
                                             "pg_user",
                                             "pg_views"};

constexpr std::string_view kClosedSchemaViews[] = {
    "_pg_foreign_data_wrappers", "_pg_foreign_servers",   "_pg_foreign_table_columns",
    "_pg_foreign_tables",        "_pg_user_mappings",     "foreign_data_wrapper_options",
    "foreign_server_options",    "foreign_table_options", "user_mapping_options"};

constexpr std::string_view kOpenSettings[] = {"application_name",
                                              "autovacuum",
                                              "block_size",
                                              "bytea_output",
                                              "client_encoding",
                                              "client_min_messages",
                                              "datestyle",
                                              "deadlock_timeout",
                                              "default_transaction_isolation",
                                              "default_transaction_read_only",
                                              "effective_cache_size",
                                              "enable_hashjoin",
                                              "enable_indexscan",
                                              "enable_mergejoin",
                                              "enable_nestloop",
                                              "enable_seqscan",
                                              "extra_float_digits",
                                              "idle_in_transaction_session_timeout",
                                              "integer_datetimes",
                                              "intervalstyle",
                                              "jit",
                                              "lc_collate",
                                              "lc_ctype",
                                              "lc_messages",
                                              "lc_monetary",
                                              "lc_numeric",
                                              "lc_time",
                                              "lock_timeout",
                                              "maintenance_work_mem",
                                              "max_connections",
                                              "max_identifier_length",
                                              "max_index_keys",
                                              "max_parallel_workers",
                                              "max_parallel_workers_per_gather",
                                              "max_worker_processes",
                                              "random_page_cost",
                                              "row_security",
                                              "search_path",
                                              "seq_page_cost",
                                              "server_encoding",
                                              "server_version",
                                              "server_version_num",
                                              "session_authorization",
                                              "shared_buffers",
                                              "standard_conforming_strings",
                                              "statement_timeout",
                                              "temp_buffers",
                                              "timezone",
                                              "track_counts",
                                              "transaction_isolation",
                                              "transaction_read_only",
                                              "wal_level",
                                              "work_mem"};

template <typename List>
constexpr bool sorted(const List& list) {
  return std::is_sorted(std::begin(list), std::end(list));
}
static_assert(sorted(kOperators) && sorted(kTypes) && sorted(kValueOperators) && sorted(kReducing) &&
              sorted(kErrorShows) && sorted(kRanking) && sorted(kMild) && sorted(kOpenCatalog) &&
              sorted(kClosedSchemaViews) && sorted(kOpenSettings));

template <typename List>
bool holds(const List& list, std::string_view name) {
  return std::binary_search(std::begin(list), std::end(list), name);
}

template <typename List>
auto find(const List& list, std::string_view name) {
  auto at = std::lower_bound(std::begin(list), std::end(list), name,
                             [](const auto& entry, std::string_view key) { return entry.name < key; });
  return at != std::end(list) && at->name == name ? &*at : nullptr;
}

}  // namespace

const Builtin* find_builtin(std::string_view name) { return find(kBuiltins, name); }

std::string_view builtin_columns(std::string_view name) {
  const Columns* found = find(kColumns, name);
  return found != nullptr ? found->columns : std::string_view();
}

bool is_builtin_operator(std::string_view name) { return holds(kOperators, name); }
bool is_builtin_type(std::string_view name) { return holds(kTypes, name); }
bool is_value_operator(std::string_view name) { return holds(kValueOperators, name); }
bool keeps_values(std::string_view aggregate) { return !holds(kReducing, aggregate); }
bool is_ranking(std::string_view name) { return holds(kRanking, name); }
bool error_shows_argument(std::string_view name) { return holds(kErrorShows, name); }
bool is_mild(std::string_view name) { return holds(kMild, name); }

bool is_open_system_relation(std::string_view schema, std::string_view name) {
  if (schema == "information_schema") return !holds(kClosedSchemaViews, name);
  return schema == "pg_catalog" && holds(kOpenCatalog, name);
}

bool is_open_setting(std::string_view name) { return holds(kOpenSettings, name); }

}  // namespace libguard::command::postgres
