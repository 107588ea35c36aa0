#pragma once
// Who can ask for what: every account, one stranger of each group, and every action on every object that is known,
// named in a policy, or stands for all others. What no pair of it matches can never match.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/catalogue.h"
#include "policy/lint/book.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

using Catalogues = std::map<std::string, std::shared_ptr<const Catalogue>>;

struct Target {
  NamedAnchor action;
  NamedAnchor resource;
  bool tool_call = false;  // the context of a tool call, not of a command
};

struct Reach {
  std::vector<bool> principals, targets;
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool within(const Reach& other) const;
};

class Universe {
 public:
  // Interns its strangers into the vocabulary; `names` are those of the book.
  Universe(Vocabulary& words, const Book& book, const Catalogues& catalogues);
  [[nodiscard]] const std::vector<NamedAnchor>& principals() const { return principals_; }
  [[nodiscard]] const std::vector<Target>& targets() const { return targets_; }
  [[nodiscard]] Reach reach(const cedar::ParsedPolicy& policy) const;

 private:
  void add_principals();
  void add_objects(const Book& book, const Catalogues& catalogues);
  void add_object(Type type, std::string_view id);
  void add_target(const char* action, EntityIndex resource, std::vector<EntityIndex> ancestors, bool tool_call = false);

  Vocabulary& words_;
  std::vector<NamedAnchor> principals_;
  std::vector<Target> targets_;
  std::map<EntityIndex, bool> seen_;
};

}  // namespace libguard::policy
