#pragma once
// The type of one policy's condition in one environment (who, which action, on what), as Cedar's strict mode judges it:
// booleans that are known end the look at what they make dead, and optional attributes need a `has` before them.
// docs.cedarpolicy.com, "Policy validation".

#include <set>
#include <string>
#include <vector>

#include "policy/cedar/schema.h"
#include "policy/cedar/validate/capabilities.h"
#include "policy/cedar/validate/finding.h"

namespace libguard::policy::cedar {

namespace limits {
// A level costs at most about 600 bytes of stack; chains of &&, ||, + and * cost none.
inline constexpr int kCheckDepthMax = 300;
// Visits of nodes for one policy over all environments, so that no policy can occupy the reader.
inline constexpr std::size_t kCheckStepsMax = 20'000'000;
// Things proved by `has` at one place.
inline constexpr std::size_t kCapabilitiesMax = 2'000;
}  // namespace limits

// A schema made ready for checking; the types of policies' own sets and records are added to its table.
struct CheckedSchema {
  CheckedSchema(const Schema& of, Names& known);

  const Schema& schema;
  Names& names;
  TypeTable types;
  TypeIndex ip, decimal, datetime, duration;
  std::set<std::pair<Symbol, Symbol>> action_pairs;  // (type of an action, type of a group that it may be in)
};

struct Environment {
  Symbol principal = 0;
  const ActionType* action = nullptr;
  Symbol resource = 0;
};

// The findings of one policy: one of a kind for one place.
class Findings {
 public:
  void add(Finding finding);
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  std::vector<Finding> take() { return std::move(all_); }

 private:
  std::set<std::pair<std::size_t, std::string>> known_;
  std::vector<Finding> all_;
};

class Checker {
 public:
  // Everything must outlive it.
  Checker(CheckedSchema& checked, const Expression& body, Findings& findings);

  // Whether the condition is known to be false here.
  bool never(const Environment& environment);
  // False when the condition is too deep or took too long; then a finding says so.
  [[nodiscard]] bool able() const { return able_; }

 private:
  struct Answer {
    bool good = true;          // false: a finding was made inside
    TypeIndex type = kNoType;  // kNoType: not known, and then not good
    Capabilities proved;       // if this is true
  };
  // What a place accepts.
  enum class Want { boolean, integer, text, entity, entity_or_record, entity_or_entities, set };

  void measure();
  // Whether a left operand belongs to the same chain.
  static bool continues(Op left, Op op);
  Answer check(NodeIndex index, const Capabilities& prior);
  Answer dispatch(NodeIndex index, const Capabilities& prior);
  Answer expect(NodeIndex index, const Capabilities& prior, Want want, const char* help = "");
  Answer expect_type(NodeIndex index, const Capabilities& prior, TypeIndex type);
  Answer accept(Answer answer, NodeIndex index, bool fits, const std::string& wanted, const char* help);
  [[nodiscard]] bool fits(TypeIndex type, Want want) const;

  Answer literal(const Node& node) const;
  Answer variable(const Node& node);
  Answer chain(NodeIndex index, const Capabilities& prior);
  Answer step_and(Answer left, NodeIndex right, const Capabilities& prior);
  Answer step_or(Answer left, NodeIndex right, const Capabilities& prior);
  static Answer join_and(const Answer& left, Answer right);
  static Answer join_or(const Answer& left, Answer right);
  Answer condition(NodeIndex index, const Capabilities& prior);
  Answer negation(const Node& node, const Capabilities& prior);

  Answer attribute(NodeIndex index, const Capabilities& prior);
  Answer read(NodeIndex at, const Answer& object, Shape shape, Symbol name, const Capabilities& prior);
  Answer has(NodeIndex index, const Capabilities& prior);
  Answer has_one(const Answer& object, Shape shape, Symbol name, const Capabilities& prior) const;
  Answer has_tag(const Node& node, const Capabilities& prior);
  Answer get_tag(NodeIndex index, const Capabilities& prior);
  [[nodiscard]] const Attribute* find_attribute(TypeIndex object, Symbol name) const;
  [[nodiscard]] TypeIndex tags_of(TypeIndex entity) const;

  Answer equality(NodeIndex index, const Capabilities& prior);
  Answer comparison(NodeIndex index, const Capabilities& prior);
  Answer arithmetic(const Node& node, const Capabilities& prior);
  Answer membership(NodeIndex index, const Capabilities& prior);
  Answer in(NodeIndex index, NodeIndex left, NodeIndex right, const Capabilities& prior);
  Answer action_in(EntityIndex action, const std::vector<EntityIndex>& groups) const;
  Answer is(const Node& node, const Capabilities& prior);
  Answer contains(NodeIndex index, const Capabilities& prior);
  Answer set(NodeIndex index, const Capabilities& prior);
  Answer record(const Node& node, const Capabilities& prior);
  Answer call(NodeIndex index, const Capabilities& prior);
  bool call_fits(NodeIndex index, const FunctionSpec& spec);
  // The value of a literal, or of `action`.
  [[nodiscard]] const Value* known_value(NodeIndex index) const;
  [[nodiscard]] bool may_be_in(Symbol type, Symbol container) const;
  [[nodiscard]] bool can_be_ordered(TypeIndex type) const;
  [[nodiscard]] TypeIndex extension_of(Function function) const;

  void report(const char* code, NodeIndex at, std::string message, std::string help = {});
  [[nodiscard]] std::string display(TypeIndex type) const { return types_.display(type, names_); }
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::string did_you_mean(TypeIndex object, Symbol name) const;
  [[nodiscard]] const Node& at(NodeIndex index) const { return body_.nodes[index]; }

  CheckedSchema& checked_;
  const Schema& schema_;
  const Names& names_;
  TypeTable& types_;
  const Expression& body_;
  Findings& findings_;
  Shapes shapes_;
  Environment here_;
  Value action_;
  std::size_t steps_ = 0;
  bool able_ = true;
};

}  // namespace libguard::policy::cedar
