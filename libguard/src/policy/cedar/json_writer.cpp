#include "policy/cedar/json_writer.h"

#include <algorithm>

#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {
namespace {

Json extension_json(const char* function, std::string text) {
  return {{"__extn", {{"fn", function}, {"arg", std::move(text)}}}};
}

// The moments that a Long of milliseconds can name are more than a date's four digits can write.
Json offset_json(std::int64_t ms) {
  Json args = Json::array({extension_json("datetime", "1970-01-01"), extension_json("duration", duration_text(ms))});
  return {{"__extn", {{"fn", "offset"}, {"args", std::move(args)}}}};
}

}  // namespace

Json uid_json(EntityIndex entity, const Names& names) {
  return {{"type", names.text(names.type_of(entity))}, {"id", names.id_of(entity)}};
}

Json to_json(const Record& record, const Names& names) {
  Json out = Json::object();
  for (const auto& [name, value] : record.fields) out[std::string(names.text(name))] = to_json(value, names);
  return out;
}

Json to_json(const Value& value, const Names& names) {
  switch (value.kind) {
    case Kind::boolean:
      return value.boolean;
    case Kind::integer:
      return value.number;
    case Kind::text:
      return std::string(value.text());
    case Kind::entity:
      return {{"__entity", uid_json(value.entity, names)}};
    case Kind::record:
      return to_json(*value.record, names);
    case Kind::set: {
      Json out = Json::array();
      for (const Value& member : value.set->members) out.push_back(to_json(member, names));
      return out;
    }
    case Kind::decimal:
      return extension_json("decimal", decimal_text(value.number));
    case Kind::datetime:
      return offset_json(value.number);
    case Kind::duration:
      return extension_json("duration", duration_text(value.number));
    case Kind::ip:
      return extension_json("ip", ip_text(*value.ip));
  }
  return nullptr;
}

Json to_json(const Entities& entities, const Names& names) {
  Json out = Json::array();
  for (EntityIndex index : entities.indexes()) {
    const Entity& entity = *entities.find(index);
    Json json{{"uid", uid_json(index, names)}, {"attrs", Json::object()}, {"parents", Json::array()}};
    if (entity.attributes != nullptr) json["attrs"] = to_json(*entity.attributes, names);
    if (entity.tags != nullptr && !entity.tags->fields.empty()) json["tags"] = to_json(*entity.tags, names);
    for (EntityIndex parent : entity.parents) json["parents"].push_back(uid_json(parent, names));
    out.push_back(std::move(json));
  }
  std::sort(out.begin(), out.end(), [](const Json& a, const Json& b) { return a["uid"] < b["uid"]; });
  return out;
}

Json to_json(const EvalRequest& request, const Names& names) {
  return {{"principal", uid_json(request.principal.entity, names)},
          {"action", uid_json(request.action.entity, names)},
          {"resource", uid_json(request.resource.entity, names)},
          {"context", request.context == nullptr ? Json::object() : to_json(*request.context, names)}};
}

}  // namespace libguard::policy::cedar
