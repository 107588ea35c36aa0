#include "policy/lint/lint.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "policy/cedar/excerpt.h"
#include "policy/lint/lint_parts.h"

namespace libguard::policy {
namespace {

void lint_texts(LintState& state) {
  for (const BookError& error : state.book.errors()) {
    const PolicySource& source = state.book.sources()[error.source];
    auto at = cedar::position_of(source.text, error.offset);
    state.findings.push_back({"syntax", Severity::error, "", source.name, at.line, at.column,
                              "the text is not Cedar: " + text::visible(error.message), "mend the text here",
                              cedar::excerpt(source.text, error.offset)});
  }
  std::map<std::string, const BookPolicy*> ids;
  for (const BookPolicy& policy : state.book.policies()) {
    if (policy.id.empty()) {
      state.add("id_missing", Severity::error, policy, policy.effect, "this policy has no @id",
                "write @id(\"a-name\") before it; records and refusals name it");
    } else if (auto [at, fresh] = ids.emplace(policy.id, &policy); !fresh) {
      state.add("id_twice", Severity::error, policy, policy.effect,
                "the id \"" + policy.id + "\" is taken by a policy of " + state.book.sources()[at->second->source].name,
                "give one of them another id");
    }
    if (policy.parsed.is_template())
      state.add("template", Severity::error, policy, policy.effect, "a template cannot be linked from guard.yaml",
                "write the entity out");
  }
}

}  // namespace

const char* to_string(Severity severity) noexcept {
  static constexpr const char* kWords[] = {"note", "warning", "error"};
  return kWords[static_cast<int>(severity)];
}

void LintState::add(const char* code, Severity severity, const BookPolicy& policy, std::size_t offset,
                    std::string message, std::string fix) {
  const PolicySource& source = book.sources()[policy.source];
  auto at = book.position(policy, offset);
  findings.push_back({code, severity, policy.id, source.name, at.line, at.column, text::visible(message),
                      text::visible(fix), cedar::excerpt(source.text, offset)});
}

void LintState::add_in_file(const char* code, const PolicySource* source, std::size_t offset, std::string message,
                            std::string fix) {
  Finding finding{code, Severity::error, "", "", 0, 0, text::visible(message), text::visible(fix)};
  if (source != nullptr) {
    auto at = cedar::position_of(source->text, offset);
    finding.file = source->name;
    finding.line = at.line;
    finding.column = at.column;
    finding.excerpt = cedar::excerpt(source->text, offset);
  }
  findings.push_back(std::move(finding));
}

void LintState::add_note(const char* code, std::string message, std::string fix) {
  findings.push_back({code, Severity::note, "", "", 0, 0, text::visible(message), text::visible(fix)});
}

std::vector<Finding> lint(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame,
                          const Catalogues& catalogues) {
  LintState state(sources, std::move(frame), catalogues);
  lint_texts(state);
  state.words.adopt_literals();
  lint_names(state);
  lint_types(state);
  lint_breadth(state);
  lint_meaning(state);
  std::stable_sort(state.findings.begin(), state.findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  return std::move(state.findings);
}

}  // namespace libguard::policy
