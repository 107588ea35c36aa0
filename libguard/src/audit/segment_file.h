#pragma once
// The files of an audit directory: their names, which are ours, and lines out of one without trusting it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::audit {

// "20261124T101402113456Z-4711-9f3a2c1b77aa01dd.0002.jsonl": stream id, segment number. Names sort by time.
struct SegmentFile {
  std::string name;  // without the directory
  std::string stream;
  std::int64_t number = 0;
};

[[nodiscard]] std::string segment_name(const std::string& stream, std::int64_t number);
[[nodiscard]] std::optional<SegmentFile> parse_segment_name(std::string_view name);
[[nodiscard]] std::string make_stream_id(std::int64_t started_us, std::int64_t pid);

// Every entry of the directory whose name is a segment's, sorted by stream and number. Empty when the directory
// cannot be read.
[[nodiscard]] std::optional<std::vector<SegmentFile>> list_segments(const std::string& directory);

// Opens read-only and close-on-exec; a symbolic link, FIFO or device is never followed nor waited for. -1 on failure.
[[nodiscard]] int open_segment_to_read(const std::string& path);

// Reads lines in memory bounded by kRecordBytesMax, whatever the file holds. Not thread-safe.
class LineReader {
 public:
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  enum class Got { line, too_long, torn, end, failed };
  // `line` holds the bytes without the new line until the next call; `torn` = the last bytes of the file have none.
  Got next(std::string_view& line);

 private:
  bool fill();
  int fd_;
  bool failed_ = false;
  bool at_end_ = false;
  std::string buffer_;
  std::size_t start_ = 0;    // of the bytes not handed out yet
  std::size_t scanned_ = 0;  // up to here there is no new line
};

}  // namespace libguard::audit
