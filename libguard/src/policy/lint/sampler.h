#pragma once
// Runs conditions on samples that stand for every request: each literal that a condition names, its neighbours, every
// word of a closed list, and something else. For conditions that only compare with literals this decides them.

#include <functional>
#include <vector>

#include "policy/cedar/machine.h"
#include "policy/lint/universe.h"

namespace libguard::policy {

namespace limits {
inline constexpr std::size_t kSamplesMax = 50'000;  // of one policy or pair; past it nothing is claimed
}  // namespace limits

struct Sample {
  cedar::EvalRequest request;
  std::vector<std::pair<Symbol, cedar::Value>> fields;  // sorted
};

class Sampler {
 public:
  // For all policies together, on requests that `reach` has.
  Sampler(Vocabulary& words, const Universe& universe, const Reach& reach,
          const std::vector<const cedar::ParsedPolicy*>& policies);
  // True: what no sample shows cannot be.
  [[nodiscard]] bool complete() const { return complete_; }
  // Until `visit` answers false.
  void each(const std::function<bool(const Sample&)>& visit);
  // Whether a condition holds; an error otherwise.
  cedar::EvalError holds(const cedar::Program& program, const Sample& sample, bool& result);
  // The sample with other values for what it has.
  [[nodiscard]] Sample with(const Sample& sample, const std::vector<std::pair<Symbol, cedar::Value>>& values) const;
  [[nodiscard]] cedar::Heap& heap() { return heap_; }

 private:
  struct Dimension {
    Symbol name = 0;
    bool in_command = true, in_tool = true, optional = false;
    std::vector<cedar::Value> values;
  };
  void read(const cedar::Expression& body);
  [[nodiscard]] bool simple(const cedar::Expression& body, const cedar::Node& node) const;
  void add_dimension(Symbol name);
  void fill(Dimension& dimension, std::string_view type);
  void add_sets(Dimension& dimension, const std::vector<cedar::Value>& members);
  bool each_context(const NamedAnchor& principal, const Target& target,
                    const std::function<bool(const Sample&)>& visit);

  Vocabulary& words_;
  const Universe& universe_;
  const Reach& reach_;
  cedar::Hierarchy hierarchy_;
  cedar::Machine machine_;
  cedar::Heap heap_;
  cedar::Record record_;
  std::vector<Dimension> dimensions_;
  std::vector<std::int64_t> numbers_;
  std::vector<cedar::Value> texts_, entities_;
  bool complete_ = true;
  bool asks_who_ = false, asks_what_ = false;  // conditions read principal; action or resource
  std::size_t left_ = limits::kSamplesMax;
};

}  // namespace libguard::policy
