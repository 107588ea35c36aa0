// Opening, reloading and closing a guard.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/system_clock.h"
#include "guard/guard_parts.h"
#include "guard/guard_state.h"
#include "guard/private_file.h"
#include "guard/resolver.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// Read for open intents when a guard starts: a second's work at most. `libguard audit resolve` reads everything.
constexpr std::int64_t kResolveBytesMax = 256 * 1024 * 1024;

std::string one_line_of(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::unique_ptr<audit::Journal> open_journal(const Config& config, const std::shared_ptr<audit::Os>& os,
                                             const std::shared_ptr<Clock>& clock) {
  audit::JournalOptions options;
  options.directory = config.audit_directory;
  options.host = host_name();
  options.boot_id = one_line_of("/proc/sys/kernel/random/boot_id");
  return std::make_unique<audit::Journal>(std::move(options), os ? os : audit::real_os(), clock);
}

std::string json_of_snapshot(const Snapshot& snapshot) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().text("snapshot", snapshot.hash).texts_if("warnings", snapshot.config.warnings).end_object();
  return out;
}

std::shared_ptr<Snapshot> snapshot_after(const Snapshot& old, const std::string& path, const Ingredients& ingredients) {
  auto next = build_snapshot(path, ingredients);
  if (next->config.audit_directory == old.config.audit_directory) return next;
  throw Error(ErrorKind::configuration, "config.audit_moved",
              "audit.directory cannot change while the guard runs; restart it");
}

// The sentence stays in front of the line that it shows.
std::string kept(const Error& error, const std::string& hash) {
  const std::string sentence = error.what();
  const auto end = sentence.find('\n');
  return sentence.substr(0, end) + "; what was read before stays in force (snapshot " + hash.substr(0, 12) + ")" +
         (end == std::string::npos ? std::string() : sentence.substr(end));
}

// So that whoever reads the record later knows that somebody tried, and what went on deciding.
void record_kept(audit::Journal& journal, const Error& error, const std::string& hash) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().text("code", error.code()).text("reason", error.what()).text("snapshot", hash).end_object();
  journal.record_event("reload_refused", body, false);
}

}  // namespace

void Counters::count(OutcomeState state) noexcept {
  std::atomic<std::int64_t>* const counters[] = {&refused, &pending, &completed, &failed, &in_doubt};
  counters[static_cast<int>(state)]->fetch_add(1, std::memory_order_relaxed);
}

GuardState::~GuardState() = default;

std::shared_ptr<const Snapshot> GuardState::snapshot() const {
  std::lock_guard lock(mutex);
  return current;
}

void GuardState::swap(std::shared_ptr<const Snapshot> next) {
  std::lock_guard lock(mutex);
  current.swap(next);
}

Guard GuardParts::open(const std::string& path) const {
  auto state = std::make_shared<GuardState>();
  state->path = std::filesystem::absolute(path).string();
  state->clock = clock ? clock : system_clock();
  state->ids = ids ? ids : random_ids(state->clock);
  state->ingredients = {state->clock, state->ids, {}, backend ? backend : BackendMaker(&make_backend)};
  auto snapshot = build_snapshot(path, state->ingredients);
  state->journal = open_journal(snapshot->config, os, state->clock);
  state->digest_key = load_or_make_private_file(snapshot->config.audit_directory + "/digest.key", 32);
  start_snapshot(*snapshot, state->ingredients);
  state->current = snapshot;
  for (const std::string& warning : snapshot->config.warnings) log(LogLevel::warning, warning);
  state->journal->record_event("opened", json_of_snapshot(*snapshot), false);
  register_for_fork(state);
  (void)resolve_all(*state, *snapshot, "", kResolveBytesMax);
  return Guard(std::move(state));
}

Guard Guard::open(const std::string& path) { return GuardParts{}.open(path); }

std::vector<std::string> Guard::check(const std::string& path) {
  auto clock = system_clock();
  return build_snapshot(path, {clock, random_ids(clock), {}, &make_backend})->config.warnings;
}

void Guard::reload() const {
  std::lock_guard changing(state_->changing);
  auto old = state_->snapshot();
  Ingredients ingredients;
  {
    std::lock_guard lock(state_->mutex);
    ingredients = state_->ingredients;
  }
  std::shared_ptr<Snapshot> next;
  try {
    next = snapshot_after(*old, state_->path, ingredients);
    start_snapshot(*next, ingredients);
  } catch (const Error& error) {
    record_kept(*state_->journal, error, old->hash);
    throw Error(error.kind(), error.code(), kept(error, old->hash));
  }
  state_->journal->record_event("reloaded", json_of_snapshot(*next), true);
  state_->swap(std::move(next));
  state_->counters.reloads.fetch_add(1, std::memory_order_relaxed);
}

std::string Guard::resolve(const std::string& connection) const {
  auto snapshot = state_->snapshot();
  if (!connection.empty() && !snapshot->connections.contains(connection))
    throw Error(ErrorKind::invalid, "request.unknown_connection", "guard.yaml has no connection of this name");
  return resolve_all(*state_, *snapshot, connection, INT64_MAX);
}

std::string Guard::snapshot() const { return state_->snapshot()->hash; }
std::string Guard::audit_directory() const { return state_->snapshot()->config.audit_directory; }

void Guard::add_detector(std::shared_ptr<const masking::Detector> detector) const {
  std::lock_guard changing(state_->changing);
  Ingredients ingredients;
  {
    std::lock_guard lock(state_->mutex);
    ingredients = state_->ingredients;
  }
  ingredients.own_detectors.push_back(std::move(detector));
  // The snapshot is immutable, so one with the new masker takes its place.
  auto next = build_snapshot(state_->path, ingredients);
  if (next->hash != state_->snapshot()->hash) {
    throw Error(ErrorKind::configuration, "config.changed",
                "guard.yaml changed since it was read; call reload() first");
  }
  start_snapshot(*next, ingredients);
  std::lock_guard lock(state_->mutex);
  state_->current = std::move(next);
  state_->ingredients = std::move(ingredients);
}

std::map<std::string, std::int64_t> Guard::stats() const {
  const Counters& counters = state_->counters;
  std::map<std::string, std::int64_t> out{{"completed", counters.completed}, {"refused", counters.refused},
                                          {"pending", counters.pending},     {"failed", counters.failed},
                                          {"in_doubt", counters.in_doubt},   {"sessions", counters.sessions},
                                          {"reloads", counters.reloads}};
  for (const auto& [name, value] : state_->journal->stats()) out["audit." + name] = value;
  for (const auto& [name, connection] : state_->snapshot()->connections) {
    const std::string place = "connection." + name + ".";
    for (const auto& [key, value] : connection->backend().stats()) out[std::string(place).append(key)] = value;
  }
  return out;
}

void Guard::close() const {
  state_->closed.store(true);
  if (!state_->forked) state_->journal->flush();
}

}  // namespace libguard
