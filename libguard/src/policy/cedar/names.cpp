#include "policy/cedar/names.h"

#include <algorithm>

namespace libguard::policy::cedar {

Names::Names(const Names* base)
    : base_(base),
      first_symbol_(base->first_symbol_ + static_cast<Symbol>(base->symbols_.size())),
      first_entity_(base->entity_count()) {}

std::string_view Names::keep(std::string_view text) {
  if (text.size() > left_) {
    left_ = std::max(text.size(), kChunk);
    chunks_.push_back(std::make_unique<char[]>(left_));
    next_ = chunks_.back().get();
  }
  std::copy(text.begin(), text.end(), next_);
  const std::string_view kept(next_, text.size());
  next_ += text.size();
  left_ -= text.size();
  return kept;
}

std::optional<Symbol> Names::find_symbol(std::string_view name) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->base_) {
    if (layer->symbol_of_.empty()) {
      const auto found = std::find(layer->symbols_.begin(), layer->symbols_.end(), name);
      if (found != layer->symbols_.end())
        return layer->first_symbol_ + static_cast<Symbol>(found - layer->symbols_.begin());
    } else if (const auto found = layer->symbol_of_.find(name); found != layer->symbol_of_.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

std::optional<EntityIndex> Names::find_entity(const Key& key) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->base_) {
    if (layer->entity_of_.empty()) {
      const auto found = std::find(layer->entities_.begin(), layer->entities_.end(), key);
      if (found != layer->entities_.end())
        return layer->first_entity_ + static_cast<EntityIndex>(found - layer->entities_.begin());
    } else if (const auto found = layer->entity_of_.find(key); found != layer->entity_of_.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

Symbol Names::symbol(std::string_view name) {
  if (const auto known = find_symbol(name)) return *known;
  symbols_.push_back(keep(name));
  const auto count = static_cast<Symbol>(symbols_.size());
  if (count == kFew + 1) {
    for (Symbol i = 0; i < kFew; ++i) symbol_of_.emplace(symbols_[i], first_symbol_ + i);
  }
  if (count > kFew) symbol_of_.emplace(symbols_.back(), first_symbol_ + count - 1);
  return first_symbol_ + count - 1;
}

EntityIndex Names::entity(Symbol type, std::string_view id) {
  if (const auto known = find_entity({type, id})) return *known;
  if (entities_.empty()) entities_.reserve(kFew);
  entities_.push_back({type, keep(id)});
  const auto count = static_cast<EntityIndex>(entities_.size());
  if (count == kFew + 1) {
    for (EntityIndex i = 0; i < kFew; ++i) entity_of_.emplace(entities_[i], first_entity_ + i);
  }
  if (count > kFew) entity_of_.emplace(entities_.back(), first_entity_ + count - 1);
  return first_entity_ + count - 1;
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
