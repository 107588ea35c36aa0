#include "policy/reasons.h"

#include <algorithm>

#include "base/text.h"

namespace libguard::policy {
namespace {

constexpr const char* kFinal = " Final for this statement, do not rephrase it.";

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

// What was touched, in the words of the one who touched it: an object behind a view or trigger stays unnamed.
std::string object_of(const Ask& ask) {
  if (ask.touch == nullptr) return ask.label;
  if (ask.touch->through_view) return "an object that it reaches through a view, trigger or rule";
  return shown_object(ask.touch->object);
}

std::string filled(std::string text, std::string_view placeholder, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
  return text;
}

std::string ended(std::string text) {
  if (!text.empty() && text.back() != '.' && text.back() != '!' && text.back() != '?') text += '.';
  return text;
}

std::string explained(const Objection& objection, const PolicyNote& note) {
  const Ask& ask = *objection.ask;
  if (note.reason.empty()) return upper(ask.action) + " on " + object_of(ask) + " is forbidden here.";
  std::string text = filled(note.reason, "{ACTION}", upper(ask.action));
  text = filled(std::move(text), "{action}", std::string(ask.action));
  return ended(filled(std::move(text), "{object}", object_of(ask)));
}

// The first limit of a forbid that is reached.
const BudgetTest* reached(const PolicyNote& note, const Usage& usage) {
  for (const BudgetTest& test : note.budgets) {
    if (usage[test.counter.budget][test.counter.measure] >= test.limit) return &test;
  }
  return nullptr;
}

std::string used_up(const BudgetTest& test, const Usage& usage) {
  std::string out =
      "The budget " +
      std::string(to_string(static_cast<ContextName>(symbol_of(test.counter.budget, test.counter.measure)))) +
      " is used up: " + std::to_string(usage[test.counter.budget][test.counter.measure]) + " of " +
      std::to_string(test.limit) + ". ";
  if (test.counter.budget == Budget::session) return out + "It does not come back in this session; do not try again.";
  if (test.counter.budget == Budget::task) return out + "It does not come back in this task; do not try again.";
  std::int64_t at_us = usage.frees_at_us[static_cast<std::size_t>(test.counter.budget)];
  return out + "It is free again at " + text::rfc3339(at_us) + " at the latest; do not try before then.";
}

std::string not_permitted(const Objection& objection, const cedar::Names& names) {
  const Ask& ask = *objection.ask;
  std::string out = "DENIED: no policy permits " + std::string(ask.action) + " on " + object_of(ask) + " to " +
                    objection.subject->label;
  if (ask.must_be_named)
    out += "; it runs code that nobody vetted, so that only a permit for this very function will do";
  bool named = ask.touch == nullptr || !ask.touch->through_view;
  if (named)
    out += "; whoever writes the policies can grant Action::\"" + std::string(ask.action) + "\" on " +
           text::visible(names.display(ask.resource));
  return out + "." + kFinal;
}

}  // namespace

bool is_over_budget(const Objection& objection, const LoadedPolicies& policies, const Usage& usage) {
  return objection.kind == Objection::Kind::forbidden && reached(policies.notes[objection.policy], usage) != nullptr;
}

std::string reason_to_give_one(const std::vector<std::string>& asked_by, std::int64_t least, std::int64_t given) {
  std::string out = "DENIED by ";
  for (std::size_t i = 0; i < asked_by.size(); ++i) out += (i > 0 ? ", " : "") + text::visible(asked_by[i]);
  out += given == 0 ? ": this needs a reason" : ": the reason that was given is too short";
  if (least > 1) out += " of at least " + std::to_string(least) + " characters";
  return out +
         ". Say why and ask again: with purpose= when the session is opened, or with purpose= or explanation= in the "
         "request itself.";
}

std::string final_refusal(const std::string& why) { return "DENIED: " + ended(why) + kFinal; }

std::string reason_of_objection(const Objection& objection, const LoadedPolicies& policies, const Said& said) {
  if (objection.kind == Objection::Kind::not_permitted) return not_permitted(objection, said.names);
  std::string id = text::visible(policies.set.policies()[objection.policy].id);
  if (objection.kind == Objection::Kind::erring) {
    return "DENIED by " + id + ": this rule could not be evaluated for " + std::string(objection.ask->action) +
           ", and a rule that fails refuses; whoever writes the policies must mend it." + kFinal;
  }
  const PolicyNote& note = policies.notes[objection.policy];
  const BudgetTest* budget = reached(note, said.usage);
  if (budget == nullptr) return "DENIED by " + id + ": " + explained(objection, note) + kFinal;
  return "DENIED by " + id + ": " + (note.reason.empty() ? std::string() : explained(objection, note) + " ") +
         used_up(*budget, said.usage);
}

std::string reason_to_ask(const std::vector<Stage>& stages) {
  std::string out = "needs ";
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    if (i > 0) out += " and ";
    out += (stage.count == 1 ? std::string("one approval") : std::to_string(stage.count) + " approvals") + " from " +
           text::visible(stage.group) + " (asked by " + text::visible(stage.asked_by) + ")";
  }
  return out;
}

std::string reason_to_allow(const std::vector<std::string>& permits) {
  std::string out = "permitted by ";
  for (std::size_t i = 0; i < permits.size(); ++i) out += (i > 0 ? ", " : "") + text::visible(permits[i]);
  return out;
}

}  // namespace libguard::policy
