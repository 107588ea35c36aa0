#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "budget/store_contract.h"

using namespace libguard;
using namespace libguard::budget;
using namespace libguard::budget::test;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("lgbudget-" + crypto::hex(crypto::random_bytes(6)))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

}  // namespace

TEST_CASE("the SQLite budget store keeps the contract") {
  Folder folder;
  int count = 0;
  keeps_the_contract([&]() -> Make {
    std::string path = folder.file("budgets" + std::to_string(++count) + ".db");
    return [path] { return sqlite_store(path, utc_day); };
  });
}

TEST_CASE("two processes count together, and what one counted outlives it") {
  Folder folder;
  std::string path = folder.file("budgets.db");
  constexpr int kChildren = 3;
  constexpr int kTakes = 20;
  std::vector<pid_t> children;
  for (int i = 0; i < kChildren; ++i) {
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      int status = 0;
      try {
        auto store = sqlite_store(path, utc_day);
        for (int take = 0; take < kTakes; ++take) (void)before(*store, account("a"), kNowUs, tally(1));
      } catch (const std::exception&) {
        status = 1;
      }
      _exit(status);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(before(*sqlite_store(path, utc_day), account("a"), kNowUs) == tally(kChildren * kTakes));
}

TEST_CASE("a store that cannot be trusted, read or written refuses") {
  Folder folder;
  std::string path = folder.file("budgets.db");
  auto store = sqlite_store(path, utc_day);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  chmod(path.c_str(), 0644);
  CHECK(code_of([&] { (void)sqlite_store(path, utc_day); }) == "budget.store");
  chmod(path.c_str(), 0600);
  std::string garbage = folder.file("garbage.db");
  std::ofstream(garbage) << std::string(8'192, 'x');
  chmod(garbage.c_str(), 0600);
  CHECK_FALSE(code_of([&] { (void)sqlite_store(garbage, utc_day); }).empty());
  CHECK(code_of([&] { (void)sqlite_store(folder.file("no/such/budgets.db"), utc_day); }) == "budget.store");
  // Damaged while it is open.
  (void)before(*store, account("a"), kNowUs, tally(1));
  std::ofstream(path) << std::string(16'384, 'x');
  CHECK(code_of([&] { (void)before(*store, account("a"), kNowUs, tally(1)); }) == "budget.store");
  std::string newer = folder.file("newer.db");
  { auto made = sqlite_store(newer, utc_day); }
  sqlite3* db = nullptr;
  sqlite3_open(newer.c_str(), &db);
  sqlite3_exec(db, "UPDATE libguard_budget_format SET format = 99", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  CHECK(code_of([&] { (void)sqlite_store(newer, utc_day); }) == "budget.store");
}

TEST_CASE("a forked child does not touch the parent's store") {
  Folder folder;
  auto store = sqlite_store(folder.file("budgets.db"), utc_day);
  (void)before(*store, account("a"), kNowUs, tally(1));
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string code = code_of([&] { (void)before(*store, account("a"), kNowUs, tally(1)); });
    store.reset();
    _exit(code == "guard.forked" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(before(*store, account("a"), kNowUs) == tally(1));
}
