#include "audit/segment_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"

namespace libguard::audit {
namespace {

constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kStreamChanceBytes = 8;

bool is_stream_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

}  // namespace

std::string segment_name(const std::string& stream, std::int64_t number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, ".%04lld", static_cast<long long>(number));
  return stream + digits + std::string(kSuffix);
}

std::optional<SegmentFile> parse_segment_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::string_view stem = name.substr(0, name.size() - kSuffix.size());
  std::size_t dot = stem.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  SegmentFile file{std::string(name), std::string(stem.substr(0, dot)), 0};
  auto [end, error] = std::from_chars(stem.data() + dot + 1, stem.data() + stem.size(), file.number);
  bool named = error == std::errc{} && end == stem.data() + stem.size() && file.number > 0 &&
               std::all_of(file.stream.begin(), file.stream.end(), is_stream_character);
  // One number has one spelling: "1" beside "0001" would let a second file pose as the same segment.
  if (!named || segment_name(file.stream, file.number) != name) return std::nullopt;
  return file;
}

std::string make_stream_id(std::int64_t started_us, std::int64_t pid) {
  std::string id;
  for (char c : text::rfc3339(started_us)) {
    if (c != '-' && c != ':' && c != '.') id += c;
  }
  return id + "-" + std::to_string(pid) + "-" + crypto::hex(crypto::random_bytes(kStreamChanceBytes));
}

std::optional<std::vector<SegmentFile>> list_segments(const std::string& directory) {
  DIR* entries = ::opendir(directory.c_str());
  if (entries == nullptr) return std::nullopt;
  std::vector<SegmentFile> files;
  while (const dirent* entry = ::readdir(entries)) {
    if (auto file = parse_segment_name(entry->d_name)) files.push_back(std::move(*file));
  }
  ::closedir(entries);
  std::sort(files.begin(), files.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return a.stream != b.stream ? a.stream < b.stream : a.number < b.number;
  });
  return files;
}

int open_segment_to_read(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return -1;
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  ::close(fd);
  return -1;
}

LineReader::LineReader(const std::string& path) : fd_(open_segment_to_read(path)), failed_(fd_ < 0) {}

LineReader::~LineReader() {
  if (fd_ >= 0) ::close(fd_);
}

bool LineReader::fill() {
  if (start_ > 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  std::size_t size = buffer_.size();
  buffer_.resize(size + kReadBytes);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + size, kReadBytes);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  failed_ = got < 0;
  at_end_ = got <= 0;
  return got > 0;
}

LineReader::Got LineReader::next(std::string_view& line) {
  bool too_long = false;
  for (;;) {
    if (failed_) return Got::failed;
    std::size_t newline = buffer_.find('\n', scanned_);
    if (newline != std::string::npos) {
      line = std::string_view(buffer_).substr(start_, newline - start_);
      too_long = too_long || line.size() > limits::kRecordBytesMax;
      start_ = scanned_ = newline + 1;
      return too_long ? Got::too_long : Got::line;
    }
    scanned_ = buffer_.size();
    if (buffer_.size() - start_ > limits::kRecordBytesMax) {
      too_long = true;
      start_ = scanned_;  // forget the bytes, go on looking for the end of the line
    }
    if (at_end_ || !fill()) {
      if (failed_) return Got::failed;
      if (start_ == buffer_.size() && !too_long) return Got::end;
      line = std::string_view(buffer_).substr(start_);
      start_ = scanned_ = buffer_.size();
      return too_long ? Got::too_long : Got::torn;
    }
  }
}

}  // namespace libguard::audit
