#include "audit/segment_check.h"

#include <algorithm>

namespace libguard::audit {

SegmentCheck::SegmentCheck(std::int64_t ordinal, const SegmentFile& file, std::int64_t confirmed_max, bool stream_whole)
    : ordinal_(ordinal), file_(file), confirmed_max_(confirmed_max), whole_(stream_whole) {}

void SegmentCheck::run(const std::string& path, RecordSink& sink) {
  LineReader reader(path);
  std::string_view line;
  for (;;) {
    switch (reader.next(line)) {
      case LineReader::Got::line:
        take_line(line, sink);
        continue;
      case LineReader::Got::too_long:
        garbage("a line is longer than any record");
        continue;
      case LineReader::Got::torn:
        torn = true;
        torn_bytes = line.size();
        break;
      case LineReader::Got::failed:
        find(name(), "the file cannot be read or is no regular file");
        break;
      case LineReader::Got::end:
        break;
    }
    break;
  }
  if (mismatch_) settle_mismatch("hash does not fit its bytes");
  if (dropped_ > 0) findings.push_back(name() + ": and " + std::to_string(dropped_) + " more");
}

void SegmentCheck::take_line(std::string_view line, RecordSink& sink) {
  auto parts = split_line(line);
  auto head = parts ? read_head(parts->json) : std::nullopt;
  if (!head) return garbage("a line is not a record");
  ++records;
  if (head->version != kFormatVersion) {
    return garbage("a record has format version " + std::to_string(head->version) +
                   ", which this reader does not know");
  }
  if (first_)
    take_header(*parts, *head);
  else
    take_record(*parts, *head, sink);
}

void SegmentCheck::take_header(const LineParts& parts, const RecordHead& head) {
  first_ = false;
  header = read_header(parts.json);
  if (!header) return garbage("the first line is no segment header");
  if (header->stream != file_.stream || header->segment != file_.number) {
    find(name(), "the header belongs to segment " + std::to_string(header->segment) + " of stream " + header->stream);
  }
  last = confirmed = header->previous;
  std::string computed = chain_hash(header->previous.hash, parts.json);
  if (computed != parts.hash) mismatch_ = Mismatch{head.seq, computed, std::string(parts.hash)};
  if (head.seq != header->previous.seq + 1)
    find(name(), "the header's sequence number does not follow what it is chained to");
  last = confirmed = Position{file_.number, head.seq, std::string(parts.hash)};
}

// True when the record follows what stands before it, by any reading of what stands before it.
bool SegmentCheck::chained(const LineParts& parts, bool& resolved) {
  resolved = false;
  if (chain_hash(last.hash, parts.json) == parts.hash) return true;
  if (mismatch_ && chain_hash(mismatch_->computed, parts.json) == parts.hash) return resolved = true;
  return !stray_.empty() && chain_hash(stray_, parts.json) == parts.hash;
}

void SegmentCheck::take_record(const LineParts& parts, const RecordHead& head, RecordSink& sink) {
  bool by_computed = false;
  bool fits = chained(parts, by_computed);
  if (mismatch_) {
    std::string next = std::to_string(head.seq);
    if (by_computed)
      settle_mismatch("its stored hash was changed; the record is what record " + next + " was chained to");
    else if (fits)
      settle_mismatch("hash differs from what record " + next + " was chained to");
    else
      settle_mismatch("hash does not fit its bytes");
  }
  std::int64_t expected = last.seq + 1;
  if (head.seq == expected || lost_) {
    if (!fits && !lost_) mismatch_ = Mismatch{head.seq, chain_hash(last.hash, parts.json), std::string(parts.hash)};
    lost_ = false;
  } else if (head.seq > expected) {
    std::string gap = head.seq == expected + 1
                          ? "record " + std::to_string(expected) + " is missing"
                          : "records " + std::to_string(expected) + "-" + std::to_string(head.seq - 1) + " are missing";
    find("segment " + std::to_string(ordinal_), gap + ": record " + std::to_string(head.seq) + " follows record " +
                                                    std::to_string(last.seq) + standing(expected - 1));
  } else {
    find(name() + ", record " + std::to_string(head.seq),
         "stands out of its place, after record " + std::to_string(last.seq) + standing(last.seq));
    stray_ = parts.hash;
    return;
  }
  accept(parts, head, sink);
}

void SegmentCheck::accept(const LineParts& parts, const RecordHead& head, RecordSink& sink) {
  last = Position{file_.number, head.seq, std::string(parts.hash)};
  ended = head.type == "end";
  if (head.seq > confirmed_max_) {
    ++unconfirmed;
    return;
  }
  confirmed = last;
  sink.record(head);
}

void SegmentCheck::settle_mismatch(std::string_view how) {
  Mismatch mismatch = *mismatch_;
  mismatch_.reset();
  find(name() + ", record " + std::to_string(mismatch.seq), std::string(how) + standing(mismatch.seq - 1));
}

void SegmentCheck::garbage(std::string_view what) {
  if (mismatch_) settle_mismatch("hash does not fit its bytes");
  bool before_header = first_;
  first_ = false;
  find(name(), before_header ? std::string(what) + " where the header should be"
                             : std::string(what) + ", after record " + std::to_string(last.seq) + standing(last.seq));
  lost_ = true;
}

void SegmentCheck::find(const std::string& where, const std::string& what) {
  whole_ = false;
  if (findings.size() < kFindingsPerSegmentMax)
    findings.push_back(where + ": " + what);
  else
    ++dropped_;
}

std::string SegmentCheck::standing(std::int64_t up_to) const {
  if (!whole_) return "";
  if (up_to < 1) return "; no record stands";
  return up_to == 1 ? "; record 1 stands" : "; records 1-" + std::to_string(up_to) + " stand";
}

std::string SegmentCheck::name() const { return "segment " + std::to_string(ordinal_); }

}  // namespace libguard::audit
