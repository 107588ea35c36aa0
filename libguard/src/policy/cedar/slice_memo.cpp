#include "policy/cedar/slice_memo.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

// An entity that no scope can name is told apart by its type alone.
void add(std::vector<std::uint32_t>& key, const Anchored& part, const Names& names, EntityIndex known) {
  key.push_back(std::min(part.entity, known));
  if (part.entity >= known) key.push_back(names.type_of(part.entity));
  const std::size_t count_at = key.size();
  key.push_back(0);
  for (EntityIndex ancestor : part.ancestors) {
    if (ancestor < known) key.push_back(ancestor);
  }
  key[count_at] = static_cast<std::uint32_t>(key.size() - count_at);
}

std::size_t hash_of(const std::vector<std::uint32_t>& key) {
  std::uint64_t hash = key.size();
  for (std::uint32_t part : key) hash = (hash ^ part) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::size_t>(hash >> 32);
}

}  // namespace

void SliceMemo::make_key(const PolicySet& set, const EvalRequest& request, const Names& names, EntityIndex known) {
  key_.clear();
  key_.push_back(static_cast<std::uint32_t>(set.id()));
  key_.push_back(static_cast<std::uint32_t>(set.id() >> 32));
  key_.push_back(known);
  add(key_, request.principal, names, known);
  add(key_, request.action, names, known);
  add(key_, request.resource, names, known);
}

const std::vector<Candidate>& SliceMemo::slice(const PolicySet& set, const EvalRequest& request, const Names& names,
                                               EntityIndex known) {
  make_key(set, request, names, known);
  Entry& entry = entries_[hash_of(key_) % kEntries];
  if (entry.key != key_) {
    entry.key.clear();  // in case finding the slice throws
    set.slice(request, names, entry.slice);
    entry.key = key_;
  }
  return entry.slice;
}

}  // namespace libguard::policy::cedar
