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
#include "policy/packs/packs.h"

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

// `schema:` names a Cedar schema of own attributes and tags, and a file of their values.
void read_own_schema(const Section& root, const std::string& directory, std::vector<policy::PolicySource>& sources) {
  Section section = root.section("schema");
  section.only({"file", "entities"});
  for (const auto& [key, prefix] :
       {std::pair{"file", policy::kOwnSchemaPrefix}, std::pair{"entities", policy::kOwnEntitiesPrefix}}) {
    std::string name = section.text(key, "");
    if (name.empty()) continue;
    policy::PolicySource source = read_source(root, directory, name);
    source.name = std::string(prefix) + name;
    sources.push_back(std::move(source));
  }
}

std::vector<policy::RoleUse> read_roles(const Section& root) {
  std::vector<policy::RoleUse> roles;
  for (const auto& [name, entry] : root.section("roles").entries()) {
    entry.only({"role", "group", "connection", "approvers"});
    roles.push_back(
        {name, entry.text("role"), entry.text("group"), entry.text("connection"), entry.text("approvers", "")});
  }
  const std::string complaint = policy::complaint_about_roles(roles);
  if (!complaint.empty()) root.fail("roles", "config.roles", complaint);
  return roles;
}

policy::PolicySource source_of(const Section& root, const policy::RoleUse& use) {
  std::string why;
  auto source = policy::role_source(use, why);
  if (!source) root.section("roles").fail(use.name.c_str(), "config.roles", why);
  return std::move(*source);
}

}  // namespace

std::vector<policy::PolicySource> read_policies(const Section& root, const std::string& directory) {
  const std::vector<policy::RoleUse> roles = read_roles(root);
  std::vector<policy::PolicySource> sources;
  sources.reserve(roles.size());
  for (const policy::RoleUse& use : roles) sources.push_back(source_of(root, use));
  for (const std::string& pattern : root.list("policies")) {
    if (pattern == "libguard:baseline") {
      sources.push_back({pattern, policy::baseline_for(roles)});
      continue;
    }
    if (pattern.starts_with("libguard:"))
      root.fail("policies", "config.unknown_reference",
                "the shipped pack is libguard:baseline; roles go under `roles:`");
    std::vector<std::string> names = matches_of(directory, pattern);
    if (names.empty())
      root.fail("policies", "config.rule_never_applies", "\"" + text::visible(pattern) + "\" names no file");
    for (const std::string& name : names) sources.push_back(read_source(root, directory, name));
  }
  if (sources.empty())
    root.fail("policies", "config.missing_key",
              "name at least one policy file or role; without one every action is refused");
  read_own_schema(root, directory, sources);
  return sources;
}

}  // namespace libguard
