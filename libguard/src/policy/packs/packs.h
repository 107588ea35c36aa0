#pragma once
// Policies that ship with libguard: the baseline, and one pack for each role that guard.yaml gives out:
//
//   roles:
//     shop-analysts: { role: analyst, group: analysts, connection: shop }
//     shop-ops: { role: operator, group: ops, connection: shop, approvers: dba }
//
// A pack is Cedar text with holes for the group, the connection and the approvers; filled in, it is a source like any
// other, with ids such as "analyst:reads@shop-analysts". Packs have versions: `analyst@1` pins one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decider.h"

namespace libguard::policy {

// One entry of `roles:`.
struct RoleUse {
  std::string name;  // the entry's own name; part of the ids
  std::string role;  // "analyst" or "analyst@1"
  std::string group;
  std::string connection;
  std::string approvers;  // a group; needed by some roles, refused by the others
};

struct RolePack {
  std::string_view name;
  int version = 1;
  bool needs_approvers = false;
  bool breaks_glass = false;  // the baseline's forbids on structure give way to it
  std::string_view summary;   // one sentence
  std::string_view text;      // with @GROUP@, @CONNECTION@, @SYSTEM@, @APPROVERS@ and @USE@
};

// Every shipped version of every role, oldest first.
[[nodiscard]] const std::vector<RolePack>& role_packs();
// Nullptr, with a sentence in `why` that lists what there is.
[[nodiscard]] const RolePack* find_role(std::string_view role, std::string& why);
// The pack's text for this group and connection. Nullopt, with a sentence in `why`, when it cannot be filled in.
[[nodiscard]] std::optional<PolicySource> role_source(const RoleUse& use, std::string& why);
// "" or a sentence: what is wrong with these roles together.
[[nodiscard]] std::string complaint_about_roles(const std::vector<RoleUse>& roles);
// The baseline, whose `no-ddl` and `no-blind-dml` spare whoever breaks the glass under `roles` with approval. The roles
// must be ones that role_source and complaint_about_roles accept.
[[nodiscard]] std::string baseline_for(const std::vector<RoleUse>& roles);

}  // namespace libguard::policy
