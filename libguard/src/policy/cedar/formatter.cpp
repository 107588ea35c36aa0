#include "policy/cedar/formatter.h"

#include <algorithm>

#include "policy/cedar/commented_tokens.h"
#include "policy/cedar/excerpt.h"
#include "policy/cedar/layout.h"
#include "policy/cedar/parser.h"

namespace libguard::policy::cedar {
namespace {

enum Level { kOrLevel, kAndLevel, kRelationLevel, kAddLevel, kMultiplyLevel, kUnaryLevel };

bool relation(const Token& token) {
  switch (token.kind) {
    case Tok::equal:
    case Tok::not_equal:
    case Tok::less:
    case Tok::less_equal:
    case Tok::greater:
    case Tok::greater_equal:
      return true;
    default:
      return token.kind == Tok::identifier &&
             (token.text == "in" || token.text == "has" || token.text == "like" || token.text == "is");
  }
}

bool joins(const Token& token, int level) {
  switch (level) {
    case kOrLevel:
      return token.kind == Tok::logical_or;
    case kAndLevel:
      return token.kind == Tok::logical_and;
    case kRelationLevel:
      return relation(token);
    case kAddLevel:
      return token.kind == Tok::plus || token.kind == Tok::minus;
    default:
      return token.kind == Tok::star;
  }
}

// Follows the grammar over tokens that the parser has taken, and says where lines may end. Nests as the parser does.
class Formatter {
 public:
  explicit Formatter(const std::vector<CommentedToken>& tokens) : tokens_(tokens) {}

  Layout run() {
    while (!at(Tok::end)) policy();
    part();
    outside_ = true;
    comments();
    return std::move(layout_);
  }

 private:
  [[nodiscard]] const CommentedToken& current() const { return tokens_[at_]; }
  [[nodiscard]] bool at(Tok kind) const { return current().token.kind == kind; }
  [[nodiscard]] bool at_word(std::string_view word) const { return at(Tok::identifier) && current().source == word; }

  // An empty line between what stands outside of policies.
  void part() {
    if (at_ > 0) layout_.empty_line();
  }

  // Empty lines are kept outside of policies: between comments, and between them and the policy's first token.
  void comments() {
    const std::vector<Comment>& above = current().above;
    for (const Comment& comment : above) {
      if (outside_ && comment.after_gap && &comment != &above.front()) layout_.empty_line();
      layout_.comment_above(comment.text);
    }
    if (outside_ && current().after_gap && !above.empty()) layout_.empty_line();
    outside_ = false;
  }

  void put() {
    comments();
    if (at(Tok::end)) return;
    layout_.text(current().source);
    if (!current().behind.empty()) layout_.comment_behind(current().behind);
    ++at_;
  }

  void policy() {
    part();
    outside_ = true;
    while (at(Tok::at)) annotation();
    put();
    layout_.blank();
    list(&Formatter::expression);
    while (at_word("when") || at_word("unless")) clause();
    put();
    layout_.line();
  }

  void annotation() {
    put();
    put();
    if (at(Tok::open_paren)) {
      for (int i = 0; i < 3; ++i) put();
    }
    layout_.line();
  }

  void clause() {
    layout_.line();
    put();
    layout_.blank();
    layout_.open_group();
    put();
    layout_.indent();
    layout_.space_or_line();
    expression();
    layout_.outdent();
    layout_.space_or_line();
    put();
    layout_.close_group();
  }

  void expression() {
    if (!at_word("if")) return chain(kOrLevel);
    layout_.open_group();
    put();
    layout_.blank();
    expression();
    layout_.indent();
    for (int i = 0; i < 2; ++i) {
      layout_.space_or_line();
      put();
      layout_.blank();
      expression();
    }
    layout_.outdent();
    layout_.close_group();
  }

  // Operands of one precedence; lines end behind operators.
  void chain(int level) {
    if (level == kUnaryLevel) return unary();
    layout_.open_group();
    chain(level + 1);
    while (joins(current().token, level)) {
      layout_.blank();
      if (level == kRelationLevel && !at_word("in") && at(Tok::identifier)) {
        named_relation();
        continue;
      }
      put();
      operand(level);
    }
    layout_.close_group();
  }

  void operand(int level) {
    const bool deeper = level >= kRelationLevel;
    if (deeper) layout_.indent();
    layout_.space_or_line();
    chain(level + 1);
    if (deeper) layout_.outdent();
  }

  // `has a.b`, `like "..."`, `is A::B` and its `in`.
  void named_relation() {
    put();
    layout_.blank();
    put();
    while (at(Tok::path) || at(Tok::dot)) {
      put();
      put();
    }
  }

  void unary() {
    while (at(Tok::bang) || at(Tok::minus)) put();
    primary();
    while (at(Tok::dot) || at(Tok::open_bracket) || at(Tok::open_paren)) {
      if (at(Tok::open_paren)) {
        list(&Formatter::expression);
        continue;
      }
      const int count = at(Tok::dot) ? 2 : 3;
      for (int i = 0; i < count; ++i) put();
    }
  }

  void primary() {
    if (at(Tok::open_paren) || at(Tok::open_bracket)) return list(&Formatter::expression);
    if (at(Tok::open_brace)) return list(&Formatter::member);
    put();
    while (at(Tok::path)) {
      put();
      put();
    }
  }

  void member() {
    put();
    put();
    layout_.blank();
    expression();
  }

  [[nodiscard]] bool at_close() const {
    return at(Tok::close_paren) || at(Tok::close_bracket) || at(Tok::close_brace) || at(Tok::end);
  }

  // Brackets around any number of items, and commas between them.
  void list(void (Formatter::*item)()) {
    layout_.open_group();
    put();
    if (!at_close()) {
      layout_.indent();
      layout_.nothing_or_line();
      while (!at_close()) {
        (this->*item)();
        if (!at(Tok::comma)) break;
        put();
        if (!at_close()) layout_.space_or_line();
      }
      layout_.outdent();
      layout_.nothing_or_line();
    }
    put();
    layout_.close_group();
  }

  const std::vector<CommentedToken>& tokens_;
  std::size_t at_ = 0;
  bool outside_ = false;  // the next token is the first one of a policy
  Layout layout_;
};

// The promise of the header, kept rather than believed.
bool same(const std::vector<CommentedToken>& a, const std::vector<CommentedToken>& b) {
  auto same_comment = [](const Comment& one, const Comment& other) { return one.text == other.text; };
  auto same_token = [&](const CommentedToken& one, const CommentedToken& other) {
    return one.token.kind == other.token.kind && one.source == other.source && one.behind == other.behind &&
           std::equal(one.above.begin(), one.above.end(), other.above.begin(), other.above.end(), same_comment);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_token);
}

}  // namespace

std::optional<Complaint> format_policies(std::string_view source, std::size_t width, std::string& out) {
  Names names;
  Heap heap;
  if (ParseResult parsed = parse_policies(source, names, heap); parsed.error) {
    Position at = position_of(source, parsed.error->offset);
    return Complaint{"policy.syntax", std::move(parsed.error->message), at.line, at.column,
                     excerpt(source, parsed.error->offset)};
  }
  const std::vector<CommentedToken> tokens = commented_tokens(source);
  std::string text = Formatter(tokens).run().print(std::clamp(width, limits::kFormatWidthMin, limits::kFormatWidthMax));
  if (!same(tokens, commented_tokens(text)))
    return Complaint{"policy.format", "the policies could not be formatted without changing them"};
  out = std::move(text);
  return std::nullopt;
}

}  // namespace libguard::policy::cedar
