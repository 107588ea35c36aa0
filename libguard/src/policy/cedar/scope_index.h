#pragma once
// Which policies can match a request at all: a tree of three levels (principal, resource, action), each keyed by the
// anchor of the scope, with `no anchor` as a key of its own. It is sound: it never leaves out a policy whose scope
// matches, since a policy is filed under every anchor that its scope names and a request looks under itself, all of its
// ancestors (never a part of them) and `no anchor`.

#include <cstdint>
#include <vector>

#include "policy/cedar/names.h"

namespace libguard::policy::cedar {

struct Anchored;
struct EvalRequest;
struct Policy;

// Immutable once built, and then safe to share. All of it lies in four flat arrays: a look-up is a few probes.
class ScopeIndex {
 public:
  void build(const std::vector<Policy>& policies);
  // Appends candidates in no particular order; one with a list of actions may appear more than once.
  void candidates(const EvalRequest& request, std::vector<std::uint32_t>& out) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // A leaf holds policies_[first, first + count); a branch has children edges_[first, first + count), sorted by anchor.
  struct Branch {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t unanchored = kNone;  // the branch below `no anchor`
    bool leaf = true;
  };
  struct Edge {
    EntityIndex anchor = 0;
    std::uint32_t branch = 0;
  };
  // An edge once more, found by hash: for branches with many children.
  struct Slot {
    std::uint32_t parent = kNone;
    EntityIndex anchor = 0;
    std::uint32_t branch = kNone;
  };

  std::uint32_t split(std::vector<std::uint32_t> members, const std::vector<Policy>& policies, int depth);
  void hash_edges();
  void collect(std::uint32_t at, const EvalRequest& request, int depth, std::vector<std::uint32_t>& out) const;
  void descend(std::uint32_t at, EntityIndex anchor, const EvalRequest& request, int depth,
               std::vector<std::uint32_t>& out) const;
  [[nodiscard]] std::size_t slot_of(std::uint32_t parent, EntityIndex anchor) const;

  std::vector<Branch> branches_;
  std::vector<Edge> edges_;
  std::vector<Slot> slots_;  // a power of two, open addressing
  std::vector<std::uint32_t> policies_;
  std::uint32_t root_ = kNone;
};

}  // namespace libguard::policy::cedar
