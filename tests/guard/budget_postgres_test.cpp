// The budget store of several machines, on a real server.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>

#include "backend/postgres/store_session.h"
#include "budget/store_contract.h"
#include "guard/own_grant.h"
#include "guard/shop.h"
#include "support/pg_cluster.h"

using namespace libguard;
using namespace libguard::budget;
using namespace libguard::budget::test;
using libguard::test::pg_cluster;
using libguard::test::PgCluster;
using libguard::test::Shop;

namespace {

backend::StoreLogin login_for(const Shop& shop, const std::string& schema) {
  shop.write("password", PgCluster::kPassword);
  ::chmod(shop.path("password").c_str(), 0600);
  backend::StoreLogin login;
  login.host = pg_cluster()->host();
  login.port = PgCluster::kPort;
  login.database = "postgres";
  login.ssl_mode = "disable";
  login.schema = schema;
  login.role = "guard_writer";
  login.source = credentials::file_source(shop.path("password"));
  login.deadline_ms = 2'000;
  return login;
}

std::shared_ptr<Store> store_of(const backend::StoreLogin& login) {
  return shared_store([login] { return backend::store_session(login, Pipeline::own_grant("budgets", "default")); },
                      utc_day);
}

void make_schema(const std::string& name) {
  pg_cluster()->exec("DROP SCHEMA IF EXISTS " + name + " CASCADE; CREATE SCHEMA " + name +
                     "; GRANT USAGE, CREATE ON SCHEMA " + name + " TO guard_writer");
}

}  // namespace

TEST_CASE("the PostgreSQL budget store keeps the contract") {
  if (pg_cluster() == nullptr) return;
  Shop shop;
  int count = 0;
  keeps_the_contract([&]() -> Make {
    std::string schema = "budgets" + std::to_string(++count);
    make_schema(schema);
    backend::StoreLogin login = login_for(shop, schema);
    login.deadline_ms = 30'000;  // sixteen threads wait for one row, on whatever machine this is
    return [login] { return store_of(login); };
  });
}

TEST_CASE("a lost connection is replaced, a stalled one ends in time, a wrong password refuses") {
  if (pg_cluster() == nullptr) return;
  Shop shop;
  make_schema("stall");
  backend::StoreLogin login = login_for(shop, "stall");
  auto store = store_of(login);
  CHECK(before(*store, account("a"), kNowUs, tally(1)) == Tally{});
  pg_cluster()->exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guard_writer'");
  CHECK(before(*store, account("a"), kNowUs, tally(1)) == tally(1));
  // Somebody holds the lock for longer than we wait: the turn does not come in time.
  backend::StoreLogin patient = login;
  patient.deadline_ms = 30'000;
  std::unique_ptr<SqlSession> other = backend::store_session(patient, Pipeline::own_grant("budgets", "default"));
  other->begin();
  (void)other->run("SELECT latest_us FROM libguard_budget_clock FOR UPDATE", {});
  auto began = std::chrono::steady_clock::now();
  CHECK_THROWS_AS((void)before(*store, account("a"), kNowUs), Error);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
  other->rollback();
  other.reset();
  CHECK(before(*store, account("a"), kNowUs) == tally(2));
  shop.write("password", "wrong");
  ::chmod(shop.path("password").c_str(), 0600);
  CHECK_THROWS_AS((void)before(*store_of(login), account("a"), kNowUs), Error);
}

TEST_CASE("two guards on PostgreSQL share a budget") {
  if (pg_cluster() == nullptr) return;
  Shop shop;
  make_schema("shared");
  (void)login_for(shop, "shared");
  shop.replace("guard.yaml", "policies:",
               "budgets: { store: postgres, host: " + pg_cluster()->host() +
                   ", port: " + std::to_string(PgCluster::kPort) +
                   ", database: postgres, schema: shared, login: { role: guard_writer, credential: { kind: file, path: "
                   "password } } }\npolicies:");
  shop.write("policies/budgets.cedar",
             "@id(\"day\") forbid (principal, action == Action::\"connect\", resource) when { "
             "context.account_calls_today >= 2 };");
  Guard first = Guard::open(shop.config());
  Guard second = Guard::open(shop.config());
  auto ask = [](const Guard& guard) {
    return guard.session({.account = "support-crew"}).query("shop", "SELECT id FROM orders WHERE id = 10").code;
  };
  CHECK(ask(first) == "ok");
  CHECK(ask(second) == "ok");
  CHECK(ask(first) == "policy.budget");
  CHECK(ask(second) == "policy.budget");
}
