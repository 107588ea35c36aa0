#pragma once
// The last few answers of something that is asked the same again and again. For one thread: make it `thread_local`.

#include <array>
#include <cstddef>
#include <utility>

namespace libguard {

// Keys must tell apart everything that the answer hangs on; what a key points at, it must keep alive.
template <typename Key, typename What, std::size_t kept = 8>
class LastSeen {
 public:
  // Null when it is not kept. `key`: anything that a Key compares with.
  template <typename Like>
  [[nodiscard]] What* find(const Like& key) {
    for (std::size_t i = 0; i < used_; ++i) {
      if (entries_[i].key == key) return &entries_[i].what;
    }
    return nullptr;
  }
  void keep(Key key, What what) {
    entries_[next_] = {std::move(key), std::move(what)};
    next_ = (next_ + 1) % kept;
    used_ = used_ < kept ? used_ + 1 : kept;
  }

 private:
  struct Entry {
    Key key;
    What what;
  };
  std::array<Entry, kept> entries_{};
  std::size_t next_ = 0;
  std::size_t used_ = 0;
};

}  // namespace libguard
