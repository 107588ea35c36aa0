// The policies that ship with libguard. They never grant `connect`: by themselves they let nobody do anything.
#include "policy/packs/packs.h"
#include "policy/packs/cedar_text.h"

namespace libguard::policy {
namespace {

constexpr std::string_view kHead = R"cedar(// libguard:baseline, version 1
@id("safe-functions")
@reason("vetted built-in functions change nothing and show no file, secret or session")
permit (principal, action == Action::"call", resource in Tag::"safe");

)cedar";

constexpr std::string_view kNoDdl = R"cedar(@id("no-ddl")
@reason("{ACTION} on {object} changes structure, privileges or the server itself; ask a person to do it.")
)cedar";
constexpr std::string_view kNoDdlScope = R"cedar(forbid (principal, action in Action::"admin", resource))cedar";

constexpr std::string_view kNoBlindDml = R"cedar(

@id("no-blind-dml")
@reason("{ACTION} on {object} would touch every row; name the rows by key, e.g. WHERE id = ...")
)cedar";
constexpr std::string_view kNoBlindDmlScope =
    R"cedar(forbid (principal, action in [Action::"update", Action::"delete", Action::"merge"], resource)
when { context.bounded == "none" || context.bounded == "tautology" })cedar";

// Whoever breaks the glass on a connection, once a person of the approvers has agreed.
std::string spared(const std::vector<RoleUse>& roles) {
  std::string out;
  for (const RoleUse& use : roles) {
    std::string why;
    const RolePack* pack = find_role(use.role, why);
    if (pack == nullptr || !pack->breaks_glass) continue;
    out += out.empty() ? "\nunless {" : " ||";
    out += "\n  (principal in Group::" + cedar_text(use.group) +
           " && resource in Connection::" + cedar_text(use.connection) +
           " && context.approvals >= 1 && context.approver_groups.contains(Group::" + cedar_text(use.approvers) + "))";
  }
  return out.empty() ? out : out + "\n}";
}

// Lifts the forbids for those whom they spare; for everybody else they stand, so that nobody is asked in vain. All
// roles that break the glass have the same approvers (complaint_about_roles).
std::string remedy(const std::vector<RoleUse>& roles) {
  for (const RoleUse& use : roles) {
    std::string why;
    const RolePack* pack = find_role(use.role, why);
    if (pack != nullptr && pack->breaks_glass)
      return "@remedy(" + cedar_text("approval:group=" + use.approvers + ",n=1,ttl=15m") + ")\n";
  }
  return {};
}

}  // namespace

std::string_view baseline_text() {
  static const std::string text = baseline_for({});
  return text;
}

std::string baseline_for(const std::vector<RoleUse>& roles) {
  const std::string unless = spared(roles);
  const std::string lifted_by = remedy(roles);
  std::string out(kHead);
  out.append(kNoDdl).append(lifted_by).append(kNoDdlScope).append(unless).append(";");
  out.append(kNoBlindDml).append(lifted_by).append(kNoBlindDmlScope).append(unless).append(";\n");
  return out;
}

}  // namespace libguard::policy
