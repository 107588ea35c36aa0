// What each operator means, and how it errs (docs.cedarpolicy.com, "Operators").
#include <algorithm>

#include "policy/cedar/machine.h"

namespace libguard::policy::cedar {
namespace {

bool orderable(const Value& a, const Value& b) {
  return a.kind == b.kind && (a.kind == Kind::integer || a.kind == Kind::datetime || a.kind == Kind::duration);
}

bool matches(const std::vector<std::string>& pieces, std::string_view text) {
  if (pieces.size() == 1) return text == pieces.front();
  if (!text.starts_with(pieces.front())) return false;
  text.remove_prefix(pieces.front().size());
  // Each piece between stars is taken at its first place: a later one could not match more.
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    auto at = text.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return text.ends_with(pieces.back());
}

bool is_superset(const Set& outer, const Set& inner) {
  return std::all_of(inner.members.begin(), inner.members.end(), [&](const Value& v) { return outer.contains(v); });
}

bool intersects(const Set& a, const Set& b) {
  return std::any_of(b.members.begin(), b.members.end(), [&](const Value& v) { return a.contains(v); });
}

}  // namespace

EvalError Machine::binary(Code code) {
  Value b = stack_.pop();
  Value& out = stack_.top();
  Value a = out;
  switch (code) {
    case Code::equal:
      out = Value::of(equal(a, b));
      return EvalError::none;
    case Code::not_equal:
      out = Value::of(!equal(a, b));
      return EvalError::none;
    case Code::less:
    case Code::less_equal:
    case Code::greater:
    case Code::greater_equal:
      return compare_order(code, a, b, out);
    case Code::add:
    case Code::subtract:
    case Code::multiply:
      return arithmetic(code, a, b, out);
    case Code::in:
      return in(a, b, out);
    case Code::get_tag:
    case Code::has_tag:
      return tag(code, a, b, out);
    default:
      return sets(code, a, b, out);
  }
}

EvalError Machine::compare_order(Code code, const Value& a, const Value& b, Value& out) {
  if (!orderable(a, b)) return EvalError::type_error;
  bool result = code == Code::less         ? a.number < b.number
                : code == Code::less_equal ? a.number <= b.number
                : code == Code::greater    ? a.number > b.number
                                           : a.number >= b.number;
  out = Value::of(result);
  return EvalError::none;
}

EvalError Machine::arithmetic(Code code, const Value& a, const Value& b, Value& out) {
  if (a.kind != Kind::integer || b.kind != Kind::integer) return EvalError::type_error;
  std::int64_t number = 0;
  bool overflow = code == Code::add        ? __builtin_add_overflow(a.number, b.number, &number)
                  : code == Code::subtract ? __builtin_sub_overflow(a.number, b.number, &number)
                                           : __builtin_mul_overflow(a.number, b.number, &number);
  if (overflow) return EvalError::overflow;
  out = Value::of(number);
  return EvalError::none;
}

EvalError Machine::sets(Code code, const Value& a, const Value& b, Value& out) {
  if (a.kind != Kind::set) return EvalError::type_error;
  if (code == Code::contains) {
    out = Value::of(a.set->contains(b));
    return EvalError::none;
  }
  if (b.kind != Kind::set) return EvalError::type_error;
  out = Value::of(code == Code::contains_all ? is_superset(*a.set, *b.set) : intersects(*a.set, *b.set));
  return EvalError::none;
}

bool Machine::contains(EntityIndex entity, EntityIndex container) {
  for (const Anchored* known : {&request_->principal, &request_->action, &request_->resource}) {
    if (known->entity == entity) return is_in(*known, container);
  }
  return entity == container || is_in({entity, hierarchy_.ancestors(entity)}, container);
}

EvalError Machine::in(const Value& a, const Value& b, Value& out) {
  if (a.kind != Kind::entity) return EvalError::type_error;
  if (b.kind == Kind::entity) {
    out = Value::of(contains(a.entity, b.entity));
    return EvalError::none;
  }
  if (b.kind != Kind::set) return EvalError::type_error;
  for (const Value& member : b.set->members) {
    if (member.kind != Kind::entity) return EvalError::type_error;
  }
  EntityIndex entity = a.entity;
  const auto& members = b.set->members;
  out = Value::of(
      std::any_of(members.begin(), members.end(), [&](const Value& v) { return contains(entity, v.entity); }));
  return EvalError::none;
}

EvalError Machine::tag(Code code, const Value& a, const Value& b, Value& out) {
  if (a.kind != Kind::entity || b.kind != Kind::text) return EvalError::type_error;
  const Entity* entity = hierarchy_.entities().find(a.entity);
  const Value* found = nullptr;
  if (entity != nullptr && entity->tags != nullptr) {
    for (const auto& [name, value] : entity->tags->fields) {
      if (names_.text(name) == b.text()) found = &value;
    }
  }
  if (code == Code::has_tag) {
    out = Value::of(found != nullptr);
    return EvalError::none;
  }
  if (entity == nullptr) return EvalError::unknown_entity;
  if (found == nullptr) return EvalError::missing_tag;
  out = *found;
  return EvalError::none;
}

EvalError Machine::unary(const Program& program, const Instruction& instruction) {
  Value& top = stack_.top();
  switch (instruction.code) {
    case Code::logical_not:
      if (top.kind != Kind::boolean) return EvalError::type_error;
      top = Value::of(!top.boolean);
      return EvalError::none;
    case Code::negate: {
      if (top.kind != Kind::integer) return EvalError::type_error;
      std::int64_t number = 0;
      if (__builtin_sub_overflow(std::int64_t{0}, top.number, &number)) return EvalError::overflow;
      top = Value::of(number);
      return EvalError::none;
    }
    case Code::is:
      if (top.kind != Kind::entity) return EvalError::type_error;
      top = Value::of(names_.type_of(top.entity) == instruction.a);
      return EvalError::none;
    case Code::is_empty:
      if (top.kind != Kind::set) return EvalError::type_error;
      top = Value::of(top.set->members.empty());
      return EvalError::none;
    default:
      if (top.kind != Kind::text) return EvalError::type_error;
      top = Value::of(matches(program.patterns[instruction.a], top.text()));
      return EvalError::none;
  }
}

EvalError Machine::has_one(const Value& object, Symbol name, bool& found) {
  if (object.kind == Kind::record) {
    found = object.record->find(name) != nullptr;
    return EvalError::none;
  }
  if (object.kind != Kind::entity) return EvalError::type_error;
  const Entity* entity = hierarchy_.entities().find(object.entity);
  found = entity != nullptr && entity->attributes != nullptr && entity->attributes->find(name) != nullptr;
  return EvalError::none;
}

EvalError Machine::attribute(const Value& object, Symbol name, Value& out) {
  const Record* record = nullptr;
  if (object.kind == Kind::record) {
    record = object.record;
  } else if (object.kind == Kind::entity) {
    const Entity* entity = hierarchy_.entities().find(object.entity);
    if (entity == nullptr) return EvalError::unknown_entity;
    record = entity->attributes;
  } else {
    return EvalError::type_error;
  }
  const Value* found = record == nullptr ? nullptr : record->find(name);
  if (found == nullptr) return EvalError::missing_attribute;
  out = *found;
  return EvalError::none;
}

// `e has a.b` is `e has a && e.a has b`.
EvalError Machine::has(const Program& program, const Instruction& instruction) {
  Value object = stack_.top();
  bool found = true;
  for (std::uint32_t i = 0; i < instruction.b && found; ++i) {
    Symbol name = program.lists[instruction.a + i];
    if (EvalError error = has_one(object, name, found); error != EvalError::none) return error;
    if (!found || i + 1 == instruction.b) break;
    if (EvalError error = attribute(Value(object), name, object); error != EvalError::none) return error;
  }
  stack_.top() = Value::of(found);
  return EvalError::none;
}

}  // namespace libguard::policy::cedar
