#include "policy/veil.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/context.h"
#include "policy/reasons.h"
#include "policy/rounds.h"

namespace libguard::policy {
namespace {

// Of several things that are done to one object, the one that the sentence names: the same however it was understood.
constexpr std::array<std::string_view, 8> kActions = {"ddl",    "dcl",   "delete",      "update",
                                                      "insert", "merge", "maintenance", "select"};

std::size_t rank(const Touch& touch) {
  const std::string_view action = touch.action == "truncate" ? std::string_view("delete") : touch.action;
  return static_cast<std::size_t>(std::find(kActions.begin(), kActions.end(), action) - kActions.begin());
}

// The schema that a name resolved to says where it exists, so only the name itself is repeated.
std::string bare_name(const Touch& touch) {
  return text::visible(std::string_view(touch.object).substr(touch.object.find('.') + 1));
}

bool before(const Touch& a, const Touch& b) {
  const std::string one = bare_name(a);
  const std::string other = bare_name(b);
  return one != other ? one < other : rank(a) < rank(b);
}

// The most careful thing that could be done to the object: a permit with conditions counts when it allows this.
Touch careful(const Touch& touch, std::string action) {
  Touch out;
  out.action = std::move(action);
  out.object = touch.object;
  out.system = touch.system;
  out.bound = Bound::eq;
  out.rows_bound = 1;
  return out;
}

class Veil {
 public:
  Veil(const Identity& identity, const Request& request, const Command& command, const ConnectionEntity& connection,
       const Vocabulary& words, const LoadedPolicies& policies)
      : command_(command),
        connection_(connection),
        words_(words),
        names_(&words.names),
        context_(words, policies, names_, usage_),
        rounds_(words, policies, names_, context_) {
    std::string why;
    subjects_ = subjects_of(identity, words_, names_, why);
    context_.command(identity, request, command, {}, 0, 0);
    context_.round({0, &groups_, kUnproven, nullptr, false, false});
  }

  [[nodiscard]] std::optional<std::string> sentence() {
    if (!subjects_) return std::nullopt;
    const Touch* first = nullptr;
    for (const Touch& touch : command_.touches) {
      // What exists on every server is no secret, and what is behind a name was not named.
      if (touch.system || touch.through_view || touch.action == "session") continue;
      if (!visible(touch) && (first == nullptr || before(touch, *first))) first = &touch;
    }
    if (first == nullptr) return std::nullopt;
    return final_refusal("no policy permits " + std::string(kActions[std::min(rank(*first), kActions.size() - 1)]) +
                         " on " + bare_name(*first) + " to " + subjects_->front().label +
                         ", if there is such a thing; whoever writes the policies can grant it");
  }

 private:
  [[nodiscard]] bool visible(const Touch& touch) {
    const std::string own = touch.action == "truncate" ? "delete" : touch.action;
    return may(careful(touch, "select")) || may(careful(touch, own));
  }

  [[nodiscard]] bool may(const Touch& touch) {
    AskBuilder builder(words_, names_);
    return builder.touch(touch, connection_, command_.dialect) && rounds_.permitted(builder.asks.front(), *subjects_);
  }

  const Command& command_;
  const ConnectionEntity& connection_;
  const Vocabulary& words_;
  cedar::Names names_;
  const Usage usage_;
  const std::set<std::string> groups_;
  RequestContext context_;
  Rounds rounds_;
  std::optional<std::vector<Subject>> subjects_;
};

}  // namespace

std::optional<std::string> veiled_refusal(const Identity& identity, const Request& request, const Command& command,
                                          const ConnectionEntity& connection, const Vocabulary& words,
                                          const LoadedPolicies& policies) {
  return Veil(identity, request, command, connection, words, policies).sentence();
}

}  // namespace libguard::policy
