#pragma once
// What every policy tool stands on: a configuration, its policies, and what names mean, from a file or from the live
// database. It opens no journal and no ticket store; of a backend it asks for the catalogue and nothing else.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "command/understander.h"
#include "guard/config.h"
#include "policy/decider.h"
#include "policy/lint/book.h"

namespace libguard::policy_tools {

// Policy id -> symbols of the decider's own table.
using ContextReads = std::map<std::string, std::vector<policy::cedar::Symbol>>;

struct BenchSpec {
  std::string config;
  std::map<std::string, std::string> catalogues;  // connection -> FILE of `catalogue dump`
  bool live = false;                              // ask the database where no file is named
  std::string against;                            // another guard.yaml, a policy file or a folder of them; "" = none
};
// Reads and takes off the members of a request that say so: config, catalogues, live. Throws Error(invalid).
[[nodiscard]] BenchSpec spec_of(const Json& request);

class Bench {
 public:
  // Throws Error(configuration | invalid) when the configuration or a named file cannot be read.
  explicit Bench(const BenchSpec& spec);
  // The same configuration and catalogues with other policies.
  Bench(const Bench& other, std::vector<policy::PolicySource> sources);

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const std::vector<policy::PolicySource>& sources() const { return config_.policies; }
  // Built when first asked for; throws Error(configuration, "policy.*").
  [[nodiscard]] const policy::Decider& decider() const;
  // Which names of context each policy reads; made once.
  [[nodiscard]] const ContextReads& reads() const;
  // Null when nobody said what names mean there; then why_no_catalogue says why.
  [[nodiscard]] std::shared_ptr<const Catalogue> catalogue(const std::string& connection) const;
  [[nodiscard]] std::string why_no_catalogue(const std::string& connection) const;
  // Throws Error(invalid) for a connection that is not there or has no catalogue.
  [[nodiscard]] std::shared_ptr<const Command> understand(const std::string& connection, const std::string& sql,
                                                          const std::vector<Value>& params) const;
  // As if `account` had opened a session; `user` is asserted. Throws Error(invalid, "identity.unknown_account").
  [[nodiscard]] Identity identity(const std::string& account, const std::string& user = {}) const;
  [[nodiscard]] const Frame& frame() const { return *config_.frame; }

 private:
  void load_catalogue(const ConnectionConfig& connection, const BenchSpec& spec);

  struct Meaning {
    std::shared_ptr<const Catalogue> catalogue;
    std::shared_ptr<const command::Understander> understander;
  };
  Config config_;
  std::map<std::string, Meaning> meanings_;
  std::map<std::string, std::string> why_not_;
  mutable std::shared_ptr<const policy::Decider> decider_;
  mutable std::shared_ptr<const ContextReads> reads_;
};

// NEW of `replay --against` and the two sides of `diff`: a guard.yaml stands for itself; a policy file or folder takes
// the place of the files of `base`, whose shipped policies ("libguard:...") and own schema stay.
[[nodiscard]] Bench bench_against(const Bench& base, const BenchSpec& spec, const std::string& path);

[[nodiscard]] const char* word_of(Verdict verdict) noexcept;  // "deny" | "ask" | "allow"
[[nodiscard]] Json to_json(const Decision& decision);

// Members of a request. Throw Error(invalid, "request.malformed") for another type.
[[nodiscard]] std::string text_of(const Json& json, const char* name, const std::string& fallback = {});
[[nodiscard]] bool flag_of(const Json& json, const char* name, bool fallback = false);
[[nodiscard]] std::int64_t number_of(const Json& json, const char* name, std::int64_t fallback);
[[nodiscard]] std::vector<std::string> texts_of(const Json& json, const char* name);
[[nodiscard]] Json read_request(std::string_view text, std::initializer_list<const char*> members);

}  // namespace libguard::policy_tools
