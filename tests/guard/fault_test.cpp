// Faults planted at every step: the disk, a detector, the ticket store. Nothing runs unrecorded, nothing leaves
// unmasked.

#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "audit/os.h"
#include "guard/guard_parts.h"
#include "guard/shop.h"

using namespace libguard;
using libguard::test::Shop;

namespace {

// The real calls, of which writes or syncs fail from a chosen one on.
class FailingOs final : public audit::Os {
 public:
  std::atomic<int> writes_left{1'000'000};
  std::atomic<int> syncs_left{1'000'000};
  int open_new(const std::string& path) override { return writes_left > 0 ? real_->open_new(path) : -ENOSPC; }
  long write(int fd, std::string_view bytes) override { return writes_left-- > 0 ? real_->write(fd, bytes) : -ENOSPC; }
  int sync(int fd) override { return syncs_left-- > 0 ? real_->sync(fd) : -EIO; }
  int sync_directory(const std::string& path) override { return real_->sync_directory(path); }
  int close(int fd) override { return real_->close(fd); }

 private:
  std::shared_ptr<audit::Os> real_ = audit::real_os();
};

class BrokenDetector final : public masking::Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "BROKEN"; }
  void find(std::string_view text, std::vector<masking::Span>&) const override {
    if (text.find("Ada") != std::string_view::npos) throw std::runtime_error("broken on purpose");
  }
};

constexpr const char* kDelete = "DELETE FROM orders WHERE id = 12";

}  // namespace

TEST_CASE("nothing runs when the intent cannot be recorded, whichever call fails (promise 2)") {
  for (int allowed = 0; allowed < 12; ++allowed) {
    for (bool break_sync : {false, true}) {
      Shop shop;
      auto os = std::make_shared<FailingOs>();
      GuardParts parts;
      parts.os = os;
      Guard guard = parts.open(shop.config());
      Session session = guard.session({.account = "support-crew"});
      (break_sync ? os->syncs_left : os->writes_left) = allowed;
      Outcome outcome = session.query("shop", kDelete);
      CAPTURE(allowed);
      CAPTURE(break_sync);
      CAPTURE(outcome.code);
      bool gone = shop.number("SELECT count(*) FROM orders WHERE id = 12") == 0;
      // Gone only with a durable intent; and an answer that says refused means that nothing happened.
      if (gone) CHECK(shop.records().find(outcome.record) != std::string::npos);
      if (outcome.state == OutcomeState::refused) CHECK_FALSE(gone);
      if (outcome.completed()) CHECK(gone);
    }
  }
}

TEST_CASE("a detector that breaks lets nothing out (promise 4)") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  guard.add_detector(std::make_shared<BrokenDetector>());
  Outcome outcome = guard.session({.account = "support-crew"}).query("shop", "SELECT name FROM customers WHERE id = 1");
  CHECK(outcome.state == OutcomeState::failed);
  CHECK(outcome.rows.empty());
  CHECK(outcome.reason.find("Ada") == std::string::npos);
  CHECK(shop.records().find("Ada") == std::string::npos);
}

namespace {

// Breaks at the text of one command, as often as it is told to.
class BreaksAtFirst final : public masking::Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "BREAKS"; }
  void find(std::string_view text, std::vector<masking::Span>&) const override {
    if (text.starts_with("SELECT") && left_.fetch_sub(1) > 0) throw std::runtime_error("once");
  }

 private:
  mutable std::atomic<int> left_{1};
};

}  // namespace

TEST_CASE("a detector that breaks once withholds once: the next record has the command again") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  guard.add_detector(std::make_shared<BreaksAtFirst>());
  Session session = guard.session({.account = "support-crew"});
  const std::string sql = "SELECT name FROM customers WHERE id = 1";
  auto recorded = [&] {
    const std::string records = shop.records();
    return std::pair(records.find("<withheld>") != std::string::npos, records.find(sql) != std::string::npos);
  };
  CHECK(session.query("shop", sql).completed());
  CHECK(recorded() == std::pair(true, false));
  CHECK(session.query("shop", sql).completed());
  CHECK(recorded() == std::pair(true, true));
}

TEST_CASE("a write whose answer cannot be masked says that it was done, and shows nothing") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  guard.add_detector(std::make_shared<BrokenDetector>());
  Session session = guard.session({.account = "support-crew"});
  Outcome outcome = session.query("shop", "UPDATE orders SET status = 'Ada' WHERE id = 11 RETURNING status");
  CAPTURE(outcome.reason);
  CHECK(outcome.completed());
  CHECK(outcome.code == "answer.withheld");
  CHECK(outcome.rows.empty());
  CHECK(outcome.affected == 1);
  CHECK(shop.number("SELECT status = 'Ada' FROM orders WHERE id = 11") == 1);
  guard.close();
  CHECK(shop.records().find("answer.withheld") != std::string::npos);
  Request tool;
  tool.kind = RequestKind::tool;
  tool.tool = "lookup";
  tool.arguments = "{}";
  Outcome used =
      Guard::open(shop.config()).session({.account = "support-crew"}).use(tool, [](std::string_view) { return "Bo"; });
  CHECK(used.result == "Bo");
  Guard broken = Guard::open(shop.config());
  broken.add_detector(std::make_shared<BrokenDetector>());
  used = broken.session({.account = "support-crew"}).use(tool, [](std::string_view) { return "Ada"; });
  CHECK(used.code == "answer.withheld");
  CHECK(used.result == used.reason);
  CHECK(shop.records().find("Ada") == std::string::npos);
}

TEST_CASE("a ticket store that breaks refuses what would have to be asked") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = guard.session({.account = "support-crew"});
  for (const char* name : {"state/approvals.db", "state/approvals.db-wal", "state/approvals.db-shm"}) {
    shop.write(name, std::string(8192, 'x'));
  }
  Outcome outcome = session.query("shop", "UPDATE orders SET refunded_cents = 99999 WHERE id = 10");
  CHECK_FALSE(outcome.completed());
  CHECK(shop.number("SELECT refunded_cents FROM orders WHERE id = 10") == 0);
}
