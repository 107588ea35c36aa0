// The JSON form of a Catalogue. One description of the fields serves reader and writer, so that the two cannot drift
// apart. Empty, false and zero members are left out when writing and mean the same when reading; unknown members are
// refused, because a misspelt "not_null" or "system" would change what the guard believes.
#include <limits>
#include <type_traits>

#include "base/json.h"
#include "libguard/error.h"
#include "model/catalogue.h"

namespace libguard {
namespace {

template <class Fields>
void describe(Fields& f, CatalogueColumn& c) {
  f("name", c.name);
  f("type", c.type);
  f("not_null", c.not_null);
  f("has_default", c.has_default);
  f("generated", c.generated);
  f("number", c.number);
  f("expression", c.expression);
}

template <class Fields>
void describe(Fields& f, CatalogueKey& k) {
  f("columns", k.columns);
  f("not_null", k.not_null);
}

template <class Fields>
void describe(Fields& f, CatalogueTrigger& t) {
  f("name", t.name);
  f("function", t.function);
  f("events", t.events);
  f("internal", t.internal);
  f("enabled", t.enabled);
  f("timing", t.timing);
  f("per_statement", t.per_statement);
  f("columns", t.columns);
  f("definition", t.definition);
}

template <class Fields>
void describe(Fields& f, CatalogueRule& r) {
  f("name", r.name);
  f("event", r.event);
  f("instead", r.instead);
  f("conditional", r.conditional);
  f("enabled", r.enabled);
  f("definition", r.definition);
}

template <class Fields>
void describe(Fields& f, CataloguePolicy& p) {
  f("name", p.name);
  f("command", p.command);
  f("restrictive", p.restrictive);
  f("using", p.using_expression);
  f("check", p.check_expression);
}

template <class Fields>
void describe(Fields& f, CatalogueDomain& d) {
  f("name", d.name);
  f("base", d.base);
  f("checks", d.checks);
  f("expression", d.expression);
}

template <class Fields>
void describe(Fields& f, ForeignKey& k) {
  f("from", k.from);
  f("to", k.to);
  f("on_delete", k.on_delete);
  f("on_update", k.on_update);
  f("columns", k.columns);
  f("referenced", k.referenced);
}

template <class Fields>
void describe(Fields& f, CatalogueRelation& r) {
  f("schema", r.schema);
  f("name", r.name);
  f("kind", r.kind);
  f("oid", r.oid);
  f("system", r.system);
  f("temporary", r.temporary);
  f("columns", r.columns);
  f("keys", r.keys);
  f("definition", r.definition);
  f("depends", r.depends);
  f("children", r.children);
  f("parents", r.parents);
  f("triggers", r.triggers);
  f("rule_events", r.rule_events);
  f("row_security", r.row_security);
  f("rules", r.rules);
  f("policies", r.policies);
  f("checks", r.checks);
  f("server", r.server);
  f("beyond", r.beyond);
}

template <class Fields>
void describe(Fields& f, CatalogueFunction& c) {
  f("schema", c.schema);
  f("name", c.name);
  f("oid", c.oid);
  f("argument_types", c.argument_types);
  f("result_type", c.result_type);
  f("defaults", c.defaults);
  f("variadic", c.variadic);
  f("kind", c.kind);
  f("volatility", c.volatility);
  f("security_definer", c.security_definer);
  f("returns_set", c.returns_set);
  f("language", c.language);
  f("body_digest", c.body_digest);
  f("strict", c.strict);
  f("body", c.body);
  f("standard_body", c.standard_body);
  f("all_types", c.all_types);
  f("argument_names", c.argument_names);
  f("argument_modes", c.argument_modes);
  f("argument_defaults", c.argument_defaults);
  f("settings", c.settings);
  f("parts", c.parts);
}

template <class Fields>
void describe(Fields& f, CatalogueOperator& o) {
  f("schema", o.schema);
  f("name", o.name);
  f("left", o.left);
  f("right", o.right);
  f("function", o.function);
}

template <class Fields>
void describe(Fields& f, CatalogueCast& c) {
  f("source", c.source);
  f("target", c.target);
  f("function", c.function);
  f("context", c.context);
}

template <class Fields>
void describe(Fields& f, Catalogue& c) {
  f("dialect", c.dialect);
  f("format", c.format);
  f("version", c.version);
  f("server_version", c.server_version);
  f("system_identifier", c.system_identifier);
  f("search_path", c.search_path);
  f("relations", c.relations);
  f("functions", c.functions);
  f("operators", c.operators);
  f("casts", c.casts);
  f("foreign_keys", c.foreign_keys);
  f("types", c.types);
  f("domains", c.domains);
  f("domain_checks", c.domain_checks);
  f("event_triggers", c.event_triggers);
  f("server_options", c.server_options);
}

class Writer {
 public:
  [[nodiscard]] Json take() { return std::move(json_); }

  void operator()(const char* name, const std::string& text) {
    if (!text.empty()) json_[name] = text;
  }
  void operator()(const char* name, bool flag) {
    if (flag) json_[name] = true;
  }
  void operator()(const char* name, char letter) { json_[name] = std::string(1, letter); }
  void operator()(const char* name, Dialect dialect) { json_[name] = to_string(dialect); }
  template <class Number>
    requires std::is_integral_v<Number>
  void operator()(const char* name, Number number) {
    if (number != 0) json_[name] = number;
  }
  void operator()(const char* name, std::vector<std::string>& words) {
    if (!words.empty()) json_[name] = words;
  }
  template <class Part>
  void operator()(const char* name, std::vector<Part>& parts) {
    if (parts.empty()) return;
    Json list = Json::array();
    for (Part& part : parts) {
      Writer writer;
      describe(writer, part);
      list.push_back(writer.take());
    }
    json_[name] = std::move(list);
  }

 private:
  Json json_ = Json::object();
};

[[noreturn]] void malformed(const std::string& where, const char* what) {
  throw Error(ErrorKind::invalid, "catalogue.malformed", "the catalogue file is malformed at " + where + ": " + what);
}

class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) malformed(where_, "an object is expected");
  }

  // Called once after describe: whatever was not asked for is unknown.
  void finish() const {
    if (found_ != json_.size()) malformed(where_, "a member is unknown");
  }

  void operator()(const char* name, std::string& text) {
    if (const Json* member = find(name)) text = string_of(*member, name);
  }
  void operator()(const char* name, bool& flag) {
    const Json* member = find(name);
    if (member == nullptr) return;
    if (!member->is_boolean()) malformed(where_ + "." + name, "true or false is expected");
    flag = member->get<bool>();
  }
  void operator()(const char* name, char& letter) {
    const Json* member = find(name);
    if (member == nullptr) return;
    std::string text = string_of(*member, name);
    if (text.size() != 1) malformed(where_ + "." + name, "one letter is expected");
    letter = text[0];
  }
  void operator()(const char* name, Dialect& dialect) {
    const Json* member = find(name);
    std::string text = member == nullptr ? std::string() : string_of(*member, name);
    if (text != "sqlite" && text != "postgres") malformed(where_ + "." + name, "sqlite or postgres is expected");
    dialect = text == "sqlite" ? Dialect::sqlite : Dialect::postgres;
  }
  template <class Number>
    requires std::is_integral_v<Number>
  void operator()(const char* name, Number& number) {
    const Json* member = find(name);
    if (member == nullptr) return;
    bool fits = member->is_number_integer() && (!member->is_number_unsigned() ||
                                                member->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
    std::int64_t wide = fits ? member->get<std::int64_t>() : 0;
    fits = fits && wide >= std::numeric_limits<Number>::min() && wide <= std::numeric_limits<Number>::max();
    if (!fits) malformed(where_ + "." + name, "a small enough integer is expected");
    number = static_cast<Number>(wide);
  }
  void operator()(const char* name, std::vector<std::string>& words) {
    const Json* member = find_array(name);
    if (member == nullptr) return;
    for (const Json& word : *member) words.push_back(string_of(word, name));
  }
  template <class Part>
  void operator()(const char* name, std::vector<Part>& parts) {
    const Json* member = find_array(name);
    if (member == nullptr) return;
    parts.reserve(member->size());
    for (const Json& part : *member) {
      Reader reader(part, where_ + "." + name + "[" + std::to_string(parts.size()) + "]");
      describe(reader, parts.emplace_back());
      reader.finish();
    }
  }

 private:
  const Json* find(const char* name) {
    auto member = json_.find(name);
    if (member == json_.end()) return nullptr;
    ++found_;
    return &*member;
  }
  const Json* find_array(const char* name) {
    const Json* member = find(name);
    if (member != nullptr && !member->is_array()) malformed(where_ + "." + name, "an array is expected");
    return member;
  }
  std::string string_of(const Json& json, const char* name) const {
    if (!json.is_string()) malformed(where_ + "." + name, "text is expected");
    return json.get<std::string>();
  }

  const Json& json_;
  std::string where_;
  std::size_t found_ = 0;
};

constexpr int kFormat = 2;

void check(const Catalogue& catalogue) {
  if (catalogue.format < 1 || catalogue.format > kFormat) {
    malformed("catalogue.format", "this version reads formats 1 and 2 only");
  }
  for (const CatalogueRelation& relation : catalogue.relations) {
    if (relation.name.empty() || relation.schema.empty()) malformed("catalogue.relations", "a relation has no name");
  }
}

}  // namespace

std::string to_json_text(const Catalogue& catalogue) {
  Catalogue copy = catalogue;  // describe() takes references that the reader writes through
  Writer writer;
  describe(writer, copy);
  return dump(writer.take());
}

Catalogue catalogue_from_json_text(std::string_view text) {
  JsonResult parsed = read_json(text);
  if (!parsed.value)
    throw Error(ErrorKind::invalid, "catalogue.malformed", "the catalogue file is malformed: " + parsed.error);
  Catalogue catalogue;
  Reader reader(*parsed.value, "catalogue");
  describe(reader, catalogue);
  reader.finish();
  check(catalogue);
  return catalogue;
}

}  // namespace libguard
