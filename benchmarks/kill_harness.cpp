// Kills a working process with SIGKILL at random moments, many times over, and then compares what was executed with
// what is on record (promise 2). `--planted outcome-only` runs a variant that records only afterwards: a harness that
// does not catch it would prove nothing.
//
//   kill_harness [--kills N] [--threads N] [--seed N] [--work guard | intent-first] [--planted outcome-only]
//   [--directory DIR]
//
// `guard` (the default) drives the whole sentence: guarded INSERTs on SQLite through a Guard with policies and pools.
// `intent-first` drives the journal alone, many times faster, so that kills fall into every place of it.
//
// Exit 0: nothing unrecorded and every chain verifies (with --planted: the variant was caught). 1: not so. 2: usage.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "audit/journal.h"
#include "audit/line.h"
#include "audit/reader.h"
#include "audit/segment_file.h"
#include "base/system_clock.h"
#include "identity/authenticator.h"
#include "libguard/libguard.h"

namespace {

using namespace libguard;

// What a child does over and over. Another kind of work (the whole Guard on a database, say) is one more class here and
// one more line in make_work.
class Work {
 public:
  virtual ~Work() = default;
  // One guarded action under the given record id: its effect must be durable when this returns. Thread-safe.
  virtual void act(const std::string& record) = 0;
};

std::string audit_directory(const std::string& directory) { return directory + "/audit"; }
std::string effects_path(const std::string& directory) { return directory + "/effects"; }

// The effect of an action: its record id as one line of a file, appended in one write and synced.
class Effects {
 public:
  explicit Effects(const std::string& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw std::runtime_error("no effects file");
  }
  ~Effects() { ::close(fd_); }
  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;
  void execute(const std::string& record) {
    std::string line = record + "\n";
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fdatasync(fd_) != 0) {
      throw std::runtime_error("the effect could not be made durable");
    }
  }

 private:
  int fd_;
};

audit::ActionEntry entry_of(const Identity& identity, const std::string& record) {
  audit::ActionEntry entry;
  entry.record = record;
  entry.session = "s-harness";
  entry.identity = &identity;
  entry.kind = "tool";
  entry.tool = "append";
  entry.command_text = "append " + record;
  entry.effect = "write";
  entry.verdict = "allow";
  entry.permit_digest = "harness";
  return entry;
}

audit::OutcomeEntry completed() {
  audit::OutcomeEntry outcome;
  outcome.state = "completed";
  outcome.stage = "execute";
  outcome.code = "ok";
  return outcome;
}

class JournalWork : public Work {
 public:
  explicit JournalWork(const std::string& directory)
      : journal_(options(directory), audit::real_os(), system_clock()), effects_(effects_path(directory)) {}

 protected:
  static audit::JournalOptions options(const std::string& directory) {
    audit::JournalOptions options;
    options.directory = audit_directory(directory);
    options.segment_bytes_max = 32 * 1024;  // small, so that kills fall into rotations too
    return options;
  }
  audit::Journal journal_;
  Effects effects_;
  Identity identity_;
};

class IntentFirst final : public JournalWork {
 public:
  using JournalWork::JournalWork;
  void act(const std::string& record) override {
    audit::ActionEntry entry = entry_of(identity_, record);
    Intent intent = journal_.record_intent(entry);
    effects_.execute(record);
    journal_.record_outcome(intent, entry, completed());
  }
};

// The planted fault: what most gateways do.
class OutcomeOnly final : public JournalWork {
 public:
  using JournalWork::JournalWork;
  void act(const std::string& record) override {
    effects_.execute(record);
    journal_.record_refusal(entry_of(identity_, record), completed());
  }
};

// The whole sentence: a guarded INSERT whose one value is the id that the effect is known by.
class GuardWork final : public Work {
 public:
  explicit GuardWork(const std::string& directory)
      : guard_(Guard::open(directory + "/guard.yaml")), session_(guard_.session({.account = "crew"})) {}
  void act(const std::string& record) override {
    Outcome outcome = session_.query("shop", "INSERT INTO effects(id) VALUES (?)", {record});
    if (!outcome.completed() && outcome.code != "backend.busy")
      throw std::runtime_error(outcome.code + " " + outcome.reason);
  }

  static void prepare(const std::string& directory) {
    identity::write_issuer_key(directory + "/issuer", directory + "/issuer.pub");
    std::ofstream(directory + "/guard.yaml")
        << "version: 1\nidentity:\n  providers: { local: { kind: local, key: issuer } }\n"
           "  accounts: { crew: { match: { provider: local, subject: crew }, local: true } }\n"
           "connections: { shop: { driver: sqlite, path: shop.db } }\npolicies: [\"libguard:baseline\", "
           "\"policy.cedar\"]\n"
           "audit: { directory: audit }\n";
    std::ofstream(directory + "/policy.cedar")
        << "@id(\"all\") permit (principal, action in [Action::\"connect\", Action::\"write\"], resource);";
    query(directory, "CREATE TABLE effects(id TEXT)");
  }
  static std::vector<std::string> executed(const std::string& directory) {
    return query(directory, "SELECT id FROM effects");
  }

 private:
  // As somebody beside the guard.
  static std::vector<std::string> query(const std::string& directory, const char* sql) {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::vector<std::string> rows;
    sqlite3_open((directory + "/shop.db").c_str(), &db);
    sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
    while (sqlite3_step(statement) == SQLITE_ROW)
      rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return rows;
  }
  Guard guard_;
  Session session_;
};

std::unique_ptr<Work> make_work(const std::string& name, const std::string& directory) {
  if (name == "guard") return std::make_unique<GuardWork>(directory);
  if (name == "intent-first") return std::make_unique<IntentFirst>(directory);
  if (name == "outcome-only") return std::make_unique<OutcomeOnly>(directory);
  throw std::runtime_error("unknown work " + name);
}

struct Options {
  int kills = 50;
  int threads = 4;
  unsigned seed = 1;
  std::string work = "guard";
  std::string directory;
};

// Never returns: says on `ready` that it works now, and works until it is killed. An action that cannot be recorded
// ends the child, which the parent reports.
[[noreturn]] void child(const Options& options, int round, int ready) {
  try {
    std::unique_ptr<Work> work = make_work(options.work, options.directory);
    if (::write(ready, "w", 1) != 1) throw std::runtime_error("nobody listens");
    std::vector<std::thread> threads;
    for (int t = 0; t < options.threads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0;; ++i)
          work->act("r-" + std::to_string(round) + "-" + std::to_string(t) + "-" + std::to_string(i));
      });
    }
    for (std::thread& thread : threads) thread.join();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(1);
}

// Every fourth kill falls at any time from the start on, so into opening and repairing, too; the others fall into the
// work: their time begins when the child says that it is working (a loaded machine may take long to get there).
constexpr int kKillsInTheStart = 4;
constexpr int kStartedWithinMs = 60'000;

// True when the child lived until the signal.
bool run_and_kill(const Options& options, int round, std::mt19937& random) {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return false;
  pid_t pid = ::fork();
  if (pid == 0) child(options, round, ready[1]);
  ::close(ready[1]);
  pollfd working{ready[0], POLLIN, 0};
  const bool began = round % kKillsInTheStart == 0 || ::poll(&working, 1, kStartedWithinMs) == 1;
  std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
  ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::close(ready[0]);
  return began && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

std::set<std::string> recorded(const std::string& directory) {
  std::set<std::string> records;
  auto files = audit::list_segments(directory);
  if (!files) return records;
  for (const audit::SegmentFile& file : *files) {
    audit::LineReader reader(directory + "/" + file.name);
    std::string_view line;
    while (reader.next(line) == audit::LineReader::Got::line) {
      auto parts = audit::split_line(line);
      auto head = parts ? audit::read_head(parts->json) : std::nullopt;
      if (head && !head->record.empty()) records.insert(head->record);
      // The whole guard's records have ids of their own; what it ran is known by the intent's one parameter.
      std::size_t at = parts ? parts->json.find("\"params\":[\"r-") : std::string_view::npos;
      if (at != std::string_view::npos)
        records.emplace(parts->json.substr(at + 11, parts->json.find('"', at + 11) - at - 11));
    }
  }
  return records;
}

struct Count {
  long executed = 0;
  long unrecorded = 0;
};

std::vector<std::string> executed(const Options& options) {
  if (options.work == "guard") return GuardWork::executed(options.directory);
  std::ifstream effects(effects_path(options.directory));
  std::vector<std::string> lines;
  for (std::string record; std::getline(effects, record);) lines.push_back(record);
  return lines;
}

Count compare(const Options& options) {
  std::set<std::string> records = recorded(audit_directory(options.directory));
  Count count;
  for (const std::string& record : executed(options)) {
    ++count.executed;
    if (!records.contains(record)) ++count.unrecorded;
  }
  return count;
}

int run(const Options& options) {
  if (options.work == "guard") GuardWork::prepare(options.directory);
  std::mt19937 random(options.seed);
  int killed = 0;
  for (int round = 0; round < options.kills; ++round) killed += run_and_kill(options, round, random) ? 1 : 0;
  // Opening once more repairs the torn tails, as the next start of a real process would.
  {
    audit::Journal last({audit_directory(options.directory), "", "", 64 * 1024 * 1024, "", 0}, audit::real_os(),
                        system_clock());
  }
  Count count = compare(options);
  audit::Verification chains = audit::verify(audit_directory(options.directory));
  std::printf("%d kills, %ld executed, %ld unrecorded, %lld in doubt, %lld segments, chains %s\n", killed,
              count.executed, count.unrecorded, static_cast<long long>(chains.in_doubt),
              static_cast<long long>(chains.segments), chains.intact ? "intact" : "BROKEN");
  for (const std::string& finding : chains.findings) std::printf("  %s\n", finding.c_str());
  // A run in which hardly anything was executed would prove nothing either: kills have to find actions to fall into.
  bool worked = killed == options.kills && count.executed > options.kills / 4 && chains.intact;
  if (options.work != "outcome-only") return worked && count.unrecorded == 0 ? 0 : 1;
  std::printf("%s\n", count.unrecorded > 0 ? "caught: actions were executed that no record knows" : "NOT caught");
  return worked && count.unrecorded > 0 ? 0 : 1;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string name = argv[i];
    std::string value = argv[i + 1];
    if (name == "--kills")
      options.kills = std::atoi(value.c_str());
    else if (name == "--threads")
      options.threads = std::atoi(value.c_str());
    else if (name == "--seed")
      options.seed = static_cast<unsigned>(std::atoi(value.c_str()));
    else if (name == "--planted" || name == "--work")
      options.work = value;
    else if (name == "--directory")
      options.directory = value;
    else
      return false;
  }
  return argc % 2 == 1 && options.kills > 0 && options.threads > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: kill_harness [--kills N] [--threads N] [--seed N] [--work W] [--planted outcome-only] "
                 "[--directory DIR]\n");
    return 2;
  }
  bool own = options.directory.empty();
  if (own) {
    std::string name = (std::filesystem::temp_directory_path() / "libguard-kill-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return 2;
    options.directory = name;
  }
  int result = run(options);
  if (own) std::filesystem::remove_all(options.directory);
  return result;
}
