#pragma once
// From written names to declared things. Included by schema*.cpp only.

#include <map>
#include <set>
#include <unordered_map>

#include "policy/cedar/schema.h"

namespace libguard::policy::cedar {

// Shared by the names of one declaration.
template <typename Id>
using ParentsOf = std::unordered_map<Id, std::shared_ptr<const std::vector<Id>>>;

class SchemaResolver {
 public:
  SchemaResolver(const WrittenSchema& written, Names& names) : written_(written), names_(names) {}
  std::optional<Schema> run(SchemaError& error);

 private:
  struct Common {
    const WrittenCommon* written = nullptr;
    std::string_view space;
    TypeIndex type = kNoType;
    bool open = false;  // being looked up: meeting it again is a cycle
  };

  void fail(std::size_t offset, std::string message);
  void declare();
  void declare_entities(const WrittenNamespace& space);
  void declare_actions(const WrittenNamespace& space);
  void declare_builtins();
  void check_shadowing();

  // The declared name that `name` means inside `space`; empty when there is none.
  enum class Wanted { entity, common, any };
  std::string lookup(const std::string& name, std::string_view space, Wanted wanted) const;
  Symbol entity_named(const WrittenName& name, std::string_view space);
  TypeIndex type(const WrittenType& written, std::string_view space, int depth);
  TypeIndex named(const WrittenType& written, std::string_view space, int depth);
  TypeIndex record(const WrittenType& written, std::string_view space, int depth);
  TypeIndex common(const std::string& name, std::size_t offset, int depth);
  TypeIndex extension(const std::string& name, std::size_t offset);

  void entities(const WrittenNamespace& space);
  void actions(const WrittenNamespace& space);
  std::optional<EntityIndex> action_named(const WrittenActionName& name, std::string_view space);
  void close_entities();
  void close_actions();

  const WrittenSchema& written_;
  Names& names_;
  Schema out_;
  bool good_ = true;
  SchemaError error_;
  std::set<std::string> entity_names_;     // qualified; without the types of actions
  std::set<std::string> action_types_;     // qualified
  std::map<std::string, Common> commons_;  // qualified
  std::set<EntityIndex> action_uids_;
  ParentsOf<Symbol> parents_;
  ParentsOf<EntityIndex> action_parents_;
};

}  // namespace libguard::policy::cedar
