#pragma once
// One command as the Cedar requests that it needs: who asks, and for what.

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/identity.h"
#include "libguard/request.h"
#include "model/command.h"
#include "policy/column_classes.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

struct Ask {
  std::string_view action;
  const NamedAnchor* action_anchor = nullptr;
  EntityIndex resource = 0;
  std::vector<EntityIndex> ancestors;  // of the resource, sorted
  const Touch* touch = nullptr;        // nullptr: the command as a whole
  std::string label;                   // for reasons; "" when its own text did not name it
  bool must_be_named = false;          // only a permit that names this very object will do
};

// Whose leave is needed. An asserted user can only narrow: permits are not asked of it.
struct Subject {
  EntityIndex entity = 0;
  std::vector<EntityIndex> groups;  // sorted
  bool forbids_only = false;
  std::string label;
};

// Nullopt for an identity that is nobody, or a verified user without an account; then `why` is a sentence.
[[nodiscard]] std::optional<std::vector<Subject>> subjects_of(const Identity& identity, const Vocabulary& words,
                                                              cedar::Names& names, std::string& why);

// What the columns of a command have to do with data classes.
struct ClassUse {
  ClassSet shown;    // by result columns: a deny masks
  ClassSet carried;  // into another object, or shown by an error: a deny refuses
  ClassSet matched;
  ClassSet inferred;
};
[[nodiscard]] ClassUse class_use(const Command& command, const ColumnClasses& classes);

class AskBuilder {
 public:
  AskBuilder(const Vocabulary& words, cedar::Names& names) : words_(words), names_(names) {}

  // False, with `code` and `why`, when something cannot be put into a question; that refuses.
  [[nodiscard]] bool command(const Request& request, const Command& command, const ConnectionEntity& connection,
                             const ClassUse& use, const ColumnClasses& classes);
  [[nodiscard]] bool touch(const Touch& touch, const ConnectionEntity& connection, Dialect dialect);
  [[nodiscard]] Ask tool(const std::string& name, const ConnectionEntity* connection);
  [[nodiscard]] Ask data_class(std::string_view action, const std::string& name) const;

  std::vector<Ask> asks;
  std::string code;
  std::string why;

 private:
  [[nodiscard]] Ask connection_ask(std::string_view action, const ConnectionEntity& connection) const;
  void function(const CalledFunction& function, const ConnectionEntity& connection, bool opaque);
  bool effect(const Command& command, const ConnectionEntity& connection);
  void classes(std::string_view action, const ClassSet& set, const ColumnClasses& classes);
  bool fail(std::string code, std::string why);

  const Vocabulary& words_;
  cedar::Names& names_;
};

// "orders" for "main.orders" and "public.orders", else the whole name; made safe to show.
[[nodiscard]] std::string shown_object(std::string_view object);

}  // namespace libguard::policy
