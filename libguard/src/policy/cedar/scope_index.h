#pragma once
// Which policies can match a request at all: a tree of three levels (principal, resource, action), each keyed by the
// anchor of the scope, with `no anchor` as a key of its own. Small groups stay lists, since a scan of eight is quicker
// than a look-up.

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "policy/cedar/names.h"

namespace libguard::policy::cedar {

struct EvalRequest;
struct Policy;

class ScopeIndex {
 public:
  void build(const std::vector<Policy>& policies);
  // Appends candidates in no particular order; one with a list of actions may appear more than once.
  void candidates(const EvalRequest& request, std::vector<std::uint32_t>& out) const;

 private:
  struct Level {
    std::vector<std::uint32_t> list;  // a leaf
    std::unordered_map<EntityIndex, std::unique_ptr<Level>> children;
    std::unique_ptr<Level> unanchored;
    bool leaf = true;
  };
  static void split(Level& level, const std::vector<Policy>& policies, int depth);
  static void collect(const Level& level, const EvalRequest& request, int depth, std::vector<std::uint32_t>& out);

  Level root_;
};

}  // namespace libguard::policy::cedar
