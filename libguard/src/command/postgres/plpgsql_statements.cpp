// Statements that hold SQL, or move values.
#include "command/postgres/plpgsql_reader.h"

namespace libguard::command::postgres::plpgsql {

// name, name.field, name[1]: what stands before := or =.
bool Reader::assigns() const {
  if (!is_name()) return false;
  std::size_t ahead = 1;
  while (true) {
    if (is_sign(".", ahead) && is_name(ahead + 1)) {
      ahead += 2;
    } else if (is_sign("[", ahead)) {
      int depth = 0;
      do {
        if (is_sign("[", ahead)) ++depth;
        if (is_sign("]", ahead)) --depth;
        if (here(ahead).kind == LG_TOKEN_END || is_sign(";", ahead)) return false;
        ++ahead;
      } while (depth > 0);
    } else {
      return is_sign(":=", ahead) || is_sign("=", ahead);
    }
  }
}

void Reader::assignment() {
  Target target;
  target.push_back(name());
  while (!failed() && !is_sign(":=") && !is_sign("=")) {
    if (sign(".")) {
      target.push_back(name());
    } else {
      need_sign("[");
      Piece& subscript = value("ARRAY[" + until({}, {"]"}) + "\n]");
      if (subscript.text.find(':') != std::string::npos) return fail("it assigns to a slice of an array");
      need_sign("]");
    }
  }
  ++at_;
  Piece& out = value(until({}, {";"}));
  out.use = Piece::Use::targets;
  out.targets.push_back(std::move(target));
  need_sign(";");
}

void Reader::result() {
  if (sign(";")) return;
  if (word("next")) {
    if (sign(";")) return;
    value(until({}, {";"})).use = Piece::Use::returned;
  } else if (word("query")) {
    if (word("execute")) return dynamic(Piece::Use::returned);
    piece(Piece::Kind::query, until({}, {";"})).use = Piece::Use::returned;
  } else {
    value(until({}, {";"})).use = Piece::Use::returned;
  }
  need_sign(";");
}

void Reader::message() {
  if (is_any({"debug", "log", "info", "notice", "warning", "exception"})) ++at_;
  if (here().kind == LG_TOKEN_STRING) {
    ++at_;
    while (!failed() && sign(",")) value(until({"using"}, {";", ","})).use = Piece::Use::shown;
  } else if (word("sqlstate")) {
    ++at_;
  } else if (is_name() && !is_word("using")) {
    name();
  }
  if (word("using")) {
    do {
      name();
      if (!sign("=") && !sign(":=")) fail("RAISE of it is not known");
      value(until({}, {";", ","})).use = Piece::Use::shown;
    } while (!failed() && sign(","));
  }
  need_sign(";");
}

void Reader::assertion() {
  condition(until({}, {";", ","}));
  if (sign(",")) value(until({}, {";"})).use = Piece::Use::shown;
  need_sign(";");
}

void Reader::diagnostics() {
  need_word("get");
  if (word("stacked")) body_.shows_errors = true;
  word("current");
  need_word("diagnostics");
  to({}, {";"});
  need_sign(";");
}

void Reader::open() {
  const std::string cursor = name();
  if (sign(";")) return;
  if (word("no")) need_word("scroll");
  word("scroll");
  if (!word("for")) return fail("OPEN of it is not known");
  if (word("execute")) {
    dynamic_text({"using"}, {";"}, Piece::Use::targets, {{cursor}});
  } else {
    Piece& out = piece(Piece::Kind::query, until({}, {";"}));
    out.use = Piece::Use::targets;
    out.targets.push_back({cursor});
  }
  need_sign(";");
}

void Reader::fetch() {
  const bool move = is_word("move");
  ++at_;
  // [direction FROM|IN] cursor INTO targets: the name before INTO or the end is the cursor.
  std::string cursor;
  while (!failed() && !is_word("into") && !is_sign(";")) {
    if (here().kind == LG_TOKEN_END) return fail("it ends in the middle of a statement");
    if (is_name()) cursor = text_of(here());
    ++at_;
  }
  if (!move && word("into")) {
    word("strict");
    std::vector<Target> into = targets();
    Piece& out = value(quoted(cursor));
    out.use = Piece::Use::targets;
    out.targets = std::move(into);
  }
  need_sign(";");
}

// EXECUTE: only a constant text can be read.
void Reader::dynamic(Piece::Use use) {
  dynamic_text({"into", "using"}, {";"}, use, {});
  need_sign(";");
}

void Reader::dynamic_text(Words words, Words signs, Piece::Use use, const std::vector<Target>& into) {
  const std::string expression = until(words, signs);
  const auto constant = failed() ? nullptr : constant_text(expression);
  if (constant == nullptr) return fail("it runs a text that is put together while it runs (EXECUTE)");
  const std::size_t index = body_.pieces.size();
  Piece& out = piece(Piece::Kind::query, *constant);
  out.use = use;
  out.targets = into;
  out.dynamic = true;
  while (!failed() && (is_word("into") || is_word("using"))) {
    if (word("into")) {
      word("strict");
      body_.pieces[index].targets = targets();
      body_.pieces[index].use = Piece::Use::targets;
      continue;
    }
    need_word("using");
    do {
      body_.pieces[index].values.push_back("SELECT " + until({"into", "loop"}, {";", ","}));
    } while (!failed() && sign(","));
  }
}

// A statement of SQL: everything up to its semicolon, without INTO and its targets.
void Reader::sql() {
  const std::size_t from = at_;
  if (here().kind != LG_TOKEN_WORD && !is_sign("(")) return fail("a statement of it is not known");
  if (is_word("create") && here(1).kind == LG_TOKEN_WORD && !is_any({"temp", "temporary"}, 1)) {
    return fail("it changes the schema");
  }
  const bool imports = is_word("import");
  std::string text;
  std::vector<Target> into;
  std::size_t start = from;
  int depth = 0;
  while (!failed()) {
    if (here().kind == LG_TOKEN_END) return fail("it ends in the middle of a statement");
    if (depth == 0 && is_sign(";")) break;
    if (is_sign("(")) ++depth;
    if (is_sign(")")) --depth;
    if (depth < 0 || is_sign(";")) return fail("its parentheses do not match");
    const bool target = is_word("into") && !imports && at_ > from && !before_is("insert") && !before_is("merge");
    if (!target) {
      ++at_;
      continue;
    }
    if (!into.empty()) return fail("a statement of it has two INTO");
    text += slice(start, at_);
    ++at_;
    word("strict");
    into = targets();
    start = at_;
  }
  text += " " + slice(start, at_);
  need_sign(";");
  Piece& out = piece(Piece::Kind::statement, text);
  if (into.empty()) return;
  out.use = Piece::Use::targets;
  out.targets = std::move(into);
}

}  // namespace libguard::command::postgres::plpgsql
