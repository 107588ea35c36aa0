#pragma once
// Verifies the lines of one segment and says in sentences what is wrong with them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/header.h"
#include "audit/line.h"
#include "audit/segment_file.h"

namespace libguard::audit {

// A damaged file could have a finding for each of its lines: these are enough to know where to look.
inline constexpr std::size_t kFindingsPerSegmentMax = 20;

// What the whole directory shares while it is read.
struct RecordSink {
  virtual ~RecordSink() = default;
  virtual void record(const RecordHead& head) = 0;
};

// One use. `ordinal` is the segment's number in the verifier's sentences.
class SegmentCheck {
 public:
  // `confirmed_max`: records past it were written after the last sync that is known to have worked, as the next
  // segment's header says; they count as never promised. `alone`: no finding in this stream yet.
  SegmentCheck(std::int64_t ordinal, const SegmentFile& file, std::int64_t confirmed_max, bool stream_whole);

  void run(const std::string& path, RecordSink& sink);

  std::vector<std::string> findings;
  std::vector<std::string> warnings;
  std::int64_t records = 0;
  std::optional<SegmentHeader> header;
  Position last;       // the last record in its place
  Position confirmed;  // the last one up to confirmed_max
  std::size_t torn_bytes = 0;
  bool torn = false;
  bool ended = false;  // the last record is a clean end
  std::int64_t unconfirmed = 0;

 private:
  struct Mismatch {
    std::int64_t seq;
    std::string computed;
    std::string stored;
  };
  void take_line(std::string_view line, RecordSink& sink);
  void take_header(const LineParts& parts, const RecordHead& head);
  void take_record(const LineParts& parts, const RecordHead& head, RecordSink& sink);
  bool chained(const LineParts& parts, bool& resolved);
  void settle_mismatch(std::string_view how);
  void accept(const LineParts& parts, const RecordHead& head, RecordSink& sink);
  void garbage(std::string_view what);
  void find(const std::string& where, const std::string& what);
  [[nodiscard]] std::string standing(std::int64_t up_to) const;
  [[nodiscard]] std::string name() const;

  std::int64_t ordinal_;
  const SegmentFile& file_;
  std::int64_t confirmed_max_;
  bool whole_;  // nothing found so far: records before this one stand
  bool first_ = true;
  bool lost_ = false;  // after garbage: the next record's place is unknown
  std::size_t dropped_ = 0;
  std::optional<Mismatch> mismatch_;  // waits for the next record's word
  std::string stray_;                 // hash of a record out of its place: an insertion may be chained through it
};

}  // namespace libguard::audit
