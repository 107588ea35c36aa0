// What conditions and scopes come to, on samples that stand for every request.
#include <algorithm>

#include "policy/context_table.h"
#include "policy/lint/lint_parts.h"

namespace libguard::policy {
namespace {

using namespace cedar;

constexpr std::size_t kPairsMax = 2'000;     // pairs whose conditions are compared
constexpr std::size_t kPoliciesMax = 3'000;  // sets past this are not compared pair by pair

struct Meaning {
  const BookPolicy* policy = nullptr;
  Reach reach;
  Program program;  // without code: unconditional
  std::optional<Remedy> remedy;
};

class MeaningLint {
 public:
  explicit MeaningLint(LintState& state) : state_(state), universe_(state.words, state.book, state.catalogues) {}

  void run() {
    for (const BookPolicy& policy : state_.book.policies()) {
      if (state_.broken.contains(&policy) || policy.parsed.is_template()) continue;
      Meaning meaning{&policy, universe_.reach(policy.parsed), {}, std::nullopt};
      if (policy.parsed.body.root != kNoNode) meaning.program = compile(policy.parsed.body, state_.book.heap());
      if (const std::string* text = policy.parsed.annotation("remedy")) {
        std::string error;
        meaning.remedy = parse_remedy(*text, error);
      }
      if (meaning.reach.empty()) {
        unreachable(policy);
        continue;
      }
      if (one(meaning)) meanings_.push_back(std::move(meaning));
    }
    pairs();
  }

 private:
  void unreachable(const BookPolicy& policy) {
    if (state_.shipped(policy)) return;
    state_.add(
        "unreachable_scope", Severity::warning, policy, policy.effect,
        "no request can match this scope: no such action is ever asked of such a resource by such a principal",
        "docs/POLICY.md says which actions go with which resources, e.g. select with tables, unmask with data classes");
  }

  // False when the policy can never apply.
  bool one(const Meaning& meaning) {
    if (meaning.program.code.empty()) {
      if (meaning.remedy) never_helps(*meaning.policy);
      return true;
    }
    Sampler sampler(state_.words, universe_, meaning.reach, {&meaning.policy->parsed});
    bool ever = false, helps = false;
    EvalError error = EvalError::none;
    sampler.each([&](const Sample& sample) {
      bool holds = false;
      EvalError now = sampler.holds(meaning.program, sample, holds);
      if (now != EvalError::none) error = now;
      if (now == EvalError::none && holds) {
        ever = true;
        if (meaning.remedy && !helps) helps = helped(meaning, sampler, sample);
      }
      return true;
    });
    const BookPolicy& policy = *meaning.policy;
    if (error != EvalError::none) can_err(policy, error);
    if (!sampler.complete()) {
      if (!ever && error == EvalError::none) undecided(policy);
      return true;
    }
    if (!ever && error == EvalError::none) {
      state_.add("unreachable_condition", Severity::warning, policy, condition_of(policy),
                 "no request can fulfil this condition",
                 "compare with values that the context can have, and not with two at once");
      return false;
    }
    if (meaning.remedy && ever && !helps) never_helps(policy);
    return true;
  }

  // Is it lifted when everything that the remedy promises has come true?
  bool helped(const Meaning& meaning, Sampler& sampler, const Sample& sample) {
    const Remedy& remedy = *meaning.remedy;
    std::vector<std::pair<Symbol, Value>> values;
    auto set = [&](ContextName name, Value value) { values.emplace_back(static_cast<Symbol>(name), value); };
    std::int64_t people = 0;
    std::vector<Value> groups, classes;
    for (const Stage& stage : remedy.stages) {
      people += stage.count;
      groups.push_back(Value::of_entity(state_.words.names.entity(state_.words.type(Type::group), stage.group)));
    }
    if (!groups.empty()) {
      set(ContextName::approvals, Value::of(people));
      set(ContextName::approver_groups, sampler.heap().set(std::move(groups)));
    }
    if (remedy.row_limit) set(ContextName::row_limit, Value::of(*remedy.row_limit));
    if (remedy.read_only) set(ContextName::read_only, Value::of(true));
    if (remedy.reason_min > 0) set(ContextName::reason_given, Value::of(true));
    if (remedy.mask) {
      for (const auto& [name, anchor] : state_.words.data_classes()) {
        auto in = [&](const std::string& c) { return c == name || name.starts_with(c + "."); };
        if (remedy.classes.empty() || std::any_of(remedy.classes.begin(), remedy.classes.end(), in))
          classes.push_back(Value::of_entity(anchor.entity));
      }
      set(ContextName::masked, sampler.heap().set(std::move(classes)));
    }
    bool holds = true;
    EvalError error = sampler.holds(meaning.program, sampler.with(sample, values), holds);
    return error == EvalError::none && !holds;
  }

  void never_helps(const BookPolicy& policy) {
    state_.add(
        "remedy_never_helps", Severity::warning, policy, policy.effect,
        "the remedy cannot lift this forbid: its condition holds even when everything that the remedy promises is so",
        "let an unless read what the remedy changes, e.g. unless { context.approvals >= 1 }, with the same number and "
        "group");
  }

  void can_err(const BookPolicy& policy, EvalError error) {
    std::string why = std::string("evaluating its condition can fail (") + to_string(error) + ")";
    if (policy.parsed.permit) {
      state_.add("permit_can_err", Severity::note, policy, condition_of(policy),
                 why + "; a permit that fails permits nothing",
                 "ask first whether it is there: context has name && ...");
    } else {
      state_.add("forbid_can_err", Severity::warning, policy, condition_of(policy),
                 why + "; a forbid that fails refuses whatever was asked, and no remedy lifts it",
                 "ask first whether it is there (context has name && ...), narrow the actions, or bound the numbers");
    }
  }

  void undecided(const BookPolicy& policy) {
    state_.add("not_decided", Severity::note, policy, condition_of(policy),
               "whether this condition can ever hold is not decided: it compares in ways that cannot be tried out",
               "nothing needs to be done; a policy test that this policy decides would show it");
  }

  static std::size_t condition_of(const BookPolicy& policy) {
    return policy.clauses.empty() ? policy.effect : policy.clauses.front().all.begin;
  }

  void pairs() {
    if (meanings_.size() > kPoliciesMax) {
      state_.add_note("not_decided", "whether policies cover one another is not decided for a set of more than 3,000",
                      "split the set");
      return;
    }
    std::size_t left = kPairsMax;
    for (const Meaning& meaning : meanings_) {
      if (state_.shipped(*meaning.policy)) continue;
      for (const Meaning& other : meanings_) {
        if (&other == &meaning || !meaning.reach.within(other.reach)) continue;
        if (pair(meaning, other, left)) break;
      }
    }
  }

  // True when something was said of `policy`.
  bool pair(const Meaning& policy, const Meaning& other, std::size_t& left) {
    const ParsedPolicy& a = policy.policy->parsed;
    const ParsedPolicy& b = other.policy->parsed;
    if (a.permit && !b.permit) return shadowed(policy, other);
    if (a.permit != b.permit) return false;
    if (a.permit && a.resource.kind == ScopeKind::equal &&
        state_.words.names.type_of(a.resource.entity) == state_.words.type(Type::function))
      return false;  // only a permit that names it will do for code that nobody vetted
    if (!a.permit && (other.remedy || (policy.remedy && other.remedy)) && !same_text(*policy.policy, *other.policy))
      return false;
    bool mutual = other.reach.within(policy.reach);
    bool same = same_text(*policy.policy, *other.policy);
    if (same && mutual) {
      if (policy.policy < other.policy) return false;  // the later one of the two is said to be the copy
      said(policy, other, "duplicate", "says the same as");
      return true;
    }
    if (!same && !other.program.code.empty() && !implies(policy, other, left)) return false;
    if (mutual && policy.policy < other.policy && !same && implies(other, policy, left)) return false;
    said(policy, other, "implied", "adds nothing: whatever it matches is matched by");
    return true;
  }

  bool shadowed(const Meaning& policy, const Meaning& other) {
    if (!other.program.code.empty() || other.remedy) return false;
    state_.add("shadowed", Severity::warning, *policy.policy, policy.policy->effect,
               "this permit can never count: \"" + other.policy->id + "\" forbids all of it, always",
               "drop the permit, or narrow the forbid");
    return true;
  }

  void said(const Meaning& policy, const Meaning& other, const char* code, const std::string& how) {
    state_.add(code, Severity::warning, *policy.policy, policy.policy->effect,
               "this policy " + how + " \"" + other.policy->id + "\"", "keep one of the two");
  }

  // The conditions and remedies are written alike, whatever the blanks.
  [[nodiscard]] bool same_text(const BookPolicy& a, const BookPolicy& b) const {
    auto remedy = [](const BookPolicy& p) {
      return p.parsed.annotation("remedy") ? *p.parsed.annotation("remedy") : "";
    };
    if (a.parts.size() != b.parts.size() || remedy(a) != remedy(b)) return false;
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
      if (a.parts[i].negated != b.parts[i].negated || a.parts[i].text != b.parts[i].text) return false;
    }
    return true;
  }

  bool implies(const Meaning& policy, const Meaning& other, std::size_t& left) {
    if (left == 0) return false;
    --left;
    Sampler sampler(state_.words, universe_, policy.reach, {&policy.policy->parsed, &other.policy->parsed});
    bool always = true;
    sampler.each([&](const Sample& sample) {
      bool first = false, second = false;
      EvalError error = sampler.holds(policy.program, sample, first);
      bool counts = error == EvalError::none ? first : !policy.policy->parsed.permit;
      if (counts && (sampler.holds(other.program, sample, second) != EvalError::none || !second)) always = false;
      return always;
    });
    return always && sampler.complete();
  }

  LintState& state_;
  Universe universe_;
  std::vector<Meaning> meanings_;
};

}  // namespace

void lint_meaning(LintState& state) { MeaningLint(state).run(); }

}  // namespace libguard::policy
