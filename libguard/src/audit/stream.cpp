#include "audit/stream.h"

#include <atomic>
#include <system_error>
#include <utility>

#include "audit/segment_file.h"
#include "base/limits.h"
#include "base/log.h"
#include "libguard/error.h"

namespace libguard::audit {
namespace {

// A little of the reader's limit is left for version, sequence number and hash.
constexpr std::size_t kBodyBytesMax = limits::kJsonBytesMax - 1024;
// Memory for a line is kept for the next one, unless an unusual one needed more.
constexpr std::size_t kLineKeptMax = 64 * 1024;

std::string sentence(const char* call, long error) {
  return std::string(call) + ": " + std::generic_category().message(static_cast<int>(-error));
}

[[noreturn]] void unwritable(const std::string& why) {
  throw Error(ErrorKind::unavailable, "audit.unwritable",
              "the audit log cannot be written (" + why + "); nothing is executed without a record");
}

}  // namespace

// Closed when the last user lets go: a leader may be inside fdatasync while another thread sees a write fail.
struct Stream::Segment {
  Segment(std::shared_ptr<Os> calls, int descriptor) : os(std::move(calls)), fd(descriptor) {}
  ~Segment() { close(); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  void close() noexcept {
    int open = fd.exchange(-1);
    if (open >= 0) os->close(open);
  }

  std::shared_ptr<Os> os;
  std::atomic<int> fd;
  Position written;
  std::int64_t header_seq = 0;
  std::int64_t durable_seq = 0;
  std::size_t bytes = 0;
  bool dead = false;
  std::string why;
};

Stream::Stream(std::string directory, StreamName name, std::size_t segment_bytes_max, std::shared_ptr<Os> os,
               std::shared_ptr<Clock> clock)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      segment_bytes_max_(segment_bytes_max),
      os_(std::move(os)),
      clock_(std::move(clock)) {
  open_segment();
  flusher_ = std::thread([this] { flush_loop(); });
}

Stream::~Stream() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  idle_.notify_all();
  if (flusher_.joinable()) flusher_.join();
  close();
}

void Stream::append(const std::string& body, bool durable) {
  if (body.size() > kBodyBytesMax) {
    throw Error(ErrorKind::invalid, "audit.too_long",
                "the record of this action would be longer than any reader accepts");
  }
  Lock lock(mutex_);
  std::shared_ptr<Segment> segment = usable_segment(lock, line_bytes_max(body));
  write_line(*segment, body);
  std::int64_t seq = segment->written.seq;
  if (durable) {
    wait_durable(lock, segment, seq);
  } else {
    carry(seq, body);
    if (carried_bytes_ > kCarriedBytesMax) wait_durable(lock, segment, seq);
  }
}

void Stream::flush() {
  Lock lock(mutex_);
  sync_all(lock);
}

void Stream::abandon() noexcept {
  int fd = current_fd_.exchange(-1);
  if (fd >= 0) os_->close(fd);
}

std::map<std::string, std::int64_t> Stream::stats() const {
  std::lock_guard lock(mutex_);
  return {{"records", stats_.records},
          {"syncs", stats_.syncs},
          {"segments", stats_.segments},
          {"unwritable", stats_.unwritable}};
}

// A segment that takes `bytes` more: the current one, or a new one after a failure or at the size limit.
std::shared_ptr<Stream::Segment> Stream::usable_segment(Lock& lock, std::size_t bytes) {
  for (;;) {
    bool healthy = segment_ && !segment_->dead;
    // A header alone is never full: a record longer than a segment gets a segment of its own.
    bool full = healthy && segment_->bytes + bytes > segment_bytes_max_ && segment_->written.seq > segment_->header_seq;
    if (healthy && !full) return segment_;
    if (syncing_) {
      changed_.wait(lock);  // the leader's answer decides what the next segment is chained to (S3)
    } else if (!healthy || segment_->durable_seq == segment_->written.seq) {
      open_segment();
      return segment_;
    } else {
      std::shared_ptr<Segment> old = segment_;  // another thread may put a new one in its place meanwhile
      wait_durable(lock, old, old->written.seq);
    }
  }
}

void Stream::open_segment() {
  current_fd_ = -1;
  segment_.reset();
  ++number_;
  std::string path = directory_ + "/" + segment_name(name_.id, number_);
  int fd = os_->open_new(path);
  if (fd < 0) {
    ++stats_.unwritable;
    unwritable(sentence("open", fd));
  }
  auto segment = std::make_shared<Segment>(os_, fd);
  start_segment(path, segment);
  segment_ = segment;
  current_fd_ = fd;
  ++stats_.segments;
  // What was accepted before and died with its segment is said again here (S4).
  for (Carried& carried : carried_) {
    write_line(*segment_, carried.body);
    carried.seq = segment_->written.seq;
  }
}

// The header must be durable, and the file's name too, before anything else may be: else a crash could lose both.
void Stream::start_segment(const std::string& path, const std::shared_ptr<Segment>& segment) {
  std::string header = header_body(name_, number_, durable_, broken_, clock_->now_us());
  segment->written = durable_;
  segment->written.segment = number_;
  try {
    write_line(*segment, header);
    if (int error = os_->sync(segment->fd); error < 0)
      kill(*segment, "fdatasync", error);
    else if (error = os_->sync_directory(directory_); error < 0)
      kill(*segment, "fsync of the directory", error);
    if (segment->dead) unwritable(segment->why);
  } catch (const Error&) {
    os_->remove(path);  // nothing in it was promised to anybody
    throw;
  }
  segment->header_seq = segment->durable_seq = segment->written.seq;
  durable_ = segment->written;
  broken_ = {};
}

void Stream::write_line(Segment& segment, const std::string& body) {
  next_ = segment.written;
  ++next_.seq;
  line_ = make_line(next_.seq, body, next_.hash, std::move(line_));
  long written = os_->write(segment.fd, line_);
  if (written != static_cast<long>(line_.size())) {
    kill(segment, "write", written < 0 ? written : -ENOSPC);  // a short write is how a full disk begins
    unwritable(segment.why);
  }
  std::swap(segment.written, next_);
  segment.bytes += line_.size();
  if (line_.capacity() > kLineKeptMax) line_ = {};
  ++stats_.records;
}

// Whoever finds nobody syncing syncs for all that is written; the others wait for its answer.
void Stream::wait_durable(Lock& lock, const std::shared_ptr<Segment>& segment, std::int64_t seq) {
  while (segment->durable_seq < seq) {
    if (syncing_)
      changed_.wait(lock);
    else if (segment->dead)
      unwritable(segment->why);
    else
      lead_sync(lock, segment);
  }
}

void Stream::lead_sync(Lock& lock, const std::shared_ptr<Segment>& segment) {
  syncing_ = true;
  target_ = segment->written;
  lock.unlock();
  int error = os_->sync(segment->fd);
  lock.lock();
  syncing_ = false;
  ++stats_.syncs;
  if (error < 0) {
    kill(*segment, "fdatasync", error);
  } else {
    segment->durable_seq = target_.seq;
    durable_ = target_;
    drop_carried(target_.seq);
  }
  changed_.notify_all();
}

void Stream::carry(std::int64_t seq, const std::string& body) {
  carried_bytes_ += body.size();
  carried_.push_back({seq, body});
}

void Stream::drop_carried(std::int64_t durable_seq) {
  while (!carried_.empty() && carried_.front().seq <= durable_seq) {
    carried_bytes_ -= carried_.front().body.size();
    carried_.pop_front();
  }
}

void Stream::kill(Segment& segment, const char* call, long error) {
  segment.dead = true;
  segment.why = sentence(call, error);
  broken_ = {segment.written.segment, segment.why};
  ++stats_.unwritable;
  log(LogLevel::error, "audit segment " + std::to_string(segment.written.segment) + " is given up: " + segment.why);
}

void Stream::sync_all(Lock& lock) {
  if (carried_.empty()) return;
  std::shared_ptr<Segment> segment = usable_segment(lock, 0);
  wait_durable(lock, segment, segment->written.seq);
}

// Looks twice a second instead of being woken by each outcome: a wake-up costs an action more than writing its record.
void Stream::flush_loop() {
  Lock lock(mutex_);
  while (!idle_.wait_for(lock, kIdleSyncMs, [this] { return stopping_; })) {
    try {
      sync_all(lock);
    } catch (const std::exception&) {
      // kill() has logged it; what is carried is tried again with the next segment.
    }
  }
}

// A clean end says so in the record, so that a stream without one is known to have crashed or to have been cut.
void Stream::close() noexcept {
  try {
    append(end_body(clock_->now_us()), true);
  } catch (const std::exception&) {
  }
}

}  // namespace libguard::audit
