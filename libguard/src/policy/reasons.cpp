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

std::string final_refusal(const std::string& why) { return "DENIED: " + ended(why) + kFinal; }

std::string reason_of_objection(const Objection& objection, const LoadedPolicies& policies, const cedar::Names& names) {
  if (objection.kind == Objection::Kind::not_permitted) return not_permitted(objection, names);
  std::string id = text::visible(policies.set.policies()[objection.policy].id);
  if (objection.kind == Objection::Kind::erring) {
    return "DENIED by " + id + ": this rule could not be evaluated for " + std::string(objection.ask->action) +
           ", and a rule that fails refuses; whoever writes the policies must mend it." + kFinal;
  }
  return "DENIED by " + id + ": " + explained(objection, policies.notes[objection.policy]) + kFinal;
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
