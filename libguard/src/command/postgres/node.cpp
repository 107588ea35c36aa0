#include "command/postgres/node.h"

namespace libguard::command::postgres {
namespace {

bool same_field(const LgField& a, const LgField& b) {
  if (a.id != b.id || a.kind != b.kind) return false;
  switch (a.kind) {
    case LG_NODE:
      return same_tree(Node(a.as.node), Node(b.as.node));
    case LG_TEXT:
      return Node::view(a.as.text) == Node::view(b.as.text);
    case LG_NUMBER:
      return a.as.number == b.as.number;
    default:
      break;
  }
  if (a.as.list.count != b.as.list.count) return false;
  for (std::uint32_t i = 0; i < a.as.list.count; ++i) {
    if (!same_tree(Node(a.as.list.items[i]), Node(b.as.list.items[i]))) return false;
  }
  return true;
}

}  // namespace

bool same_tree(Node a, Node b) {
  if (a.get() == b.get()) return true;
  if (!a || !b || a.tag() != b.tag()) return false;
  const LgField* left = a.first();
  const LgField* right = b.first();
  while (left != nullptr && right != nullptr) {
    if (!same_field(*left, *right)) return false;
    left = left->next;
    right = right->next;
  }
  return left == nullptr && right == nullptr;
}

std::string_view last_name(NodeList names) {
  if (names.empty()) return {};
  return names[names.size() - 1].own_text();
}

}  // namespace libguard::command::postgres
