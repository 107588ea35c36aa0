#include "audit/reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <random>

#include "audit/line.h"
#include "base/json.h"
#include "base/limits.h"
#include "samples.h"

using namespace libguard;
using namespace libguard::audit;

namespace {

bool any(const std::vector<std::string>& sentences, const std::string& part) {
  for (const std::string& sentence : sentences) {
    if (sentence.find(part) != std::string::npos) return true;
  }
  return false;
}

// Three segments; the second holds some twenty records.
struct Log {
  Scratch scratch;
  std::vector<std::string> paths;
  std::vector<std::string> second;  // its lines
  std::int64_t first_seq = 0;       // of the second segment

  Log() {
    Identity identity = sample_identity();
    JournalOptions options = golden_options(scratch.log());
    options.segment_bytes_max = 16 * 1024;
    auto clock = std::make_shared<ManualClock>(kGoldenUs);
    Journal journal(options, real_os(), clock);
    for (int i = 0; segment_paths(scratch.log()).size() < 3 || i < 26; ++i) {
      clock->advance_us(1'000);
      ActionEntry entry = sample_entry(identity, "r-" + std::to_string(i), i % 2 == 0 ? "s-even" : "s-odd");
      Intent intent = journal.record_intent(entry);
      if (i != 3) journal.record_outcome(intent, entry, sample_outcome());
    }
    paths = segment_paths(scratch.log());
    second = lines_of(paths.at(1));
    first_seq = read_head(second.at(0).substr(0, second.at(0).size() - kHashChars - 2))->seq;
  }
  [[nodiscard]] std::string nth(std::size_t line) const {
    return std::to_string(first_seq + static_cast<std::int64_t>(line));
  }
  Verification with(const std::vector<std::string>& lines) {
    write_lines(paths.at(1), lines);
    Verification verification = verify(scratch.log());
    write_lines(paths.at(1), second);
    return verification;
  }
};

// Inside a text, so that the line is still a record.
void change_one_byte(std::string& line) {
  std::size_t at = line.find(",\"at\":\"");
  REQUIRE(at != std::string::npos);
  line[at + 9] ^= 1;
}

}  // namespace

TEST_CASE("a log that nobody touched is intact and says what cannot be known") {
  Log log;
  Verification verification = verify(log.scratch.log());
  CHECK_MESSAGE(verification.intact, to_json_text(verification));
  CHECK(verification.segments == static_cast<std::int64_t>(log.paths.size()));
  CHECK(verification.in_doubt == 1);
  CHECK(any(verification.warnings, "no anchor: a cut of the tail"));
  CHECK(read_json(to_json_text(verification)).value->at("intact") == true);
}

TEST_CASE("attempt to change one byte: the record is named, and what stands before it") {
  Log log;
  for (std::size_t line : {std::size_t{0}, std::size_t{4}, log.second.size() - 1}) {
    auto lines = log.second;
    change_one_byte(lines[line]);
    Verification verification = log.with(lines);
    CHECK_FALSE(verification.intact);
    REQUIRE(verification.findings.size() == 1);
    std::string expected = "segment 2, record " + log.nth(line) + ": hash ";
    CHECK_MESSAGE(verification.findings[0].starts_with(expected), verification.findings[0]);
    CHECK(verification.findings[0].ends_with(
        "; records 1-" + std::to_string(log.first_seq + static_cast<std::int64_t>(line) - 1) + " stand"));
  }
  auto lines = log.second;
  change_one_byte(lines[4]);
  CHECK(log.with(lines).findings.at(0) == "segment 2, record " + log.nth(4) + ": hash differs from what record " +
                                              log.nth(5) + " was chained to; records 1-" + log.nth(3) + " stand");
}

TEST_CASE("attempt to change any byte at all") {
  Log log;
  std::mt19937 random(5);
  std::string whole = read_file(log.paths[1]);
  for (int round = 0; round < 400; ++round) {
    std::string changed = whole;
    std::size_t at = random() % changed.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 + random() % 255));
    write_file(log.paths[1], changed);
    Verification verification = verify(log.scratch.log());
    CHECK_FALSE_MESSAGE(verification.intact, at);
  }
}

TEST_CASE("attempt to rewrite a record with its hash: it shows at the next one") {
  Log log;
  auto lines = log.second;
  std::string hash = lines[5].substr(lines[5].size() - kHashChars - 1, kHashChars);
  std::string json = lines[6].substr(0, lines[6].size() - kHashChars - 2);
  json.replace(json.find("r-"), 2, "r=");
  lines[6] = json + "\t" + chain_hash(hash, json) + "\n";
  Verification verification = log.with(lines);
  CHECK(verification.findings.size() == 1);
  CHECK(verification.findings.at(0).starts_with("segment 2, record " + log.nth(7)));
  CHECK(any(verification.warnings, "rewritten together with its hash"));
}

TEST_CASE("attempt to change only a stored hash") {
  Log log;
  auto lines = log.second;
  char& digit = lines[6][lines[6].size() - 3];
  digit = digit == 'a' ? 'b' : 'a';
  Verification verification = log.with(lines);
  REQUIRE(verification.findings.size() == 1);
  CHECK(verification.findings[0].find("its stored hash was changed") != std::string::npos);
}

TEST_CASE("attempt to remove, swap, double and insert lines") {
  Log log;
  auto removed = log.second;
  removed.erase(removed.begin() + 4);
  Verification verification = log.with(removed);
  REQUIRE(verification.findings.size() == 1);
  CHECK(verification.findings[0] == "segment 2: record " + log.nth(4) + " is missing: record " + log.nth(5) +
                                        " follows record " + log.nth(3) + "; records 1-" + log.nth(3) + " stand");

  removed.erase(removed.begin() + 4);
  CHECK(any(log.with(removed).findings, "records " + log.nth(4) + "-" + log.nth(5) + " are missing"));

  auto swapped = log.second;
  std::swap(swapped[4], swapped[5]);
  verification = log.with(swapped);
  CHECK(any(verification.findings, "record " + log.nth(4) + " is missing"));
  CHECK(any(verification.findings, "record " + log.nth(4) + ": stands out of its place"));

  auto doubled = log.second;
  doubled.insert(doubled.begin() + 4, doubled[3]);
  verification = log.with(doubled);
  REQUIRE(verification.findings.size() == 1);
  CHECK(any(verification.findings, "record " + log.nth(3) + ": stands out of its place"));

  // A forged record, correctly chained to the one before, in front of the true one.
  auto inserted = log.second;
  std::string hash = inserted[3].substr(inserted[3].size() - kHashChars - 1, kHashChars);
  std::string json = inserted[4].substr(0, inserted[4].size() - kHashChars - 2);
  json.replace(json.find("r-"), 2, "r=");
  inserted.insert(inserted.begin() + 4, json + "\t" + chain_hash(hash, json) + "\n");
  CHECK_FALSE(log.with(inserted).intact);

  // A whole tail that was chained again after a removal still shows the gap in its numbers.
  auto chained = log.second;
  chained.erase(chained.begin() + 4);
  std::string previous = chained[3].substr(chained[3].size() - kHashChars - 1, kHashChars);
  for (std::size_t i = 4; i < chained.size(); ++i) {
    std::string text = chained[i].substr(0, chained[i].size() - kHashChars - 2);
    previous = chain_hash(previous, text);
    chained[i] = text + "\t" + previous + "\n";
  }
  CHECK(any(log.with(chained).findings, "record " + log.nth(4) + " is missing"));
}

TEST_CASE("attempt to cut or remove a segment between two others") {
  Log log;
  auto cut = log.second;
  cut.pop_back();
  Verification verification = log.with(cut);
  REQUIRE(verification.findings.size() == 1);
  CHECK(verification.findings[0].find("segment 3: it was chained to record") == 0);
  CHECK(verification.findings[0].find("the segment before ends at record") != std::string::npos);

  std::string whole = read_file(log.paths[1]);
  write_file(log.paths[1], whole.substr(0, whole.size() / 2));
  CHECK_FALSE(verify(log.scratch.log()).intact);
  write_file(log.paths[1], "");
  CHECK_FALSE(verify(log.scratch.log()).intact);
  ::unlink(log.paths[1].c_str());
  verification = verify(log.scratch.log());
  CHECK(any(verification.findings, "a segment that is missing"));
  write_file(log.paths[1], whole);
  CHECK(verify(log.scratch.log()).intact);

  std::string first = read_file(log.paths[0]);
  ::unlink(log.paths[0].c_str());
  CHECK(any(verify(log.scratch.log()).findings, "a segment that is missing"));
  write_file(log.paths[0], first);

  // A segment under another's name.
  write_file(log.paths[1], first);
  CHECK(any(verify(log.scratch.log()).findings, "the header belongs to segment 1"));
  write_file(log.paths[1], whole);
  // A copy of a segment as a new stream.
  write_file(log.scratch.log() + "/" + segment_name("20270101T000000000000Z-1-aa", 1), first);
  CHECK_FALSE(verify(log.scratch.log()).intact);
}

TEST_CASE("a cut of the tail is not seen, and a torn tail is a crash, not tampering") {
  Log log;
  auto last = lines_of(log.paths.back());
  last.pop_back();
  write_lines(log.paths.back(), last);
  Verification verification = verify(log.scratch.log());
  CHECK(verification.intact);
  CHECK(any(verification.warnings, "has no end record"));
  std::string whole = read_file(log.paths.back());
  write_file(log.paths.back(), whole + std::string(4'096, '\0'));
  verification = verify(log.scratch.log());
  CHECK(verification.intact);
  CHECK(any(verification.warnings, "incomplete line of 4096 bytes"));
}

TEST_CASE("garbage, NULs, long lines and strange files never crash the reader") {
  Log log;
  std::vector<std::string> rubbish = {"",
                                      "\n",
                                      "\n\n\n",
                                      std::string(100'000, '\0') + "\n",
                                      std::string(200'000, '[') + "\n",
                                      "{}\t\n",
                                      "{}\t" + std::string(64, '0') + "\n",
                                      "\xFF\xFE\n",
                                      std::string(kHashChars + 1, '\t') + "\n",
                                      "{\"v\":2,\"seq\":1}\t" + std::string(64, '0') + "\n",
                                      "{\"v\":1,\"seq\":-9223372036854775808}\t" + std::string(64, '0') + "\n"};
  for (const std::string& bytes : rubbish) {
    write_file(log.paths[1], bytes);
    CHECK_FALSE(verify(log.scratch.log()).intact);
    (void)sessions_json(log.scratch.log());
    auto lines = log.second;
    lines.insert(lines.begin() + 3, bytes);
    Verification verification = log.with(lines);
    CHECK(verification.intact == bytes.empty());
    if (!bytes.empty()) CHECK(any(verification.findings, "; records 1-" + log.nth(2) + " stand"));
  }
  write_file(log.paths[1], std::string(limits::kRecordBytesMax + 10, 'x') + "\n" + read_file(log.paths[1]));
  CHECK(any(verify(log.scratch.log()).findings, "longer than any record"));
  write_lines(log.paths[1], log.second);
  write_file(log.scratch.log() + "/notes.txt", "not ours");
  write_file(log.scratch.log() + "/x.1.jsonl", "not ours");
  CHECK(verify(log.scratch.log()).intact);
  std::filesystem::create_directory(log.scratch.log() + "/" + segment_name("20270101T000000000000Z-1-aa", 1));
  CHECK_FALSE(verify(log.scratch.log()).intact);
  CHECK_FALSE(verify(log.scratch.path() + "/nowhere").intact);
  CHECK(sessions_json(log.scratch.path() + "/nowhere") == "[]");
}

TEST_CASE("random bytes as a segment") {
  Scratch scratch;
  std::mt19937 random(9);
  std::string path = scratch.path() + "/" + segment_name("20270101T000000000000Z-1-aa", 1);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 2'000, '\0');
    for (char& c : bytes) c = random() % 20 == 0 ? '\n' : static_cast<char>(random());
    write_file(path, bytes);
    (void)verify(scratch.path());
    (void)sessions_json(scratch.path());
    (void)session_json(scratch.path(), "s-1");
  }
}

TEST_CASE("a damaged file has at most a screenful of findings") {
  Log log;
  auto lines = log.second;
  lines.insert(lines.begin() + 2, 500, "rubbish\n");
  Verification verification = log.with(lines);
  CHECK(verification.findings.size() <= 25);
  CHECK(any(verification.findings, "more"));
}

TEST_CASE("an empty directory is said to be empty") {
  Scratch scratch;
  Verification verification = verify(scratch.path());
  CHECK(verification.intact);
  CHECK(any(verification.warnings, "there is no segment here"));
}

TEST_CASE("sessions are listed newest first with their counts, and one is shown joined") {
  Scratch scratch;
  Identity identity = sample_identity();
  auto clock = std::make_shared<ManualClock>(kGoldenUs);
  {
    Journal journal(options_for(scratch.log()), real_os(), clock);
    journal.record_event("session.opened", R"({"session":"s-1"})", false);
    ActionEntry entry = sample_entry(identity, "r-1");
    Intent intent = journal.record_intent(entry);
    clock->advance_us(10);
    journal.record_outcome(intent, entry, sample_outcome());
    journal.record_refusal(sample_entry(identity, "r-2"), sample_outcome("refused"));
    journal.record_refusal(sample_entry(identity, "r-3"), sample_outcome("pending"));
    (void)journal.record_intent(sample_entry(identity, "r-4"));
    clock->advance_us(10);
    journal.record_refusal(sample_entry(identity, "r-5", "s-2"), sample_outcome("refused"));
  }
  auto sessions = read_json(sessions_json(scratch.log())).value;
  REQUIRE(sessions);
  REQUIRE(sessions->size() == 2);
  CHECK(sessions->at(0).at("session") == "s-2");
  const Json& first = sessions->at(1);
  CHECK(first.at("account") == "support-crew");
  CHECK(first.at("user") == "mia@example.com");
  CHECK(first.at("started") == "2026-11-28T10:14:02.113456Z");
  CHECK(first.at("actions") == 4);
  CHECK(first.at("completed") == 1);
  CHECK(first.at("refused") == 1);
  CHECK(first.at("pending") == 1);
  CHECK(first.at("in_doubt") == 1);

  auto session = read_json(session_json(scratch.log(), "s-1")).value;
  REQUIRE(session);
  REQUIRE(session->size() == 5);
  CHECK(session->at(0).at("event") == "session.opened");
  CHECK(session->at(1).at("record") == "r-1");
  CHECK(session->at(1).at("what").at("params") == Json::parse("[1042]"));
  CHECK(session->at(1).at("outcome").at("state") == "completed");
  CHECK(session->at(1).at("ended_at") == "2026-11-28T10:14:02.113466Z");
  CHECK(session_json(scratch.log(), "r-2") == session_json(scratch.log(), "s-1"));
  CHECK(session_json(scratch.log(), "r-5") == session_json(scratch.log(), "s-2"));
  CHECK(session_json(scratch.log(), "r-9") == "[]");
  CHECK(session_json(scratch.log(), "s-9") == "[]");
  CHECK(session_json(scratch.log(), "") == "[]");
}
