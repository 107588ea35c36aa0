#include "guard/policy_files.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "base/text.h"
#include "guard/config_parts.h"
#include "libguard/error.h"

namespace libguard {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> matches_of(const std::string& directory, const std::string& pattern) {
  fs::path full = fs::path(directory) / pattern;
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(full.parent_path(), error)) {
    std::string name = entry.path().filename().string();
    if (fnmatch(full.filename().c_str(), name.c_str(), FNM_PERIOD) != 0 || !entry.is_regular_file(error)) continue;
    found.push_back((fs::path(pattern).parent_path() / name).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

policy::PolicySource read_source(const Section& root, const std::string& directory, const std::string& name) {
  std::ifstream in(absolute_path(directory, name), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) root.fail("policies", "config.unreadable", "\"" + text::visible(name) + "\" cannot be read");
  if (bytes.size() > limits::kPolicyTextBytesMax)
    root.fail("policies", "config.too_large", "\"" + name + "\" is too long");
  return {name, std::move(bytes)};
}

}  // namespace

std::vector<policy::PolicySource> read_policies(const Section& root, const std::string& directory) {
  std::vector<policy::PolicySource> sources;
  for (const std::string& pattern : root.list("policies")) {
    if (pattern == "libguard:baseline") {
      sources.push_back({pattern, std::string(policy::baseline_text())});
      continue;
    }
    if (pattern.starts_with("libguard:"))
      root.fail("policies", "config.unknown_reference", "the shipped pack is libguard:baseline");
    std::vector<std::string> names = matches_of(directory, pattern);
    if (names.empty())
      root.fail("policies", "config.rule_never_applies", "\"" + text::visible(pattern) + "\" names no file");
    for (const std::string& name : names) sources.push_back(read_source(root, directory, name));
  }
  if (sources.empty())
    root.fail("policies", "config.missing_key", "name at least one policy file; without one every action is refused");
  return sources;
}

}  // namespace libguard
