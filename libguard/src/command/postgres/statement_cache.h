#pragma once
// A bounded LRU of understood texts. Thread-safe; sharded, so that threads seldom wait for one another.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "command/last_filled.h"
#include "model/command.h"

namespace libguard::command::postgres {

// What a text means, and where its parameters' values belong.
struct Understood {
  struct Slot {
    std::size_t assigned = 0;  // index into Command::assigned
    int param = 0;             // 1-based
  };
  std::shared_ptr<const Command> command;  // with the parameters that came first
  std::vector<Slot> slots;

  // Puts the values into a Command of this text, in the place of any others.
  void fill(Command& command, std::span<const Value> params) const;
  // The Command for these parameters; the first and the last one are kept, so that repeating a call costs no copy.
  [[nodiscard]] std::shared_ptr<const Command> with(std::span<const Value> params);

 private:
  LastFilled last_;
};

// Entries lie in arrays that are made once: a text that is new and one that is thrown out for it allocate nothing here.
class StatementCache {
 public:
  [[nodiscard]] std::shared_ptr<Understood> find(std::string_view sql);
  // Under the text of its command.
  void store(std::shared_ptr<Understood> understood);

 private:
  using Index = std::int16_t;
  static constexpr Index kNone = -1;
  static constexpr std::size_t kShards = 8;
  static constexpr std::size_t kEntries = limits::kStatementCacheEntries / kShards;
  static constexpr std::size_t kBuckets = 2 * kEntries;

  struct Entry {
    std::size_t hash = 0;
    std::shared_ptr<Understood> understood;
    Index newer = kNone;
    Index older = kNone;
    Index next = kNone;  // of the same bucket
  };
  struct Shard {
    Shard() { buckets.fill(kNone); }
    // Null when it is not here.
    std::shared_ptr<Understood> use(std::size_t hash, std::string_view sql);
    // Gives back what had to go for it.
    std::shared_ptr<Understood> add(std::size_t hash, std::shared_ptr<Understood> understood);

    std::mutex lock;

   private:
    [[nodiscard]] Index find(std::size_t hash, std::string_view sql) const;
    Index free_entry(std::shared_ptr<Understood>& gone);
    void unlink(Index at);
    void make_newest(Index at);
    [[nodiscard]] Index& bucket(std::size_t hash) { return buckets[hash / kShards % kBuckets]; }

    std::array<Entry, kEntries> entries;
    std::array<Index, kBuckets> buckets;
    std::size_t used = 0;
    Index newest = kNone;
    Index oldest = kNone;
  };
  [[nodiscard]] Shard& shard(std::size_t hash) { return shards_[hash % kShards]; }
  std::array<Shard, kShards> shards_;
};

}  // namespace libguard::command::postgres
