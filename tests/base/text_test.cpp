#include <doctest/doctest.h>

#include <set>

#include "base/system_clock.h"
#include "base/text.h"

namespace libguard {
namespace {

TEST_CASE("text: UTF-8 is well-formed or it is not") {
  for (const char* good :
       {"", "a", "é", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK(text::is_utf8(good));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3(", "\xe2(\xac"}) {
    CHECK_FALSE(text::is_utf8(bad));
  }
}

TEST_CASE("text: what a person reads is what runs") {
  CHECK(text::visible("plain é\n\t") == "plain é\n\t");
  CHECK(text::visible("a\x1b[2Jb") == "a\\u{001B}[2Jb");
  CHECK(text::visible("\xe2\x80\xae"
                      "evil") == "\\u{202E}evil");      // right-to-left override
  CHECK(text::visible("\xe2\x80\x8b") == "\\u{200B}");  // zero width space
  CHECK(text::visible("\xef\xbb\xbf") == "\\u{FEFF}");
  CHECK(text::visible("\xc2\x9b") == "\\u{009B}");           // C1 control sequence introducer
  CHECK(text::visible("\xf3\xa0\x81\x81") == "\\u{E0041}");  // tag characters
  CHECK(text::visible("\xff"
                      "a") == "\\x{FF}a");
  CHECK(text::visible(std::string_view("\0", 1)) == "\\u{0000}");
  CHECK(text::visible("\r") == "\\u{000D}");
}

TEST_CASE("text: time, names and near misses") {
  CHECK(text::rfc3339(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(text::rfc3339(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(text::rfc3339(1'795'515'242'113'456) == "2026-11-24T10:14:02.113456Z");
  CHECK(text::lower_ascii("AbZ\xc3\x89") == "abz\xc3\x89");
  CHECK(text::nearest("suport", {"finance", "support"}) == "support");
  CHECK(text::nearest("xyz", {"finance", "support"}).empty());
  CHECK(text::entity_part("a/b.c%d\"e") == "a%2Fb%2Ec%25d%22e");
}

TEST_CASE("clock and ids") {
  ManualClock manual(5);
  manual.advance_us(10);
  CHECK(manual.now_us() == 15);
  CHECK(system_clock()->now_us() > 1'700'000'000'000'000);
  CountingIds counting;
  CHECK(counting.make("r") == "r-000001");
  CHECK(counting.make("t") == "t-000002");

  auto clock = std::make_shared<ManualClock>(1'000'000'000);
  auto ids = random_ids(clock);
  std::set<std::string> seen;
  std::string earlier = ids->make("r");
  CHECK(earlier.size() == 28);
  CHECK(earlier.substr(0, 2) == "r-");
  CHECK(earlier.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 2) == std::string::npos);
  for (int i = 0; i < 1000; ++i) seen.insert(ids->make("r"));
  CHECK(seen.size() == 1000);
  clock->advance_us(1'000);
  CHECK(earlier.substr(0, 12) < ids->make("r").substr(0, 12));  // ids sort by time
}

}  // namespace
}  // namespace libguard
