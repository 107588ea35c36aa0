#pragma once
// Writes an expression as text without recursion: a writer says what one node is in terms of texts and smaller nodes,
// and the stream keeps what is still to be written.

#include <string>
#include <string_view>
#include <vector>

#include "policy/cedar/ast.h"

namespace libguard::policy::cedar {

namespace limits {
// `x has a.b.c` stands for three conditions that each repeat x: nested, a short text would otherwise fill the memory.
inline constexpr std::size_t kWrittenBytesMax = 64 * 1024 * 1024;
}  // namespace limits

class NodeStream {
 public:
  virtual ~NodeStream() = default;
  NodeStream(const NodeStream&) = delete;
  NodeStream& operator=(const NodeStream&) = delete;
  // Appends the expression below `root`; false when `out` would pass kWrittenBytesMax.
  [[nodiscard]] bool write(NodeIndex root, std::string& out);

 protected:
  explicit NodeStream(const Expression& expression) : expression_(expression) {}
  // Calls put() and visit() in the order of the text. `minimum` is what visit() was given.
  virtual void open(const Node& node, int minimum) = 0;
  void put(std::string text) { next_.push_back({std::move(text), kNoNode, 0}); }
  void visit(NodeIndex node, int minimum = 0) { next_.push_back({{}, node, minimum}); }
  [[nodiscard]] const Expression& expression() const { return expression_; }

 private:
  struct Step {
    std::string text;
    NodeIndex node;
    int minimum;
  };
  const Expression& expression_;
  std::vector<Step> next_;
};

}  // namespace libguard::policy::cedar
