// `policy learn`: the least permits that recorded history needs, and what is granted today and nobody used.
#include <algorithm>

#include "base/text.h"
#include "guard/policy_tools/recorded.h"
#include "libguard/error.h"
#include "libguard/policy_tools.h"
#include "policy/policy_loader.h"
#include "policy/vocabulary.h"
#include "policy/witness.h"

namespace libguard {
namespace {

using namespace policy_tools;

constexpr std::size_t kSiblingsMin = 5;    // tables of one schema, read by one role, before the schema stands for them
constexpr std::size_t kSiblingsPart = 80;  // percent of the schema's tables that must have been among them

// How one action on one resource was used.
struct Use {
  Bound bound = Bound::eq;
  std::int64_t rows = 0;
  bool all_columns = false;
  std::set<std::string> columns;
  std::int64_t times = 0;
};
using Need = std::pair<std::string, std::string>;  // action, resource as Cedar text

// Notes every permit that an action needed, in a set that permits everything.
class NeedWatch final : public policy::Witness {
 public:
  explicit NeedWatch(const policy::cedar::PolicySet& set) : set_(set) {}
  std::map<std::string, std::map<Need, Use>> needs;  // subject as Cedar text ->
  const std::set<std::string>* masked = nullptr;     // what was masked need not be permitted

  void asked(const policy::Question& question) override {
    if (question.subject.forbids_only || question.round > 1) return;
    std::string resource = question.names.display(question.ask.resource);
    bool shown = question.round == 0;
    if (shown && masked->contains(std::string(question.names.id_of(question.ask.resource)))) return;
    for (auto index : question.answer.permits) {
      if (set_.policies()[index].id != "%any") return;  // a shipped permit gives it already
    }
    Use& use = needs[question.names.display(question.subject.entity)][{std::string(question.ask.action), resource}];
    ++use.times;
    const Touch* touch = question.ask.touch;
    if (touch == nullptr) return;
    use.bound = std::min(use.bound, touch->bound);
    use.rows = std::max(use.rows, touch->rows_bound);
    if (touch->columns_written.empty()) use.all_columns = true;
    use.columns.insert(touch->columns_written.begin(), touch->columns_written.end());
  }

 private:
  const policy::cedar::PolicySet& set_;
};

class UsedWatch final : public policy::Witness {
 public:
  explicit UsedWatch(const policy::cedar::PolicySet& set) : set_(set) {}
  std::map<std::string, std::int64_t> used;
  void asked(const policy::Question& question) override {
    for (auto index : question.answer.permits) ++used[set_.policies()[index].id];
  }

 private:
  const policy::cedar::PolicySet& set_;
};

void merge(Use& into, const Use& use) {
  into.bound = std::min(into.bound, use.bound);
  into.rows = std::max(into.rows, use.rows);
  into.all_columns = into.all_columns || use.all_columns;
  into.columns.insert(use.columns.begin(), use.columns.end());
  into.times += use.times;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string list_of(const std::set<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + quoted(text);
  return out + "]";
}

// No wider than what was seen.
std::string condition_of(const std::string& action, const Use& use) {
  std::vector<std::string> parts;
  bool changes = action == "update" || action == "delete" || action == "merge";
  if (changes && use.bound == Bound::eq) parts.emplace_back("context.bounded == \"eq\"");
  if (changes && use.bound == Bound::weak) parts.emplace_back("[\"eq\", \"weak\"].contains(context.bounded)");
  if ((changes || action == "insert") && use.rows > 0 && use.rows < kUnproven)
    parts.push_back("context.rows_bound <= " + std::to_string(use.rows));
  if ((action == "update" || action == "insert") && !use.all_columns && !use.columns.empty())
    parts.push_back(list_of(use.columns) + ".containsAll(context.columns_written)");
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " && ") + part;
  return out;
}

// One learned permit before it is text.
struct Permit {
  std::string principal, resource, condition, why;
  bool schema = false;
  std::set<std::string> actions;
};

class Learner {
 public:
  Learner(const Bench& bench, std::map<std::string, std::map<Need, Use>> needs)
      : bench_(bench), needs_(std::move(needs)) {}

  std::vector<Permit> run() {
    std::map<Need, std::map<std::string, Use>> by_need;
    for (const auto& [subject, uses] : needs_) {
      for (const auto& [need, use] : uses) by_need[need][subject] = use;
    }
    for (const auto& [need, users] : by_need) {
      for (auto& [principal, use, why] : roles(users)) add(principal, need, use, why);
    }
    generalise();
    std::map<std::tuple<std::string, std::string, std::string, std::string>, Permit> merged;
    for (const auto& [principal, needs] : by_role_) {
      for (const auto& [need, one] : needs) {
        Permit& permit = merged[{principal, need.second, condition_of(need.first, one.use), one.why}];
        permit.principal = principal;
        permit.resource = need.second;
        permit.condition = condition_of(need.first, one.use);
        permit.why = one.why;
        permit.schema = one.schema;
        permit.actions.insert(need.first);
      }
    }
    std::vector<Permit> out;
    out.reserve(merged.size());
    for (auto& [key, permit] : merged) out.push_back(std::move(permit));
    return out;
  }

 private:
  struct Granted {
    Use use;
    std::string why;
    bool schema = false;
  };
  struct Role {
    std::string principal;
    Use use;
    std::string why;
  };

  // A group when all of its accounts used it; else the accounts themselves, so that nobody gets what they never needed.
  std::vector<Role> roles(const std::map<std::string, Use>& users) const {
    std::vector<Role> out;
    std::set<std::string> left;
    for (const auto& [subject, use] : users) left.insert(subject);
    for (const auto& [group, members] : groups()) {
      bool all = std::all_of(members.begin(), members.end(), [&](const std::string& m) { return users.contains(m); });
      bool news = std::any_of(members.begin(), members.end(), [&](const std::string& m) { return left.contains(m); });
      if (!all || !news) continue;
      Role role;
      role.principal = "principal in Group::" + quoted(group);
      role.why = "every account of " + group + " used it";
      for (const std::string& member : members) {
        merge(role.use, users.at(member));
        left.erase(member);
      }
      out.push_back(std::move(role));
    }
    for (const std::string& subject : left)
      out.push_back({"principal == " + subject, users.at(subject), "used by it alone"});
    return out;
  }

  [[nodiscard]] std::map<std::string, std::set<std::string>> groups() const {
    std::map<std::string, std::set<std::string>> out;
    for (const auto& [name, account] : bench_.frame().accounts) {
      for (const std::string& group : account.groups)
        out[group].insert((account.human ? "User::" : "Account::") + quoted(name));
    }
    return out;
  }

  void add(const std::string& principal, const Need& need, const Use& use, const std::string& why) {
    Granted& granted = by_role_[principal][need];
    merge(granted.use, use);
    granted.why = why;
  }

  // Many siblings that were read: the schema stands for them, and the comment says so.
  void generalise() {
    for (auto& [principal, needs] : by_role_) {
      std::map<std::string, std::vector<Need>> schemas;
      for (const auto& [need, granted] : needs) {
        auto dot = need.second.rfind('.');
        bool table = need.first == "select" && need.second.starts_with("Table::\"") && dot != std::string::npos;
        if (table) schemas[need.second.substr(8, need.second.find('.') - 8)].push_back(need);
      }
      for (const auto& [schema, members] : schemas) {
        std::size_t there = tables_in(schema);
        if (members.size() < kSiblingsMin || there == 0 || members.size() * 100 < there * kSiblingsPart) continue;
        Granted whole;
        for (const Need& member : members) {
          merge(whole.use, needs.at(member).use);
          needs.erase(member);
        }
        whole.schema = true;
        whole.why = "generalised: " + std::to_string(members.size()) + " of the schema's " + std::to_string(there) +
                    " tables were read";
        needs[{"select", "Schema::\"" + schema + "\""}] = whole;
      }
    }
  }

  [[nodiscard]] std::size_t tables_in(const std::string& schema) const {
    auto slash = schema.find('/');
    auto catalogue = bench_.catalogue(schema.substr(0, slash));
    if (!catalogue) return 0;
    return static_cast<std::size_t>(
        std::count_if(catalogue->relations.begin(), catalogue->relations.end(), [&](const CatalogueRelation& r) {
          return !r.system && text::entity_part(r.schema) == schema.substr(slash + 1);
        }));
  }

  const Bench& bench_;
  std::map<std::string, std::map<Need, Use>> needs_;
  std::map<std::string, std::map<Need, Granted>> by_role_;
};

std::string cedar_of(const Permit& permit, const std::string& id) {
  std::string actions;
  for (const std::string& action : permit.actions)
    actions += (actions.empty() ? "" : ", ") + ("Action::" + quoted(action));
  std::string out = "// " + permit.why + "\n@id(" + quoted(id) + ")\npermit (" + permit.principal + ", action " +
                    (permit.actions.size() == 1 ? "== " + actions : "in [" + actions + "]") + ", resource " +
                    (permit.schema ? "in " : "== ") + permit.resource + ")";
  if (!permit.condition.empty()) out += "\nwhen { " + permit.condition + " }";
  return out + ";\n\n";
}

// The forbids of the user's own files, as they stand there: learning must not take a prohibition away.
std::string forbids_of(const policy::Book& book) {
  std::string out;
  for (const policy::BookPolicy& written : book.policies()) {
    if (written.parsed.permit || book.sources()[written.source].name.starts_with("libguard:")) continue;
    out += std::string(book.text(written, written.all)) + "\n\n";
  }
  return out.empty() ? out : "// Kept from the present set: what forbids.\n" + out;
}

}  // namespace

std::string policy_learn_json(std::string_view text) {
  Json json = read_request(text, {"config", "catalogues", "live", "audit", "since", "sessions"});
  Bench present(spec_of(json));
  std::vector<policy::PolicySource> open;
  for (const policy::PolicySource& source : present.sources()) {
    if (source.name.starts_with("libguard:")) open.push_back(source);
  }
  open.push_back({"any", "@id(\"%any\") permit (principal, action, resource);"});
  Bench anything(present, std::move(open));
  NeedWatch needs(anything.decider().policies().set);
  UsedWatch used(present.decider().policies().set);
  std::int64_t actions = 0, learned_from = 0, not_decided = 0;
  read_history(json, present, [&](const Json& action) {
    Recorded recorded = recorded_of(action, anything);
    ++actions;
    if (recorded.then != Then::allow && recorded.then != Then::ask) return;
    if (!recorded.asked || !recorded.why_not.empty()) {
      ++not_decided;
      return;
    }
    ++learned_from;
    needs.masked = &recorded.masked_then;
    (void)judge(anything, recorded, &needs);
    (void)judge(present, recorded, &used);
  });
  Json policies = Json::array(), unused = Json::array();
  std::string cedar = "// Learned from " + std::to_string(learned_from) +
                      " recorded actions. Read it before you use it: what was done is not always what should be.\n\n";
  std::size_t number = 0;
  for (const Permit& permit : Learner(present, std::move(needs.needs)).run()) {
    std::string id = "learned-" + std::to_string(++number);
    cedar += cedar_of(permit, id);
    policies.push_back({{"id", id},
                        {"principal", permit.principal},
                        {"actions", permit.actions},
                        {"resource", permit.resource},
                        {"condition", permit.condition},
                        {"why", permit.why}});
  }
  policy::cedar::Names names;
  policy::Book book(present.sources(), names);
  cedar += forbids_of(book);
  for (const policy::BookPolicy& written : book.policies()) {
    bool shipped = book.sources()[written.source].name.starts_with("libguard:");
    if (written.parsed.permit && !shipped && !used.used.contains(written.id)) unused.push_back(written.id);
  }
  return dump({{"actions", actions},
               {"learned_from", learned_from},
               {"not_decided", not_decided},
               {"cedar", cedar},
               {"policies", std::move(policies)},
               {"unused", std::move(unused)},
               {"used", used.used}});
}

}  // namespace libguard
