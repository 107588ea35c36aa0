#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "approval/fixture.h"
#include "libguard/error.h"

using namespace libguard;
using namespace libguard::approval;
using namespace libguard::approval::test;

namespace {

std::string error_code(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unavailable);
    return error.code();
  }
  return "none";
}

void sql(const std::string& path, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

// Opens a ticket, approves it, and closes the store, so that forked children may open it.
std::string approved_ticket(const Folder& folder, const std::shared_ptr<ManualClock>& clock) {
  Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
  auto never = [](std::int64_t, const std::vector<std::string>&) { return deny(); };
  const std::string ticket = approver.approve(crew(), {}, refund(), ask(), never, 0ms, "r").ticket;
  CHECK(approver.vote(ticket, dana(), true, "").accepted);
  return ticket;
}

bool takes(Approver& approver, const std::string& ticket) {
  Request request;
  request.ticket = ticket;
  auto yes = [](std::int64_t, const std::vector<std::string>&) { return allow(); };
  return approver.approve(crew(), request, refund(), ask(), yes, 0ms, "r").permit.has_value();
}

}  // namespace

TEST_CASE("the store is made with mode 0600 and refuses a file that others can touch") {
  Folder folder;
  { auto store = sqlite_ticket_store(folder.store()); }
  struct stat status {};
  REQUIRE(stat(folder.store().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  chmod(folder.store().c_str(), 0644);
  CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.store())); }) == "approval.store");
}

TEST_CASE("a missing folder, a symbolic link, a folder and a fifo are refused, and nothing hangs") {
  Folder folder;
  CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.path + "/a/b/c.db")); }) == "approval.store");
  CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.path)); }) == "approval.store");
  REQUIRE(symlink("/tmp/elsewhere.db", (folder.path + "/link.db").c_str()) == 0);
  CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.path + "/link.db")); }) == "approval.store");
  REQUIRE(mkfifo((folder.path + "/fifo").c_str(), 0600) == 0);
  CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.path + "/fifo")); }) == "approval.store");
}

TEST_CASE("one missing folder is made, for its owner only") {
  Folder folder;
  { auto store = sqlite_ticket_store(folder.path + "/state/approvals.db"); }
  struct stat status {};
  REQUIRE(stat((folder.path + "/state").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a damaged store gives no permit") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  const std::string ticket = approved_ticket(folder, clock);
  SUBCASE("not a database") {
    std::ofstream(folder.store(), std::ios::trunc) << std::string(8'192, 'x');
    CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.store())); }) == "approval.store");
  }
  SUBCASE("pages overwritten behind a whole header") {
    const auto size = std::filesystem::file_size(folder.store());
    std::fstream file(folder.store(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(size - 4096, '\x5a');
    file.close();
    CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.store())); }) == "approval.store");
  }
  SUBCASE("a newer format") {
    sql(folder.store(), "UPDATE store_format SET format = 99");
    CHECK(error_code([&] { static_cast<void>(sqlite_ticket_store(folder.store())); }) == "approval.store");
  }
  SUBCASE("stages that ask for nobody") {
    sql(folder.store(), "UPDATE tickets SET stages = '[]'");
    Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
    CHECK(error_code([&] { static_cast<void>(takes(approver, ticket)); }) == "approval.store");
  }
  SUBCASE("a state that nobody knows") {
    sql(folder.store(), "UPDATE tickets SET state = 'granted'");
    Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
    CHECK(error_code([&] { static_cast<void>(takes(approver, ticket)); }) == "approval.store");
  }
  SUBCASE("approved without the votes") {
    sql(folder.store(), "DELETE FROM votes");
    Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
    CHECK_FALSE(takes(approver, ticket));
  }
}

TEST_CASE("a store that cannot be written within its bounded wait throws, and gives nothing") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  const std::string ticket = approved_ticket(folder, clock);
  Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(folder.store().c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto start = std::chrono::steady_clock::now();
  CHECK(error_code([&] { static_cast<void>(takes(approver, ticket)); }) == "approval.store");
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  CHECK(takes(approver, ticket));
}

TEST_CASE("of many threads that race for one approved ticket exactly one gets the permit") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  const std::string ticket = approved_ticket(folder, clock);
  Approver one{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
  Approver two{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
  std::atomic<int> permits{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { permits += takes(i % 2 == 0 ? one : two, ticket) ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(permits == 1);
}

TEST_CASE("of many processes that race for one approved ticket exactly one gets the permit") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  const std::string ticket = approved_ticket(folder, clock);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    pid_t child = fork();
    if (child == 0) {
      int result = 2;
      try {
        Approver approver{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
        result = takes(approver, ticket) ? 1 : 0;
      } catch (...) {
      }
      _exit(result);
    }
    children.push_back(child);
  }
  int permits = 0;
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) != 2);
    permits += WEXITSTATUS(status);
  }
  CHECK(permits == 1);
}

TEST_CASE("a vote of another process is seen although code of ours opened and closed the store's files") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  Approver waiting{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
  auto never = [](std::int64_t, const std::vector<std::string>&) { return deny(); };
  const std::string ticket = waiting.approve(crew(), {}, refund(), ask(), never, 0ms, "r").ticket;
  // A backup, or an agent's file tool: closing the descriptor drops the POSIX locks of this whole process.
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::ifstream(folder.store() + suffix).get();
  pid_t child = fork();
  if (child == 0) {
    int result = 1;
    try {
      Approver voter{sqlite_ticket_store(folder.store()), clock, std::make_shared<CountingIds>()};
      result = voter.vote(ticket, dana(), true, "").accepted ? 0 : 1;
    } catch (...) {
    }
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WEXITSTATUS(status) == 0);
  CHECK(waiting.show(ticket)->state == TicketState::approved);
}

TEST_CASE("a forked child may not use the parent's store") {
  Folder folder;
  auto store = sqlite_ticket_store(folder.store());
  pid_t child = fork();
  if (child == 0) {
    int result = 1;
    try {
      static_cast<void>(store->find("t"));
    } catch (const Error& error) {
      result = error.code() == "guard.forked" ? 0 : 1;
    }
    store.reset();
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK_FALSE(store->find("t"));
}

TEST_CASE("a ticket's binding is written once, and a final state is never left") {
  Folder folder;
  auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  const std::string id = approved_ticket(folder, clock);
  auto store = sqlite_ticket_store(folder.store());
  Ticket ticket = *store->find(id);
  Ticket next = ticket;
  next.digest = "other";
  next.account = "other";
  next.state = TicketState::consumed;
  CHECK(store->replace(ticket, next));
  CHECK(store->find(id)->digest == ticket.digest);
  CHECK(store->find(id)->account == ticket.account);
  CHECK_FALSE(store->replace(ticket, next));
  Ticket used = *store->find(id);
  Ticket revived = used;
  revived.state = TicketState::approved;
  CHECK_FALSE(store->replace(used, revived));
  CHECK(store->find(id)->state == TicketState::consumed);
}

TEST_CASE("a path that looks like a URI or a memory database is only a path") {
  Folder folder;
  char before[4096];
  REQUIRE(getcwd(before, sizeof before) != nullptr);
  REQUIRE(chdir(folder.path.c_str()) == 0);
  { auto store = sqlite_ticket_store("file:x?mode=memory"); }
  CHECK(std::filesystem::file_size(folder.path + "/file:x?mode=memory") > 0);
  { auto store = sqlite_ticket_store(":memory:"); }
  CHECK(std::filesystem::file_size(folder.path + "/:memory:") > 0);
  REQUIRE(chdir(before) == 0);
}
