// Policies with one thing wrong, made by cutting their own text: what a test suite must notice.
#include <algorithm>

#include "guard/policy_tools/case.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy_tools {
namespace {

using policy::Book;
using policy::BookPolicy;
using policy::Span;

class Cutter {
 public:
  explicit Cutter(const Book& book) : book_(book) {}

  void cut(const BookPolicy& written, Span span, const std::string& with, std::string change) {
    Mutant mutant{written.id, std::move(change), book_.sources()};
    mutant.sources[written.source].text.replace(span.begin, span.end - span.begin, with);
    out.push_back(std::move(mutant));
  }

  void of(const BookPolicy& written) {
    cut(written, written.all, "", "dropped");
    const bool permit = written.parsed.permit;
    bool remedied = written.parsed.annotation("remedy") != nullptr;
    Span effect{written.effect, written.effect + 6};  // both words have six letters
    // A permit must not carry a remedy, so that its text would not even load.
    if (!remedied) cut(written, effect, permit ? "forbid" : "permit", permit ? "forbids instead" : "permits instead");
    for (const policy::WrittenClause& clause : written.clauses)
      cut(written, clause.all, "", std::string(clause.unless ? "without its unless" : "without its when"));
    for (const policy::Part& part : written.parts) {
      std::string neutral = part.negated ? "false" : "true";
      if (written.parts.size() > 1) cut(written, part.where, neutral, "without `" + part.text + "`");
    }
    if (remedied) drop_remedy(written);
  }

  std::vector<Mutant> out;

 private:
  void drop_remedy(const BookPolicy& written) {
    std::string_view head = book_.text(written, {written.all.begin, written.effect});
    policy::cedar::Lexer lexer(head);
    using policy::cedar::Tok;
    std::size_t begin = std::string_view::npos;
    std::size_t at = 0;
    for (auto token = lexer.next(); token.kind != Tok::end && token.kind != Tok::bad; token = lexer.next()) {
      if (token.kind == Tok::at) at = token.start;
      if (token.kind == Tok::identifier && token.text == "remedy") begin = at;
      if (token.kind != Tok::close_paren || begin == std::string_view::npos) continue;
      cut(written, {written.all.begin + begin, written.all.begin + token.start + 1}, "", "without its remedy");
      return;
    }
  }

  const Book& book_;
};

}  // namespace

std::vector<Mutant> mutants_of(const Book& book) {
  Cutter cutter(book);
  for (const BookPolicy& written : book.policies()) {
    if (!book.sources()[written.source].name.starts_with("libguard:")) cutter.of(written);
  }
  return std::move(cutter.out);
}

}  // namespace libguard::policy_tools
