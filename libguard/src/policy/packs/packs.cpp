#include "policy/packs/packs.h"

#include <charconv>
#include <utility>

#include "base/text.h"
#include "policy/packs/cedar_text.h"

namespace libguard::policy {
namespace {

std::string all_names() {
  std::string out;
  for (const RolePack& pack : role_packs())
    out += (out.empty() ? "" : ", ") + std::string(pack.name) + "@" + std::to_string(pack.version);
  return out;
}

// "analyst@1" -> 1; 0: the newest; -1: no number.
int wanted_version(std::string_view role) {
  auto at = role.find('@');
  if (at == std::string_view::npos) return 0;
  int version = 0;
  std::string_view digits = role.substr(at + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  return error == std::errc{} && end == digits.data() + digits.size() && version > 0 ? version : -1;
}

std::string filled(std::string_view text, const std::vector<std::pair<std::string_view, std::string>>& holes) {
  std::string out;
  while (!text.empty()) {
    bool hit = false;
    for (const auto& [hole, value] : holes) {
      if (!text.starts_with(hole)) continue;
      out += value;
      text.remove_prefix(hole.size());
      hit = true;
      break;
    }
    if (hit) continue;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

// The name stands in ids, the approvers in a remedy, whose own grammar knows no escapes.
bool plain(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_' || c == '.' || c == ':';
    if (!good) return false;
  }
  return true;
}

}  // namespace

const RolePack* find_role(std::string_view role, std::string& why) {
  const std::string_view name = role.substr(0, role.find('@'));
  const int version = wanted_version(role);
  const RolePack* found = nullptr;
  for (const RolePack& pack : role_packs()) {
    if (pack.name == name && (version == 0 || pack.version == version)) found = &pack;
  }
  if (found == nullptr) why = "there is no role \"" + text::visible(role) + "\"; shipped are " + all_names();
  return found;
}

std::optional<PolicySource> role_source(const RoleUse& use, std::string& why) {
  const RolePack* pack = find_role(use.role, why);
  if (pack == nullptr) return std::nullopt;
  if (!plain(use.name)) {
    why = "the name of a role is made of letters, digits, '-', '_', '.' and ':'";
    return std::nullopt;
  }
  if (pack->needs_approvers != !use.approvers.empty()) {
    why = pack->needs_approvers ? "this role needs `approvers:`, the group whose people say yes"
                                : "this role asks nobody, so `approvers:` would never apply";
    return std::nullopt;
  }
  if (pack->needs_approvers && !plain(use.approvers)) {
    why = "a group that approves has a name of letters, digits, '-', '_', '.' and ':'";
    return std::nullopt;
  }
  const std::string version = std::string(pack->name) + "@" + std::to_string(pack->version);
  return PolicySource{
      "libguard:" + version + " (" + use.name + ")",
      filled(pack->text, {{"@USE@", use.name},
                          {"@GROUP@", "Group::" + cedar_text(use.group)},
                          {"@CONNECTION@", "Connection::" + cedar_text(use.connection)},
                          {"@SYSTEM@", "Schema::" + cedar_text(text::entity_part(use.connection) + "/$system")},
                          {"@APPROVERS@", use.approvers},
                          {"@APPROVER_GROUP@", "Group::" + cedar_text(use.approvers)}})};
}

std::string complaint_about_roles(const std::vector<RoleUse>& roles) {
  const RoleUse* first = nullptr;
  for (const RoleUse& use : roles) {
    std::string why;
    const RolePack* pack = find_role(use.role, why);
    if (pack == nullptr || !pack->breaks_glass) continue;
    if (first == nullptr) first = &use;
    if (first->approvers != use.approvers)
      return "all break-glass roles need the same approvers, because one baseline gives way to them";
  }
  return {};
}

}  // namespace libguard::policy
