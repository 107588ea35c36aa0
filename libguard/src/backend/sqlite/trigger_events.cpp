#include <algorithm>
#include <string_view>

#include "backend/sqlite/catalogue_loader.h"
#include "base/text.h"

namespace libguard::backend::sqlite {
namespace {

// The words of a CREATE TRIGGER up to its event; a quoted name is one word that equals no keyword.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  // "" at the end.
  std::string next() {
    skip_space();
    if (rest_.empty()) return {};
    const char first = rest_.front();
    if (first == '"' || first == '`' || first == '\'') return quoted(first);
    if (first == '[') return quoted(']');
    std::size_t length = 0;
    while (length < rest_.size() && in_word(rest_[length])) ++length;
    return take(std::max<std::size_t>(length, 1));
  }

 private:
  static bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (c & 0x80) != 0;
  }
  std::string take(std::size_t length) {
    std::string word = text::lower_ascii(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }
  // A doubled quote only makes two quoted words, which is as good here.
  std::string quoted(char end) {
    const auto at = rest_.find(end, 1);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return "\"";
  }
  void skip_space() {
    for (;;) {
      while (!rest_.empty() && std::string_view(" \t\r\n\f").find(rest_.front()) != std::string_view::npos)
        rest_.remove_prefix(1);
      if (rest_.starts_with("--")) {
        skip_past("\n");
      } else if (rest_.starts_with("/*")) {
        rest_.remove_prefix(2);
        skip_past("*/");
      } else {
        return;
      }
    }
  }
  void skip_past(std::string_view end) {
    const auto at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
  }
  std::string_view rest_;
};

}  // namespace

std::vector<std::string> trigger_events(const std::string& definition) {
  std::vector<std::string> unknown = {"delete", "insert", "update"};
  Words words(definition);
  std::string word = words.next();
  while (!word.empty() && word != "trigger") word = words.next();
  word = words.next();
  if (word == "if") {
    words.next();  // NOT
    words.next();  // EXISTS
    word = words.next();
  }
  // `word` is the name, or the schema before it. A name that is itself a keyword is told apart by its place.
  word = words.next();
  while (word == "." || word == "\"") {
    if (word == ".") words.next();
    word = words.next();
  }
  while (word == "before" || word == "after" || word == "instead" || word == "of") word = words.next();
  if (word == "insert" || word == "update" || word == "delete") return {word};
  return unknown;
}

}  // namespace libguard::backend::sqlite
