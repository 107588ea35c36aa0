#pragma once
// What is known to be there because `has` or `hasTag` said so.

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "policy/cedar/validate/shapes.h"

namespace libguard::policy::cedar {

struct Capability {
  Shape object = 0;
  std::uint32_t what = 0;  // an attribute's symbol, or the shape of a tag's name
  bool tag = false;
  auto operator<=>(const Capability&) const = default;
};

class Capabilities {
 public:
  Capabilities() = default;
  explicit Capabilities(Capability one) : all_{one} {}

  [[nodiscard]] bool contains(const Capability& wanted) const {
    return std::binary_search(all_.begin(), all_.end(), wanted);
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  friend Capabilities unite(const Capabilities& a, const Capabilities& b) {
    if (a.all_.empty()) return b;
    if (b.all_.empty()) return a;
    Capabilities out;
    std::set_union(a.all_.begin(), a.all_.end(), b.all_.begin(), b.all_.end(), std::back_inserter(out.all_));
    return out;
  }
  friend Capabilities intersect(const Capabilities& a, const Capabilities& b) {
    Capabilities out;
    std::set_intersection(a.all_.begin(), a.all_.end(), b.all_.begin(), b.all_.end(), std::back_inserter(out.all_));
    return out;
  }

 private:
  std::vector<Capability> all_;  // sorted, unique
};

}  // namespace libguard::policy::cedar
