#include "policy/asks.h"

#include <algorithm>

#include "base/text.h"
#include "policy/risk.h"
#include "policy/system_values.h"

namespace libguard::policy {
namespace {

// A user schema of this name would be taken for the system's own place.
void append_schema(std::string& id, std::string_view schema) {
  if (schema == "$system")
    id += "%24system";
  else
    text::append_entity_part(id, schema);
}

std::vector<EntityIndex> below(const ConnectionEntity& connection) {
  std::vector<EntityIndex> out;
  out.reserve(connection.anchor.ancestors.size() + 3);  // and a schema, and a tag
  out = connection.anchor.ancestors;
  out.push_back(connection.anchor.entity);
  return out;
}

void sort(std::vector<EntityIndex>& list) { std::sort(list.begin(), list.end()); }

// "opaque_function public.f": code that runs unseen, but has a name that a permit can name. Empty for another doubt.
std::string_view function_in_doubt(std::string_view doubt) {
  for (std::string_view kind : {"opaque_function ", "implicit_cast "}) {
    if (doubt.starts_with(kind)) return doubt.substr(kind.size());
  }
  return {};
}

// Doubts of which command/ has already made pessimistic facts; any other doubt refuses.
bool harmless_doubt(std::string_view doubt) {
  return doubt == "lineage_unknown" || doubt.starts_with("unvetted_function ");
}

}  // namespace

std::string shown_object(std::string_view object) {
  for (std::string_view schema : {"main.", "public."}) {
    if (object.starts_with(schema) && object.find('.', schema.size()) == std::string_view::npos)
      object.remove_prefix(schema.size());
  }
  return text::visible(object);
}

bool AskBuilder::fail(std::string failed_code, std::string sentence) {
  code = std::move(failed_code);
  why = std::move(sentence);
  return false;
}

Ask AskBuilder::connection_ask(std::string_view action, const ConnectionEntity& connection) const {
  return {action,
          words_.action(action),
          connection.anchor.entity,
          connection.anchor.ancestors,
          nullptr,
          "connection " + text::visible(connection.frame->name),
          false};
}

Ask AskBuilder::tool(const std::string& name, const ConnectionEntity* connection) {
  EntityIndex entity = names_.entity(words_.type(Type::tool), name);
  std::vector<EntityIndex> tags;
  if (connection != nullptr) tags = connection->anchor.ancestors;
  return {"use", words_.action("use"), entity, std::move(tags), nullptr, "tool " + text::visible(name), false};
}

Ask AskBuilder::data_class(std::string_view action, const std::string& name) const {
  const NamedAnchor& anchor = words_.data_class(name);
  return {action,  words_.action(action),          anchor.entity, anchor.ancestors,
          nullptr, "class " + text::visible(name), false};
}

bool AskBuilder::touch(const Touch& touch, const ConnectionEntity& connection, Dialect dialect) {
  std::string_view action = touch.action == "truncate" ? std::string_view("delete") : std::string_view(touch.action);
  const NamedAnchor* anchor = words_.action(action);
  auto dot = touch.object.find('.');
  // With two dots a PostgreSQL name could be read in two ways; SQLite's schemas have none.
  bool clear =
      dot != std::string::npos && (dialect == Dialect::sqlite || touch.object.find('.', dot + 1) == std::string::npos);
  if (anchor == nullptr || !clear)
    return fail("command.unknown_name", "the command touches something that policy has no name for");
  std::string_view object = touch.object;
  std::string id;
  id.reserve(connection.part.size() + object.size() + 16);
  id += connection.part;
  id += '/';
  if (touch.system)
    id += "$system";
  else
    append_schema(id, object.substr(0, dot));
  EntityIndex schema_entity = names_.entity(words_.type(Type::schema), id);
  id += '.';
  text::append_entity_part(id, object.substr(dot + 1));
  Ask ask{action, anchor, names_.entity(words_.type(Type::table), id), below(connection), &touch, {}, false};
  ask.ancestors.push_back(schema_entity);
  sort(ask.ancestors);
  asks.push_back(std::move(ask));
  return true;
}

void AskBuilder::function(const CalledFunction& function, const ConnectionEntity& connection, bool opaque) {
  auto dot = function.name.find('.');
  std::string id = connection.part + "/";
  Ask ask{"call", words_.action("call"), 0, below(connection), nullptr, "function " + text::visible(function.name),
          opaque};
  if (dot != std::string::npos) {
    append_schema(id, std::string_view(function.name).substr(0, dot));
    ask.ancestors.push_back(names_.entity(words_.type(Type::schema), id));
    id += '.';
  }
  id += text::entity_part(std::string_view(function.name).substr(dot == std::string::npos ? 0 : dot + 1));
  ask.resource = names_.entity(words_.type(Type::function), id);
  if (function.safe && !opaque) ask.ancestors.push_back(words_.safe_tag());
  sort(ask.ancestors);
  asks.push_back(std::move(ask));
}

// An effect that no touch stands for is asked of the connection itself, so that nothing goes unasked.
bool AskBuilder::effect(const Command& command, const ConnectionEntity& connection) {
  auto touched = [&](auto test) { return std::any_of(command.touches.begin(), command.touches.end(), test); };
  std::string_view action = to_string(command.effect);
  switch (command.effect) {
    case CommandEffect::read:
      return true;
    case CommandEffect::session:
      asks.push_back(connection_ask("session", connection));
      return true;
    case CommandEffect::ddl:
    case CommandEffect::dcl:
    case CommandEffect::maintenance:
      if (!touched([&](const Touch& t) { return t.action == action; }))
        asks.push_back(connection_ask(action, connection));
      return true;
    case CommandEffect::write:
      if (touched([](const Touch& t) { return is_write_action(t.action); })) return true;
      return fail("command.opaque", "the command writes, but not to any table that could be named");
    case CommandEffect::opaque:
      break;
  }
  return fail("command.opaque", "what the command would do cannot be told from outside");
}

void AskBuilder::classes(std::string_view action, const ClassSet& set, const ColumnClasses& classes) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i]) asks.push_back(data_class(action, classes.name(i)));
  }
}

bool AskBuilder::command(const Request& request, const Command& command, const ConnectionEntity& connection,
                         const ClassUse& use, const ColumnClasses& column_classes) {
  std::set<std::string_view> opaque;
  for (const std::string& doubt : command.doubts) {
    if (doubt == "no_catalogue")
      return fail("command.no_catalogue", "without a catalogue nobody can tell what the names in the command mean");
    std::string_view function = function_in_doubt(doubt);
    if (!function.empty()) {
      opaque.insert(function);
    } else if (!harmless_doubt(doubt)) {
      return fail(doubt.starts_with("opaque") ? "command.opaque" : "command.doubt",
                  "part of the command could not be understood with certainty");
    }
  }
  for (std::string_view name : opaque) {
    bool listed = std::any_of(command.functions.begin(), command.functions.end(),
                              [&](const CalledFunction& f) { return f.name == name; });
    if (!listed) return fail("command.opaque", "the command runs code that policy cannot be asked about");
  }
  asks.reserve(command.touches.size() + command.functions.size() + 4);
  asks.push_back(connection_ask("connect", connection));
  if (!request.tool.empty()) asks.push_back(tool(request.tool, &connection));
  for (const Touch& one : command.touches) {
    if (!touch(one, connection, command.dialect)) return false;
  }
  if (!effect(command, connection)) return false;
  for (const CalledFunction& one : command.functions) function(one, connection, opaque.contains(one.name));
  classes("match", use.matched, column_classes);
  classes("infer", use.inferred, column_classes);
  classes("unmask", use.carried, column_classes);
  return true;
}

ClassUse class_use(const Command& command, const ColumnClasses& classes) {
  ClassUse use{classes.none(), classes.none(), classes.none(), classes.none()};
  std::set<std::string_view> system;
  for (const Touch& touch : command.touches) {
    if (touch.system) system.insert(touch.object);
  }
  auto of_system = [&](const std::string& column) {
    return !system.empty() && system.contains(std::string_view(column).substr(0, column.rfind('.')));
  };
  // Statistics and definitions may hold any value of any table.
  auto add = [&](const std::string& column, ClassSet& out) {
    if (of_system(column))
      out = classes.all();
    else
      classes.add(command.connection, column, out);
  };
  for (const RevealedColumn& revealed : command.reveals) {
    for (const std::string& source : revealed.sources) {
      add(source, use.shown);
      if (of_system(source) && holds_values(source, command.dialect)) use.carried = classes.all();
    }
  }
  if (!system.empty()) use.shown = classes.all();
  for (const std::string& source : command.error_reveals) add(source, use.carried);
  for (const std::string& source : command.carries) add(source, use.carried);
  if (!system.empty() && !command.carries.empty()) use.carried = classes.all();
  for (const TestedColumn& tested : command.tests) add(tested.column, tested.match ? use.matched : use.inferred);
  return use;
}

std::optional<std::vector<Subject>> subjects_of(const Identity& identity, const Vocabulary& words, cedar::Names& names,
                                                std::string& why) {
  if (identity.account.empty()) {
    why = "nobody is authenticated; open a session with an account, a token or a key";
    return std::nullopt;
  }
  auto subject = [&](const std::string& name, bool person, const std::vector<std::string>& groups, bool forbids_only) {
    if (const NamedAnchor* known = words.account(name, person, groups))
      return Subject{known->entity, known->ancestors, forbids_only, text::visible(name)};
    Subject out{
        names.entity(words.type(person ? Type::user : Type::account), name), {}, forbids_only, text::visible(name)};
    for (const std::string& group : groups) out.groups.push_back(names.entity(words.type(Type::group), group));
    sort(out.groups);
    return out;
  };
  std::vector<Subject> subjects;
  subjects.push_back(subject(identity.account, identity.human, identity.groups, false));
  if (!identity.user) return subjects;
  const ActsFor& user = *identity.user;
  if (user.account.empty() && user.verified) {
    why = "the verified user is not bound to any account, so that nothing can be permitted to it";
    return std::nullopt;
  }
  auto known = words.frame().accounts.find(user.account);
  bool person = known == words.frame().accounts.end() || known->second.human;
  subjects.push_back(subject(user.account.empty() ? user.subject : user.account, person, user.groups, !user.verified));
  return subjects;
}

}  // namespace libguard::policy
