#pragma once
// A bounded LRU of understood texts. Thread-safe; sharded, so that threads seldom wait for one another.

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <span>
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
  // Under the text of its command.
  void store(std::shared_ptr<Understood> understood);

 private:
  // A text with its hash, so that it is hashed once for each call. In a shard it views the text of its own entry.
  struct Key {
    std::string_view sql;
    std::size_t hash = 0;
    bool operator==(const Key& other) const { return hash == other.hash && sql == other.sql; }
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.hash; }
  };
  struct Entry {
    Key key;
    std::shared_ptr<Understood> understood;
  };
  struct Shard {
    std::mutex lock;
    std::list<Entry> entries;  // most recent first
    std::unordered_map<Key, std::list<Entry>::iterator, Hash> by_text;
  };
  [[nodiscard]] Shard& shard(const Key& key) { return shards_[key.hash % shards_.size()]; }
  std::array<Shard, 8> shards_;
};

}  // namespace libguard::command::postgres
