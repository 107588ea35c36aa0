#pragma once
// A body of PL/pgSQL as tokens, and the steps over them. The first thing that is not as the grammar wants it stops all
// further steps: `failed()` says so, and the body stays unread.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "command/postgres/tokens.h"

namespace libguard::command::postgres::plpgsql {

class Tokens {
 public:
  explicit Tokens(const std::string& text) { lg_tokens_read(text.c_str(), &tokens_); }
  ~Tokens() { lg_tokens_free(&tokens_); }
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;
  [[nodiscard]] bool good() const { return tokens_.status == LG_OK && tokens_.count > 0; }
  [[nodiscard]] std::size_t size() const { return tokens_.count; }
  [[nodiscard]] const LgToken& at(std::size_t i) const { return tokens_.items[std::min<std::size_t>(i, size() - 1)]; }

 private:
  LgTokens tokens_{};
};

inline std::string_view text_of(const LgToken& token) { return {token.text.start, token.text.bytes}; }

using Words = std::initializer_list<std::string_view>;

class TokenReader {
 protected:
  explicit TokenReader(const std::string& text) : text_(text), tokens_(text) {}

  [[nodiscard]] bool failed() const { return !unread_.empty(); }
  void fail(std::string_view why) {
    if (!failed()) unread_ = why;
  }
  [[nodiscard]] const LgToken& here(std::size_t ahead = 0) const { return tokens_.at(at_ + ahead); }
  [[nodiscard]] bool is_word(std::string_view word, std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_WORD && text_of(here(ahead)) == word;
  }
  [[nodiscard]] bool is_any(Words words, std::size_t ahead = 0) const {
    return std::any_of(words.begin(), words.end(), [&](std::string_view each) { return is_word(each, ahead); });
  }
  [[nodiscard]] bool is_sign(std::string_view sign, std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_SIGN && text_of(here(ahead)) == sign;
  }
  [[nodiscard]] bool is_name(std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_WORD || here(ahead).kind == LG_TOKEN_QUOTED;
  }
  bool word(std::string_view wanted) {
    if (!is_word(wanted)) return false;
    ++at_;
    return true;
  }
  bool sign(std::string_view wanted) {
    if (!is_sign(wanted)) return false;
    ++at_;
    return true;
  }
  void need_word(std::string_view wanted) {
    if (!word(wanted)) fail("a word is missing where its grammar wants one");
  }
  void need_sign(std::string_view wanted) {
    if (!sign(wanted)) fail("a mark is missing where its grammar wants one");
  }
  std::string name() {
    if (!is_name()) fail("a name is missing where its grammar wants one");
    std::string found(text_of(here()));
    ++at_;
    return found;
  }
  [[nodiscard]] std::string slice(std::size_t from, std::size_t to) const {
    const std::size_t start = tokens_.at(from).start;
    const std::size_t end = tokens_.at(to).start;
    return end > start ? text_.substr(start, end - start) : std::string();
  }
  // Moves to the first of these outside of parentheses; what stands before it is skipped.
  void to(Words words, Words signs) {
    int depth = 0;
    while (!failed()) {
      const LgToken& token = here();
      if (token.kind == LG_TOKEN_END) return fail("it ends in the middle of a statement");
      if (depth == 0 && token.kind == LG_TOKEN_WORD && is_any(words)) return;
      if (token.kind == LG_TOKEN_SIGN) {
        const std::string_view mark = text_of(token);
        if (depth == 0 && std::find(signs.begin(), signs.end(), mark) != signs.end()) return;
        if (mark == "(" || mark == "[") ++depth;
        if (mark == ")" || mark == "]") --depth;
        if (depth < 0 || mark == ";") return fail("its parentheses do not match");
      }
      ++at_;
    }
  }
  std::string until(Words words, Words signs) {
    const std::size_t from = at_;
    to(words, signs);
    return slice(from, at_);
  }
  // CASE inside of an expression ends with END, that of the language with END CASE; both hold WHEN and THEN, so an
  // expression with a CASE of its own is given back to the grammar by counting.
  std::string until_word(std::string_view wanted) {
    const std::size_t from = at_;
    int cases = 0;
    int depth = 0;
    while (!failed()) {
      if (here().kind == LG_TOKEN_END || is_sign(";")) return fail("an expression of it has no end"), std::string();
      if (cases == 0 && depth == 0 && is_word(wanted)) return slice(from, at_);
      if (is_word("case")) ++cases;
      if (is_word("end")) --cases;
      if (is_sign("(") || is_sign("[")) ++depth;
      if (is_sign(")") || is_sign("]")) --depth;
      ++at_;
    }
    return {};
  }
  [[nodiscard]] bool before_is(std::string_view word) const {
    const LgToken& token = tokens_.at(at_ - 1);
    return token.kind == LG_TOKEN_WORD && text_of(token) == word;
  }

  const std::string& text_;
  Tokens tokens_;
  std::size_t at_ = 0;
  std::string unread_;  // why it is not read; empty so far
};

}  // namespace libguard::command::postgres::plpgsql
