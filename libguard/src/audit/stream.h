#pragma once
// One process's chain of records on disk: group commit, rotation, and what happens when the disk says no.
//
// Invariants, cited by number in the tests:
//   S1  append(durable) returns only after an fdatasync that began after its line was written has succeeded.
//   S2  a segment on which a write or sync failed is never written, synced or read again by this process.
//   S3  a new segment is chained to the last line that is known to be durable, so that what a crash leaves always
//   verifies. S4  a line that was accepted without waiting is written again into the next segment when its own segment
//   dies. S5  sequence numbers along the durable chain have no gap.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "audit/line.h"
#include "audit/os.h"
#include "audit/record.h"
#include "libguard/clock.h"

namespace libguard::audit {

// How long an accepted line may wait for its sync when nobody else asks for one.
inline constexpr std::chrono::milliseconds kIdleSyncMs{500};
// Lines that are kept in memory until they are durable (S4); past this, the writer waits like everybody else.
inline constexpr std::size_t kCarriedBytesMax = 8 * 1024 * 1024;

// Thread-safe. Throws Error(unavailable, "audit.unwritable") when the disk fails, Error(invalid, "audit.too_long") for
// a record that no reader would accept.
class Stream {
 public:
  Stream(std::string directory, StreamName name, std::size_t segment_bytes_max, std::shared_ptr<Os> os,
         std::shared_ptr<Clock> clock);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void append(const std::string& body, bool durable);
  void flush();
  // In a forked child: closes the file and touches nothing else, since another thread may have held the lock.
  void abandon() noexcept;
  [[nodiscard]] std::map<std::string, std::int64_t> stats() const;

 private:
  struct Segment;
  struct Carried {
    std::int64_t seq;
    std::string body;
  };
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] std::shared_ptr<Segment> usable_segment(Lock& lock, std::size_t bytes);
  void open_segment();
  void start_segment(const std::string& path, const std::shared_ptr<Segment>& segment);
  void write_line(Segment& segment, const std::string& body);
  void wait_durable(Lock& lock, const std::shared_ptr<Segment>& segment, std::int64_t seq);
  void lead_sync(Lock& lock, const std::shared_ptr<Segment>& segment);
  void carry(std::int64_t seq, const std::string& body);
  void drop_carried(std::int64_t durable_seq);
  void kill(Segment& segment, const char* call, long error);
  void sync_all(Lock& lock);
  void flush_loop();
  void close() noexcept;

  const std::string directory_;
  const StreamName name_;
  const std::size_t segment_bytes_max_;
  const std::shared_ptr<Os> os_;
  const std::shared_ptr<Clock> clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // a sync ended
  std::condition_variable idle_;     // the end has come
  std::shared_ptr<Segment> segment_;
  std::atomic<int> current_fd_{-1};  // of segment_: all that a forked child may look at
  std::int64_t number_ = 0;          // of the newest segment that was tried
  Position durable_;
  BrokenNote broken_;
  bool syncing_ = false;
  bool stopping_ = false;
  std::deque<Carried> carried_;
  std::size_t carried_bytes_ = 0;
  // Of the last line, and of the sync that is under way: their memory is used again.
  std::string line_;
  Position next_;
  Position target_;
  struct {
    std::int64_t records = 0, syncs = 0, segments = 0, unwritable = 0;
  } stats_;
  std::thread flusher_;
};

}  // namespace libguard::audit
