#include "policy/cedar/names.h"

namespace libguard::policy::cedar {

Names::Names(const Names* base)
    : base_(base),
      first_symbol_(base->first_symbol_ + static_cast<Symbol>(base->symbols_.size())),
      first_entity_(base->entity_count()) {}

std::string_view Names::keep(std::string_view text) {
  storage_.push_back(std::make_unique<std::string>(text));
  return *storage_.back();
}

const Symbol* Names::find_symbol(std::string_view name) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->base_) {
    auto found = layer->symbol_of_.find(name);
    if (found != layer->symbol_of_.end()) return &found->second;
  }
  return nullptr;
}

const EntityIndex* Names::find_entity(const Key& key) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->base_) {
    auto found = layer->entity_of_.find(key);
    if (found != layer->entity_of_.end()) return &found->second;
  }
  return nullptr;
}

Symbol Names::symbol(std::string_view name) {
  if (const Symbol* known = find_symbol(name)) return *known;
  auto index = static_cast<Symbol>(first_symbol_ + symbols_.size());
  std::string_view kept = keep(name);
  symbols_.push_back(kept);
  symbol_of_.emplace(kept, index);
  return index;
}

EntityIndex Names::entity(Symbol type, std::string_view id) {
  if (const EntityIndex* known = find_entity({type, id})) return *known;
  EntityIndex index = entity_count();
  std::string_view kept = keep(id);
  entities_.push_back({type, kept});
  entity_of_.emplace(Key{type, kept}, index);
  return index;
}

std::string_view Names::text(Symbol symbol) const {
  return symbol < first_symbol_ ? base_->text(symbol) : symbols_[symbol - first_symbol_];
}

Symbol Names::type_of(EntityIndex entity) const {
  return entity < first_entity_ ? base_->type_of(entity) : entities_[entity - first_entity_].type;
}

std::string_view Names::id_of(EntityIndex entity) const {
  return entity < first_entity_ ? base_->id_of(entity) : entities_[entity - first_entity_].id;
}

std::string Names::display(EntityIndex entity) const {
  std::string out(text(type_of(entity)));
  out += "::\"";
  for (char c : id_of(entity)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace libguard::policy::cedar
