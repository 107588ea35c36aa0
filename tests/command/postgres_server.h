#pragma once
// Tests only: a database of its own on the throw-away cluster, its catalogue as the guard loads it, and what a
// statement really changes in it.

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "backend/postgres/postgres_backend.h"
#include "base/json.h"
#include "base/system_clock.h"
#include "command/understander.h"
#include "support/permit_forge.h"
#include "support/pg_cluster.h"

namespace libguard::test {

using Names = std::set<std::string>;

inline std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

inline std::vector<Json> lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<Json> all;
  for (std::string line; std::getline(in, line);) all.push_back(Json::parse(line));
  return all;
}

class Server {
 public:
  Server(std::string database, const std::string& schema) : database_(std::move(database)), schema_(schema) { make(); }
  ~Server() { PQfinish(connection_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void make() {
    if (connection_ != nullptr) PQfinish(connection_);
    pg_cluster()->exec("DROP DATABASE IF EXISTS " + database_);
    pg_cluster()->exec("CREATE DATABASE " + database_);
    connection_ = pg_cluster()->open("postgres", database_);
    std::string statement;
    std::istringstream in(schema_);
    run(schema_);
    tables_.clear();
    for (const auto& row :
         run("SELECT n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname) FROM pg_class c "
             "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname "
             "NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1")) {
      tables_.emplace_back(row[0], row[1]);
    }
  }

  // The tables that it changed; it is rolled back, unless it stands alone.
  Names changed(const std::string& sql, bool alone, std::string& error) {
    if (!alone) run("BEGIN");
    const auto before = state(!alone);
    try {
      run(sql);
      if (!alone) run("SET CONSTRAINTS ALL IMMEDIATE");
    } catch (const std::exception& failure) {
      error = failure.what();
    }
    Names out;
    if (error.empty()) {
      const auto after = state(!alone);
      for (const auto& [table, seen] : after) {
        auto found = before.find(table);
        if (found == before.end() || found->second != seen) out.insert(table);
      }
    }
    if (!alone) run("ROLLBACK");
    if (alone) make();
    return out;
  }

  std::vector<std::vector<std::string>> run(const std::string& sql) {
    std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_, sql.c_str()), &PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    std::vector<std::vector<std::string>> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      std::vector<std::string>& cells = rows.emplace_back();
      for (int column = 0; column < PQnfields(result.get()); ++column)
        cells.emplace_back(PQgetvalue(result.get(), row, column));
    }
    return rows;
  }

  std::shared_ptr<const Catalogue> catalogue(std::vector<std::string> schemas) const {
    const std::string path = pg_cluster()->directory() + "/password";
    std::ofstream(path) << PgCluster::kPassword << "\n";
    ::chmod(path.c_str(), 0600);
    backend::PostgresConfig config;
    config.connection = "shop";
    config.host = pg_cluster()->host();
    config.port = PgCluster::kPort;
    config.database = database_;
    config.read = {"guard_reader", credentials::file_source(path)};
    config.write = {"guard_writer", credentials::file_source(path)};
    config.schemas = std::move(schemas);
    const backend::ActionLimits limits{.deadline = Deadline::after(std::chrono::seconds(60)), .cancel = {}};
    return backend::postgres_backend(config, system_clock())->catalogue(PermitForge::grant(), limits, false);
  }

 private:
  // What is in each table, and how many changes this transaction counted. TRUNCATE shows in the first, an UPDATE that
  // changes nothing in the second.
  std::map<std::string, std::string> state(bool counted) {
    std::map<std::string, std::string> out;
    std::string all;
    for (const auto& [name, quoted] : tables_) {
      if (!all.empty()) all += " UNION ALL ";
      all += "SELECT '" + name + "', (SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)), 0) FROM ONLY " +
             quoted + " t)";
    }
    for (const auto& row : run(all)) out[row[0]] = row[1];
    if (!counted) return out;
    for (const auto& row : run("SELECT schemaname || '.' || relname, n_tup_ins || ' ' || n_tup_upd || ' ' || n_tup_del "
                               "FROM pg_stat_xact_user_tables WHERE schemaname !~ '^pg_temp'")) {
      out[row[0]] += " " + row[1];
    }
    return out;
  }

  std::string database_;
  std::string schema_;
  PGconn* connection_ = nullptr;
  std::vector<std::pair<std::string, std::string>> tables_;
};

inline bool opaque(const Command& command) {
  return std::any_of(command.doubts.begin(), command.doubts.end(), [](const std::string& doubt) {
    return doubt.starts_with("opaque") || doubt.starts_with("implicit_cast") || doubt.starts_with("domain_check");
  });
}

inline std::string joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += " " + name;
  return out;
}

}  // namespace libguard::test
