#include "backend/postgres/catalogue_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/postgres/catalogue_queries.h"
#include "backend/postgres/connect.h"
#include "base/json.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// Bodies of functions past this many bytes in all are left out, and stay opaque.
constexpr std::size_t kBodiesBytesMax = 16 * 1024 * 1024;

std::vector<std::string> names(const pqxx::field& field) {
  std::vector<std::string> out;
  if (field.is_null()) return out;
  JsonResult read = read_json(field.c_str());
  if (!read.value || !read.value->is_array())
    throw Error(ErrorKind::internal, "catalogue.malformed", "a list of the catalogue cannot be read");
  for (const Json& name : *read.value) out.push_back(name.get<std::string>());
  return out;
}

std::string text(const pqxx::field& field) { return field.is_null() ? "" : field.c_str(); }
bool truth(const pqxx::field& field) { return !field.is_null() && field.c_str()[0] == 't'; }
char letter(const pqxx::field& field) { return field.is_null() ? '\0' : field.c_str()[0]; }

std::string action_of(char code) {
  switch (code) {
    case 'r':
      return "restrict";
    case 'c':
      return "cascade";
    case 'n':
      return "set null";
    case 'd':
      return "set default";
    default:
      return "no action";
  }
}

}  // namespace

CatalogueReader::CatalogueReader(pqxx::transaction_base& transaction, const PostgresConfig& config)
    : transaction_(transaction) {
  loaded_ = queries::kLoaded;
  std::string place = "{schemas}";
  loaded_.replace(loaded_.find(place), place.size(), transaction_.quote(text_array(config.schemas)));
  catalogue_.dialect = Dialect::postgres;
  catalogue_.search_path = config.schemas;
}

Catalogue CatalogueReader::read() {
  relations();
  columns();
  keys();
  triggers();
  edges();
  expressions();
  foreign_keys();
  functions();
  operators_and_casts();
  types();
  server();
  return std::move(catalogue_);
}

bool CatalogueReader::on_same_server(const Catalogue& known) {
  server();
  return catalogue_.server_options == known.server_options && catalogue_.server_version == known.server_version;
}

pqxx::result CatalogueReader::of_loaded(const char* query) { return transaction_.exec(loaded_ + query); }

CatalogueRelation* CatalogueReader::relation(const pqxx::field& oid) {
  auto found = by_oid_.find(oid.as<std::int64_t>());
  return found == by_oid_.end() ? nullptr : &catalogue_.relations[found->second];
}

void CatalogueReader::relations() {
  for (const auto& row : of_loaded(queries::kRelations)) {
    CatalogueRelation& out = catalogue_.relations.emplace_back();
    out.oid = row[0].as<std::int64_t>();
    out.schema = text(row[1]);
    out.name = text(row[2]);
    out.kind = letter(row[3]);
    out.system = truth(row[4]);
    out.row_security = truth(row[5]);
    out.definition = text(row[6]);
    out.beyond = truth(row[7]);
    out.server = text(row[8]);
    by_oid_.emplace(out.oid, catalogue_.relations.size() - 1);
  }
}

void CatalogueReader::columns() {
  for (const auto& row : of_loaded(queries::kColumns)) {
    CatalogueRelation* owner = relation(row[0]);
    if (owner == nullptr) continue;
    CatalogueColumn column;
    column.name = text(row[1]);
    column.type = text(row[2]);
    column.not_null = truth(row[3]);
    column.has_default = truth(row[4]);
    column.generated = truth(row[5]);
    column.number = row[6].as<std::int16_t>();
    if (!owner->system) column.expression = text(row[7]);
    owner->columns.push_back(std::move(column));
  }
}

void CatalogueReader::keys() {
  for (const auto& row : of_loaded(queries::kKeys)) {
    std::vector<std::string> of = names(row[1]);
    CatalogueRelation* owner = relation(row[0]);
    if (owner != nullptr && !of.empty()) owner->keys.push_back({std::move(of), truth(row[2])});
  }
}

void CatalogueReader::triggers() {
  static constexpr std::pair<int, const char*> kEvents[] = {
      {4, "insert"}, {16, "update"}, {8, "delete"}, {32, "truncate"}};
  for (const auto& row : of_loaded(queries::kTriggers)) {
    CatalogueRelation* owner = relation(row[0]);
    if (owner == nullptr) continue;
    CatalogueTrigger trigger;
    trigger.name = text(row[1]);
    trigger.function = text(row[2]);
    for (auto [bit, event] : kEvents) {
      if ((row[3].as<int>() & bit) != 0) trigger.events.push_back(event);
    }
    trigger.internal = truth(row[4]);
    const int type = row[3].as<int>();
    trigger.per_statement = (type & 1) == 0;
    trigger.timing = (type & 64) != 0 ? "instead of" : (type & 2) != 0 ? "before" : "after";
    trigger.enabled = letter(row[5]);
    trigger.columns = names(row[6]);
    trigger.definition = text(row[7]);
    owner->triggers.push_back(std::move(trigger));
  }
  for (const auto& row : transaction_.exec(queries::kEventTriggers)) {
    CatalogueTrigger& trigger = catalogue_.event_triggers.emplace_back();
    trigger.name = text(row[0]);
    trigger.function = text(row[1]);
    trigger.events.push_back(text(row[2]));
    trigger.enabled = letter(row[3]);
  }
}

void CatalogueReader::expressions() {
  for (const auto& row : of_loaded(queries::kChecks)) {
    if (CatalogueRelation* owner = relation(row[0])) owner->checks.push_back(text(row[1]));
  }
  for (const auto& row : of_loaded(queries::kPolicies)) {
    CatalogueRelation* owner = relation(row[0]);
    if (owner != nullptr) {
      owner->policies.push_back({text(row[1]), text(row[2]), truth(row[3]), text(row[4]), text(row[5])});
    }
  }
}

// Rules, views and inheritance: what leads from one relation to another.
void CatalogueReader::edges() {
  for (const auto& row : of_loaded(queries::kRules)) {
    CatalogueRelation* owner = relation(row[0]);
    if (owner == nullptr) continue;
    const std::string event = text(row[1]);
    if (std::find(owner->rule_events.begin(), owner->rule_events.end(), event) == owner->rule_events.end()) {
      owner->rule_events.push_back(event);
    }
    owner->rules.push_back({text(row[2]), event, truth(row[3]), truth(row[4]), letter(row[5]), text(row[6])});
  }
  for (const auto& row : of_loaded(queries::kDepends)) {
    if (CatalogueRelation* owner = relation(row[0])) owner->depends.push_back(text(row[1]));
  }
  for (const auto& row : of_loaded(queries::kInherits)) {
    if (CatalogueRelation* parent = relation(row[0])) parent->children.push_back(text(row[3]));
    if (CatalogueRelation* child = relation(row[1])) child->parents.push_back(text(row[2]));
  }
}

void CatalogueReader::foreign_keys() {
  for (const auto& row : of_loaded(queries::kForeignKeys)) {
    catalogue_.foreign_keys.push_back({text(row[0]), text(row[1]), action_of(letter(row[2])), action_of(letter(row[3])),
                                       names(row[4]), names(row[5])});
  }
}

void CatalogueReader::functions() {
  std::string query = queries::kFunctions;
  const std::string place = "{bytes}";
  query.replace(query.find(place), place.size(), std::to_string(limits::kCommandBytesMax));
  std::size_t bodies = 0;
  for (const auto& row : transaction_.exec(query)) {
    CatalogueFunction& out = catalogue_.functions.emplace_back();
    out.oid = row[0].as<std::int64_t>();
    out.schema = text(row[1]);
    out.name = text(row[2]);
    out.argument_types = names(row[3]);
    out.result_type = text(row[4]);
    out.defaults = row[5].as<int>();
    out.variadic = truth(row[6]);
    out.kind = letter(row[7]);
    out.volatility = letter(row[8]);
    out.security_definer = truth(row[9]);
    out.returns_set = truth(row[10]);
    out.language = text(row[11]);
    out.body_digest = text(row[12]);
    out.strict = truth(row[13]);
    out.body = text(row[14]);
    bodies += out.body.size();
    if (out.body.size() > limits::kCommandBytesMax || bodies > kBodiesBytesMax) out.body.clear();
    out.standard_body = truth(row[15]);
    out.all_types = names(row[16]);
    out.argument_names = names(row[17]);
    out.argument_modes = text(row[18]);
    out.argument_defaults = text(row[19]);
    out.settings = names(row[20]);
    out.parts = names(row[21]);
  }
}

void CatalogueReader::operators_and_casts() {
  for (const auto& row : transaction_.exec(queries::kOperators)) {
    catalogue_.operators.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4])});
  }
  for (const auto& row : transaction_.exec(queries::kCasts)) {
    catalogue_.casts.push_back({text(row[0]), text(row[1]), text(row[2]), letter(row[3])});
  }
}

void CatalogueReader::types() {
  for (const auto& row : transaction_.exec(queries::kTypes)) {
    catalogue_.types.push_back(text(row[0]));
    if (truth(row[1])) catalogue_.domains.push_back(text(row[0]));
  }
  for (const auto& row : transaction_.exec(queries::kDomains)) {
    catalogue_.domain_checks.push_back({text(row[0]), text(row[1]), names(row[2]), text(row[3])});
  }
}

void CatalogueReader::server() {
  static constexpr const char* kOptions[] = {"standard_conforming_strings", "server_encoding", "track_counts"};
  for (const char* option : kOptions) {
    pqxx::result shown = transaction_.exec(std::string("SELECT current_setting('") + option + "')");
    catalogue_.server_options.push_back(std::string(option) + "=" + text(shown[0][0]));
  }
  catalogue_.server_version =
      text(transaction_.exec("SELECT split_part(current_setting('server_version'), ' ', 1)")[0][0]);
}

}  // namespace libguard::backend::postgres
