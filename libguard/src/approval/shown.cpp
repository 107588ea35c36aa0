#include "approval/shown.h"

#include "approval/ticket_rules.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::approval {
namespace {

using text::visible;

// Text inside a JSON value that an agent wrote, escaped wherever it lies. Depth was bounded by the reader.
Json visible_value(const Value& value) {
  if (const auto* string = std::get_if<std::string>(&value)) return visible(*string);
  return to_json(value);
}

Json hops_json(const std::vector<Hop>& hops) {
  Json list = Json::array();
  for (const Hop& hop : hops)
    list.push_back({{"kind", visible(hop.kind)}, {"name", visible(hop.name)}, {"verified", hop.verified}});
  return list;
}

Json who_json(const Identity& identity, const Request& request) {
  Json user = nullptr;
  if (identity.user) {
    user = {{"subject", visible(identity.user->subject)},
            {"account", visible(identity.user->account)},
            {"verified", identity.user->verified}};
  }
  return {{"account", visible(identity.account)}, {"provider", visible(identity.provider)},
          {"verified", identity.verified},        {"user", user},
          {"chain", hops_json(identity.chain)},   {"hops", hops_json(request.hops)}};
}

Json touches_json(const Command& command) {
  Json list = Json::array();
  for (const Touch& touch : command.touches) {
    Json columns = Json::array();
    for (const std::string& column : touch.columns_written) columns.push_back(visible(column));
    list.push_back({{"action", touch.action},
                    {"object", visible(touch.object)},
                    {"oid", touch.oid},
                    {"bound", to_string(touch.bound)},
                    {"rows_bound", touch.rows_bound == kUnproven ? Json(nullptr) : Json(touch.rows_bound)},
                    {"columns_written", columns},
                    {"system", touch.system},
                    {"through_view", touch.through_view}});
  }
  return list;
}

Json functions_json(const Command& command) {
  Json list = Json::array();
  for (const CalledFunction& function : command.functions) {
    list.push_back({{"name", visible(function.name)}, {"safe", function.safe}});
  }
  return list;
}

Json visible_list(const std::vector<std::string>& strings) {
  Json list = Json::array();
  for (const std::string& string : strings) list.push_back(visible(string));
  return list;
}

void add_command(Json& page, const Command& command) {
  Json params = Json::array();
  for (const Value& value : command.params) params.push_back(visible_value(value));
  page["command"] = visible(command.text);
  page["params"] = std::move(params);
  page["dialect"] = to_string(command.dialect);
  page["effect"] = to_string(command.effect);
  page["understood"] = command.understood;
  page["kinds"] = visible_list(command.kinds);
  page["touches"] = touches_json(command);
  page["functions"] = functions_json(command);
  page["doubts"] = visible_list(command.doubts);
}

void add_decision(Json& page, const Decision& decision) {
  Json parts = Json::array();
  for (const RiskPart& part : decision.risk_parts)
    parts.push_back({{"points", part.points}, {"why", visible(part.why)}});
  Json asked_by = Json::array();
  for (const Stage& stage : decision.stages) asked_by.push_back(visible(stage.asked_by));
  Json where = Json::object();
  for (const auto& [id, place] : decision.where) where[visible(id)] = visible(place);
  page["rows_affected_max"] = decision.rows_affected_max;
  page["row_limit"] = decision.row_limit ? Json(*decision.row_limit) : Json(nullptr);
  page["read_only"] = decision.read_only;
  page["masked_classes"] = decision.masked_classes;
  page["risk"] = decision.risk;
  page["risk_parts"] = std::move(parts);
  page["asked_by"] = std::move(asked_by);
  page["where"] = std::move(where);
}

Json read_stored(const std::string& text) {
  JsonResult read = read_json(text);
  if (!read.value || !read.value->is_array()) store_failed("a ticket in the approval store cannot be read");
  return std::move(*read.value);
}

}  // namespace

void store_failed(const std::string& sentence, const std::string& sqlstate) {
  throw Error(ErrorKind::unavailable, "approval.store", sentence).with_sqlstate(sqlstate);
}

std::string shown_json(const Identity& identity, const Request& request, const Command& command,
                       const Decision& decision) {
  Json page = Json::object();
  page["who"] = who_json(identity, request);
  page["kind"] = request.kind == RequestKind::sql ? "sql" : "tool";
  page["connection"] = visible(command.connection.empty() ? request.connection : command.connection);
  page["tool"] = visible(request.tool);
  page["arguments"] = visible(request.arguments);
  page["purpose"] = visible(request.purpose);
  page["explanation"] = {{"text", visible(request.explanation)}, {"verified", false}};
  add_command(page, command);
  add_decision(page, decision);
  return dump(page);
}

Json stages_json(const std::vector<Stage>& stages) {
  Json list = Json::array();
  for (const Stage& stage : stages) {
    list.push_back(
        {{"group", stage.group}, {"count", stage.count}, {"ttl_s", stage.ttl_s}, {"asked_by", stage.asked_by}});
  }
  return list;
}

std::vector<Stage> stages_from_json(const std::string& text) {
  std::vector<Stage> stages;
  try {
    for (const Json& item : read_stored(text)) {
      stages.push_back({item.at("group").get<std::string>(), item.at("count").get<int>(),
                        item.at("ttl_s").get<std::int64_t>(), item.at("asked_by").get<std::string>()});
    }
  } catch (const Json::exception&) {
    store_failed("a ticket's stages in the approval store cannot be read");
  }
  // A stage that asks for nobody would be full at once.
  if (!bad_stages(stages).empty()) store_failed("a ticket's stages in the approval store are not sound");
  return stages;
}

Json strings_json(const std::vector<std::string>& strings) { return Json(strings); }

std::vector<std::string> strings_from_json(const std::string& text) {
  Json list = read_stored(text);
  std::vector<std::string> strings;
  for (const Json& item : list) {
    if (!item.is_string()) store_failed("a ticket in the approval store cannot be read");
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

}  // namespace libguard::approval
