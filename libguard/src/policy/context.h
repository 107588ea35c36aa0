#pragma once
// The `context` of a command's requests: built once for a command, with a few fields that change between its requests
// and rounds.

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "libguard/request.h"
#include "model/command.h"
#include "model/usage.h"
#include "policy/policy_loader.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

// A configured fact that this command assigns.
struct FactValue {
  Symbol name = 0;
  std::int64_t value = 0;
};

// False when a fact's column is, or may be, written with a value that is not known; then `name` is the fact.
[[nodiscard]] bool fact_values(const Command& command, const Vocabulary& words, std::vector<FactValue>& out,
                               std::string& name);

// What remedies and approvals have made of a command by this round. The sets must outlive the round.
struct RoundFacts {
  std::int64_t approvals = 0;
  const std::set<std::string>* groups = nullptr;
  std::int64_t row_limit = kUnproven;
  const std::set<std::string>* masked = nullptr;  // names of classes
  bool read_only = false;
  bool reason_given = false;
};

class RequestContext {
 public:
  // `usage` must outlive this.
  RequestContext(const Vocabulary& words, const LoadedPolicies& policies, cedar::Names& names, const Usage& usage)
      : words_(words), policies_(policies), names_(names), usage_(usage) {}
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

  void command(const Identity& identity, const Request& request, const Command& command,
               const std::vector<FactValue>& facts, int hour, int risk);
  // `arguments` must outlive this.
  void tool(const Identity& identity, const Request& request, const Json& arguments, int hour, int risk);

  void round(const RoundFacts& facts);
  // What the next request is about; nullptr: the command as a whole.
  void touch(const Touch* touch);
  [[nodiscard]] const cedar::Record* record() const { return &record_; }

 private:
  void add(ContextName name, cedar::Value value) { record_.fields.emplace_back(static_cast<Symbol>(name), value); }
  void start(const Identity& identity, const Request& request, int hour, int risk);
  [[nodiscard]] bool used(ContextName name) const { return policies_.context_used[static_cast<Symbol>(name)]; }
  template <typename Texts>
  cedar::Value texts(ContextName name, const Texts& texts);
  cedar::Value entities(Type type, const std::set<std::string>& ids);
  void counters();
  void put(ContextName name, cedar::Value value) { record_.fields[static_cast<std::size_t>(name)].second = value; }
  [[nodiscard]] std::set<std::string> with_parents(const std::set<std::string>& classes) const;

  const Vocabulary& words_;
  const LoadedPolicies& policies_;
  cedar::Names& names_;
  const Usage& usage_;
  cedar::Heap heap_;
  cedar::Record record_;
  cedar::Set nothing_;
  Touch whole_;
};

}  // namespace libguard::policy
