// The N-th call fails, for every N and every kind of call; after each, the power goes. Invariants S1-S5 of stream.h.
#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "audit/journal.h"
#include "audit/reader.h"
#include "fake_os.h"
#include "libguard/error.h"
#include "samples.h"

using namespace libguard;
using namespace libguard::audit;

namespace {

struct Told {
  std::set<std::string> intents;   // returned: must be durable from that moment on (S1)
  std::set<std::string> outcomes;  // accepted: must be durable after a flush that succeeded (S4)
  int refused = 0;
};

bool on_disk(const FakeOs& os, const std::string& type, const std::string& record) {
  std::string text = os.durable_text();
  for (std::size_t at = text.find("\"record\":\"" + record + "\""); at != std::string::npos;
       at = text.find("\"record\":\"" + record + "\"", at + 1)) {
    std::size_t line = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at);
    if (text.find("\"type\":\"" + type + "\"", line) < at) return true;
  }
  return false;
}

void act(Journal& journal, const FakeOs& os, const Identity& identity, const std::string& record, Told& told) {
  ActionEntry entry = sample_entry(identity, record);
  try {
    Intent intent = journal.record_intent(entry);
    told.intents.insert(record);
    CHECK(on_disk(os, "intent", record));
    journal.record_outcome(intent, entry, sample_outcome());
    told.outcomes.insert(record);
  } catch (const Error& error) {
    ++told.refused;
    CHECK(error.code() == "audit.unwritable");
    CHECK(error.kind() == ErrorKind::unavailable);
  }
}

void crash_and_verify(const FakeOs& os, const Told& told, std::mt19937& random) {
  for (int image = 0; image < 3; ++image) {
    Scratch disk;
    os.crash_into(disk.path(), random);
    Verification verification = verify(disk.path());
    CHECK_MESSAGE(verification.intact, to_json_text(verification));
    std::string records = session_json(disk.path(), "s-1");
    for (const std::string& record : told.intents) CHECK(records.find("\"" + record + "\"") != std::string::npos);
  }
}

Told run_with_fault(Fault fault, int n, int again, std::size_t segment_bytes_max, std::mt19937& random, bool& opened) {
  Told told;
  auto os = std::make_shared<FakeOs>();
  os->fail_at(fault, n, again);
  Scratch scratch;
  Identity identity = sample_identity();
  JournalOptions options = golden_options(scratch.log());
  options.segment_bytes_max = segment_bytes_max;
  try {
    Journal journal(options, os, std::make_shared<ManualClock>(kGoldenUs));
    opened = true;
    for (int i = 0; i < 8; ++i) {
      act(journal, *os, identity, "r-" + std::to_string(i), told);
      crash_and_verify(*os, told, random);
    }
    os->fail_at(Fault::none, 0);
    journal.flush();
    for (const std::string& record : told.outcomes) CHECK_MESSAGE(on_disk(*os, "outcome", record), record);
  } catch (const Error& error) {
    opened = false;
    CHECK(error.code() == "audit.unwritable");
  }
  crash_and_verify(*os, told, random);
  return told;
}

}  // namespace

TEST_CASE("S1-S5 hold whichever call fails") {
  std::mt19937 random(42);
  for (Fault fault :
       {Fault::open_fails, Fault::write_fails, Fault::write_short, Fault::sync_fails, Fault::directory_fails}) {
    for (int n = 1; n <= 12; ++n) {
      for (std::size_t segment_bytes_max : {std::size_t{64 * 1024}, std::size_t{3'000}}) {
        CAPTURE(static_cast<int>(fault));
        CAPTURE(n);
        CAPTURE(segment_bytes_max);
        bool opened = false;
        Told told = run_with_fault(fault, n, 0, segment_bytes_max, random, opened);
        // One fault costs at most one action: the next call opens a new segment.
        if (opened) CHECK(told.refused <= 1);
      }
    }
  }
}

TEST_CASE("a disk that stays full refuses every action and leaves no litter") {
  std::mt19937 random(43);
  for (Fault fault :
       {Fault::open_fails, Fault::write_fails, Fault::write_short, Fault::sync_fails, Fault::directory_fails}) {
    bool opened = false;
    Told told = run_with_fault(fault, 3, 1'000, 64 * 1024, random, opened);
    if (opened && fault != Fault::open_fails && fault != Fault::directory_fails) CHECK(told.refused >= 6);
  }
}

TEST_CASE("every waiter of a failed group is refused, and none hangs") {
  std::mt19937 random(44);
  for (int n = 2; n <= 12; n += 2) {
    auto os = std::make_shared<FakeOs>();
    Scratch scratch;
    Identity identity = sample_identity();
    os->writes_race = true;
    Told told[4];
    {
      Journal journal(golden_options(scratch.log()), os, std::make_shared<ManualClock>(kGoldenUs));
      os->fail_at(Fault::sync_fails, n, 2);
      std::vector<std::thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 25; ++i)
            act(journal, *os, identity, "r-" + std::to_string(t) + "-" + std::to_string(i), told[t]);
        });
      }
      for (std::thread& thread : threads) thread.join();
      os->fail_at(Fault::none, 0);
      journal.flush();
    }
    for (const Told& one : told) crash_and_verify(*os, one, random);
  }
}
