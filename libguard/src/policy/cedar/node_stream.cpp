#include "policy/cedar/node_stream.h"

namespace libguard::policy::cedar {

bool NodeStream::write(NodeIndex root, std::string& out) {
  std::vector<Step> open_steps;
  open_steps.push_back({{}, root, 0});
  while (!open_steps.empty()) {
    Step step = std::move(open_steps.back());
    open_steps.pop_back();
    if (step.node == kNoNode) {
      out += step.text;
      if (out.size() > limits::kWrittenBytesMax) return false;
      continue;
    }
    next_.clear();
    open(expression_.nodes[step.node], step.minimum);
    open_steps.insert(open_steps.end(), std::make_move_iterator(next_.rbegin()), std::make_move_iterator(next_.rend()));
  }
  return true;
}

}  // namespace libguard::policy::cedar
