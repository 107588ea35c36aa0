#pragma once
// What the lints share. Included by lint*.cpp only.

#include <optional>
#include <set>

#include "policy/lint/lint.h"
#include "policy/lint/sampler.h"
#include "policy/remedy.h"

namespace libguard::policy {

struct LintState {
  LintState(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame, const Catalogues& of)
      : words(std::move(frame)), book(sources, words.names), catalogues(of) {}

  void add(const char* code, Severity severity, const BookPolicy& policy, std::size_t offset, std::string message,
           std::string fix);
  // About a file that holds no policies; `source` may be null.
  void add_in_file(const char* code, const PolicySource* source, std::size_t offset, std::string message,
                   std::string fix);
  void add_note(const char* code, std::string message, std::string fix);
  [[nodiscard]] bool shipped(const BookPolicy& policy) const {
    return book.sources()[policy.source].name.starts_with("libguard:");
  }

  Vocabulary words;
  Book book;
  const Catalogues& catalogues;
  std::vector<Finding> findings;
  std::set<const BookPolicy*> broken;  // what they mean cannot be told: unknown names
};

// Names against guard.yaml and catalogues; context names; columns; remedies' groups.
void lint_names(LintState& state);
// Types: what the strict validator says of a policy whose names are known.
void lint_types(LintState& state);
// Breadth: who gets how much, and classes that nobody is let near.
void lint_breadth(LintState& state);
// Reach and conditions: what can never match, is covered by another, can err, or a remedy that cannot help.
void lint_meaning(LintState& state);

}  // namespace libguard::policy
