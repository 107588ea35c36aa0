#pragma once
// Bytes that are wiped when they go, never copied, never printed, and readable only through a door that
// names who may open it (promise 3: a backend credential is readable only inside backend/).

#include <string>
#include <string_view>

namespace libguard {

namespace backend {
class SecretDoor;  // the only type that may read a credential; lives in backend/secret_door.h
}

class Secret {
 public:
  Secret() = default;
  // Takes the bytes and wipes the caller's string.
  explicit Secret(std::string&& bytes) noexcept;
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

 private:
  friend class backend::SecretDoor;
  [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }
  void wipe() noexcept;
  std::string bytes_;
};

// Overwrites in a way the compiler may not remove, then empties.
void wipe(std::string& bytes) noexcept;

}  // namespace libguard
