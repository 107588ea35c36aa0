#include "audit/journal.h"

#include <unistd.h>

#include <fstream>

#include "audit/directory.h"
#include "audit/record.h"
#include "audit/segment_file.h"
#include "audit/stream.h"
#include "base/json_writer.h"
#include "base/process_mark.h"
#include "libguard/error.h"

namespace libguard::audit {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string kernel_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id.empty() ? "unknown" : id;
}

StreamName name_of(const JournalOptions& options, std::int64_t now_us) {
  StreamName name;
  name.pid = options.pid != 0 ? options.pid : ::getpid();
  name.id = options.stream_id.empty() ? make_stream_id(now_us, name.pid) : options.stream_id;
  name.host = options.host.empty() ? host_name() : options.host;
  name.boot_id = options.boot_id.empty() ? kernel_boot_id() : options.boot_id;
  name.started_us = now_us;
  return name;
}

std::string repair_json(const Repair& repair) {
  std::string json;
  JsonWriter(json)
      .begin_object()
      .text("segment", repair.file)
      .number("bytes_kept", repair.bytes_kept)
      .number("bytes_moved", repair.bytes_moved)
      .end_object();
  return json;
}

// A thread writes one record at a time, so it needs memory for one.
constexpr std::size_t kBodyKeptMax = 64 * 1024;
std::string& spare_body() {
  thread_local std::string body;
  return body;
}

}  // namespace

struct Journal::State {
  State(const JournalOptions& options, const std::shared_ptr<Os>& os, const std::shared_ptr<Clock>& clock_in)
      : clock(clock_in),
        stream(options.directory, name_of(options, clock_in->now_us()), options.segment_bytes_max, os, clock_in) {}

  // A forked child shares the file with its parent: one line of it would break the parent's chain.
  void require_owner() const {
    if (opened_in.here()) return;
    throw Error(ErrorKind::unavailable, "guard.forked",
                "this process was forked from the one that opened the guard; open a new guard after exec");
  }
  void append(const std::string& body, bool durable) { stream.append(body, durable); }

  ProcessMark opened_in;
  std::shared_ptr<Clock> clock;
  Stream stream;
  std::int64_t repaired = 0;
};

Journal::Journal(const JournalOptions& options, const std::shared_ptr<Os>& os, const std::shared_ptr<Clock>& clock) {
  prepare_directory(options.directory);
  auto repairs = repair_torn_tails(options.directory);
  state_ = std::make_unique<State>(options, os, clock);
  for (const Repair& repair : repairs) record_event("audit.repaired", repair_json(repair), true);
  state_->repaired = static_cast<std::int64_t>(repairs.size());
}

Journal::~Journal() {
  // In a forked child the flushing thread does not exist and the lock may be held by nobody: nothing can be torn down.
  if (state_ && !state_->opened_in.here()) (void)state_.release();
}

Intent Journal::record_intent(const ActionEntry& entry) {
  state_->require_owner();
  spare_body() = intent_body(entry, state_->clock->now_us(), std::move(spare_body()));
  state_->append(spare_body(), true);
  return Intent(entry.record, entry.permit_digest);
}

void Journal::record_outcome(const Intent& intent, const ActionEntry& entry, const OutcomeEntry& outcome) {
  state_->require_owner();
  if (intent.record() != entry.record) {
    throw Error(ErrorKind::internal, "audit.mismatch", "an outcome was given for another record than its intent");
  }
  spare_body() = outcome_body(entry, outcome, state_->clock->now_us(), std::move(spare_body()));
  state_->append(spare_body(), false);
  if (spare_body().capacity() > kBodyKeptMax) spare_body() = {};
}

void Journal::record_refusal(const ActionEntry& entry, const OutcomeEntry& outcome) {
  state_->require_owner();
  state_->append(refusal_body(entry, outcome, state_->clock->now_us()), true);
}

void Journal::record_resolution(const Resolution& resolution) {
  state_->require_owner();
  state_->append(resolution_body(resolution, state_->clock->now_us()), true);
}

void Journal::record_event(const std::string& type, const std::string& body_json, bool durable) {
  state_->require_owner();
  state_->append(event_body(type, body_json, state_->clock->now_us()), durable);
}

void Journal::flush() {
  state_->require_owner();
  state_->stream.flush();
}

void Journal::abandon_after_fork() noexcept {
  if (!state_->opened_in.here()) state_->stream.abandon();
}

std::map<std::string, std::int64_t> Journal::stats() const {
  state_->require_owner();
  auto stats = state_->stream.stats();
  stats["repaired"] = state_->repaired;
  return stats;
}

}  // namespace libguard::audit
