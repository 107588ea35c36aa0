#include "command/postgres/statement_cache.h"

#include <algorithm>
#include <functional>

#include "model/values.h"

namespace libguard::command::postgres {
namespace {

// Longer texts are rarely sent twice, and would make the cache's size in bytes hard to bound.
constexpr std::size_t kCachedBytesMax = 8 * 1024;

// The digits of a parameter that is a number; empty when it is none.
std::string digits_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return decimal->digits;
  return {};
}

}  // namespace

void Understood::fill(Command& into, std::span<const Value> params) const {
  into.params.assign(params.begin(), params.end());
  for (const Slot& slot : slots) {
    const bool given = slot.param >= 1 && static_cast<std::size_t>(slot.param) <= params.size();
    AssignedValue& value = into.assigned[slot.assigned];
    value.digits = given ? digits_of(params[static_cast<std::size_t>(slot.param - 1)]) : std::string();
    value.known = !value.digits.empty();
  }
}

std::shared_ptr<const Command> Understood::with(std::span<const Value> params) {
  if (same_values(params, command->params)) return command;
  if (auto last = last_.find(params)) return last;
  auto filled = std::make_shared<Command>(*command);
  fill(*filled, params);
  last_.keep(filled);
  return filled;
}

StatementCache::Index StatementCache::Shard::find(std::size_t hash, std::string_view sql) const {
  Index at = buckets[hash / kShards % kBuckets];
  while (at != kNone) {
    const Entry& entry = entries[static_cast<std::size_t>(at)];
    if (entry.hash == hash && entry.understood->command->text == sql) break;
    at = entry.next;
  }
  return at;
}

void StatementCache::Shard::unlink(Index at) {
  const Entry& entry = entries[static_cast<std::size_t>(at)];
  (entry.newer == kNone ? newest : entries[static_cast<std::size_t>(entry.newer)].older) = entry.older;
  (entry.older == kNone ? oldest : entries[static_cast<std::size_t>(entry.older)].newer) = entry.newer;
}

void StatementCache::Shard::make_newest(Index at) {
  Entry& entry = entries[static_cast<std::size_t>(at)];
  entry.newer = kNone;
  entry.older = newest;
  (newest == kNone ? oldest : entries[static_cast<std::size_t>(newest)].newer) = at;
  newest = at;
}

// One that was never used, or the oldest, taken out of its bucket and out of the order.
StatementCache::Index StatementCache::Shard::free_entry(std::shared_ptr<Understood>& gone) {
  if (used < kEntries) return static_cast<Index>(used++);
  const Index at = oldest;
  Entry& entry = entries[static_cast<std::size_t>(at)];
  Index* link = &bucket(entry.hash);
  while (*link != at) link = &entries[static_cast<std::size_t>(*link)].next;
  *link = entry.next;
  unlink(at);
  gone = std::move(entry.understood);
  return at;
}

std::shared_ptr<Understood> StatementCache::Shard::use(std::size_t hash, std::string_view sql) {
  const Index at = find(hash, sql);
  if (at == kNone) return nullptr;
  if (at != newest) {
    unlink(at);
    make_newest(at);
  }
  return entries[static_cast<std::size_t>(at)].understood;
}

std::shared_ptr<Understood> StatementCache::Shard::add(std::size_t hash, std::shared_ptr<Understood> understood) {
  std::shared_ptr<Understood> gone;
  if (find(hash, understood->command->text) != kNone) return gone;  // another thread was first
  const Index at = free_entry(gone);
  Entry& entry = entries[static_cast<std::size_t>(at)];
  entry.hash = hash;
  entry.understood = std::move(understood);
  entry.next = bucket(hash);
  bucket(hash) = at;
  make_newest(at);
  return gone;
}

std::shared_ptr<Understood> StatementCache::find(std::string_view sql) {
  if (sql.size() > kCachedBytesMax) return nullptr;
  const std::size_t hash = std::hash<std::string_view>{}(sql);
  Shard& in = shard(hash);
  std::lock_guard guard(in.lock);
  return in.use(hash, sql);
}

void StatementCache::store(std::shared_ptr<Understood> understood) {
  const std::string_view sql = understood->command->text;
  if (sql.size() > kCachedBytesMax) return;
  const std::size_t hash = std::hash<std::string_view>{}(sql);
  Shard& in = shard(hash);
  std::shared_ptr<Understood> gone;  // freed when the lock is gone
  std::lock_guard guard(in.lock);
  gone = in.add(hash, std::move(understood));
}

}  // namespace libguard::command::postgres
