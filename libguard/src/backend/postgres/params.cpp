// Bind values on their way to the server. Integers are typed as PostgreSQL types a literal of that size, text is left
// to the server's inference as a quoted literal is: a bound value then means what the same value in the text means.

#include <charconv>
#include <cmath>
#include <limits>

#include "backend/postgres/connection.h"
#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

constexpr Oid kUnknown = 0;
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

[[noreturn]] void malformed(const std::string& why) {
  throw Error(ErrorKind::invalid, "request.malformed", "a parameter cannot be sent to PostgreSQL: " + why);
}

std::string shortest(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  char out[64];
  auto [end, error] = std::to_chars(out, out + sizeof out, number);
  return std::string(out, end);
}

bool is_decimal(const std::string& digits) {
  std::size_t at = !digits.empty() && digits[0] == '-' ? 1 : 0;
  auto run = [&] {
    std::size_t start = at;
    while (at < digits.size() && digits[at] >= '0' && digits[at] <= '9') ++at;
    return at > start;
  };
  if (!run()) return false;
  if (at < digits.size() && digits[at] == '.') {
    ++at;
    if (!run()) return false;
  }
  return at == digits.size();
}

}  // namespace

Params::Params(const std::vector<Value>& values) {
  if (values.size() > limits::kParamsMax) malformed("there are too many");
  for (const Value& value : values) {
    if (std::holds_alternative<Null>(value)) {
      add(kUnknown, "", false);
      null_.back() = true;
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
      add(kBool, *boolean ? "t" : "f", false);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      bool small =
          *integer >= std::numeric_limits<std::int32_t>::min() && *integer <= std::numeric_limits<std::int32_t>::max();
      add(small ? kInt4 : kInt8, std::to_string(*integer), false);
    } else if (const auto* real = std::get_if<double>(&value)) {
      add(kFloat8, shortest(*real), false);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      add(kBytea, bytes->data, true);
    } else if (const auto* decimal = std::get_if<Decimal>(&value)) {
      if (!is_decimal(decimal->digits)) malformed("a decimal is not written as -?digits[.digits]");
      add(kNumeric, decimal->digits, false);
    } else {
      text(std::get<std::string>(value));
    }
  }
}

// libpq sends text up to the first NUL: what follows would silently be another value.
Params& Params::text(std::string value) {
  if (value.find('\0') != std::string::npos) malformed("text holds a NUL character");
  if (!text::is_utf8(value)) malformed("text is not UTF-8");
  add(kUnknown, std::move(value), false);
  return *this;
}

void Params::add(Oid type, std::string bytes, bool binary) {
  if (bytes.size() > limits::kParamBytesMax) malformed("it is too large");
  types_.push_back(type);
  lengths_.push_back(static_cast<int>(bytes.size()));
  formats_.push_back(binary ? 1 : 0);
  bytes_.push_back(std::move(bytes));
  null_.push_back(false);
}

std::vector<const char*> Params::pointers() const {
  std::vector<const char*> out(bytes_.size());
  for (std::size_t i = 0; i < bytes_.size(); ++i) out[i] = null_[i] ? nullptr : bytes_[i].c_str();
  return out;
}

}  // namespace libguard::backend::postgres
