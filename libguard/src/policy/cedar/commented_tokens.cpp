#include "policy/cedar/commented_tokens.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

std::string_view trimmed_end(std::string_view text) {
  auto last = text.find_last_not_of(" \t\v\f");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Reads what stands between two tokens: comments, and whether empty lines part them.
class Gap {
 public:
  Gap(std::string_view text, CommentedToken* before, CommentedToken& after)
      : text_(text), before_(before), after_(after) {}

  void read() {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("//"))
        comment();
      else
        count_line(text_[at_++]);
    }
    after_.after_gap = lines_ > 1;
  }

 private:
  void comment() {
    std::size_t end = std::min(text_.find_first_of("\n\r", at_), text_.size());
    std::string_view comment = trimmed_end(text_.substr(at_, end - at_));
    if (lines_ == 0 && before_ != nullptr && after_.above.empty() && before_->behind.empty())
      before_->behind = comment;
    else
      after_.above.push_back({comment, lines_ > 1});
    lines_ = 0;
    at_ = end;
  }

  // CR LF is one end of a line.
  void count_line(char c) {
    if (c == '\n' ? last_ != '\r' : c == '\r') ++lines_;
    last_ = c;
  }

  std::string_view text_;
  CommentedToken* before_;
  CommentedToken& after_;
  std::size_t at_ = 0;
  int lines_ = 0;
  char last_ = 0;
};

}  // namespace

std::vector<CommentedToken> commented_tokens(std::string_view source) {
  std::vector<CommentedToken> out;
  Lexer lexer(source);
  std::size_t end = 0;
  do {
    CommentedToken next;
    next.token = lexer.next();
    const std::size_t quotes = next.token.kind == Tok::text ? 2 : 0;
    const std::size_t start = next.token.start;
    next.source = source.substr(start, next.token.text.size() + quotes);
    Gap(source.substr(end, start - end), out.empty() ? nullptr : &out.back(), next).read();
    end = start + next.source.size();
    out.push_back(std::move(next));
  } while (out.back().token.kind != Tok::end);
  return out;
}

}  // namespace libguard::policy::cedar
