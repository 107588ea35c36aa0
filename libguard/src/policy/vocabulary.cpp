#include "policy/vocabulary.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "libguard/error.h"

namespace libguard::policy {
namespace {

constexpr std::string_view kTypeNames[] = {"Account", "User",     "Group", "Connection", "Schema",
                                           "Table",   "Function", "Host",  "Endpoint",   "DataClass",
                                           "Tool",    "Tag",      "Action"};
static_assert(std::size(kTypeNames) == kTypes);

struct ActionWord {
  std::string_view name;
  std::string_view group;  // "" = none
};
constexpr ActionWord kActions[] = {
    {"connect", ""},
    {"use", ""},
    {"call", ""},
    {"session", ""},
    {"unmask", ""},
    {"match", ""},
    {"infer", ""},
    {"read", ""},
    {"write", ""},
    {"admin", ""},
    {"select", "read"},
    {"http.get", "read"},
    {"http.head", "read"},
    {"insert", "write"},
    {"update", "write"},
    {"delete", "write"},
    {"merge", "write"},
    {"http.post", "write"},
    {"http.put", "write"},
    {"http.patch", "write"},
    {"http.delete", "write"},
    {"ddl", "admin"},
    {"dcl", "admin"},
    {"maintenance", "admin"},
};

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string near = text::nearest(word, candidates);
  return near.empty() ? std::string() : "; did you mean \"" + near + "\"?";
}

[[noreturn]] void refuse(const char* code, const std::string& sentence) {
  throw Error(ErrorKind::configuration, code, sentence);
}

}  // namespace

Vocabulary::Vocabulary(std::shared_ptr<const Frame> frame) : frame_(std::move(frame)) {
  for (const ContextAttribute& attribute : context_attributes()) (void)names.symbol(attribute.name);
  for (std::size_t i = 0; i < kTypes; ++i) types_[i] = names.symbol(kTypeNames[i]);
  add_facts();
  safe_ = names.entity(type(Type::tag), "safe");
  add_actions();
  add_connections();
  add_classes();
  add_accounts();
}

void Vocabulary::add_accounts() {
  for (const auto& [name, frame] : frame_->accounts) {
    KnownAccount known;
    known.person = frame.human;
    known.groups = frame.groups;
    std::sort(known.groups.begin(), known.groups.end());
    known.anchor.entity = names.entity(type(frame.human ? Type::user : Type::account), name);
    for (const std::string& group : known.groups)
      known.anchor.ancestors.push_back(names.entity(type(Type::group), group));
    std::sort(known.anchor.ancestors.begin(), known.anchor.ancestors.end());
    accounts_.emplace(name, std::move(known));
  }
}

const NamedAnchor* Vocabulary::account(const std::string& name, bool person,
                                       const std::vector<std::string>& groups) const {
  auto found = accounts_.find(name);
  if (found == accounts_.end() || found->second.person != person || found->second.groups != groups) return nullptr;
  return &found->second.anchor;
}

void Vocabulary::add_facts() {
  for (const Fact& fact : frame_->facts) {
    Symbol before = static_cast<Symbol>(kContextNames + kTypes + facts_.size());
    Symbol symbol = names.symbol(fact.name);
    // Another name than the context's own, and only once: a fact must not stand in for what the guard says itself.
    if (symbol != before)
      refuse("policy.fact_name", "facts." + fact.name + ": this name is taken in context; choose another");
    facts_.push_back(symbol);
  }
}

void Vocabulary::add_actions() {
  for (const ActionWord& word : kActions) {
    NamedAnchor anchor{names.entity(type(Type::action), word.name), {}};
    if (!word.group.empty()) anchor.ancestors.push_back(names.entity(type(Type::action), word.group));
    entities.add(anchor.entity, {nullptr, nullptr, anchor.ancestors});
    actions_.emplace(word.name, std::move(anchor));
  }
}

void Vocabulary::add_connections() {
  for (const auto& [name, frame] : frame_->connections) {
    ConnectionEntity connection;
    connection.frame = &frame;
    connection.part = text::entity_part(name);
    connection.anchor.entity = names.entity(type(Type::connection), name);
    for (const std::string& tag : frame.tags) {
      if (tag == "safe")
        refuse("policy.reserved_tag", "connections." + name + ".tags: \"safe\" is reserved for vetted functions");
      connection.anchor.ancestors.push_back(names.entity(type(Type::tag), tag));
      connection.production = connection.production || tag == "prod";
    }
    std::sort(connection.anchor.ancestors.begin(), connection.anchor.ancestors.end());
    entities.add(connection.anchor.entity, {nullptr, nullptr, connection.anchor.ancestors});
    connections_.emplace(name, std::move(connection));
  }
}

void Vocabulary::add_classes() {
  for (const auto& [name, data_class] : frame_->classes) {
    NamedAnchor anchor{names.entity(type(Type::data_class), name), {}};
    for (auto dot = name.rfind('.'); dot != std::string::npos && dot != 0; dot = name.rfind('.', dot - 1)) {
      anchor.ancestors.push_back(names.entity(type(Type::data_class), name.substr(0, dot)));
    }
    std::sort(anchor.ancestors.begin(), anchor.ancestors.end());
    entities.add(anchor.entity, {nullptr, nullptr, anchor.ancestors});
    classes_.emplace(name, std::move(anchor));
  }
}

bool Vocabulary::is_type(Symbol symbol) const {
  return std::find(types_.begin(), types_.end(), symbol) != types_.end();
}

const ConnectionEntity* Vocabulary::connection(const std::string& name) const {
  auto found = connections_.find(name);
  return found == connections_.end() ? nullptr : &found->second;
}

const NamedAnchor* Vocabulary::action(std::string_view name) const {
  auto found = actions_.find(name);
  return found == actions_.end() ? nullptr : &found->second;
}

void Vocabulary::adopt_literals() {
  for (EntityIndex entity = 0, count = names.entity_count(); entity < count; ++entity) adopt(entity);
}

void Vocabulary::adopt(EntityIndex entity) {
  Symbol of = names.type_of(entity);
  std::string id(names.id_of(entity));
  std::vector<EntityIndex> parents;
  if (of == type(Type::table) || of == type(Type::schema) || of == type(Type::function)) {
    auto slash = id.find('/');
    for (const auto& [name, connection] : connections_) {
      if (connection.part == id.substr(0, slash)) parents.push_back(connection.anchor.entity);
    }
    auto dot = id.find('.', slash == std::string::npos ? 0 : slash);
    if (of != type(Type::schema) && dot != std::string::npos) {
      EntityIndex schema = names.entity(type(Type::schema), id.substr(0, dot));
      parents.push_back(schema);
      adopt(schema);
    }
  } else if (of == type(Type::account) || of == type(Type::user)) {
    auto account = frame_->accounts.find(id);
    if (account == frame_->accounts.end()) return;
    for (const std::string& group : account->second.groups) parents.push_back(names.entity(type(Type::group), group));
  }
  (void)entities.add(entity, {nullptr, nullptr, std::move(parents)});
}

std::vector<std::string> Vocabulary::groups() const {
  std::set<std::string> all;
  for (const auto& [name, account] : frame_->accounts) all.insert(account.groups.begin(), account.groups.end());
  return {all.begin(), all.end()};
}

std::string Vocabulary::complaint_about_group(std::string_view group) const {
  std::vector<std::string> known = groups();
  if (std::find(known.begin(), known.end(), group) != known.end()) return {};
  return "unknown-group: nobody is in Group \"" + std::string(group) + "\"" + did_you_mean(group, known);
}

std::string Vocabulary::complaint_about_object(std::string_view id) const {
  std::vector<std::string> known;
  for (const auto& [name, connection] : connections_) known.push_back(connection.part);
  std::string_view part = id.substr(0, id.find('/'));
  if (part.size() == id.size()) return "its id must begin with a connection: \"connection/...\"";
  if (std::find(known.begin(), known.end(), part) != known.end()) return {};
  return "unknown-connection: there is no connection \"" + std::string(part) + "\"" + did_you_mean(part, known);
}

std::string Vocabulary::complaint_about_principal(std::string_view id, bool person) const {
  auto account = frame_->accounts.find(std::string(id));
  if (account == frame_->accounts.end()) {
    if (person) return {};  // an asserted user may have any name
    std::vector<std::string> known;
    for (const auto& [name, entry] : frame_->accounts) known.push_back(name);
    return "unknown-account: there is no account \"" + std::string(id) + "\"" + did_you_mean(id, known);
  }
  if (account->second.human == person) return {};
  return person ? "this account is a machine; write Account::\"...\"" : "this account is a person; write User::\"...\"";
}

std::string Vocabulary::complaint(EntityIndex entity) const {
  Symbol of = names.type_of(entity);
  std::string_view id = names.id_of(entity);
  auto unknown = [&](const char* what, auto&& known) {
    std::vector<std::string> words;
    for (const auto& entry : known) words.emplace_back(entry.first);
    return std::string("unknown-") + what + ": there is no " + what + " \"" + std::string(id) + "\"" +
           did_you_mean(id, words);
  };
  if (!is_type(of)) return "unknown-type: there is no entity type \"" + std::string(names.text(of)) + "\"";
  if (of == type(Type::group)) return complaint_about_group(id);
  if (of == type(Type::account) || of == type(Type::user)) return complaint_about_principal(id, of == type(Type::user));
  if (of == type(Type::connection))
    return connections_.contains(id) ? std::string() : unknown("connection", connections_);
  if (of == type(Type::action)) return actions_.contains(id) ? std::string() : unknown("action", actions_);
  if (of == type(Type::schema) || of == type(Type::table) || of == type(Type::function))
    return complaint_about_object(id);
  if (of == type(Type::data_class)) {
    bool known = std::any_of(classes_.begin(), classes_.end(), [&](const auto& entry) {
      return entry.first == id || entry.first.starts_with(std::string(id) + ".");
    });
    return known ? std::string() : unknown("class", classes_);
  }
  if (of == type(Type::tag) && entity != safe_) {
    std::map<std::string, bool> tags;
    for (const auto& [name, connection] : frame_->connections) {
      for (const std::string& tag : connection.tags) tags[tag] = true;
    }
    if (!tags.contains(std::string(id))) return unknown("tag", tags);
  }
  return {};
}

}  // namespace libguard::policy
