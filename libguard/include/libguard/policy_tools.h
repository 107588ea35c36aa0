#pragma once
// What turns a policy file from a hope into something tested. JSON text in, JSON text out; docs/POLICY_TOOLS.md has
// every member. None of them writes anything: not to a database, not to the audit log, not to a store. Thread-safe.
//
// Every request takes `config` (guard.yaml), `catalogues` ({connection: FILE of `catalogue dump`}) and `live` (true:
// ask the database for its schema where no file is named). All throw Error(configuration | invalid) with a sentence for
// what cannot be read.

#include <string>
#include <string_view>

#include "libguard/api.h"

namespace libguard {

// {findings: [{code, severity, policy, file, line, column, message, fix, excerpt?}], counts, policies}
[[nodiscard]] LIBGUARD_API std::string policy_check_json(std::string_view request);
// {files, mutate?} -> {tests: [...], passed, failed, coverage: {...}, mutants?: {...}, mutants_skipped?}
[[nodiscard]] LIBGUARD_API std::string policy_test_json(std::string_view request);
// {as, user?, on?, sql | tool, params?, args?, approvals?, groups?, now_us?} -> {decision, command, questions: [...]}
[[nodiscard]] LIBGUARD_API std::string policy_explain_json(std::string_view request);
// The same request -> {decision, as, on}: the verdict alone.
[[nodiscard]] LIBGUARD_API std::string policy_simulate_json(std::string_view request);
// {against, audit?, since?, sessions?} -> {actions, unchanged, changed: [...], not_decided, ...}
[[nodiscard]] LIBGUARD_API std::string policy_replay_json(std::string_view request);
// {old, new, audit?} -> {asked, differ, groups: [...], cut}
[[nodiscard]] LIBGUARD_API std::string policy_diff_json(std::string_view request);
// {audit?, since?, sessions?} -> {cedar, policies: [...], unused: [...], not_decided}
[[nodiscard]] LIBGUARD_API std::string policy_learn_json(std::string_view request);

}  // namespace libguard
