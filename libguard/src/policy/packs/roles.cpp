// The roles themselves, as Cedar text. @USE@ is the name of the entry in `roles:`, so that ids stay unique when a role
// is given out twice.
#include "policy/packs/packs.h"

namespace libguard::policy {
namespace {

constexpr std::string_view kReadOnly =
    R"cedar(// libguard:read-only, version 1: looks at every table, sees no classified value, changes nothing.
@id("read-only:connects@@USE@")
permit (principal in @GROUP@, action == Action::"connect", resource == @CONNECTION@);

@id("read-only:uses-tools@@USE@")
permit (principal in @GROUP@, action == Action::"use", resource);

@id("read-only:reads@@USE@")
permit (principal in @GROUP@, action in Action::"read", resource in @CONNECTION@);

// Forbidden, not only unpermitted: no other policy can make this group a writer by accident.
@id("read-only:nothing-else@@USE@")
@reason("this account may only read; ask somebody with another role to change data")
forbid (principal in @GROUP@, action in [Action::"write", Action::"admin", Action::"session"], resource in @CONNECTION@);

@id("read-only:no-system-tables@@USE@")
@reason("system tables show what every other user does and owns")
forbid (principal in @GROUP@, action in [Action::"read", Action::"write", Action::"admin"], resource in @SYSTEM@);
)cedar";

constexpr std::string_view kAnalyst =
    R"cedar(// libguard:analyst, version 1: reads every table and may search, join, group and sort by
// classified columns, whose values stay masked in what comes back.
@id("analyst:connects@@USE@")
permit (principal in @GROUP@, action == Action::"connect", resource == @CONNECTION@);

@id("analyst:uses-tools@@USE@")
permit (principal in @GROUP@, action == Action::"use", resource);

@id("analyst:reads@@USE@")
permit (principal in @GROUP@, action in Action::"read", resource in @CONNECTION@);

@id("analyst:searches-classified@@USE@")
permit (principal in @GROUP@, action in [Action::"match", Action::"infer"], resource);

@id("analyst:nothing-else@@USE@")
@reason("this account may only read; ask somebody with another role to change data")
forbid (principal in @GROUP@, action in [Action::"write", Action::"admin", Action::"session"], resource in @CONNECTION@);

@id("analyst:no-system-tables@@USE@")
@reason("system tables show what every other user does and owns")
forbid (principal in @GROUP@, action in [Action::"read", Action::"write", Action::"admin"], resource in @SYSTEM@);
)cedar";

constexpr std::string_view kOperator =
    R"cedar(// libguard:operator, version 1: reads and writes rows. Up to 100 rows that are
// named by key go at once; more than that, or rows that are not named by key, need one of the approvers.
@id("operator:connects@@USE@")
permit (principal in @GROUP@, action == Action::"connect", resource == @CONNECTION@);

@id("operator:uses-tools@@USE@")
permit (principal in @GROUP@, action == Action::"use", resource);

@id("operator:reads@@USE@")
permit (principal in @GROUP@, action in Action::"read", resource in @CONNECTION@);

@id("operator:finds-by-exact-value@@USE@")
permit (principal in @GROUP@, action == Action::"match", resource);

@id("operator:writes@@USE@")
permit (principal in @GROUP@, action in Action::"write", resource in @CONNECTION@);

@id("operator:many-rows-ask@@USE@")
@reason("{ACTION} on {object} reaches more than 100 rows, or rows that are not named by key")
@remedy("approval:group=@APPROVERS@,n=1,ttl=15m")
forbid (principal in @GROUP@, action in [Action::"update", Action::"delete", Action::"merge"], resource in @CONNECTION@)
when { context.bounded != "eq" || context.rows_bound > 100 }
unless { context.approvals >= 1 && context.approver_groups.contains(@APPROVER_GROUP@) };

@id("operator:no-system-tables@@USE@")
@reason("system tables show what every other user does and owns")
forbid (principal in @GROUP@, action in [Action::"read", Action::"write", Action::"admin"], resource in @SYSTEM@);
)cedar";

constexpr std::string_view kApprover =
    R"cedar(// libguard:approver, version 1: who says yes does not act. The right to approve comes
// from the group that an approval names; this keeps the same people from running commands on the connection.
@id("approver:does-not-act@@USE@")
@reason("who approves commands on this connection does not run any there")
forbid (principal in @GROUP@, action, resource in @CONNECTION@);
)cedar";

constexpr std::string_view kBreakGlass =
    R"cedar(// libguard:break-glass, version 1: for the night when everything is on fire. Everything is
// possible, structure and unbounded writes too, but whatever is not a plain read needs one of the approvers each time.
@id("break-glass:connects@@USE@")
permit (principal in @GROUP@, action == Action::"connect", resource == @CONNECTION@);

@id("break-glass:uses-tools@@USE@")
permit (principal in @GROUP@, action == Action::"use", resource);

@id("break-glass:acts@@USE@")
permit (principal in @GROUP@, action in [Action::"read", Action::"write", Action::"admin", Action::"session"], resource in @CONNECTION@);

@id("break-glass:searches-classified@@USE@")
permit (principal in @GROUP@, action in [Action::"match", Action::"infer"], resource);

@id("break-glass:four-eyes@@USE@")
@reason("{ACTION} on {object} under break-glass needs a second person, every time")
@remedy("approval:group=@APPROVERS@,n=1,ttl=15m")
forbid (principal in @GROUP@, action in [Action::"write", Action::"admin", Action::"session"], resource in @CONNECTION@)
unless { context.approvals >= 1 && context.approver_groups.contains(@APPROVER_GROUP@) };
)cedar";

}  // namespace

const std::vector<RolePack>& role_packs() {
  static const std::vector<RolePack> packs{
      {"read-only", 1, false, false, "reads every table, sees no classified value, changes nothing", kReadOnly},
      {"analyst", 1, false, false, "reads, and may search by classified columns whose values stay masked", kAnalyst},
      {"operator", 1, true, false, "reads and writes rows named by key; more than 100 rows need an approval",
       kOperator},
      {"approver", 1, false, false, "approves, and therefore runs nothing on the connection", kApprover},
      {"break-glass", 1, true, true, "may do everything, with an approval for all but plain reads", kBreakGlass},
  };
  return packs;
}

}  // namespace libguard::policy
