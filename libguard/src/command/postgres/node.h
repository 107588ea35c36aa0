#pragma once
// Reading the neutral tree of tree.h: a null-safe view, so that an absent field reads as nothing.

#include <cstdint>
#include <string>
#include <string_view>

#include "command/postgres/grammar_enums.h"
#include "command/postgres/tree.h"
#include "pg_query_fields.h"

namespace libguard::command::postgres {

// PostgreSQL's own node tags.
enum NodeTag : std::uint16_t {
  T_Invalid = 0,
#include "nodes/nodetags.h"
};

class Node;

class NodeList {
 public:
  NodeList() = default;
  explicit NodeList(LgList list) : list_(list) {}
  class Iterator {
   public:
    explicit Iterator(const LgNode* const* at) : at_(at) {}
    inline Node operator*() const;
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const LgNode* const* at_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(list_.items); }
  [[nodiscard]] Iterator end() const { return Iterator(list_.items + list_.count); }
  [[nodiscard]] std::size_t size() const { return list_.count; }
  [[nodiscard]] bool empty() const { return list_.count == 0; }
  // Null past the end.
  [[nodiscard]] inline Node operator[](std::size_t at) const;

 private:
  LgList list_{0, nullptr};
};

class Node {
 public:
  Node() = default;
  explicit Node(const LgNode* node) : node_(node) {}
  explicit operator bool() const { return node_ != nullptr; }
  [[nodiscard]] const LgNode* get() const { return node_; }
  [[nodiscard]] NodeTag tag() const { return node_ != nullptr ? static_cast<NodeTag>(node_->tag) : T_Invalid; }
  [[nodiscard]] bool is(NodeTag tag) const { return this->tag() == tag; }

  [[nodiscard]] Node node(PgField id) const {
    const LgField* field = find(id, LG_NODE);
    return field != nullptr ? Node(field->as.node) : Node();
  }
  [[nodiscard]] NodeList list(PgField id) const {
    const LgField* field = find(id, LG_LIST);
    return field != nullptr ? NodeList(field->as.list) : NodeList();
  }
  [[nodiscard]] std::string_view text(PgField id) const {
    const LgField* field = find(id, LG_TEXT);
    return field != nullptr ? view(field->as.text) : std::string_view();
  }
  [[nodiscard]] std::int64_t number(PgField id) const {
    const LgField* field = find(id, LG_NUMBER);
    return field != nullptr ? field->as.number : 0;
  }
  [[nodiscard]] bool flag(PgField id) const { return number(id) != 0; }
  [[nodiscard]] bool has(PgField id) const {
    for (const LgField* field = first(); field != nullptr; field = field->next) {
      if (field->id == id) return true;
    }
    return false;
  }
  // A String's text, a List's items.
  [[nodiscard]] std::string_view own_text() const { return text(F_own); }
  [[nodiscard]] NodeList items() const { return list(F_own); }
  [[nodiscard]] const LgField* first() const { return node_ != nullptr ? node_->first : nullptr; }

  [[nodiscard]] static std::string_view view(LgText text) { return {text.start, text.bytes}; }

 private:
  [[nodiscard]] const LgField* find(PgField id, LgKind kind) const {
    for (const LgField* field = first(); field != nullptr; field = field->next) {
      if (field->id == id) return field->kind == kind ? field : nullptr;
    }
    return nullptr;
  }
  const LgNode* node_ = nullptr;
};

inline Node NodeList::Iterator::operator*() const { return Node(*at_); }
inline Node NodeList::operator[](std::size_t at) const { return at < list_.count ? Node(list_.items[at]) : Node(); }

// Owns a parsed text.
class Tree {
 public:
  Tree(const std::string& sql, int depth_max) { lg_tree_parse(sql.c_str(), depth_max, &tree_); }
  ~Tree() { lg_tree_free(&tree_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  [[nodiscard]] LgStatus status() const { return tree_.status; }
  [[nodiscard]] int position() const { return tree_.position; }
  [[nodiscard]] NodeList statements() const { return NodeList(tree_.statements); }

 private:
  LgTree tree_{};
};

// Equal trees, wherever in the text they stand. Bounded by the depth of the tree.
[[nodiscard]] bool same_tree(Node a, Node b);
// The parts of a qualified name; A_Star becomes "*".
[[nodiscard]] std::string_view last_name(NodeList names);

}  // namespace libguard::command::postgres
