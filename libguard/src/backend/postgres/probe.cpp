#include "backend/postgres/probe.h"

#include <algorithm>

#include "backend/postgres/sql_error.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

constexpr int kMissesUntilDigest = 2;
constexpr int kSkipMax = 64;

// One digest for each catalogue: how many rows, and the exclusive or of their hashes (which needs no order, so no
// sort). xmin changes with every update of a row; pg_class is hashed by columns instead, because TRUNCATE and VACUUM
// FULL update it.
constexpr const char* kVersion = R"sql(
(WITH temporary AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't' AND oid >= 16384)
SELECT concat_ws('.', 1,
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, relname, relnamespace, relkind, relrowsecurity,
   relforcerowsecurity, relispartition, relnatts, reloptions), 0)) FROM pg_catalog.pg_class
   WHERE oid >= 16384 AND relpersistence <> 't' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(attrelid, attnum, xmin), 0)) FROM pg_catalog.pg_attribute
   WHERE attrelid >= 16384 AND attnum > 0 AND attrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(indexrelid, indrelid, indimmediate, indisvalid, indisready,
   indislive), 0)) FROM pg_catalog.pg_index
   WHERE indrelid >= 16384 AND (indisunique OR indexprs IS NOT NULL OR indpred IS NOT NULL) AND indrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_proc WHERE oid >= 16384),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_operator WHERE oid >= 16384),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_cast WHERE oid >= 16384),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_type
   WHERE oid >= 16384 AND typtype <> 'c' AND typcategory <> 'A'),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, nspname), 0)) FROM pg_catalog.pg_namespace
   WHERE nspname !~ '^pg_(toast_)?temp_'),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_constraint
   WHERE oid >= 16384 AND conrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_attrdef
   WHERE oid >= 16384 AND adrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_trigger
   WHERE oid >= 16384 AND tgrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_rewrite
   WHERE oid >= 16384 AND ev_class NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(inhrelid, inhparent, xmin), 0)) FROM pg_catalog.pg_inherits
   WHERE inhrelid >= 16384 AND inhrelid NOT IN (SELECT oid FROM temporary)),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_policy
   WHERE oid >= 16384),
 (SELECT count(*) || ':' || bit_xor(hash_record_extended(ROW(oid, xmin), 0)) FROM pg_catalog.pg_event_trigger)))
)sql";

}  // namespace

const std::string& version_expression() {
  static const std::string expression = kVersion;
  return expression;
}

const char* log_position_expression() {
  return "CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_wal_insert_lsn() || ' ' || pg_current_snapshot() END";
}

Freshness::Plan Freshness::plan(const std::string& version) {
  std::lock_guard lock(mutex_);
  if (version != version_ || position_.empty()) return {};
  if (skip_ > 0) {
    --skip_;
    return {};
  }
  return {true, position_};
}

void Freshness::learned(const std::string& version, const std::string& position) {
  std::lock_guard lock(mutex_);
  version_ = version;
  position_ = position;
}

void Freshness::moved() {
  std::lock_guard lock(mutex_);
  misses_ = std::min(misses_ + 1, 30);
  if (misses_ > kMissesUntilDigest) skip_ = std::min(kSkipMax, 1 << std::min(misses_, 8));
}

void Freshness::held() {
  std::lock_guard lock(mutex_);
  misses_ = 0;
}

void send_proof(Connection& connection, const std::string& version, const Freshness::Plan& plan) {
  // Short, because parsing and planning it is what it costs. On a standby it would be an error, and is never asked.
  static const std::string by_position =
      "SELECT 1 / CASE WHEN pg_current_wal_insert_lsn() || ' ' || pg_current_snapshot() = $1 THEN 1 ELSE 0 END";
  static const std::string by_digest = "SELECT 1 / CASE WHEN " + version_expression() + " = $1 THEN 1 ELSE 0 END";
  Params expected;
  expected.text(plan.by_position ? plan.position : version);
  connection.send(plan.by_position ? by_position.c_str() : by_digest.c_str(), expected);
}

bool proof_held(const PGresult* result, const Wait& wait) {
  if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) return true;
  if (sqlstate_of(result) != "22012") throw_sql_error(result, wait);
  return false;
}

}  // namespace libguard::backend::postgres
