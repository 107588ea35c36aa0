// The server is the judge: every statement of tests/cases/command/behind runs in a transaction of a real cluster, and
// each table that it changed must be among those that the facts name. Another author's statements are judged the same
// way where they lie beside the project.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>

#include "backend/postgres/postgres_backend.h"
#include "base/json.h"
#include "base/system_clock.h"
#include "command/understander.h"
#include "support/permit_forge.h"
#include "support/pg_cluster.h"

using namespace libguard;
using namespace libguard::test;

namespace {

using Names = std::set<std::string>;

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<Json> lines(const std::string& path) {
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

bool opaque(const Command& command) {
  return std::any_of(command.doubts.begin(), command.doubts.end(), [](const std::string& doubt) {
    return doubt.starts_with("opaque") || doubt.starts_with("implicit_cast") || doubt.starts_with("domain_check");
  });
}

std::string joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += " " + name;
  return out;
}

}  // namespace

TEST_CASE("Postgres server: what a statement changes is what the facts say, however deep it hides") {
  if (pg_cluster() == nullptr) return;
  const std::string cases = std::string(LIBGUARD_SOURCE_DIR) + "/tests/cases/command/behind/";
  Server server("behind", file_text(cases + "schema.sql"));
  const auto understander = command::postgres_understander(server.catalogue({"shop", "tools"}));
  std::size_t judged = 0;
  std::size_t wider = 0;
  for (const Json& row : lines(cases + "statements.jsonl")) {
    const std::string sql = row["sql"];
    const auto command = understander->understand(sql, {});
    INFO(sql << "\n" << explain_json_text(*command));
    std::string error;
    const Names changed = server.changed(sql, row.value("alone", false), error);
    CHECK_MESSAGE(error.empty(), error);
    CHECK(command->understood);
    CHECK(opaque(*command) == row.value("opaque", false));
    Names named = command->writes;
    named.insert(command->behind.cascades.begin(), command->behind.cascades.end());
    if (!opaque(*command)) {
      for (const std::string& table : changed) CHECK_MESSAGE(named.contains(table), "missed: " << table);
    }
    if (!changed.empty()) CHECK_FALSE(command->readonly_safe);
    if (std::any_of(named.begin(), named.end(), [&](const std::string& t) { return !changed.contains(t); })) ++wider;
    // Whatever is changed, policy is asked for.
    for (const std::string& table : named) {
      CHECK(std::any_of(command->touches.begin(), command->touches.end(),
                        [&](const Touch& touch) { return touch.object == table && touch.action != "select"; }));
    }
    ++judged;
  }
  CHECK(judged >= 150);
  MESSAGE(judged << " statements judged by the server; " << wider << " may change more tables than they did");
}

TEST_CASE("Postgres server: another author's statements") {
  const std::string oracle = std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/sql/";
  const std::vector<Json> all = lines(oracle + "adversarial.jsonl");
  if (all.empty()) {
    MESSAGE("skipped: sql/adversarial.jsonl is not here");
    return;
  }
  if (pg_cluster() == nullptr) return;
  pg_cluster()->exec("DROP ROLE IF EXISTS reader");
  pg_cluster()->exec("DROP ROLE IF EXISTS admin_role");
  Server server("adversarial", file_text(oracle + "schema_adversarial.sql"));
  const auto understander = command::postgres_understander(server.catalogue({"public", "app", "audit"}));
  std::size_t kinds = 0, reads = 0, writes = 0, allowed = 0, blocked = 0, benign = 0, total = 0;
  for (const Json& row : all) {
    const std::string sql = row["sql"];
    const auto command = understander->understand(sql, {});
    const bool is_safe = row["readonly_safe"];
    const bool reading = row["category"].get<std::string>().starts_with("benign_read");
    allowed += command->readonly_safe && !is_safe;
    benign += reading;
    blocked += reading && !command->readonly_safe;
    if (!command->understood) continue;
    ++total;
    const bool same_kinds = command->kinds == row["kinds"].get<std::vector<std::string>>();
    const bool same_reads = command->reads == row["reads"].get<Names>();
    const bool same_writes = command->writes == row["writes"].get<Names>();
    kinds += same_kinds;
    reads += same_reads;
    writes += same_writes;
    if (!same_kinds || !same_reads || !same_writes) {
      MESSAGE(row["id"].get<std::string>()
              << ": " << sql << "\n  writes" << joined(command->writes) << " wanted"
              << joined(row["writes"].get<Names>()) << "\n  reads" << joined(command->reads));
    }
  }
  MESSAGE(total << " understood; kinds " << kinds << ", reads " << reads << ", writes " << writes << "; false allows "
                << allowed << ", false blocks " << blocked << "/" << benign);
  CHECK(allowed == 0);
  CHECK(blocked == 0);
  CHECK(writes * 100 >= total * 99);
}

TEST_CASE("Postgres server: a large schema loads, and its code with it") {
  if (pg_cluster() == nullptr) return;
  Server server("large",
                "CREATE TABLE log(what text);"
                "DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s(id int PRIMARY KEY, a text DEFAULT "
                "''x'', b int CHECK (b > 0))', i); END LOOP;"
                "FOR i IN 1..500 LOOP EXECUTE format('CREATE FUNCTION f%s(k int) RETURNS int LANGUAGE plpgsql AS $f$ "
                "DECLARE r record; BEGIN FOR r IN SELECT * FROM t%s WHERE id > k LOOP INSERT INTO log VALUES (r.a); "
                "END LOOP; RETURN 1; END $f$', i, i); END LOOP; END $$;");
  const auto begin = std::chrono::steady_clock::now();
  const auto catalogue = server.catalogue({"public"});
  const auto loaded = std::chrono::steady_clock::now();
  const auto understander = command::postgres_understander(catalogue);
  for (int i = 1; i <= 500; ++i) {
    const auto command = understander->understand("SELECT f" + std::to_string(i) + "(1)", {});
    CHECK(command->writes == Names{"public.log"});
  }
  const auto read = std::chrono::steady_clock::now();
  const auto ms = [](auto span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); };
  MESSAGE("1,000 tables and 500 functions: loaded in " << ms(loaded - begin) << " ms, all bodies read in "
                                                       << ms(read - loaded) << " ms, as a file "
                                                       << to_json_text(*catalogue).size() / 1024 << " KiB");
}
