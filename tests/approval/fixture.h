#pragma once
// A store in a directory of its own, a manual clock, and the people of the examples.

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "approval/approver.h"
#include "base/system_clock.h"

namespace libguard::policy {

// Only policy::Decider can make a Decision that does not deny. This program does not link the real one; this stands in.
class Decider {
 public:
  static Decision make(Verdict verdict) {
    Decision decision;
    decision.verdict_ = verdict;
    decision.code = verdict == Verdict::allow ? "ok" : "policy.denied";
    decision.reason = "the test's policy says so";
    decision.snapshot = "snapshot-1";
    return decision;
  }
};

}  // namespace libguard::policy

namespace libguard::approval::test {

using namespace std::chrono_literals;

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = "/tmp/lgapprXXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string store() const { return path + "/approvals.db"; }
};

inline Identity person(const std::string& account, const std::string& subject, std::vector<std::string> groups) {
  Identity identity;
  identity.account = account;
  identity.subject = subject;
  identity.provider = "people";
  identity.groups = std::move(groups);
  identity.human = true;
  identity.verified = true;
  return identity;
}

inline Identity dana() { return person("dana", "8f1c", {"finance"}); }
inline Identity erin() { return person("erin", "77aa", {"finance", "dba"}); }

inline Identity crew() {
  Identity identity;
  identity.account = "support-crew";
  identity.subject = "support-crew";
  identity.provider = "local";
  identity.verified = true;
  identity.user = ActsFor{"mia@example.com", "mia", {"support"}, true};
  identity.chain = {{"user", "mia@example.com", true}, {"agent", "refund-agent", false}};
  return identity;
}

inline std::shared_ptr<const Command> refund(std::int64_t cents = 48900) {
  Command command;
  command.connection = "shop";
  command.text = "UPDATE orders SET refunded_cents = ? WHERE id = ?";
  command.params.resize(2);
  command.params[0] = cents;
  command.params[1] = std::int64_t{1042};
  command.understood = true;
  command.effect = CommandEffect::write;
  Touch touch;
  touch.action = "update";
  touch.object = "main.orders";
  touch.bound = Bound::eq;
  touch.rows_bound = 1;
  command.touches = {touch};
  return std::make_shared<const Command>(std::move(command));
}

inline Decision allow() { return policy::Decider::make(Verdict::allow); }
inline Decision deny() { return policy::Decider::make(Verdict::deny); }
inline Decision ask(std::vector<Stage> stages = {{"finance", 1, 900, "big-refund-asks"}}) {
  Decision decision = policy::Decider::make(Verdict::ask);
  decision.stages = std::move(stages);
  return decision;
}

struct Desk {
  Folder folder;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  std::shared_ptr<IdSource> ids = std::make_shared<CountingIds>();
  Approver approver{sqlite_ticket_store(folder.store()), clock, ids};
  int asked_again = 0;
  std::int64_t last_approvals = -1;
  std::vector<std::string> last_groups;
  Decision answer = allow();

  Approval run(const Decision& decision, Request request = {}, std::shared_ptr<const Command> command = refund(),
               const Identity& who = crew(), std::chrono::milliseconds wait = 0ms) {
    return approver.approve(
        who, request, std::move(command), decision,
        [this](std::int64_t approvals, const std::vector<std::string>& groups) {
          ++asked_again;
          last_approvals = approvals;
          last_groups = groups;
          return answer;
        },
        wait, "r-1");
  }
  Approval resume(const std::string& ticket, const Decision& decision = ask(),
                  std::shared_ptr<const Command> command = refund(), const Identity& who = crew()) {
    Request request;
    request.ticket = ticket;
    return run(decision, request, std::move(command), who);
  }
};

}  // namespace libguard::approval::test
