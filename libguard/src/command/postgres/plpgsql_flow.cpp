// Statements that order others: conditions, selections, loops.
#include <algorithm>
#include <array>

#include "command/postgres/plpgsql_reader.h"

namespace libguard::command::postgres::plpgsql {

void Reader::statement(int depth) {
  if (depth > kBlocksMax) return fail("its statements nest too deeply");
  if (assigns()) return assignment();
  const std::vector<std::string> labels = label();
  if (is_any({"declare", "begin"})) {
    block(labels, depth + 1);
    return need_sign(";");
  }
  if (is_any({"loop", "while", "for", "foreach"})) return loop(labels, depth + 1);
  if (!labels.empty()) return fail("a label stands where none may");
  if (word("if")) return choice(depth + 1);
  if (word("case")) return selection(depth + 1);
  if (word("return")) return result();
  if (word("raise")) return message();
  if (is_any({"exit", "continue"})) return leave();
  if (word("perform")) {
    value(until({}, {";"}));
    return need_sign(";");
  }
  if (word("assert")) return assertion();
  if (word("execute")) return dynamic(Piece::Use::nothing);
  if (is_word("get") && is_any({"diagnostics", "current", "stacked"}, 1)) return diagnostics();
  if (word("open")) return open();
  if (is_any({"fetch", "move"})) return fetch();
  if (word("close")) {
    name();
    return need_sign(";");
  }
  if (is_word("null") && is_sign(";", 1)) {
    at_ += 2;
    return;
  }
  if (is_any({"commit", "rollback"})) {
    body_.ends_transactions = true;
    to({}, {";"});
    return need_sign(";");
  }
  sql();
}

void Reader::leave() {
  ++at_;
  if (is_name() && !is_word("when")) name();
  if (word("when")) condition(until({}, {";"}));
  need_sign(";");
}

void Reader::choice(int depth) {
  condition(until({"then"}, {}));
  need_word("then");
  statements({"elsif", "elseif", "else", "end"}, depth);
  while (!failed() && (word("elsif") || word("elseif"))) {
    condition(until({"then"}, {}));
    need_word("then");
    statements({"elsif", "elseif", "else", "end"}, depth);
  }
  if (word("else")) statements({"end"}, depth);
  need_word("end");
  need_word("if");
  need_sign(";");
}

void Reader::selection(int depth) {
  // PL/pgSQL reads each WHEN as subject IN (...): so do we.
  const std::string subject = is_word("when") ? std::string() : until_word("when");
  while (!failed() && word("when")) {
    std::string tests = until_word("then");
    if (!subject.empty()) tests.insert(0, "\n) IN (").insert(0, subject).insert(0, "(").append("\n)");
    condition(tests);
    need_word("then");
    statements({"when", "else", "end"}, depth);
  }
  if (word("else")) statements({"end"}, depth);
  need_word("end");
  need_word("case");
  need_sign(";");
}

void Reader::loop(const std::vector<std::string>& labels, int depth) {
  const std::size_t before = visible_.size();
  if (word("while")) {
    ++loops_;
    condition(until_word("loop"));
    --loops_;
  } else if (word("foreach")) {
    for_each();
  } else if (word("for")) {
    for_in(labels);
  }
  need_word("loop");
  ++loops_;
  statements({"end"}, depth);
  --loops_;
  need_word("end");
  need_word("loop");
  if (is_name()) name();
  need_sign(";");
  visible_.resize(before);
}

std::vector<Target> Reader::targets() {
  std::vector<Target> out;
  do {
    Target& target = out.emplace_back();
    target.push_back(name());
    while (!failed() && sign(".")) target.push_back(name());
  } while (!failed() && sign(","));
  return out;
}

void Reader::for_each() {
  std::vector<Target> into = targets();
  if (word("slice")) ++at_;
  need_word("in");
  need_word("array");
  Piece& out = value(until_word("loop"));
  out.use = Piece::Use::targets;
  out.targets = std::move(into);
}

void Reader::for_in(const std::vector<std::string>& labels) {
  std::vector<Target> into = targets();
  need_word("in");
  if (word("execute")) {
    dynamic_text({"loop", "using"}, {}, Piece::Use::targets, into);
    return;
  }
  const bool reverse = word("reverse");
  const std::size_t from = at_;
  to({"loop"}, {".."});
  if (is_sign("..")) return counted(from, into, labels);
  if (reverse) return fail("a loop of it is not known");
  const std::string text = slice(from, at_);
  // A cursor's rows came from its query, which was read where it is declared or opened.
  if (tokens_.at(from).kind != LG_TOKEN_WORD || starts_query(from)) {
    Piece& out = piece(Piece::Kind::query, text);
    out.use = Piece::Use::targets;
    out.targets = std::move(into);
    return;
  }
  const std::string cursor(text_of(tokens_.at(from)));
  if (at_ != from + 1) return fail("a loop over a cursor of it takes arguments");
  declare_loop_record(into, labels);
  Piece& out = value(quoted(cursor));
  out.use = Piece::Use::targets;
  out.targets = std::move(into);
}

bool Reader::starts_query(std::size_t from) const {
  constexpr std::array<std::string_view, 13> kFirst = {"select", "with",   "values", "table", "insert",
                                                       "update", "delete", "merge",  "show",  "explain",
                                                       "call",   "fetch",  "("};
  return std::find(kFirst.begin(), kFirst.end(), text_of(tokens_.at(from))) != kFirst.end();
}

std::string Reader::quoted(const std::string& name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

void Reader::declare_loop_record(const std::vector<Target>& into, const std::vector<std::string>& labels) {
  if (into.size() == 1 && into[0].size() == 1) declare(into[0][0], "record", labels);
}

void Reader::counted(std::size_t from, const std::vector<Target>& into, const std::vector<std::string>& labels) {
  const std::string first = slice(from, at_);
  need_sign("..");
  const std::string second = until({"loop", "by"}, {});
  std::vector<std::string> bounds = {first, second};
  if (word("by")) bounds.push_back(until({"loop"}, {}));
  if (into.size() != 1 || into[0].size() != 1) return fail("a loop of it is not known");
  const std::vector<int> outside = visible_;
  declare(into[0][0], "int4", labels);
  for (const std::string& bound : bounds) {
    Piece& out = value(bound);
    out.visible = outside;
    out.visible.push_back(visible_.back());
    out.use = Piece::Use::targets;
    out.targets = into;
  }
}

}  // namespace libguard::command::postgres::plpgsql
