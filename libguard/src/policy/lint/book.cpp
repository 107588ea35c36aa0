#include "policy/lint/book.h"

#include <algorithm>

#include "policy/whole_schema.h"

namespace libguard::policy {
namespace {

using namespace cedar;

bool opens(Tok kind) { return kind == Tok::open_paren || kind == Tok::open_brace || kind == Tok::open_bracket; }
bool closes(Tok kind) { return kind == Tok::close_paren || kind == Tok::close_brace || kind == Tok::close_bracket; }

struct Outline {
  Span all;
  std::vector<WrittenClause> clauses;
};

// Policies end at a semicolon outside of all brackets; clauses are the braces at depth 0 behind `when` and `unless`.
// Only called for text that parses, so that brackets are balanced.
std::vector<Outline> outline(std::string_view text) {
  std::vector<Outline> out;
  Lexer lexer(text);
  Outline now;
  bool begun = false;
  int depth = 0;
  Token before;
  for (Token token = lexer.next(); token.kind != Tok::end && token.kind != Tok::bad; token = lexer.next()) {
    if (!begun) now.all.begin = token.start;
    begun = true;
    if (opens(token.kind)) {
      bool clause = depth == 0 && token.kind == Tok::open_brace && before.kind == Tok::identifier;
      if (clause) now.clauses.push_back({{before.start, 0}, {token.start + 1, 0}, before.text == "unless"});
      ++depth;
    } else if (closes(token.kind)) {
      --depth;
      if (depth == 0 && token.kind == Tok::close_brace && !now.clauses.empty()) {
        now.clauses.back().body.end = token.start;
        now.clauses.back().all.end = token.start + 1;
      }
    } else if (token.kind == Tok::semicolon && depth == 0) {
      now.all.end = token.start + 1;
      out.push_back(std::move(now));
      now = {};
      begun = false;
    }
    before = token;
  }
  return out;
}

Span trimmed(std::string_view text, Span span) {
  auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (span.begin < span.end && blank(text[span.begin])) ++span.begin;
  while (span.end > span.begin && blank(text[span.end - 1])) --span.end;
  return span;
}

// The operands of a chain of one operator at depth 0: `a && b && c`. One span when another operator of the chain's kind
// or an `if` stands there.
std::vector<Span> split(std::string_view text, Span span, Tok at, Tok not_at) {
  std::vector<Span> out;
  Lexer lexer(text.substr(span.begin, span.end - span.begin));
  int depth = 0;
  std::size_t begin = span.begin;
  for (Token token = lexer.next(); token.kind != Tok::end && token.kind != Tok::bad; token = lexer.next()) {
    if (opens(token.kind)) ++depth;
    if (closes(token.kind)) --depth;
    if (depth != 0) continue;
    if (token.kind == not_at || (token.kind == Tok::identifier && token.text == "if")) return {span};
    if (token.kind != at) continue;
    out.push_back(trimmed(text, {begin, span.begin + token.start}));
    begin = span.begin + token.start + 2;
  }
  out.push_back(trimmed(text, {begin, span.end}));
  return out;
}

}  // namespace

Book::Book(const std::vector<PolicySource>& sources, Names& names) : sources_(sources) {
  for (std::size_t i = 0; i < sources_.size(); ++i) read(i, names);
}

const BookPolicy* Book::find(const std::string& id) const {
  auto found = std::find_if(policies_.begin(), policies_.end(), [&](const BookPolicy& p) { return p.id == id; });
  return found == policies_.end() ? nullptr : &*found;
}

void Book::read(std::size_t source, Names& names) {
  if (is_own_schema(sources_[source]) || is_own_entities(sources_[source])) return;
  const std::string& text = sources_[source].text;
  ParseResult parsed = parse_policies(text, names, heap_);
  if (parsed.error) {
    errors_.push_back({source, parsed.error->offset, parsed.error->message});
    return;
  }
  std::vector<Outline> outlines = outline(text);
  if (outlines.size() != parsed.policies.size()) return;  // cannot be: both read the same tokens
  for (std::size_t i = 0; i < outlines.size(); ++i) {
    BookPolicy policy;
    policy.source = source;
    policy.all = outlines[i].all;
    policy.clauses = std::move(outlines[i].clauses);
    policy.parsed = std::move(parsed.policies[i]);
    policy.effect = policy.parsed.offset;
    if (const std::string* id = policy.parsed.annotation("id")) policy.id = *id;
    read_parts(policy, names);
    policies_.push_back(std::move(policy));
  }
}

void Book::read_parts(BookPolicy& policy, Names& names) {
  const std::string& text = sources_[policy.source].text;
  for (const WrittenClause& clause : policy.clauses) {
    Tok at = clause.unless ? Tok::logical_or : Tok::logical_and;
    Tok not_at = clause.unless ? Tok::bad : Tok::logical_or;
    for (Span span : split(text, trimmed(text, clause.body), at, not_at)) add_part(policy, span, clause.unless, names);
  }
}

void Book::add_part(BookPolicy& policy, Span where, bool negated, Names& names) {
  Part part{where, std::string(text(policy, where)), negated, {}};
  ExpressionResult parsed = parse_expression(part.text, names, heap_);
  if (parsed.error) return;  // cannot be: a part of what parsed
  part.program = compile(std::move(parsed.expression), heap_);
  policy.parts.push_back(std::move(part));
}

std::size_t Book::find_literal(const BookPolicy& policy, std::string_view literal) const {
  Lexer lexer(text(policy, policy.all));
  for (Token token = lexer.next(); token.kind != Tok::end && token.kind != Tok::bad; token = lexer.next()) {
    if (policy.all.begin + token.start < policy.effect || token.kind != Tok::text) continue;
    auto value = unescape(token.text);
    if (value && *value == literal) return policy.all.begin + token.start;
  }
  return policy.effect;
}

std::size_t Book::find_word(const BookPolicy& policy, std::string_view word) const {
  Lexer lexer(text(policy, policy.all));
  for (Token token = lexer.next(); token.kind != Tok::end && token.kind != Tok::bad; token = lexer.next()) {
    if (policy.all.begin + token.start < policy.effect) continue;
    if (token.kind == Tok::identifier && token.text == word) return policy.all.begin + token.start;
  }
  return find_literal(policy, word);
}

}  // namespace libguard::policy
