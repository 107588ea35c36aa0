// A login that can do more than its privileges say could undo the guard: read the server's files through a function,
// become another role, drop the table whose policy it should obey. Membership is followed through all roles (MEMBER
// includes roles that need SET ROLE).

#include <cstring>

#include "backend/postgres/connect.h"
#include "backend/postgres/sql_error.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

constexpr const char* kUnsafe = R"sql(
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = session_user),
     can AS MATERIALIZED (SELECT r.* FROM pg_roles r, me WHERE pg_has_role(me.oid, r.oid, 'MEMBER'))
SELECT concat_ws(', ',
  (SELECT 'a superuser' FROM can WHERE rolsuper LIMIT 1),
  (SELECT 'BYPASSRLS' FROM can WHERE rolbypassrls LIMIT 1),
  (SELECT 'CREATEROLE' FROM can WHERE rolcreaterole LIMIT 1),
  (SELECT 'REPLICATION' FROM can WHERE rolreplication LIMIT 1),
  (SELECT 'a member of pg_read_server_files' FROM can WHERE rolname = 'pg_read_server_files'),
  (SELECT 'a member of pg_write_server_files' FROM can WHERE rolname = 'pg_write_server_files'),
  (SELECT 'a member of pg_execute_server_program' FROM can WHERE rolname = 'pg_execute_server_program'),
  (SELECT 'the owner of relations in the configured schemas' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r','p','v','m','f','S')
       AND c.relowner IN (SELECT oid FROM can) LIMIT 1),
  (SELECT 'the owner of a configured schema' FROM pg_namespace n
     WHERE n.nspname = ANY ($1::text[]) AND n.nspowner IN (SELECT oid FROM can) LIMIT 1),
  (SELECT 'the owner of the database' FROM pg_database d
     WHERE d.datname = current_database() AND d.datdba IN (SELECT oid FROM can))),
  session_user = $2 AND current_user = $2)sql";

// pg_control_system may have been revoked; without the identifier an unknown outcome stays unknown.
constexpr const char* kIdentifier = "SELECT system_identifier::text FROM pg_control_system()";

std::string first_cell(const Result& result) {
  bool there = PQresultStatus(result.get()) == PGRES_TUPLES_OK && PQntuples(result.get()) == 1;
  return there ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace

std::string text_array(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

void check_login(Connection& connection, const PostgresConfig& config, const PostgresLogin& login, const Wait& wait) {
  Params params;
  params.text(text_array(config.schemas)).text(login.role);
  connection.send(kUnsafe, params);
  connection.send_sync();
  connection.send(kIdentifier);
  connection.send_sync();
  connection.flush(wait);
  Result answer = connection.one(wait);
  if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK || PQntuples(answer.get()) != 1)
    throw_sql_error(answer.get(), wait);
  std::string unsafe = PQgetvalue(answer.get(), 0, 0);
  bool same = std::strcmp(PQgetvalue(answer.get(), 0, 1), "t") == 0;
  connection.drain_to_sync(wait);
  connection.system_identifier = first_cell(connection.one(wait));
  connection.drain_to_sync(wait);
  if (!unsafe.empty()) {
    throw Error(ErrorKind::configuration, "backend.unsafe_login",
                "the login role " + login.role + " of connection " + config.connection + " is (or may become) " +
                    unsafe + "; give the guard a role of its own that only has privileges on the data");
  }
  if (!same || !connection.parameters_sound()) {
    throw Error(ErrorKind::configuration, "backend.unsafe_login",
                "the server gave connection " + config.connection + " a session of another role than " + login.role +
                    ", or one that does not read strings as the SQL standard does");
  }
}

}  // namespace libguard::backend::postgres
