// Verifies a directory: each stream's segments in order, each chained to the one before.
#include <algorithm>
#include <optional>
#include <unordered_set>

#include "audit/reader.h"
#include "audit/segment_check.h"
#include "base/json_writer.h"

namespace libguard::audit {
namespace {

// Intents that nothing ended: no outcome, or one that is in doubt and was not resolved. An end may stand in a later
// stream, so both sides are kept until the end.
class OpenIntents final : public RecordSink {
 public:
  void record(const RecordHead& head) override {
    if (head.record.empty()) return;
    if (head.type == "intent")
      begun_.insert(head.record);
    else if ((head.type == "outcome" && !head.in_doubt) || head.type == "refusal" || head.type == "resolution")
      ended_.insert(head.record);
  }
  [[nodiscard]] std::int64_t count() const {
    std::int64_t open = 0;
    for (const std::string& record : begun_) open += ended_.contains(record) ? 0 : 1;
    return open;
  }

 private:
  std::unordered_set<std::string> begun_;
  std::unordered_set<std::string> ended_;
};

class StreamVerifier {
 public:
  StreamVerifier(const std::string& directory, Verification& result, OpenIntents& open)
      : directory_(directory), result_(result), open_(open) {}

  // `after`: the header of the next segment of the same stream, or none.
  void segment(const SegmentFile& file, const std::optional<SegmentHeader>& after) {
    bool cut_short = after && after->broken;
    SegmentCheck check(result_.segments, file, confirmed_max(after), whole_);
    check.run(directory_ + "/" + file.name, open_);
    if (check.header) continues(check, file);
    for (const std::string& finding : check.findings) find(finding);
    result_.records += check.records;
    end_of(check, after.has_value(), cut_short);
    if (check.header) previous_ = cut_short ? check.confirmed : check.last;
  }

 private:
  [[nodiscard]] std::string name() const { return "segment " + std::to_string(result_.segments); }

  void find(const std::string& finding) {
    whole_ = false;
    result_.findings.push_back(finding);
  }

  void continues(SegmentCheck& check, const SegmentFile& file) {
    const Position& claim = check.header->previous;
    if (claim.segment == previous_.segment && claim.seq == previous_.seq && claim.hash == previous_.hash) return;
    std::string where = name();
    std::string sentence = where + ": it was chained to record " + std::to_string(claim.seq) + " in segment " +
                           std::to_string(claim.segment) + " of stream " + file.stream + ", ";
    if (claim.segment > previous_.segment)
      sentence += "a segment that is missing";
    else if (claim.seq > previous_.seq)
      sentence += "which is missing: the segment before ends at record " + std::to_string(previous_.seq);
    else if (claim.seq < previous_.seq)
      sentence += "but the segment before goes on to record " + std::to_string(previous_.seq);
    else
      sentence += "whose hash is different now";
    std::int64_t standing = claim.seq == previous_.seq ? previous_.seq - 1 : std::min(claim.seq, previous_.seq);
    if (whole_ && standing > 1) sentence += "; records 1-" + std::to_string(standing) + " stand";
    find(sentence);
  }

  void end_of(const SegmentCheck& check, bool has_next, bool cut_short) {
    std::string where = name();
    if (check.unconfirmed > 0) {
      result_.warnings.push_back(
          where + ": its last " + std::to_string(check.unconfirmed) +
          " records were never confirmed, the disk failed; the next segment goes on before them");
    }
    if (check.torn && !(has_next && cut_short)) torn_end(check, where, has_next);
    if (!has_next && check.header && !check.ended && !check.torn) {
      result_.warnings.push_back(
          where + ": its stream has no end record: the process is still running, was killed, or the tail was cut");
    }
    if (!check.header && check.findings.empty() && !check.torn) {
      result_.warnings.push_back(where +
                                 ": the file is empty; a crash right after it was made leaves this, and so does a cut");
    }
  }

  void torn_end(const SegmentCheck& check, const std::string& where, bool has_next) {
    std::string sentence = where + ": ends in an incomplete line of " + std::to_string(check.torn_bytes) +
                           " bytes after record " + std::to_string(check.last.seq);
    if (has_next && check.header)
      find(sentence + ", though a segment follows that knows of no failure");
    else
      result_.warnings.push_back(sentence + ": its writer was killed or is writing now");
  }

  const std::string& directory_;
  Verification& result_;
  OpenIntents& open_;
  Position previous_;
  bool whole_ = true;
};

void verify_streams(const std::string& directory, const std::vector<SegmentFile>& files, Verification& result) {
  OpenIntents open;
  std::optional<StreamVerifier> stream;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == 0 || files[i].stream != files[i - 1].stream) stream.emplace(directory, result, open);
    ++result.segments;
    stream->segment(files[i], header_after(directory, files, i));
  }
  result.in_doubt = open.count();
}

}  // namespace

Verification verify(const std::string& directory) {
  Verification result;
  auto files = list_segments(directory);
  if (!files) {
    result.findings.push_back("the audit directory cannot be read");
    return result;
  }
  verify_streams(directory, *files, result);
  if (files->empty())
    result.warnings.push_back("there is no segment here: nothing was recorded yet, or all of it was removed");
  if (!result.findings.empty()) {
    result.warnings.push_back("a record that was rewritten together with its hash shows at the record after it");
  }
  result.warnings.push_back("no anchor: a cut of the tail, or a whole stream removed, cannot be seen");
  result.intact = result.findings.empty();
  return result;
}

std::string to_json_text(const Verification& verification) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().boolean("intact", verification.intact).number("segments", verification.segments);
  writer.number("records", verification.records).number("in_doubt", verification.in_doubt);
  writer.texts("findings", verification.findings).texts("warnings", verification.warnings).end_object();
  return out;
}

}  // namespace libguard::audit
