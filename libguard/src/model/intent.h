#pragma once
// Proof that the intent of an action is durably on record. Only the journal can make one, and a backend runs nothing
// without one (promise 2).

#include <string>

namespace libguard {

namespace audit {
class Journal;
}
class PermitForge;

class Intent {
 public:
  Intent(Intent&&) noexcept = default;
  Intent& operator=(Intent&&) noexcept = default;
  Intent(const Intent&) = delete;
  Intent& operator=(const Intent&) = delete;

  [[nodiscard]] const std::string& record() const noexcept { return record_; }
  // The digest of the permit that the intent was recorded for.
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }

 private:
  friend class audit::Journal;
  friend class PermitForge;
  Intent(std::string record, std::string digest) : record_(std::move(record)), digest_(std::move(digest)) {}
  std::string record_;
  std::string digest_;
};

}  // namespace libguard
