#pragma once
// Policy texts as their author wrote them: which bytes are which policy, clause and part of a condition. The decider
// forgets all of this; explanations, lints and mutation need it. Takes any text and never throws.

#include <optional>
#include <string>
#include <vector>

#include "policy/cedar/lexer.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/program.h"
#include "policy/decider.h"

namespace libguard::policy {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;  // exclusive
};

struct WrittenClause {
  Span all;   // `when { ... }`
  Span body;  // between the braces
  bool unless = false;
};

// One of the conditions that must all be so: `when { a && b } unless { c || d }` has four.
struct Part {
  Span where;
  std::string text;
  bool negated = false;  // stands in an unless: must not hold
  cedar::Program program;
};

struct BookPolicy {
  std::string id;  // "" when it has none
  std::size_t source = 0;
  Span all;                // annotations and the semicolon included
  std::size_t effect = 0;  // of `permit` or `forbid`
  cedar::ParsedPolicy parsed;
  std::vector<WrittenClause> clauses;
  std::vector<Part> parts;
};

struct BookError {
  std::size_t source = 0;
  std::size_t offset = 0;
  std::string message;
};

// `names` gets every literal; with a layer over a decider's own table nothing in that table changes, and programs run
// on the decider's requests.
class Book {
 public:
  Book(const std::vector<PolicySource>& sources, cedar::Names& names);
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  [[nodiscard]] const std::vector<BookPolicy>& policies() const { return policies_; }
  [[nodiscard]] const std::vector<PolicySource>& sources() const { return sources_; }
  // A file that does not parse has no policies here.
  [[nodiscard]] const std::vector<BookError>& errors() const { return errors_; }
  [[nodiscard]] const BookPolicy* find(const std::string& id) const;

  [[nodiscard]] std::string_view text(const BookPolicy& policy, Span span) const {
    return std::string_view(sources_[policy.source].text).substr(span.begin, span.end - span.begin);
  }
  [[nodiscard]] cedar::Position position(const BookPolicy& policy, std::size_t offset) const {
    return cedar::position_of(sources_[policy.source].text, offset);
  }
  // Where the string literal stands in the policy's own text; its `permit` or `forbid` when it does not.
  [[nodiscard]] std::size_t find_literal(const BookPolicy& policy, std::string_view literal) const;
  [[nodiscard]] std::size_t find_word(const BookPolicy& policy, std::string_view word) const;
  [[nodiscard]] cedar::Heap& heap() { return heap_; }

 private:
  void read(std::size_t source, cedar::Names& names);
  void read_parts(BookPolicy& policy, cedar::Names& names);
  void add_part(BookPolicy& policy, Span where, bool negated, cedar::Names& names);

  std::vector<PolicySource> sources_;
  std::vector<BookPolicy> policies_;
  std::vector<BookError> errors_;
  cedar::Heap heap_;
};

}  // namespace libguard::policy
