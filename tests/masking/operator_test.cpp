#include "masking/operator.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/text.h"
#include "libguard/error.h"

using namespace libguard;
using namespace libguard::masking;

namespace {

std::string text_of(const Value& value) { return std::get<std::string>(value); }

}  // namespace

TEST_CASE("redact and label show nothing of the value") {
  for (const Value& value : std::vector<Value>{true, std::int64_t{7}, 1.5, std::string("ann@x.com"), Bytes{"ab"},
                                               Decimal{"1.50"}, std::string()}) {
    CHECK(text_of(Operator("redact").apply(value, "pii.email")) == "[redacted]");
    CHECK(text_of(Operator("label").apply(value, "pii.email")) == "<pii.email>");
  }
  CHECK(std::holds_alternative<Null>(Operator("redact").apply(Value(Null{}), "x")));
  CHECK(std::holds_alternative<Null>(Operator("partial:last=4").apply(Value(Null{}), "x")));
}

TEST_CASE("partial keeps the ends, and never more than half") {
  auto show = [](const char* spec, const Value& value) { return text_of(Operator(spec).apply(value, "c")); };
  CHECK(show("partial:last=4", std::string("4111111111111111")) == "****1111");
  CHECK(show("partial:first=2,last=2", std::string("4111111111111111")) == "41****11");
  CHECK(show("partial:last=2,first=1", std::string("abcdefgh")) == "a****gh");
  CHECK(show("partial:last=4", std::string("abcde")) == "****de");
  CHECK(show("partial:first=9,last=9", std::string("abcdef")) == "****def");
  CHECK(show("partial:first=3", std::string("a")) == "****");
  CHECK(show("partial:first=3", std::string()) == "[redacted]");
  CHECK(show("partial:first=2", std::string("äöüß€")) == "äö****");
  CHECK(show("partial:last=4", std::int64_t{123456789}) == "****6789");
  CHECK(show("partial:last=2", Decimal{"12345.67"}) == "****67");
  CHECK(show("partial:last=2", true) == "[redacted]");
  CHECK(show("partial:last=2", Bytes{"abcdef"}) == "[redacted]");
  CHECK(show("partial:last=2", std::nan("")) == "[redacted]");
  CHECK(show("partial:last=2", std::string("\xff\xfe\xfd\xfc\xfb")) == "[redacted]");
}

TEST_CASE("a spec that is not supported is refused, and the sentence says what is") {
  for (const char* spec : {"",
                           "token",
                           "hide",
                           "REDACT",
                           "redact ",
                           "partial",
                           "partial:",
                           "partial:last",
                           "partial:last=",
                           "partial:last=-1",
                           "partial:last=+1",
                           "partial:last=1.5",
                           "partial:last=99999999999",
                           "partial:last=65",
                           "partial:last=1,",
                           "partial:,last=1",
                           "partial:last=1,last=2",
                           "partial:middle=1",
                           "partial:first=0,last=0",
                           "partial: last=1",
                           "label:x"}) {
    std::string said;
    try {
      Operator refused{spec};
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::configuration);
      CHECK(error.code() == "masking.operator");
      said = error.what();
    }
    CAPTURE(std::string(spec));
    CHECK(said.find("redact, label, partial") != std::string::npos);
  }
}

TEST_CASE("the stricter of two") {
  Operator redact("redact");
  Operator label("label");
  Operator four("partial:last=4");
  Operator six("partial:first=2,last=4");
  CHECK(&Operator::stricter(redact, label) == &redact);
  CHECK(&Operator::stricter(four, label) == &label);
  CHECK(&Operator::stricter(six, four) == &four);
  CHECK(&Operator::stricter(four, redact) == &redact);
}
