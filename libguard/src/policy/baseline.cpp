// The policies that ship with libguard. They never grant `connect`: by themselves they let nobody do anything.
#include "policy/decider.h"

namespace libguard::policy {

std::string_view baseline_text() {
  return R"cedar(// libguard:baseline
@id("safe-functions")
@reason("vetted built-in functions change nothing and show no file, secret or session")
permit (principal, action == Action::"call", resource in Tag::"safe");

@id("no-ddl")
@reason("{ACTION} on {object} changes structure, privileges or the server itself; ask a person to do it.")
forbid (principal, action in Action::"admin", resource);

@id("no-blind-dml")
@reason("{ACTION} on {object} would touch every row; name the rows by key, e.g. WHERE id = ...")
forbid (principal, action in [Action::"update", Action::"delete", Action::"merge"], resource)
when { context.bounded == "none" || context.bounded == "tautology" };
)cedar";
}

}  // namespace libguard::policy
