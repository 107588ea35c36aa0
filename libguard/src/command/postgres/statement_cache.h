#pragma once
// A bounded LRU of understood texts. Thread-safe; sharded, so that threads seldom wait for one another.

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/command.h"

namespace libguard::command::postgres {

// What a text means, and where its parameters' values belong.
struct Understood {
  struct Slot {
    std::size_t assigned = 0;  // index into Command::assigned
    int param = 0;             // 1-based
  };
  std::shared_ptr<const Command> command;  // without params
  std::vector<Slot> slots;

  // The Command for these parameters; the last one is kept, so that repeating a call costs no copy.
  [[nodiscard]] std::shared_ptr<const Command> with(std::span<const Value> params);

 private:
  std::mutex lock_;
  std::shared_ptr<const Command> last_;
};

class StatementCache {
 public:
  [[nodiscard]] std::shared_ptr<Understood> find(std::string_view sql);
  void store(std::string_view sql, std::shared_ptr<Understood> understood);

 private:
  struct Entry {
    std::string sql;
    std::shared_ptr<Understood> understood;
  };
  struct Shard {
    std::mutex lock;
    std::list<Entry> entries;  // most recent first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text;
  };
  [[nodiscard]] Shard& shard(std::string_view sql);
  std::array<Shard, 8> shards_;
};

}  // namespace libguard::command::postgres
