#include "masking/masker.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "libguard/error.h"

using namespace libguard;
using namespace libguard::masking;

namespace {

struct Shop {
  std::shared_ptr<Frame> frame = std::make_shared<Frame>();
  Command command;
  std::set<std::string> masked{"pii.email", "pii.card"};

  Shop() {
    frame->classes["pii.email"] = {"pii.email", {"shop/main.customers.email"}, "label"};
    frame->classes["pii.card"] = {"pii.card", {"shop/main.customers.card"}, "partial:last=4"};
    frame->classes["secret"] = {"secret", {"shop/main.vault.*"}, "redact"};
    command.connection = "shop";
    command.understood = true;
    command.returns_rows = true;
    command.reads = {"main.customers"};
    command.reveals = {{"name", {"main.customers.name"}}, {"email", {"main.customers.email"}}};
  }
  [[nodiscard]] Masker masker(std::vector<std::shared_ptr<const Detector>> detectors = builtin_detectors()) const {
    return Masker(frame, std::move(detectors), "label");
  }
  [[nodiscard]] MaskedResult run(std::vector<RawColumn> columns, std::vector<Row> rows) const {
    return masker().mask(raw(std::move(columns), std::move(rows)), command, plan_for(command, masked, *frame));
  }
  static RawResult raw(std::vector<RawColumn> columns, std::vector<Row> rows) {
    RawResult result;
    result.columns = std::move(columns);
    result.rows = std::make_unique<BufferedRows>(std::move(rows), false);
    return result;
  }
};

const RawColumn kName{"name", "text", "main.customers.name", true};
const RawColumn kEmail{"email", "text", "main.customers.email", true};

std::string text_at(const MaskedResult& result, std::size_t row, std::size_t column) {
  const Value& value = result.rows().at(row).at(column);
  return std::holds_alternative<std::string>(value) ? std::get<std::string>(value) : "(not text)";
}

class Thrower final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "BROKEN"; }
  void find(std::string_view, std::vector<Span>&) const override { throw std::runtime_error("broken"); }
};

class Liar final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "LIAR"; }
  void find(std::string_view text, std::vector<Span>& spans) const override {
    spans.push_back({0, text.size() + 1, "LIAR"});
  }
};

// Sees only the whole, as an own detector may.
class Pair final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "PAIR"; }
  void find(std::string_view text, std::vector<Span>& spans) const override {
    auto at = text.find(R"("badge","n":"7")");
    if (at != std::string_view::npos) spans.push_back({at, at + 15, "PAIR"});
  }
};

}  // namespace

TEST_CASE("that an expression over a class gives nothing, or a part of it, is not shown") {
  Shop shop;
  shop.command.dialect = Dialect::postgres;
  shop.command.reveals = {{"x", {"main.customers.email"}}, {"y", {"main.customers.card"}}};
  const RawColumn asked{"x", "int4", "", true};
  const RawColumn cut{"y", "text", "", true};
  auto result = shop.run({asked, cut}, {{Null{}, std::string("41111111")}, {std::int64_t{1}, Null{}}});
  CHECK(text_at(result, 0, 0) == "<pii.email>");
  CHECK(text_at(result, 1, 0) == "<pii.email>");
  CHECK(text_at(result, 0, 1) == "[redacted]");
  CHECK(text_at(result, 1, 1) == "[redacted]");
  const RawColumn card{"y", "text", "main.customers.card", true};
  auto plain = shop.run({asked, card}, {{Null{}, std::string("4111111111111111")}, {Null{}, Null{}}});
  CHECK(text_at(plain, 0, 1) == "****1111");
  CHECK(std::holds_alternative<Null>(plain.rows()[1][1]));
  // SQLite names the origin of the first part of a UNION for all of it.
  shop.command.dialect = Dialect::sqlite;
  shop.command.text = "SELECT email, card FROM customers Union ALL SELECT 1, substr(card, 1, 8) FROM customers";
  auto joined = shop.run({asked, card}, {{Null{}, std::string("41111111")}, {Null{}, Null{}}});
  CHECK(text_at(joined, 0, 1) == "[redacted]");
  CHECK(text_at(joined, 1, 1) == "[redacted]");
}

TEST_CASE("a column of a masked class is masked whole, by its class's operator") {
  Shop shop;
  auto result =
      shop.run({kName, kEmail}, {{std::string("Ann"), std::string("ann@x.com")}, {std::string("Bo"), Null{}}});
  CHECK(text_at(result, 0, 0) == "Ann");
  CHECK(text_at(result, 0, 1) == "<pii.email>");
  CHECK(std::holds_alternative<Null>(result.rows()[1][1]));
  CHECK(result.columns()[1].masked);
  CHECK(result.columns()[1].data_class == "pii.email");
  CHECK(result.columns()[1].op == "label");
  CHECK(!result.columns()[0].masked);
  CHECK(result.counts() == std::map<std::string, std::int64_t>{{"pii.email|label", 1}});
}

TEST_CASE("several classes: all names, the strictest operator") {
  Shop shop;
  shop.command.reveals[0].sources = {"main.customers.email", "main.customers.card"};
  auto result = shop.run({{"both", "text", "", true}, kEmail}, {{std::string("ann@x.com 4111"), std::string("x")}});
  CHECK(text_at(result, 0, 0) == "<pii.card+pii.email>");
  CHECK(result.columns()[0].data_class == "pii.card+pii.email");
}

TEST_CASE("a whole table as source is every class of it") {
  Shop shop;
  shop.command.reveals = {{"row", {"main.customers.*"}}};
  CHECK(plan_for(shop.command, shop.masked, *shop.frame).columns[0].data_class == "pii.card+pii.email");
  shop.command.reveals = {{"row", {"main.vault.anything"}}};
  CHECK(plan_for(shop.command, {"secret"}, *shop.frame).columns[0].mask);
  CHECK(!plan_for(shop.command, shop.masked, *shop.frame).columns[0].mask);
  shop.command.connection = "other";
  CHECK(!plan_for(shop.command, {"secret"}, *shop.frame).columns[0].mask);
}

TEST_CASE("a system table is of every class") {
  Shop shop;
  Touch touch;
  touch.object = "main.sqlite_stat4";
  touch.system = true;
  shop.command.touches = {touch};
  shop.command.reveals = {{"sample", {"main.sqlite_stat4.sample"}}};
  CHECK(plan_for(shop.command, shop.masked, *shop.frame).columns[0].data_class == "pii.card+pii.email");
}

TEST_CASE("the server's own word is believed over the plan") {
  Shop shop;
  RawColumn lying = kName;
  SUBCASE("it names a masked column") {
    lying.origin = "main.customers.email";
    auto result = shop.run({lying, kEmail}, {{std::string("secret text"), std::string("x")}});
    CHECK(text_at(result, 0, 0) == "<pii.email>");
  }
  SUBCASE("it names a table that the parser did not see") {
    lying.origin = "main.customers2.name";
    auto result = shop.run({lying, kEmail}, {{std::string("secret text"), std::string("x")}});
    CHECK(text_at(result, 0, 0) == "[redacted]");
    CHECK(result.columns()[0].data_class == "unproven");
  }
}

TEST_CASE("what the plan does not fit is masked whole") {
  Shop shop;
  SUBCASE("more columns") {
    auto result = shop.run({kName, kEmail, kName}, {{std::string("a"), std::string("b"), std::int64_t{5}}});
    for (std::size_t i = 0; i < 3; ++i) CHECK(text_at(result, 0, i) == "[redacted]");
    CHECK(result.counts().at("unproven|redact") == 3);
  }
  SUBCASE("fewer columns") { CHECK(text_at(shop.run({kName}, {{std::string("a")}}), 0, 0) == "[redacted]"); }
  SUBCASE("no lineage at all") {
    shop.command.reveals.clear();
    CHECK(text_at(shop.run({kName}, {{std::string("a")}}), 0, 0) == "[redacted]");
  }
  SUBCASE("not understood") {
    shop.command.understood = false;
    CHECK(text_at(shop.run({kName, kEmail}, {{std::string("a"), std::string("b")}}), 0, 0) == "[redacted]");
  }
  SUBCASE("a ragged row: nothing leaves") {
    CHECK_THROWS_AS((void)shop.run({kName, kEmail}, {{std::string("a")}}), Error);
    CHECK_THROWS_AS((void)shop.run({kName, kEmail}, {{std::string("a"), std::string("b"), std::string("c")}}), Error);
  }
}

TEST_CASE("detectors judge what no class masks") {
  Shop shop;
  auto result = shop.run({kName, kEmail}, {{std::string("mail ann@x.com or 4111 1111 1111 1111"), Null{}}});
  CHECK(text_at(result, 0, 0) == "mail <EMAIL_ADDRESS> or <CREDIT_CARD>");
  CHECK(result.columns()[0].masked);
  CHECK(result.columns()[0].op == "label");
  CHECK(result.counts() == std::map<std::string, std::int64_t>{{"CREDIT_CARD|label", 1}, {"EMAIL_ADDRESS|label", 1}});
}

TEST_CASE("a permitted class is shown as it is; an expression over it and other columns is still read") {
  Shop shop;
  shop.masked = {"pii.card"};
  auto result = shop.run({kName, kEmail}, {{std::string("bo@x.com"), std::string("ann@x.com")}});
  CHECK(text_at(result, 0, 0) == "<EMAIL_ADDRESS>");
  CHECK(text_at(result, 0, 1) == "ann@x.com");
  shop.command.reveals[1].sources.insert("main.customers.name");
  CHECK(text_at(shop.run({kName, kEmail}, {{std::string("b"), std::string("ann@x.com")}}), 0, 1) == "<EMAIL_ADDRESS>");
}

TEST_CASE("numbers and bytes can be cards, too") {
  Shop shop;
  shop.command.reveals = {{"n", {"main.customers.name"}}};
  auto one = [&](const char* name, Value value) {
    return shop.run({{name, "", "", true}}, {{std::move(value)}}).rows()[0][0];
  };
  const Value card = std::string("<CREDIT_CARD>");
  CHECK(one("n", std::int64_t{4111111111111111}) == card);
  CHECK(one("n", std::int64_t{-4111111111111111}) == card);
  CHECK(one("n", 4111111111111111.0) == card);
  CHECK(one("n", Decimal{"4111111111111111.00"}) == card);
  CHECK(one("n", Decimal{"6304000000000000123"}) != card);
  CHECK(one("n", std::int64_t{4111111111111112}) == Value(std::int64_t{4111111111111112}));
  CHECK(one("n", std::int64_t{123456789}) == Value(std::int64_t{123456789}));
  CHECK(one("customer_ssn", std::int64_t{123456789}) == Value(std::string("<US_SSN>")));
  CHECK(one("customer_ssn", std::int64_t{1234567}) == Value(std::string("<US_SSN>")));
  CHECK(one("n", INT64_MIN) == Value(INT64_MIN));
  CHECK(one("n", 1.5) == Value(1.5));
  CHECK(one("n", true) == Value(true));
  CHECK(one("n", Bytes{"x ann@x.com"}) == Value(std::string("[redacted]")));
  CHECK(one("n", Bytes{std::string("\xff\x00 ann@x.com \xfe", 14)}) == Value(std::string("[redacted]")));
  CHECK(one("n", Bytes{std::string("a\0n\0@\0x\0.\0c\0o\0m\0", 16)}) == Value(std::string("[redacted]")));
  CHECK(one("n", Bytes{"\xff\xfe plain"}) == Value(Bytes{"\xff\xfe plain"}));
}

TEST_CASE("text of a type without prose is left alone") {
  Shop shop;
  shop.command.reveals = {{"d", {"main.customers.name"}}};
  auto result = shop.run({{"d", "uuid", "", false}}, {{std::string("078-05-1123")}});
  CHECK(text_at(result, 0, 0) == "078-05-1123");
}

TEST_CASE("a detector that needs more than one leaf is not silenced by the leaves") {
  Shop shop;
  auto detectors = builtin_detectors();
  detectors.push_back(std::make_shared<Pair>());
  CHECK(shop.masker(detectors).scrub(R"({"t":"badge","n":"7"})") == R"({"t":<PAIR>})");
}

TEST_CASE("if masking fails, nothing leaves") {
  Shop shop;
  for (const std::shared_ptr<const Detector>& broken : {std::shared_ptr<const Detector>(std::make_shared<Thrower>()),
                                                        std::shared_ptr<const Detector>(std::make_shared<Liar>())}) {
    Masker masker = shop.masker({broken});
    CHECK_THROWS((void)masker.scrub("x"));
    CHECK_THROWS((void)masker.mask(Shop::raw({kName, kEmail}, {{std::string("a"), std::string("b")}}), shop.command,
                                   plan_for(shop.command, shop.masked, *shop.frame)));
  }
  shop.frame->classes["pii.email"].show = "token";
  CHECK_THROWS_AS((void)plan_for(shop.command, shop.masked, *shop.frame), Error);
  CHECK_THROWS_AS(Masker(shop.frame, builtin_detectors(), "hide"), Error);
}

TEST_CASE("a tool's answer is masked by detectors") {
  Shop shop;
  RawResult raw;
  raw.text = "Dear ann@x.com";
  auto result = shop.masker().mask_text(std::move(raw));
  CHECK(result.text() == "Dear <EMAIL_ADDRESS>");
  CHECK(result.counts().at("EMAIL_ADDRESS|label") == 1);
}

TEST_CASE("no rows, no columns, truncated") {
  Shop shop;
  CHECK(shop.run({kName, kEmail}, {}).rows().empty());
  shop.command.reveals.clear();
  shop.command.returns_rows = false;
  CHECK(shop.run({}, {}).columns().empty());
  RawResult raw;
  raw.rows = std::make_unique<BufferedRows>(std::vector<Row>{}, true);
  CHECK(shop.masker().mask_text(std::move(raw)).truncated());
}
