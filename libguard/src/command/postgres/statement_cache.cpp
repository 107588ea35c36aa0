#include "command/postgres/statement_cache.h"

#include <algorithm>
#include <functional>

#include "base/limits.h"

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

std::shared_ptr<const Command> Understood::with(std::span<const Value> params) {
  if (params.empty()) return command;
  {
    std::lock_guard guard(lock_);
    if (last_ != nullptr && std::equal(params.begin(), params.end(), last_->params.begin(), last_->params.end())) {
      return last_;
    }
  }
  auto filled = std::make_shared<Command>(*command);
  filled->params.assign(params.begin(), params.end());
  for (const Slot& slot : slots) {
    if (slot.param < 1 || static_cast<std::size_t>(slot.param) > params.size()) continue;
    AssignedValue& value = filled->assigned[slot.assigned];
    value.digits = digits_of(params[static_cast<std::size_t>(slot.param - 1)]);
    value.known = !value.digits.empty();
  }
  std::lock_guard guard(lock_);
  last_ = filled;
  return filled;
}

std::shared_ptr<Understood> StatementCache::find(std::string_view sql) {
  if (sql.size() > kCachedBytesMax) return nullptr;
  const Key key{sql, std::hash<std::string_view>{}(sql)};
  Shard& in = shard(key);
  std::lock_guard guard(in.lock);
  auto found = in.by_text.find(key);
  if (found == in.by_text.end()) return nullptr;
  in.entries.splice(in.entries.begin(), in.entries, found->second);
  return found->second->understood;
}

void StatementCache::store(std::shared_ptr<Understood> understood) {
  const std::string_view sql = understood->command->text;
  if (sql.size() > kCachedBytesMax) return;
  const Key key{sql, std::hash<std::string_view>{}(sql)};
  Shard& in = shard(key);
  std::list<Entry> old;  // freed when the lock is gone
  std::lock_guard guard(in.lock);
  in.entries.push_front({key, std::move(understood)});
  if (!in.by_text.emplace(key, in.entries.begin()).second) {
    in.entries.pop_front();
    return;
  }
  if (in.entries.size() <= limits::kStatementCacheEntries / shards_.size()) return;
  in.by_text.erase(in.entries.back().key);
  old.splice(old.begin(), in.entries, std::prev(in.entries.end()));
}

}  // namespace libguard::command::postgres
