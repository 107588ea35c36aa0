#pragma once
// The authorizer of an action (L2). SQLite asks it while the statement is compiled; it says yes only to what the
// command was understood to do. When SQLite asks during the run, it compiles again because something changed: that is a
// no, but for the shadow tables that a virtual table reads and writes for its own sake.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "backend/sqlite/schema_facts.h"
#include "model/command.h"

struct sqlite3;

namespace libguard::backend::sqlite {

enum class Refusal { none, forbidden, beyond };

class Gate {
 public:
  Gate(sqlite3* database, const Command& command, std::shared_ptr<const SchemaFacts> facts);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void running() noexcept { running_ = true; }
  // Why the gate said no, if it did.
  [[nodiscard]] Refusal refusal() const noexcept { return refusal_; }
  // Called by SQLite; arguments may be null.
  [[nodiscard]] bool ask(int action, const char* first, const char* second, const char* schema) noexcept;

 private:
  [[nodiscard]] bool may(int action, std::string_view first, std::string_view second, std::string_view schema) const;
  [[nodiscard]] bool may_while_running(int action, std::string_view first, std::string_view schema) const;
  [[nodiscard]] bool may_read(const std::string& table, std::string_view column, std::string_view schema) const;
  [[nodiscard]] bool may_write(int action, const std::string& table, std::string_view schema) const;
  [[nodiscard]] bool may_call(std::string_view function) const;
  [[nodiscard]] bool may_define(std::string_view first, std::string_view second, std::string_view schema) const;
  [[nodiscard]] bool shadow_of_touched(const std::string& table, bool write) const;
  [[nodiscard]] bool owns_shadows(const std::string& table) const;
  [[nodiscard]] bool linked_to_written(const std::string& table) const;
  [[nodiscard]] bool changes_structure() const;

  sqlite3* database_;
  CommandEffect effect_;
  std::shared_ptr<const SchemaFacts> facts_;
  std::map<std::string, std::set<std::string>> touched_;  // "main.orders" -> actions, all in lower case
  std::set<std::string> functions_;
  bool running_ = false;
  Refusal refusal_ = Refusal::none;
};

}  // namespace libguard::backend::sqlite
