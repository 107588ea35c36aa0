#pragma once
// Entries and directories that the audit tests share.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "audit/journal.h"
#include "audit/segment_file.h"
#include "base/system_clock.h"

namespace libguard::audit {

// A directory of its own, gone at the end.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "libguard-audit-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch directory");
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string log() const { return path_ + "/log"; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::vector<std::string> segment_paths(const std::string& directory) {
  std::vector<std::string> paths;
  auto files = list_segments(directory);
  if (!files) return paths;
  for (const SegmentFile& file : *files) paths.push_back(directory + "/" + file.name);
  return paths;
}
inline std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::string bytes = read_file(path);
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = bytes.find('\n', at);
    if (end == std::string::npos) end = bytes.size() - 1;
    lines.push_back(bytes.substr(at, end + 1 - at));
    at = end + 1;
  }
  return lines;
}
inline void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += line;
  write_file(path, bytes);
}

inline constexpr std::int64_t kGoldenUs = 1'795'860'842'113'456;  // 2026-11-28T10:14:02.113456Z

inline JournalOptions options_for(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  return options;
}

inline JournalOptions golden_options(const std::string& directory) {
  return {directory,
          "host-1",
          "b0071d00-0000-4000-8000-000000000001",
          64 * 1024 * 1024,
          "20261128T101402113456Z-4711-00112233aabbccdd",
          4711};
}

inline Identity sample_identity() {
  Identity identity;
  identity.account = "support-crew";
  identity.provider = "local";
  identity.subject = "support-crew";
  identity.groups = {"support"};
  identity.verified = true;
  identity.credential_id = "jti-1";
  identity.user = ActsFor{"mia@example.com", "", {}, false};
  identity.chain = {{"user", "mia@example.com", false}, {"agent", "refund-agent", false}};
  return identity;
}

inline ActionEntry sample_entry(const Identity& identity, const std::string& record,
                                const std::string& session = "s-1") {
  ActionEntry entry;
  entry.record = record;
  entry.session = session;
  entry.identity = &identity;
  entry.tool = "run_sql";
  entry.connection = "shop";
  entry.kind = "sql";
  entry.purpose = "ticket 4711";
  entry.command_text = "UPDATE orders SET status = 'refunded' WHERE id = ?";
  entry.params_json = "[1042]";
  entry.command_digest = "d1";
  entry.kinds = {"update"};
  entry.effect = "write";
  entry.writes = {"main.orders"};
  entry.verdict = "allow";
  entry.snapshot = "snap-1";
  entry.permit_digest = "p1";
  return entry;
}

inline OutcomeEntry sample_outcome(const std::string& state = "completed") {
  OutcomeEntry outcome;
  outcome.state = state;
  outcome.stage = "execute";
  outcome.code = state == "completed" ? "ok" : "policy.denied";
  outcome.reason = "1 row";
  outcome.affected = 1;
  outcome.total_us = 800;
  outcome.backend_us = 600;
  return outcome;
}

}  // namespace libguard::audit
