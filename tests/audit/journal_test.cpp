#include "audit/journal.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "audit/reader.h"
#include "fake_os.h"
#include "libguard/error.h"
#include "samples.h"

using namespace libguard;
using namespace libguard::audit;

namespace {

std::shared_ptr<ManualClock> clock_now() { return std::make_shared<ManualClock>(kGoldenUs); }

std::string code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return "none";
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

JournalOptions small_segments(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.segment_bytes_max = 8 * 1024;
  return options;
}

}  // namespace

TEST_CASE("an intent names its record and the permit it was made for") {
  Scratch scratch;
  Journal journal(options_for(scratch.log()), real_os(), clock_now());
  Identity identity = sample_identity();
  Intent intent = journal.record_intent(sample_entry(identity, "r-1"));
  CHECK(intent.record() == "r-1");
  CHECK(intent.digest() == "p1");
  CHECK(code_of([&] { journal.record_outcome(intent, sample_entry(identity, "r-2"), sample_outcome()); }) ==
        "audit.mismatch");
}

TEST_CASE("directory and segments are closed to others") {
  Scratch scratch;
  ::umask(0);
  Journal journal(options_for(scratch.path() + "/state/audit"), real_os(), clock_now());
  ::umask(022);
  CHECK(mode_of(scratch.path() + "/state/audit") == 0700);
  for (const std::string& path : segment_paths(scratch.path() + "/state/audit")) CHECK(mode_of(path) == 0600);
}

TEST_CASE("a directory that others can write, a file in its place and a linked segment are refused") {
  Scratch scratch;
  for (mode_t mode : {0777, 0770, 0702}) {
    ::mkdir(scratch.log().c_str(), 0700);
    ::chmod(scratch.log().c_str(), mode);
    CHECK(code_of([&] { Journal journal(options_for(scratch.log()), real_os(), clock_now()); }) == "audit.directory");
  }
  ::chmod(scratch.log().c_str(), 0755);
  { Journal journal(options_for(scratch.log()), real_os(), clock_now()); }
  CHECK(mode_of(scratch.log()) == 0700);
  std::string segment = segment_paths(scratch.log()).at(0);
  std::string link = scratch.log() + "/" + segment_name("20200101T000000000000Z-1-aa", 1);
  REQUIRE(::symlink(segment.c_str(), link.c_str()) == 0);
  CHECK(code_of([&] { Journal journal(options_for(scratch.log()), real_os(), clock_now()); }) == "audit.directory");
  CHECK_FALSE(verify(scratch.log()).intact);
  ::unlink(link.c_str());
  REQUIRE(::mkfifo(link.c_str(), 0600) == 0);
  CHECK(code_of([&] { Journal journal(options_for(scratch.log()), real_os(), clock_now()); }) == "audit.directory");
  CHECK_FALSE(verify(scratch.log()).intact);
  write_file(scratch.path() + "/file", "");
  CHECK(code_of([&] { Journal journal(options_for(scratch.path() + "/file"), real_os(), clock_now()); }) ==
        "audit.directory");
  CHECK(code_of([&] { Journal journal(options_for(scratch.path() + "/file/below"), real_os(), clock_now()); }) ==
        "audit.directory");
  CHECK(code_of([&] { Journal journal(options_for(""), real_os(), clock_now()); }) == "audit.directory");
}

TEST_CASE("segments rotate and stay one chain") {
  Scratch scratch;
  Identity identity = sample_identity();
  {
    Journal journal(small_segments(scratch.log()), real_os(), clock_now());
    for (int i = 0; i < 100; ++i) {
      ActionEntry entry = sample_entry(identity, "r-" + std::to_string(i));
      Intent intent = journal.record_intent(entry);
      journal.record_outcome(intent, entry, sample_outcome());
    }
  }
  auto paths = segment_paths(scratch.log());
  CHECK(paths.size() > 5);
  for (const std::string& path : paths) CHECK(read_file(path).size() <= 8 * 1024);
  Verification verification = verify(scratch.log());
  CHECK_MESSAGE(verification.intact, to_json_text(verification));
  CHECK(verification.records == 200 + static_cast<std::int64_t>(paths.size()) + 1);  // headers and the end record
  CHECK(verification.in_doubt == 0);
}

TEST_CASE("a record longer than a segment gets one of its own, one longer than readers accept is refused") {
  Scratch scratch;
  Identity identity = sample_identity();
  ActionEntry entry = sample_entry(identity, "r-1");
  {
    Journal journal(small_segments(scratch.log()), real_os(), clock_now());
    entry.command_text = std::string(40'000, 'x');
    (void)journal.record_intent(entry);
    entry.record = "r-2";
    (void)journal.record_intent(entry);
    entry.command_text = std::string(17 * 1024 * 1024, 'x');
    CHECK(code_of([&] { (void)journal.record_intent(entry); }) == "audit.too_long");
  }
  CHECK(verify(scratch.log()).intact);
  CHECK(verify(scratch.log()).in_doubt == 2);
}

TEST_CASE("two journals in one directory are two streams") {
  Scratch scratch;
  Identity identity = sample_identity();
  {
    Journal one(options_for(scratch.log()), real_os(), clock_now());
    Journal two(options_for(scratch.log()), real_os(), clock_now());
    (void)one.record_intent(sample_entry(identity, "r-1"));
    (void)two.record_intent(sample_entry(identity, "r-2"));
    CHECK(verify(scratch.log()).intact);
  }
  CHECK(segment_paths(scratch.log()).size() == 2);
  CHECK(verify(scratch.log()).intact);
}

TEST_CASE("eight threads share syncs and lose nothing") {
  Scratch scratch;
  Identity identity = sample_identity();
  constexpr int kThreads = 8;
  constexpr int kActions = 500;
  std::map<std::string, std::int64_t> stats;
  {
    JournalOptions options = small_segments(scratch.log());
    options.segment_bytes_max = 512 * 1024;
    Journal journal(options, real_os(), clock_now());
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kActions; ++i) {
          ActionEntry entry = sample_entry(identity, "r-" + std::to_string(t) + "-" + std::to_string(i));
          Intent intent = journal.record_intent(entry);
          journal.record_outcome(intent, entry, sample_outcome());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    journal.flush();
    stats = journal.stats();
  }
  Verification verification = verify(scratch.log());
  CHECK_MESSAGE(verification.intact, to_json_text(verification));
  CHECK(verification.in_doubt == 0);
  CHECK(verification.records == 2 * kThreads * kActions + verification.segments + 1);
  MESSAGE((kThreads * kActions) << " intents, " << stats["syncs"] << " syncs");
  CHECK(stats["syncs"] < kThreads * kActions);
}

TEST_CASE("an outcome is on the disk's way at once and synced within a second") {
  Scratch scratch;
  auto os = std::make_shared<FakeOs>();
  Identity identity = sample_identity();
  Journal journal(options_for(scratch.log()), os, clock_now());
  ActionEntry entry = sample_entry(identity, "r-1");
  Intent intent = journal.record_intent(entry);
  journal.record_outcome(intent, entry, sample_outcome());
  CHECK(os->durable_text().find("\"type\":\"outcome\"") == std::string::npos);
  bool synced = false;
  for (int i = 0; i < 100 && !synced; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    synced = os->durable_text().find("\"type\":\"outcome\"") != std::string::npos;
  }
  CHECK(synced);
}

TEST_CASE("flush makes what was accepted durable, and a clean end is on record") {
  Scratch scratch;
  auto os = std::make_shared<FakeOs>();
  {
    Journal journal(options_for(scratch.log()), os, clock_now());
    journal.record_event("note", "{\"n\":1}", false);
    CHECK(os->durable_text().find("\"note\"") == std::string::npos);
    journal.flush();
    CHECK(os->durable_text().find("\"note\"") != std::string::npos);
    journal.flush();
  }
  CHECK(os->durable_text().find("\"type\":\"end\"") != std::string::npos);
}

TEST_CASE("a forked child is refused and cannot harm the parent's chain") {
  Scratch scratch;
  Identity identity = sample_identity();
  {
    Journal journal(options_for(scratch.log()), real_os(), clock_now());
    Intent intent = journal.record_intent(sample_entry(identity, "r-1"));
    pid_t child = ::fork();
    if (child == 0) {
      int wrong = 0;
      auto expect = [&](const std::function<void()>& act) {
        if (code_of(act) != "guard.forked") ++wrong;
      };
      ActionEntry entry = sample_entry(identity, "r-1");
      for (int round = 0; round < 2; ++round) {
        expect([&] { (void)journal.record_intent(entry); });
        expect([&] { journal.record_outcome(intent, entry, sample_outcome()); });
        expect([&] { journal.record_refusal(entry, sample_outcome("refused")); });
        expect([&] { journal.record_event("x", "{}", true); });
        expect([&] { journal.flush(); });
        expect([&] { (void)journal.stats(); });
        journal.abandon_after_fork();
      }
      journal.~Journal();  // must neither hang nor write
      ::_exit(wrong);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    journal.abandon_after_fork();  // in the owner: nothing happens
    (void)journal.record_intent(sample_entry(identity, "r-2"));
  }
  Verification verification = verify(scratch.log());
  CHECK(verification.intact);
  CHECK(verification.records == 4);
}

TEST_CASE("a torn tail of a dead writer is put aside and recorded; a living writer's file is left alone") {
  Scratch scratch;
  Identity identity = sample_identity();
  std::string path;
  {
    Journal journal(options_for(scratch.log()), real_os(), clock_now());
    (void)journal.record_intent(sample_entry(identity, "r-1"));
    path = segment_paths(scratch.log()).at(0);
    std::string whole = read_file(path);
    write_file(path, whole + "{\"v\":1,\"seq\":3,\"ty");
    { Journal second(options_for(scratch.log()), real_os(), clock_now()); }
    CHECK(read_file(path) == whole + "{\"v\":1,\"seq\":3,\"ty");  // locked by `journal`
    write_file(path, whole);
  }
  std::string whole = read_file(path);
  std::string torn = std::string("{\"v\":1,\"seq\":9,\0\0\xFF", 19);
  write_file(path, whole + torn);
  Verification before = verify(scratch.log());
  CHECK(before.intact);  // a crash is not tampering
  CHECK(before.warnings.at(0).find("incomplete line of 19 bytes") != std::string::npos);
  {
    Journal next(options_for(scratch.log()), real_os(), clock_now());
    CHECK(next.stats().at("repaired") == 1);
  }
  CHECK(read_file(path) == whole);
  CHECK(read_file(path + ".torn") == torn);
  Verification after = verify(scratch.log());
  CHECK_MESSAGE(after.intact, to_json_text(after));
  bool told = false;
  for (const std::string& segment : segment_paths(scratch.log())) {
    told =
        told || read_file(segment).find("\"event\":\"audit.repaired\",\"body\":{\"segment\":\"") != std::string::npos;
  }
  CHECK(told);
}
