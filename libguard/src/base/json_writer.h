#pragma once
// JSON text by appending: records and outcomes are written in half a microsecond, where building a document
// first takes four. What it writes is valid JSON whatever the bytes: read_json accepts all of it.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "libguard/value.h"

namespace libguard {

// Appends `text` with quotes. Control characters, '"' and '\' are escaped; each byte that is not part of
// well-formed UTF-8 becomes \ufffd, so that no input can end the string early or make the line unreadable.
void append_json_string(std::string& out, std::string_view text);
// Appends the JSON form of a value (value.h). A finite double keeps a '.' or an exponent, so it reads back as a double.
void append_json_value(std::string& out, const Value& value);

// The name of a member, which stands in our own source: that it needs no escape is checked when it is compiled.
class MemberName {
 public:
  consteval MemberName(const char* name) : text_(name) {  // NOLINT(google-explicit-constructor): reads as a name
    for (char c : text_) {
      if (c < 0x20 || c > 0x7E || c == '"' || c == '\\') throw "a member name is plain ASCII";
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// Writes one document into a string, in the order of the calls, and sets the commas. The caller keeps the
// brackets balanced. Not thread-safe.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& begin_object(MemberName name) { return key(name).open('{'); }
  JsonWriter& begin_array(MemberName name) { return key(name).open('['); }
  JsonWriter& end_object() { return put('}'); }
  JsonWriter& end_array() { return put(']'); }

  // Members of an object.
  JsonWriter& text(MemberName name, std::string_view value) { return key(name).text(value); }
  JsonWriter& number(MemberName name, std::int64_t value) { return key(name).number(value); }
  JsonWriter& boolean(MemberName name, bool value) { return key(name).boolean(value); }
  // `json` must be a JSON document already; it is appended as it is.
  JsonWriter& raw(MemberName name, std::string_view json) { return key(name).raw(json); }
  // Members that a writer wrote before, without the brackets around them.
  JsonWriter& members(std::string_view written) { return raw(written); }
  template <typename Texts>
  JsonWriter& texts(MemberName name, const Texts& values) {
    begin_array(name);
    for (const auto& value : values) text(value);
    return end_array();
  }
  // A name that is known only when it runs; escaped like all text.
  JsonWriter& name(std::string_view name) {
    text(name);
    out_ += ':';
    return *this;
  }
  // An empty text is left out: records are read by people too.
  JsonWriter& text_if(MemberName name, std::string_view value) { return value.empty() ? *this : text(name, value); }
  template <typename Texts>
  JsonWriter& texts_if(MemberName name, const Texts& values) {
    return values.empty() ? *this : texts(name, values);
  }

  // Elements of an array.
  JsonWriter& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonWriter& number(std::int64_t value) {
    comma();
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
  }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& value(const Value& value) {
    comma();
    append_json_value(out_, value);
    return *this;
  }
  JsonWriter& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }

 private:
  // A value never ends in one of these, and text ends in a quote: the last byte says whether a comma is due. A new
  // line ends a document that was written before into the same buffer.
  void comma() {
    if (out_.empty()) return;
    char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
  }
  JsonWriter& key(MemberName name) {
    comma();
    const std::string_view text = name.text();
    const std::size_t at = out_.size();
    out_.resize(at + text.size() + 3);
    char* to = out_.data() + at;
    *to++ = '"';
    to = std::copy(text.begin(), text.end(), to);
    *to++ = '"';
    *to = ':';
    return *this;
  }
  JsonWriter& open(char bracket) {
    comma();
    return put(bracket);
  }
  JsonWriter& put(char c) {
    out_ += c;
    return *this;
  }

  std::string& out_;
};

}  // namespace libguard
