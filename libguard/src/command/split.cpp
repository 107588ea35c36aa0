#include "command/split.h"

#include "command/sqlite/lexer.h"

namespace libguard::command {
namespace {

// PostgreSQL's rules for what a semicolon can hide in (scan.l, with standard_conforming_strings on).
class PostgresScan {
 public:
  explicit PostgresScan(std::string_view text) : text_(text) {}

  std::vector<std::string> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_space(c)) {
        ++at_;
      } else if (follows("--")) {
        skip_line();
      } else if (follows("/*")) {
        skip_comment();
      } else if (c == ';' && depth_ <= 0) {
        end_piece();
      } else {
        filled_ = true;
        token(c);
      }
    }
    end_piece();
    return std::move(pieces_);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  [[nodiscard]] bool follows(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void token(char c) {
    if (c == '\'') {
      quoted('\'', false);
    } else if (c == '"') {
      quoted('"', false);
    } else if (c == '$') {
      dollar();
    } else if (is_word(c)) {
      word();
    } else {
      depth_ += c == '(' ? 1 : c == ')' ? -1 : 0;
      ++at_;
    }
  }

  // A word that ends in E right before a quote opens a string with backslashes: e'...', and nothing longer.
  void word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '$')) ++at_;
    bool escapes = at_ - start == 1 && (text_[start] == 'e' || text_[start] == 'E');
    if (escapes && follows("'")) quoted('\'', true);
  }

  void quoted(char quote, bool escapes) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (escapes && text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != quote) return;  // two of them stand for one
      }
    }
    at_ = text_.size();
  }

  void dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const bool parameter = at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9';
    if (parameter || end >= text_.size() || text_[end] != '$') {
      at_ = end;
      return;
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  }

  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
  }

  void skip_comment() {
    int nested = 0;
    while (at_ < text_.size()) {
      if (follows("/*")) {
        ++nested;
        at_ += 2;
      } else if (follows("*/")) {
        at_ += 2;
        if (--nested == 0) return;
      } else {
        ++at_;
      }
    }
  }

  void end_piece() {
    if (filled_) pieces_.emplace_back(text_.substr(start_, at_ - start_));
    if (at_ < text_.size()) ++at_;
    start_ = at_;
    filled_ = false;
    depth_ = 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  int depth_ = 0;
  bool filled_ = false;
  std::vector<std::string> pieces_;
};

std::vector<std::string> split_sqlite(std::string_view text) {
  std::vector<std::string> pieces;
  const sqlite::Lexed lexed = sqlite::lex(text);
  bool filled = false;
  std::size_t start = 0;
  for (const sqlite::Token& token : lexed.tokens) {
    const bool end = token.kind == sqlite::TokenKind::end;
    const bool cut = token.kind == sqlite::TokenKind::symbol && token.text == ";";
    if (!end && !cut) filled = true;
    if (!end && !cut) continue;
    const std::size_t until = end ? text.size() : token.start;
    if (filled) pieces.emplace_back(text.substr(start, until - start));
    start = end ? until : token.end;
    filled = false;
  }
  return pieces;
}

}  // namespace

std::vector<std::string> split(Dialect dialect, std::string_view text) {
  return dialect == Dialect::sqlite ? split_sqlite(text) : PostgresScan(text).run();
}

}  // namespace libguard::command
