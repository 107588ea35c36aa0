#include "base/json.h"

#include <cmath>
#include <set>
#include <vector>

#include "base/crypto.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// Builds the document and stops at the first thing that a lenient reader would let pass.
class StrictBuilder {
 public:
  explicit StrictBuilder(int nesting_max) : nesting_max_(nesting_max) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const std::string& written) {
    if (!std::isfinite(value)) return stop("a number is out of range");
    if (written.find_first_of(".eE") == std::string::npos)
      long_integers_.push_back({stack_.empty() ? "" : stack_.front().key, stack_.size() == 1, written});
    return put(value);
  }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return stop("binary is not JSON"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (!stack_.back().names.insert(name).second) return stop("a member name occurs twice in one object");
    stack_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = "not JSON at byte " + std::to_string(position);
    return false;
  }

  [[nodiscard]] Json& document() { return document_; }
  [[nodiscard]] std::vector<LongInteger>& long_integers() { return long_integers_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct Level {
    Json value;
    std::string key;
    std::set<std::string, std::less<>> names;
  };

  bool stop(const char* why) {
    error_ = why;
    return false;
  }
  bool open(Json value) {
    if (static_cast<int>(stack_.size()) >= nesting_max_) return stop("nested too deeply");
    stack_.push_back({std::move(value), {}, {}});
    return true;
  }
  bool close() {
    Json value = std::move(stack_.back().value);
    stack_.pop_back();
    return put(std::move(value));
  }
  bool put(Json value) {
    if (stack_.empty()) {
      document_ = std::move(value);
    } else if (Level& level = stack_.back(); level.value.is_object()) {
      level.value[level.key] = std::move(value);
    } else {
      level.value.push_back(std::move(value));
    }
    return true;
  }

  int nesting_max_;
  std::vector<Level> stack_;
  Json document_;
  std::vector<LongInteger> long_integers_;
  std::string error_;
};

[[noreturn]] void malformed(const char* what) { throw Error(ErrorKind::invalid, "request.malformed", what); }

Value tagged_value(const Json& json) {
  if (json.size() != 1 || !json.begin().value().is_string()) malformed("a value object has one $-member that is text");
  const std::string& tag = json.begin().key();
  const auto& text = json.begin().value().get_ref<const std::string&>();
  if (tag == "$bytes") {
    auto bytes = crypto::from_base64(text);
    if (!bytes) malformed("$bytes is not base64");
    return Bytes{std::move(*bytes)};
  }
  if (tag == "$decimal") {
    std::size_t digits = 0;
    std::size_t points = 0;
    for (std::size_t i = text.starts_with('-') ? 1 : 0; i < text.size(); ++i) {
      if (text[i] == '.')
        ++points;
      else if (text[i] >= '0' && text[i] <= '9')
        ++digits;
      else
        malformed("$decimal is not -?digits[.digits]");
    }
    if (digits == 0 || points > 1) malformed("$decimal is not -?digits[.digits]");
    return Decimal{text};
  }
  if (tag == "$real") {
    if (text == "NaN") return std::nan("");
    if (text == "Infinity") return HUGE_VAL;
    if (text == "-Infinity") return -HUGE_VAL;
  }
  malformed("a value object is $bytes, $decimal or $real");
}

}  // namespace

JsonResult read_json(std::string_view text) { return read_json(text, limits::kNestingMax); }

JsonResult read_json(std::string_view text, int nesting_max) {
  if (text.size() > limits::kJsonBytesMax) return {std::nullopt, "longer than the limit"};
  // The parser below skips a byte order mark; RFC 8259 section 8.1 does not have one.
  if (text.starts_with("\xEF\xBB\xBF")) return {std::nullopt, "it starts with a byte order mark"};
  // It also takes a NUL byte as the end of the text.
  if (text.find('\0') != std::string_view::npos) return {std::nullopt, "it holds a NUL byte"};
  StrictBuilder builder(nesting_max);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return {std::nullopt, builder.error().empty() ? "not JSON" : builder.error()};
  }
  return {std::move(builder.document()), {}, std::move(builder.long_integers())};
}

Json to_json(const Value& value) {
  struct Visitor {
    Json operator()(const Null&) const { return nullptr; }
    Json operator()(bool b) const { return b; }
    Json operator()(std::int64_t n) const { return n; }
    Json operator()(double d) const {
      if (std::isfinite(d)) return d;
      return Json{{"$real", std::isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity"}};
    }
    Json operator()(const std::string& s) const { return s; }
    Json operator()(const Bytes& b) const { return Json{{"$bytes", crypto::base64(b.data)}}; }
    Json operator()(const Decimal& d) const { return Json{{"$decimal", d.digits}}; }
  };
  return std::visit(Visitor{}, value);
}

Value value_from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return Null{};
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) malformed("an integer is beyond 64 bits");
      return json.get<std::int64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    case Json::value_t::object:
      return tagged_value(json);
    default:
      malformed("a parameter is null, true, a number, text or a $-object");
  }
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace libguard
