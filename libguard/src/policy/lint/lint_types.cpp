// What the strict validator says: a condition that does not fit the vocabulary's schema, at its own place.
#include "policy/cedar/validate/validator.h"
#include "policy/lint/lint_parts.h"
#include "policy/libguard_schema.h"
#include "policy/whole_schema.h"

namespace libguard::policy {
namespace {

// The validator's message says what is wrong; where it has a hint, that is the fix.
void check_policy(LintState& state, cedar::Validator& validator, const BookPolicy& policy) {
  for (const cedar::Finding& finding : validator.check(policy.parsed)) {
    if (finding.warning) continue;  // what can never match is found with better words by lint_meaning
    state.add(finding.code, Severity::error, policy, finding.offset, finding.message,
              finding.help.empty() ? "`libguard policy schema` prints what there is" : finding.help);
  }
}

}  // namespace

void lint_types(LintState& state) {
  std::set<std::string> arguments;
  for (const BookPolicy& policy : state.book.policies())
    collect_arguments(policy.parsed.body, state.words.names, arguments);
  std::vector<const PolicySource*> own;
  for (const PolicySource& source : state.book.sources()) {
    if (is_own_schema(source)) own.push_back(&source);
  }
  SchemaComplaint complaint;
  auto schema = whole_schema(own, state.words, arguments, complaint);
  if (!schema) {
    state.add_in_file("schema", complaint.source, complaint.offset, complaint.message,
                      "docs/POLICY.md says what a schema of your own may add");
    return;
  }
  cedar::Validator validator(*schema, state.words.names);
  for (const BookPolicy& policy : state.book.policies()) {
    if (!state.broken.contains(&policy)) check_policy(state, validator, policy);
  }
}

}  // namespace libguard::policy
