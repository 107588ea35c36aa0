#include "guard/resolver.h"

#include <set>
#include <thread>

#include "base/json_writer.h"
#include "base/log.h"
#include "guard/own_grant.h"

namespace libguard {
namespace {

using audit::OpenIntent;

constexpr auto kPause = std::chrono::milliseconds(50);
// Of each intent when many are asked about: an unreachable server must not hold a start for long.
constexpr auto kSpanOfMany = std::chrono::milliseconds(2'000);

const char* to_string(Resolved resolved) {
  switch (resolved) {
    case Resolved::committed:
      return "committed";
    case Resolved::aborted:
      return "aborted";
    case Resolved::nothing_changed:
      return "nothing_changed";
    case Resolved::unknown:
      break;
  }
  return "unknown";
}

audit::Resolution resolution_of(const OpenIntent& intent, Resolved resolved) {
  audit::Resolution out{intent.record, intent.session, intent.tenant, "failed", {}, {}};
  switch (resolved) {
    case Resolved::committed:
      out.state = "completed";
      out.code = "resolved.committed";
      out.reason = "the database says that transaction " + intent.xid + " took effect";
      break;
    case Resolved::aborted:
      out.code = "resolved.aborted";
      out.reason = "the database says that transaction " + intent.xid + " was rolled back: nothing was changed";
      break;
    default:
      out.code = "resolved.read";
      out.reason = "it only read: nothing was changed, whether or not its answer arrived";
      break;
  }
  return out;
}

// "committed" | "aborted" | "in progress" | "unknown" | "" when the database could not be asked.
std::string ask(const Snapshot& snapshot, const OpenIntent& intent, std::chrono::milliseconds span) {
  auto found = snapshot.connections.find(intent.connection);
  if (found == snapshot.connections.end() || found->second->config().tenant != intent.tenant) return "unknown";
  Connection& connection = *found->second;
  backend::ActionLimits limits = connection.limits(Request{});
  limits.deadline = limits.deadline.earlier(Deadline::after(span));
  Grant grant = Pipeline::own_grant(connection.config().name, connection.config().tenant);
  try {
    return connection.backend().resolve(grant, intent.system_identifier, intent.xid, limits);
  } catch (const Error&) {
    return "";
  }
}

// Asks until the database knows. `reached` becomes false when it could not be asked at all.
Resolved settle(const Snapshot& snapshot, const OpenIntent& intent, std::chrono::milliseconds span, bool& reached) {
  reached = true;
  if (intent.kind != "tool" && intent.effect == "read") return Resolved::nothing_changed;
  if (intent.xid.empty()) return Resolved::unknown;
  const Deadline until = Deadline::after(span);
  for (;;) {
    const std::string status = ask(snapshot, intent, until.left());
    reached = !status.empty();
    if (status == "committed") return Resolved::committed;
    if (status == "aborted") return Resolved::aborted;
    // A transaction in progress may be the work of a process that lives, or of a session that is about to end.
    if (status == "unknown" || until.left() <= kPause) return Resolved::unknown;
    std::this_thread::sleep_for(kPause);
  }
}

Resolved settle_and_record(GuardState& guard, const Snapshot& snapshot, const OpenIntent& intent,
                           std::chrono::milliseconds span, bool& reached) noexcept {
  try {
    const Resolved resolved = settle(snapshot, intent, span, reached);
    if (resolved != Resolved::unknown) guard.journal->record_resolution(resolution_of(intent, resolved));
    return resolved;
  } catch (...) {
    log(LogLevel::warning, "an action in doubt could not be resolved; `libguard audit resolve` asks again");
    return Resolved::unknown;
  }
}

void append(JsonWriter& json, const OpenIntent& intent, const char* status) {
  json.begin_object().text("record", intent.record).text("session", intent.session);
  json.text("connection", intent.connection).text("kind", intent.kind).text("effect", intent.effect);
  json.text("status", status).end_object();
}

}  // namespace

Resolved resolve(GuardState& guard, const Snapshot& snapshot, const OpenIntent& intent,
                 std::chrono::milliseconds span) noexcept {
  bool reached = true;
  return settle_and_record(guard, snapshot, intent, span, reached);
}

void resolve_later(GuardState& guard, OpenIntent intent) {
  std::lock_guard lock(guard.mutex);
  guard.in_doubt.push_back(std::move(intent));
  guard.doubts.store(static_cast<std::int64_t>(guard.in_doubt.size()));
}

void resolve_waiting(GuardState& guard, const Snapshot& snapshot, const std::string& connection) {
  if (guard.doubts.load(std::memory_order_relaxed) == 0) return;
  std::vector<OpenIntent> mine;
  {
    std::lock_guard lock(guard.mutex);
    std::erase_if(guard.in_doubt, [&](OpenIntent& intent) {
      if (intent.connection != connection) return false;
      mine.push_back(std::move(intent));
      return true;
    });
    guard.doubts.store(static_cast<std::int64_t>(guard.in_doubt.size()));
  }
  for (OpenIntent& intent : mine) {
    if (resolve(guard, snapshot, intent, kPause) == Resolved::unknown) resolve_later(guard, std::move(intent));
  }
}

std::string resolve_all(GuardState& guard, const Snapshot& snapshot, const std::string& connection,
                        std::int64_t bytes_max) {
  std::set<std::string> unreachable;
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const OpenIntent& intent : audit::open_intents(snapshot.config.audit_directory, bytes_max)) {
    if (!connection.empty() && intent.connection != connection) continue;
    bool reached = true;
    Resolved resolved = Resolved::unknown;
    if (!unreachable.contains(intent.connection))
      resolved = settle_and_record(guard, snapshot, intent, kSpanOfMany, reached);
    if (!reached) unreachable.insert(intent.connection);
    append(json, intent, to_string(resolved));
  }
  json.end_array();
  return out;
}

}  // namespace libguard
