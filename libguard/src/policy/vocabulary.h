#pragma once
// The words of libguard's policies: entity types, actions and their groups, the names of context, and how the objects
// of a frame become entities. docs: DESIGN "Policy", Vocabulary.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/frame.h"
#include "policy/cedar/entities.h"
#include "policy/context_table.h"

namespace libguard::policy {

using cedar::EntityIndex;

enum class Type : std::uint8_t {
  account,
  user,
  group,
  connection,
  schema,
  table,
  function,
  host,
  endpoint,
  data_class,
  tool,
  tag,
  action,
};
inline constexpr std::size_t kTypes = static_cast<std::size_t>(Type::action) + 1;

struct NamedAnchor {
  EntityIndex entity = 0;
  std::vector<EntityIndex> ancestors;  // sorted
  [[nodiscard]] std::span<const EntityIndex> span() const { return ancestors; }
};

struct ConnectionEntity {
  const ConnectionFrame* frame = nullptr;
  NamedAnchor anchor;       // ancestors: its tags
  std::string part;         // its name as a part of ids
  bool production = false;  // carries the tag "prod"
};

// Filled while loading, constant afterwards; then shared by threads.
class Vocabulary {
 public:
  // Interns the words, the frame's connections, classes, groups and accounts. Throws Error(configuration, "policy.*").
  explicit Vocabulary(std::shared_ptr<const Frame> frame);

  cedar::Names names;
  cedar::Entities entities;

  [[nodiscard]] const Frame& frame() const { return *frame_; }
  [[nodiscard]] Symbol type(Type type) const { return types_[static_cast<std::size_t>(type)]; }
  [[nodiscard]] bool is_type(Symbol symbol) const;
  [[nodiscard]] const ConnectionEntity* connection(const std::string& name) const;
  [[nodiscard]] const NamedAnchor* action(std::string_view name) const;
  [[nodiscard]] const NamedAnchor& data_class(const std::string& name) const { return classes_.at(name); }
  [[nodiscard]] const std::map<std::string, NamedAnchor>& data_classes() const { return classes_; }
  // Of an account of the configuration, with its groups as ancestors; null when it is not one, or when `groups`
  // (sorted) are not those that it has there.
  [[nodiscard]] const NamedAnchor* account(const std::string& name, bool person,
                                           const std::vector<std::string>& groups) const;
  [[nodiscard]] EntityIndex safe_tag() const { return safe_; }
  [[nodiscard]] Symbol fact(std::size_t index) const { return facts_[index]; }

  // Parents of what policies name in their text, so that conditions can ask about objects of other requests.
  void adopt_literals();
  // A sentence when `entity` can never be asked about, else empty.
  [[nodiscard]] std::string complaint(EntityIndex entity) const;
  [[nodiscard]] std::string complaint_about_group(std::string_view group) const;

 private:
  void add_actions();
  void add_connections();
  void add_classes();
  void add_facts();
  void add_accounts();
  void adopt(EntityIndex entity);
  [[nodiscard]] std::string complaint_about_object(std::string_view id) const;
  [[nodiscard]] std::string complaint_about_principal(std::string_view id, bool person) const;
  [[nodiscard]] std::vector<std::string> groups() const;

  std::shared_ptr<const Frame> frame_;
  std::array<Symbol, kTypes> types_{};
  std::map<std::string, ConnectionEntity, std::less<>> connections_;
  std::map<std::string, NamedAnchor, std::less<>> actions_;
  std::map<std::string, NamedAnchor> classes_;
  struct KnownAccount {
    NamedAnchor anchor;
    bool person = false;
    std::vector<std::string> groups;  // sorted
  };
  std::unordered_map<std::string, KnownAccount> accounts_;
  std::vector<Symbol> facts_;
  EntityIndex safe_ = 0;
};

}  // namespace libguard::policy
