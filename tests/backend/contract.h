#pragma once
// What every backend promises, whatever its database: one suite over a World, which is one database with one table
//
//   contract_items(id integer primary key, name text not null unique)     ids 1..100, names 'item-1' .. 'item-100'
//
// and says how its dialect writes the few things that differ. A backend's test file calls run_contract(world).

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "libguard/error.h"
#include "support/permit_forge.h"

namespace libguard::backend::contract {

class World {
 public:
  virtual ~World() = default;
  // A backend for the connection "shop" of the tenant "default".
  virtual std::unique_ptr<Backend> open() = 0;
  virtual Dialect dialect() const = 0;
  virtual std::string placeholder(int number) const = 0;  // "$1", "?1"
  virtual std::string table() const = 0;                  // "main.contract_items"
  virtual std::string slow_read() const = 0;              // reads nothing and takes a minute
  virtual std::vector<std::string> slow_functions() const { return {}; }
  // By another connection, as another program would.
  virtual void change_schema() = 0;
  virtual std::int64_t count(const std::string& where) = 0;
};

inline ActionLimits limits(std::int64_t deadline_ms = 20'000) {
  return {Deadline::after(std::chrono::milliseconds(deadline_ms)), {}, 10'000, 1 << 20};
}

// Facts as the understander would state them, for statements on the one table.
inline Command command(World& world, Backend& backend, std::string text, const std::string& action,
                       std::vector<Value> params = {}) {
  Command command;
  command.dialect = world.dialect();
  command.connection = "shop";
  command.text = std::move(text);
  command.params = std::move(params);
  command.catalogue_version = backend.catalogue(PermitForge::grant(), limits(), false)->version;
  command.understood = true;
  command.statements = 1;
  command.effect = action == "select" ? CommandEffect::read : CommandEffect::write;
  command.kinds = {action};
  Touch touch;
  touch.action = action;
  touch.object = world.table();
  command.touches = {touch};
  if (action != "select") {
    Touch read = touch;
    read.action = "select";
    read.bound = Bound::eq;
    command.touches.push_back(read);
    command.writes = {world.table()};
  } else {
    command.reads = {world.table()};
  }
  return command;
}

struct Ran {
  std::string code = "ok";
  ErrorKind kind = ErrorKind::internal;
  std::string text;
  std::vector<Row> rows;
  std::vector<RawColumn> columns;
  bool truncated = false;
  std::int64_t affected = 0;
};

inline Ran run(Backend& backend, const Command& command, std::int64_t affected_max = 1'000, ActionLimits how = limits(),
               std::int64_t row_limit = kUnproven) {
  Ran ran;
  try {
    Permit permit = PermitForge::permit(command, command.effect != CommandEffect::read, affected_max, row_limit);
    auto action = backend.begin(PermitForge::grant(), permit, how);
    static_cast<void>(action->prepare());
    RawResult result = action->execute(std::move(permit), PermitForge::intent());
    ran.columns = result.columns;
    ran.affected = result.affected;
    Row row;
    while (result.rows && result.rows->next(row)) ran.rows.push_back(row);
    ran.truncated = result.rows && result.rows->truncated();
  } catch (const Error& error) {
    ran.code = error.code();
    ran.kind = error.kind();
    ran.text = error.what();
  }
  return ran;
}

inline void permits_are_good_once(World& world) {
  auto backend = world.open();
  const Command one = command(world, *backend, "SELECT id FROM contract_items WHERE id = 1", "select");
  Permit permit = PermitForge::permit(one, false);
  auto action = backend->begin(PermitForge::grant(), permit, limits());
  static_cast<void>(action->prepare());
  Permit spent = std::move(permit);
  static_cast<void>(spent.spend("digest"));
  CHECK_THROWS_AS(static_cast<void>(action->execute(std::move(spent), PermitForge::intent())), Error);
  CHECK_THROWS_AS(static_cast<void>(backend->begin(PermitForge::grant(), spent, limits())), Error);

  Permit other = PermitForge::permit(one, false, 1'000, kUnproven, "another digest");
  auto mismatched = backend->begin(PermitForge::grant(), PermitForge::permit(one, false), limits());
  CHECK_THROWS_AS(static_cast<void>(mismatched->execute(std::move(other), PermitForge::intent())), Error);
  Permit right = PermitForge::permit(one, false);
  auto foreign_intent = backend->begin(PermitForge::grant(), right, limits());
  CHECK_THROWS_AS(static_cast<void>(foreign_intent->execute(std::move(right), PermitForge::intent("another"))), Error);
  Permit elsewhere = PermitForge::permit(one, false);
  CHECK_THROWS_AS(static_cast<void>(backend->begin(PermitForge::grant("elsewhere"), elsewhere, limits())), Error);
}

inline void rows_are_limited(World& world) {
  auto backend = world.open();
  const Command all = command(world, *backend, "SELECT id, name FROM contract_items ORDER BY id", "select");
  Ran whole = run(*backend, all);
  CHECK(whole.code == "ok");
  CHECK(whole.rows.size() == 100);
  CHECK_FALSE(whole.truncated);
  CHECK(whole.columns.at(1).name == "name");
  CHECK(whole.columns.at(1).origin == world.table() + ".name");
  Ran by_permit = run(*backend, all, 1'000, limits(), 7);
  CHECK(by_permit.rows.size() == 7);
  CHECK(by_permit.truncated);
  ActionLimits rows = limits();
  rows.rows_max = 100;
  CHECK_FALSE(run(*backend, all, 1'000, rows).truncated);
  rows.rows_max = 99;
  CHECK(run(*backend, all, 1'000, rows).truncated);
  ActionLimits bytes = limits();
  bytes.bytes_max = 200;
  Ran by_bytes = run(*backend, all, 1'000, bytes);
  CHECK(by_bytes.truncated);
  CHECK(by_bytes.rows.size() < 30);
  // What was cut off leaves nothing behind for the next one.
  CHECK(run(*backend, all).rows.size() == 100);
}

inline void parameters_are_values(World& world) {
  auto backend = world.open();
  const std::string text = "SELECT id FROM contract_items WHERE name = " + world.placeholder(1);
  CHECK(run(*backend, command(world, *backend, text, "select", {std::string("item-7")})).rows.size() == 1);
  CHECK(run(*backend, command(world, *backend, text, "select", {std::string("x' OR '1'='1")})).rows.empty());
  CHECK(run(*backend, command(world, *backend, text, "select", {})).code != "ok");
  CHECK(run(*backend, command(world, *backend, text, "select", {std::string("a"), std::string("b")})).code != "ok");
}

inline void effects_are_bounded(World& world) {
  auto backend = world.open();
  const Command all = command(world, *backend, "UPDATE contract_items SET name = name || '!'", "update");
  CHECK(run(*backend, all, 99).code == "backend.effect_exceeded");
  CHECK(world.count("name LIKE '%!'") == 0);
  CHECK(run(*backend, command(world, *backend, "DELETE FROM contract_items", "delete"), 99).code ==
        "backend.effect_exceeded");
  CHECK(world.count("1 = 1") == 100);
  Ran one = run(*backend, command(world, *backend, "UPDATE contract_items SET name = 'one' WHERE id = 1", "update"), 1);
  CHECK(one.code == "ok");
  CHECK(one.affected == 1);
  CHECK(world.count("name = 'one'") == 1);
  Ran returning =
      run(*backend, command(world, *backend, "UPDATE contract_items SET name = name || '?' RETURNING id", "update"),
          100, limits(), 5);
  CHECK(returning.code == "ok");
  CHECK(returning.rows.size() == 5);
  CHECK(returning.truncated);
  CHECK(world.count("name LIKE '%?'") == 100);
}

inline void readers_cannot_write(World& world) {
  auto backend = world.open();
  Command lying = command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  lying.effect = CommandEffect::read;  // so the permit says: read
  CHECK(run(*backend, lying).code != "ok");
  CHECK(world.count("1 = 1") == 100);
}

inline void several_statements_are_refused(World& world) {
  auto backend = world.open();
  CHECK(run(*backend, command(world, *backend, "SELECT id FROM contract_items WHERE id = 1; DELETE FROM contract_items",
                              "select"))
            .code != "ok");
  CHECK(run(*backend,
            command(world, *backend, "DELETE FROM contract_items WHERE id = 1; DELETE FROM contract_items", "delete"))
            .code != "ok");
  CHECK(world.count("1 = 1") == 100);
}

inline void waiting_ends(World& world) {
  auto backend = world.open();
  Command slow = command(world, *backend, world.slow_read(), "select");
  for (const std::string& name : world.slow_functions()) slow.functions.push_back({name, true, 'v', false});
  auto began = std::chrono::steady_clock::now();
  Ran late = run(*backend, slow, 1'000, limits(300));
  CHECK(late.code == "backend.deadline");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));

  ActionLimits cancellable = limits();
  std::thread canceller([token = cancellable.cancel] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    token.cancel();
  });
  began = std::chrono::steady_clock::now();
  Ran cancelled = run(*backend, slow, 1'000, cancellable);
  canceller.join();
  CHECK(cancelled.code == "backend.cancelled");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
  CHECK(run(*backend, command(world, *backend, "SELECT id FROM contract_items", "select")).rows.size() == 100);
}

inline void a_changed_schema_is_seen(World& world) {
  auto backend = world.open();
  const Command read = command(world, *backend, "SELECT id FROM contract_items", "select");
  const Command write = command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  CHECK(run(*backend, read).code == "ok");
  const std::string before = read.catalogue_version;
  world.change_schema();
  CHECK(run(*backend, read).code == "command.changed");
  CHECK(run(*backend, write).code == "command.changed");
  CHECK(world.count("id = 1") == 1);
  auto fresh = backend->catalogue(PermitForge::grant(), limits(), true);
  CHECK(fresh->version != before);
  CHECK(run(*backend, command(world, *backend, "SELECT id FROM contract_items", "select")).code == "ok");
}

inline void errors_show_no_value(World& world) {
  auto backend = world.open();
  Ran taken =
      run(*backend, command(world, *backend, "UPDATE contract_items SET name = 'item-42' WHERE id = 7", "update"), 1);
  CHECK(taken.code == "backend.sql_error");
  CHECK(taken.text.find("item-42") == std::string::npos);
  CHECK(taken.text.find("contract_items") == std::string::npos);
  Ran wrong = run(*backend, command(world, *backend, "SELECT secret_name_xyz FROM contract_items", "select"));
  CHECK(wrong.code != "ok");
  CHECK(wrong.text.find("secret_name_xyz") == std::string::npos);
}

inline void threads_share_it(World& world) {
  auto backend = world.open();
  const Command one = command(world, *backend, "SELECT name FROM contract_items WHERE id = 5", "select");
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) good += run(*backend, one).rows.size() == 1 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 160);
  auto stats = backend->stats();
  CHECK(stats["in_use"] == 0);
  CHECK(stats["opened"] >= 1);
}

// `make` gives a new World with the table as described.
inline void run_contract(const std::function<std::unique_ptr<World>()>& make) {
  struct Promise {
    const char* name;
    void (*check)(World&);
  };
  static constexpr Promise kPromises[] = {{"permits are good once", permits_are_good_once},
                                          {"rows are limited", rows_are_limited},
                                          {"parameters are values", parameters_are_values},
                                          {"effects are bounded", effects_are_bounded},
                                          {"readers cannot write", readers_cannot_write},
                                          {"several statements are refused", several_statements_are_refused},
                                          {"waiting ends", waiting_ends},
                                          {"a changed schema is seen", a_changed_schema_is_seen},
                                          {"errors show no value", errors_show_no_value},
                                          {"threads share it", threads_share_it}};
  for (const Promise& promise : kPromises) {
    CAPTURE(promise.name);
    auto world = make();
    promise.check(*world);
  }
}

}  // namespace libguard::backend::contract
