// Attributes and tags: what an object has, and whether it is known to be there.
#include "base/text.h"
#include "policy/cedar/validate/checker.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kCandidatesMax = 200;

std::string shown(std::string_view name) {
  constexpr std::size_t kShown = 60;
  return "`" + text::visible(name.substr(0, kShown)) + (name.size() > kShown ? "...`" : "`");
}

}  // namespace

const Attribute* Checker::find_attribute(TypeIndex object, Symbol name) const {
  if (types_.is(object, TypeKind::record)) return types_.attribute(object, name);
  const EntityType* entity = schema_.entity(types_.name(object));
  return entity == nullptr ? nullptr : types_.attribute(entity->shape, name);
}

TypeIndex Checker::tags_of(TypeIndex entity) const {
  const EntityType* declared = schema_.entity(types_.name(entity));
  return declared == nullptr ? kNoType : declared->tags;
}

std::string Checker::did_you_mean(TypeIndex object, Symbol name) const {
  TypeIndex record = object;
  if (types_.is(object, TypeKind::entity)) {
    const EntityType* entity = schema_.entity(types_.name(object));
    if (entity == nullptr) return {};
    record = entity->shape;
  }
  std::vector<std::string> known;
  for (const Attribute& attribute : types_.attributes(record)) {
    if (known.size() < kCandidatesMax) known.emplace_back(names_.text(attribute.name));
  }
  std::string near = text::nearest(names_.text(name), known);
  return near.empty() ? std::string() : "did you mean `" + near + "`?";
}

// `object.name`, where `object` has been checked already.
Checker::Answer Checker::read(NodeIndex at, const Answer& object, Shape shape, Symbol name, const Capabilities& prior) {
  if (object.type == kNoType) return {false, kNoType, {}};
  const Attribute* found = find_attribute(object.type, name);
  if (found == nullptr) {
    std::string holder = object.type == here_.action->context ? "context" : display(object.type);
    report("unknown_attribute", at,
           "there is no attribute " + shown(names_.text(name)) + " in " + holder + ", " + where(),
           did_you_mean(object.type, name));
    return {false, kNoType, {}};
  }
  if (!found->required && !prior.contains({shape, name, false})) {
    report("unsafe_optional_attribute", at,
           "the attribute " + shown(names_.text(name)) + " is optional and may be missing, " + where(),
           "ask for it first, with `has`");
    return {false, found->type, {}};
  }
  return {object.good, found->type, {}};
}

Checker::Answer Checker::attribute(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer object = expect(node.a, prior, Want::entity_or_record);
  return read(index, object, shapes_.of(node.a), node.b, prior);
}

Checker::Answer Checker::has_one(const Answer& object, Shape shape, Symbol name, const Capabilities& prior) const {
  if (object.type == kNoType) return {false, TypeTable::kBoolean, {}};
  const Attribute* found = find_attribute(object.type, name);
  if (found == nullptr) return {object.good, TypeTable::kNo, {}};
  Capability proved{shape, name, false};
  // An entity may be missing as a whole, so that it lacks even what its type requires.
  bool sure = prior.contains(proved) || (found->required && types_.is(object.type, TypeKind::record));
  return {object.good, sure ? TypeTable::kYes : TypeTable::kBoolean, Capabilities(proved)};
}

// `a has b.c` is `a has b && a.b has c`.
Checker::Answer Checker::has(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  const char* help = "`has` asks for an attribute; use `contains` for sets and `like` for texts";
  Answer object = expect(node.a, prior, Want::entity_or_record, help);
  Shape shape = shapes_.of(node.a);
  Answer all = has_one(object, shape, body_.lists[node.b], prior);
  for (std::uint32_t i = 1; i < node.c && all.type != TypeTable::kNo; ++i) {
    if (!all.good) all.proved = {};
    Capabilities known = unite(prior, all.proved);
    Symbol name = body_.lists[node.b + i - 1];
    object = read(index, object, shape, name, known);
    if (object.type != kNoType && !fits(object.type, Want::entity_or_record))
      object = accept(std::move(object), index, false, "an entity or a record", help);
    shape = shapes_.attribute(shape, name);
    all = join_and(all, has_one(object, shape, body_.lists[node.b + i], known));
  }
  return all;
}

Checker::Answer Checker::has_tag(const Node& node, const Capabilities& prior) {
  Answer object = expect(node.a, prior, Want::entity);
  Answer name = expect(node.b, prior, Want::text);
  if (object.type == kNoType) return {false, kNoType, {}};
  Capability proved{shapes_.of(node.a), shapes_.of(node.b), true};
  TypeIndex type = tags_of(object.type) == kNoType ? TypeTable::kNo
                   : prior.contains(proved)        ? TypeTable::kYes
                                                   : TypeTable::kBoolean;
  return {object.good && name.good, type, Capabilities(proved)};
}

Checker::Answer Checker::get_tag(NodeIndex index, const Capabilities& prior) {
  const Node& node = at(index);
  Answer object = expect(node.a, prior, Want::entity);
  Answer name = expect(node.b, prior, Want::text);
  if (object.type == kNoType) return {false, kNoType, {}};
  if (!prior.contains({shapes_.of(node.a), shapes_.of(node.b), true})) {
    report("unsafe_tag_access", index, "the tag may be missing, " + where(), "ask for it first, with `hasTag`");
    return {false, kNoType, {}};
  }
  TypeIndex type = tags_of(object.type);
  if (type == kNoType) {
    report("no_tags_allowed", index, display(object.type) + " has no tags, " + where());
    return {false, kNoType, {}};
  }
  return {object.good && name.good, type, {}};
}

}  // namespace libguard::policy::cedar
