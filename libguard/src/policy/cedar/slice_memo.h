#pragma once
// The slices that a thread found last: the same agent asks for the same few things again and again, and the slice of a
// request depends on nothing but its principal, action and resource.

#include <cstdint>
#include <vector>

#include "policy/cedar/policy_set.h"

namespace libguard::policy::cedar {

// Direct-mapped, bounded, and compared in full: two requests never share a slice by their hash alone. Not thread-safe;
// keep one for each thread.
class SliceMemo {
 public:
  // The slice of a request in a frozen set. `known`: entities from here on were named after the set was frozen, so that
  // no scope can name them, and their numbers mean another entity in the next request; only their types can matter.
  // Valid until the next call.
  [[nodiscard]] const std::vector<Candidate>& slice(const PolicySet& set, const EvalRequest& request,
                                                    const Names& names, EntityIndex known);

 private:
  struct Entry {
    std::vector<std::uint32_t> key;
    std::vector<Candidate> slice;
  };
  static constexpr std::size_t kEntries = 64;
  void make_key(const PolicySet& set, const EvalRequest& request, const Names& names, EntityIndex known);

  std::vector<std::uint32_t> key_;
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries);
};

}  // namespace libguard::policy::cedar
