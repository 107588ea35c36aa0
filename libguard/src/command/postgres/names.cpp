#include "command/postgres/names.h"

#include <algorithm>

#include "command/postgres/builtins.h"

namespace libguard::command::postgres {
namespace {

std::string_view after_dot(std::string_view full) {
  const std::size_t dot = full.rfind('.');
  return dot == std::string_view::npos ? full : full.substr(dot + 1);
}

bool same_type(std::string_view type, std::string_view wanted) {
  return type == wanted || after_dot(type) == after_dot(wanted);
}

}  // namespace

std::uint32_t Relation::position(std::string_view column) const {
  auto found = positions.find(column);
  return found == positions.end() ? kWholeRow : found->second;
}

Names::Names(std::shared_ptr<const Catalogue> catalogue) : catalogue_(std::move(catalogue)) {
  if (catalogue_ == nullptr) {
    search_path_ = {"public"};
    return;
  }
  version_ = catalogue_->version;
  connection_ = catalogue_->connection;
  search_path_ = catalogue_->search_path;
  for (const CatalogueRelation& entry : catalogue_->relations) add_relation(entry);
  link();
  add_functions();
}

void Names::add_relation(const CatalogueRelation& entry) {
  auto relation = std::make_unique<Relation>();
  relation->entry = &entry;
  relation->schema = entry.schema;
  relation->name = entry.name;
  relation->full = entry.schema + "." + entry.name;
  relation->id = static_cast<std::uint32_t>(relations_.size());
  relation->system = entry.system || entry.schema == "pg_catalog" || entry.schema == "information_schema";
  for (const CatalogueColumn& column : entry.columns) relation->columns.push_back(column.name);
  for (std::uint32_t i = 0; i < relation->columns.size(); ++i) relation->positions.emplace(relation->columns[i], i);
  for (const CatalogueKey& key : entry.keys) {
    std::vector<std::uint32_t> positions;
    positions.reserve(key.columns.size());
    for (const std::string& column : key.columns) positions.push_back(relation->position(column));
    if (!positions.empty()) relation->keys.push_back(std::move(positions));
  }
  if (entry.temporary) temporary_.push_back(relation.get());
  by_name_.emplace(relation->full, relation.get());
  relations_.push_back(std::move(relation));
}

void Names::link() {
  auto find = [&](const std::string& full) -> Relation* {
    auto found = by_name_.find(full);
    return found == by_name_.end() ? nullptr : found->second;
  };
  for (const auto& relation : relations_) {
    for (const std::string& child : relation->entry->children) {
      if (const Relation* found = find(child)) relation->children.push_back(found);
    }
    for (const std::string& parent : relation->entry->parents) {
      if (const Relation* found = find(parent)) relation->parents.push_back(found);
    }
  }
  for (const ForeignKey& key : catalogue_->foreign_keys) {
    const Relation* from = find(key.from);
    const Relation* to = find(key.to);
    if (from != nullptr && to != nullptr) references_[to].push_back({from, &key});
  }
}

void Names::add_functions() {
  for (const CatalogueFunction& function : catalogue_->functions) functions_[function.name].push_back(&function);
  for (const CatalogueCast& cast : catalogue_->casts) {
    if (cast.context != 'e' && !cast.function.empty()) unwritten_casts_.push_back(&cast);
  }
}

const Relation* Names::relation(std::string_view schema, std::string_view name, const Path* path) const {
  thread_local std::string key;
  auto find = [&](std::string_view in) -> const Relation* {
    key.assign(in).append(".").append(name);
    auto found = by_name_.find(key);
    return found == by_name_.end() ? nullptr : found->second;
  };
  if (schema == "pg_temp") schema = {};
  if (!schema.empty()) return find(schema);
  if (const Relation* found = find("pg_catalog")) return found;
  for (const std::string& in : path != nullptr ? *path : search_path_) {
    if (const Relation* found = find(in)) return found;
  }
  for (const Relation* temporary : temporary_) {
    if (temporary->name == name) return temporary;
  }
  return nullptr;
}

const std::vector<Reference>& Names::references_to(const Relation& relation) const {
  static const std::vector<Reference> kNone;
  auto found = references_.find(&relation);
  return found == references_.end() ? kNone : found->second;
}

std::vector<const CatalogueFunction*> Names::functions(std::string_view schema, std::string_view name,
                                                       const Path* path) const {
  const Path& search = path != nullptr ? *path : search_path_;
  auto found = functions_.find(name);
  if (found == functions_.end()) return {};
  std::vector<const CatalogueFunction*> matches;
  for (const CatalogueFunction* function : found->second) {
    const bool reachable = schema.empty()
                               ? function->schema == "pg_catalog" ||
                                     std::find(search.begin(), search.end(), function->schema) != search.end()
                               : function->schema == schema;
    if (reachable) matches.push_back(function);
  }
  return matches;
}

std::vector<const CatalogueOperator*> Names::operators(std::string_view name) const {
  std::vector<const CatalogueOperator*> matches;
  if (catalogue_ == nullptr) return matches;
  for (const CatalogueOperator& entry : catalogue_->operators) {
    if (entry.name == name) matches.push_back(&entry);
  }
  return matches;
}

std::vector<const CatalogueCast*> Names::casts_to(std::string_view type) const {
  std::vector<const CatalogueCast*> matches;
  if (catalogue_ == nullptr) return matches;
  for (const CatalogueCast& cast : catalogue_->casts) {
    if (!cast.function.empty() && same_type(cast.target, type)) matches.push_back(&cast);
  }
  return matches;
}

bool Names::implicit_cast(std::string_view source, std::string_view target) const {
  if (catalogue_ == nullptr) return true;
  return std::any_of(catalogue_->casts.begin(), catalogue_->casts.end(), [&](const CatalogueCast& cast) {
    return cast.context == 'i' && same_type(cast.source, source) && same_type(cast.target, target);
  });
}

bool Names::is_type(std::string_view schema, std::string_view name) const {
  if (catalogue_ == nullptr) return true;
  if ((schema.empty() || schema == "pg_catalog") && is_builtin_type(name)) return true;
  if (relation(schema, name) != nullptr) return true;
  for (const std::string& type : catalogue_->types) {
    const std::string_view in = std::string_view(type).substr(0, type.size() - after_dot(type).size() - 1);
    if (after_dot(type) == name && (schema.empty() || in == schema)) return true;
  }
  return is_checked_domain(schema, name);
}

bool Names::is_checked_domain(std::string_view schema, std::string_view name) const {
  if (catalogue_ == nullptr) return false;
  for (const std::string& domain : catalogue_->domains) {
    const std::size_t dot = domain.rfind('.');
    if (after_dot(domain) == name && (schema.empty() || dot == std::string::npos || domain.substr(0, dot) == schema)) {
      return true;
    }
  }
  return false;
}

std::vector<const CatalogueFunction*> Names::functions_named(std::string_view full,
                                                             const std::vector<std::string>& types) const {
  std::vector<const CatalogueFunction*> all;
  std::vector<const CatalogueFunction*> exact;
  auto found = functions_.find(after_dot(full));
  if (found == functions_.end()) return all;
  for (const CatalogueFunction* function : found->second) {
    if (function->schema + "." + function->name != full) continue;
    all.push_back(function);
    if (function->argument_types == types) exact.push_back(function);
  }
  return exact.empty() ? all : exact;
}

const Relation* Names::relation_named(const std::string& full) const {
  auto found = by_name_.find(full);
  return found == by_name_.end() ? nullptr : found->second;
}

const CatalogueDomain* Names::domain(std::string_view name) const {
  if (catalogue_ == nullptr) return nullptr;
  for (const CatalogueDomain& domain : catalogue_->domain_checks) {
    if (domain.name == name) return &domain;
  }
  return nullptr;
}

std::string database_object(std::string_view name) { return "$database." + std::string(name); }

}  // namespace libguard::command::postgres
