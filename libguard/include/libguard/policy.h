#pragma once
// The Cedar engine on its own, for services that want decisions without the rest of the guard:
//
//   auto engine = libguard::PolicyEngine::from_text(policies, entities_json);
//   auto request = engine.prepare(R"({"principal": {"type": "User", "id": "ada"}, "action": ..., "resource": ...})");
//   if (request.allowed()) ...
//
// Cedar's meaning, but that a forbid whose evaluation errs denies. Forms: docs.cedarpolicy.com, "JSON policy format"
// and "Entities JSON", with explicit `__entity` and `__extn`.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/api.h"

namespace libguard {

// The zero value denies.
struct PolicyAnswer {
  bool allowed = false;
  std::vector<std::string> reasons;  // ids of the forbids that denied, else of the permits that allowed; sorted
  std::vector<std::string> errors;   // ids whose evaluation erred; sorted
};

// One request whose policies have been looked up; asking it again costs only their conditions. Not thread-safe; any
// number of them may be used at once, and they outlive the engine that made them.
class LIBGUARD_API PreparedRequest {
 public:
  PreparedRequest(PreparedRequest&&) noexcept;
  PreparedRequest& operator=(PreparedRequest&&) noexcept;
  ~PreparedRequest();

  // Allocates nothing once it has run.
  [[nodiscard]] bool allowed();
  [[nodiscard]] PolicyAnswer answer();
  // Replaces one value of the context; it must be there already. False when it is not.
  bool set(std::string_view name, std::int64_t value);
  bool set_flag(std::string_view name, bool value);
  bool set_text(std::string_view name, std::string_view value);

 private:
  friend class PolicyEngine;
  struct State;
  explicit PreparedRequest(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Policies, links and entities: immutable, thread-safe; copies share one.
class LIBGUARD_API PolicyEngine {
 public:
  // `policies` is Cedar text. A policy's id is its @id, else "policy0", "policy1" ... in text order, templates counted.
  // `links`: `[{"template_id", "new_id", "values"}]` or "". Throws Error(configuration, "policy.*" | "entities.*").
  [[nodiscard]] static PolicyEngine from_text(std::string_view policies, std::string_view entities = "[]",
                                              std::string_view links = "");
  // `policies` is Cedar's JSON form of a policy set, links included.
  [[nodiscard]] static PolicyEngine from_json(std::string_view policies, std::string_view entities = "[]");

  // `{"principal", "action", "resource", "context"?}`. Throws Error(invalid, "request.malformed").
  [[nodiscard]] PreparedRequest prepare(std::string_view request) const;
  // prepare and answer in one; for requests that come once.
  [[nodiscard]] PolicyAnswer ask(std::string_view request) const;
  [[nodiscard]] std::size_t size() const noexcept;  // policies and links that can decide

 private:
  struct State;
  explicit PolicyEngine(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  friend class PreparedRequest;
  std::shared_ptr<const State> state_;
};

}  // namespace libguard
