// Sessions out of the records, for people: who did what, with what outcome. The chain is verify()'s business.
#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "audit/each_record.h"
#include "audit/header.h"
#include "audit/segment_file.h"
#include "audit/reader.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace libguard::audit {
namespace {

// Members of parsed JSON by path, empty for anything that is not there or not text.
std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* name : path) {
    if (!at->is_object()) return "";
    auto found = at->find(name);
    if (found == at->end()) return "";
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : "";
}

struct SessionLine {
  std::string session;
  std::string tenant, account, user, purpose;
  std::string started, last;
  std::int64_t actions = 0, refused = 0, pending = 0, completed = 0, failed = 0;
  std::unordered_map<std::string, std::string> states;  // record -> state; "" while only the intent is there
};

void note_state(SessionLine& line, const std::string& record, const std::string& state) {
  std::string& known = line.states.try_emplace(record).first->second;
  if (!state.empty() && (state != "in_doubt" || known.empty())) known = state;
}

void add_record(SessionLine& line, const RecordHead& head, const Json& json) {
  if (line.started.empty() || head.at < line.started) line.started = head.at;
  line.last = std::max(line.last, head.at);
  if (head.type != "outcome" && line.account.empty()) {
    line.tenant = text_at(json, {"tenant"});
    line.account = text_at(json, {"who", "account"});
    line.user = text_at(json, {"who", "user", "subject"});
    line.purpose = text_at(json, {"what", "purpose"});
  }
  if (!head.record.empty()) note_state(line, head.record, text_at(json, {"outcome", "state"}));
}

void count_states(SessionLine& line) {
  for (const auto& [record, state] : line.states) {
    ++line.actions;
    if (state == "refused")
      ++line.refused;
    else if (state == "pending")
      ++line.pending;
    else if (state == "completed")
      ++line.completed;
    else if (state == "failed")
      ++line.failed;
  }
}

void append_session(JsonWriter& writer, const SessionLine& line) {
  writer.begin_object().text("session", line.session).text("tenant", line.tenant).text("account", line.account);
  writer.text("user", line.user).text("purpose", line.purpose).text("started", line.started).text("last", line.last);
  writer.number("actions", line.actions).number("refused", line.refused).number("pending", line.pending);
  writer.number("completed", line.completed).number("failed", line.failed);
  writer.number("in_doubt", line.actions - line.refused - line.pending - line.completed - line.failed).end_object();
}

bool mentions(std::string_view json, std::string_view session) { return json.find(session) != std::string_view::npos; }

std::string session_of(const RecordHead& head, const Json& json) {
  return head.type == "event" ? text_at(json, {"body", "session"}) : text_at(json, {"session"});
}

// What a refusal names is its record: that leads to the session, too.
std::string session_named(const std::string& directory, std::string_view name) {
  if (!name.starts_with("r-")) return std::string(name);
  std::string session;
  for_each_record(directory, [&](const RecordHead& head, std::string_view) {
    if (head.record == name) session = head.session;
  });
  return session;
}

// An outcome joins its intent; one whose intent is not there stands for itself.
void join(std::vector<Json>& records, std::map<std::string, std::size_t>& intents, Json json) {
  std::string record = text_at(json, {"record"});
  std::string type = text_at(json, {"type"});
  auto intent = intents.find(record);
  if (type == "outcome" && intent != intents.end()) {
    Json& whole = records[intent->second];
    for (const char* name : {"outcome", "backend"}) {
      if (json.contains(name)) whole[name] = std::move(json[name]);
    }
    whole["ended_at"] = json.value("at", Json());
    return;
  }
  if (type == "resolution" && intent != intents.end()) {
    Json& whole = records[intent->second];
    // The process itself may have ended it meanwhile, and knows more.
    if (!whole.contains("outcome")) whole["outcome"] = json["outcome"];
    if (text_at(whole, {"outcome", "state"}) == "in_doubt")
      whole["outcome"]["state"] = text_at(json, {"outcome", "state"});
    whole["resolution"] = std::move(json["outcome"]);
    whole["resolution"]["at"] = json.value("at", Json());
    return;
  }
  if (type == "intent") intents[record] = records.size();
  records.push_back(std::move(json));
}

}  // namespace

std::vector<OpenIntent> open_intents(const std::string& directory, std::int64_t bytes_max) {
  auto files = list_segments(directory);
  if (!files) return {};
  std::size_t first = files->size();
  for (std::int64_t bytes = 0; first > 0 && bytes <= bytes_max; --first) {
    std::error_code error;
    bytes += static_cast<std::int64_t>(std::filesystem::file_size(directory + "/" + (*files)[first - 1].name, error));
  }
  std::vector<std::string> order;
  std::unordered_map<std::string, OpenIntent> open;
  std::unordered_set<std::string> ended;
  for (std::size_t i = first; i < files->size(); ++i) {
    const std::int64_t stands = confirmed_max(header_after(directory, *files, i));
    for_each_record(directory + "/" + (*files)[i].name, stands, [&](const RecordHead& head, std::string_view text) {
      if (head.record.empty()) return;
      if (head.type == "intent") {
        JsonResult read = read_json(text);
        if (!read.value) return;
        order.push_back(head.record);
        open[head.record] = {head.record,
                             head.session,
                             text_at(*read.value, {"tenant"}),
                             text_at(*read.value, {"what", "connection"}),
                             text_at(*read.value, {"what", "kind"}),
                             text_at(*read.value, {"what", "effect"}),
                             text_at(*read.value, {"backend", "xid"}),
                             text_at(*read.value, {"backend", "system"})};
      } else if (!head.in_doubt) {
        ended.insert(head.record);
        open.erase(head.record);
      }
    });
  }
  std::vector<OpenIntent> out;
  for (const std::string& record : order) {
    auto found = open.find(record);
    if (found == open.end() || ended.contains(record)) continue;
    out.push_back(std::move(found->second));
    open.erase(found);
  }
  return out;
}

std::string sessions_json(const std::string& directory) {
  std::map<std::string, SessionLine> sessions;
  for_each_record(directory, [&](const RecordHead& head, std::string_view text) {
    if (head.type == "segment" || head.type == "end") return;
    JsonResult read = read_json(text);
    if (!read.value) return;
    std::string session = session_of(head, *read.value);
    if (!session.empty()) add_record(sessions[session], head, *read.value);
  });
  std::vector<SessionLine*> newest;
  for (auto& [session, line] : sessions) {
    line.session = session;
    count_states(line);
    newest.push_back(&line);
  }
  std::stable_sort(newest.begin(), newest.end(),
                   [](const SessionLine* a, const SessionLine* b) { return a->started > b->started; });
  std::string out;
  JsonWriter writer(out);
  writer.begin_array();
  for (const SessionLine* line : newest) append_session(writer, *line);
  writer.end_array();
  return out;
}

std::string session_json(const std::string& directory, std::string_view name) {
  std::vector<Json> records;
  std::map<std::string, std::size_t> intents;
  const std::string session = session_named(directory, name);
  if (session.empty()) return "[]";
  for_each_record(directory, [&](const RecordHead& head, std::string_view text) {
    if (!mentions(text, session)) return;
    JsonResult read = read_json(text);
    if (read.value && session_of(head, *read.value) == session) join(records, intents, std::move(*read.value));
  });
  std::stable_sort(records.begin(), records.end(),
                   [](const Json& a, const Json& b) { return text_at(a, {"at"}) < text_at(b, {"at"}); });
  std::string out = "[";
  for (const Json& record : records) {
    if (out.size() > 1) out += ',';
    out += dump(record);
  }
  return out + "]";
}

}  // namespace libguard::audit
