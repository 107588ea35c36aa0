#include "audit/history.h"

#include <unordered_map>

#include "audit/each_record.h"

namespace libguard::audit {
namespace {

// An action is handed out when its outcome is read. Those that never got one come at the end.
class Joiner {
 public:
  Joiner(const HistoryFilter& filter, const std::function<void(const Json&)>& visit) : filter_(filter), visit_(visit) {}

  void take(const RecordHead& head, std::string_view text) {
    bool action = head.type == "intent" || head.type == "refusal";
    if (!action && head.type != "outcome") return;
    if (action && !filter_.since.empty() && head.at < filter_.since) return;
    JsonResult read = read_json(text);
    if (!read.value || !read.value->is_object()) return;
    Json& json = *read.value;
    auto session = json.find("session");
    if (!filter_.sessions.empty() &&
        (session == json.end() || !session->is_string() || !filter_.sessions.contains(session->get<std::string>())))
      return;
    std::string record(head.record);
    if (head.type == "refusal") return visit_(json);
    if (head.type == "intent") {
      open_.insert_or_assign(record, std::move(json));
      return;
    }
    auto intent = open_.find(record);
    if (intent == open_.end()) return;
    if (auto outcome = json.find("outcome"); outcome != json.end()) intent->second["outcome"] = std::move(*outcome);
    visit_(intent->second);
    open_.erase(intent);
  }

  void end() {
    for (const auto& [record, json] : open_) visit_(json);
  }

 private:
  const HistoryFilter& filter_;
  const std::function<void(const Json&)>& visit_;
  std::unordered_map<std::string, Json> open_;
};

}  // namespace

bool for_each_action(const std::string& directory, const HistoryFilter& filter,
                     const std::function<void(const Json& action)>& visit) {
  Joiner joiner(filter, visit);
  bool readable =
      for_each_record(directory, [&](const RecordHead& head, std::string_view text) { joiner.take(head, text); });
  joiner.end();
  return readable;
}

}  // namespace libguard::audit
