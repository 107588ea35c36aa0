// Blocks, their labels, declarations and handlers.
#include "command/postgres/plpgsql_reader.h"

namespace libguard::command::postgres::plpgsql {

void Reader::options() {
  while (!failed() && sign("#")) {
    const std::string option = name();
    const std::string choice = name();
    if (option == "variable_conflict" && choice == "use_column") {
      body_.column_wins = true;
    } else if (!(option == "variable_conflict" && choice == "error") && option != "print_strict_params") {
      fail("it uses an option that changes what names mean");
    }
  }
}

std::vector<std::string> Reader::label() {
  std::vector<std::string> labels;
  while (!failed() && sign("<<")) {
    labels.push_back(name());
    need_sign(">>");
  }
  return labels;
}

void Reader::declare(std::string name, std::string type, const std::vector<std::string>& labels, bool cursor) {
  visible_.push_back(static_cast<int>(body_.variables.size()));
  body_.variables.push_back({std::move(name), std::move(type), labels, cursor});
}

void Reader::block(const std::vector<std::string>& labels, int depth) {
  if (depth > kBlocksMax) return fail("its blocks nest too deeply");
  std::vector<std::string> all = label();
  all.insert(all.end(), labels.begin(), labels.end());
  const std::size_t before = visible_.size();
  while (!failed() && word("declare")) declarations(all);
  need_word("begin");
  statements({"end", "exception"}, depth);
  if (depth == 0) body_.outermost = visible_;
  if (word("exception")) handlers(depth);
  need_word("end");
  if (is_name() && !is_sign(";")) name();
  visible_.resize(before);
}

void Reader::handlers(int depth) {
  const std::size_t before = visible_.size();
  declare("sqlerrm", "text", {});
  declare("sqlstate", "text", {});
  while (!failed() && word("when")) {
    to({"then"}, {});
    need_word("then");
    statements({"end", "when"}, depth);
  }
  visible_.resize(before);
}

void Reader::declarations(const std::vector<std::string>& labels) {
  while (!failed() && !is_word("begin") && !is_word("declare")) {
    if (is_sign("<<")) return fail("a label stands among its declarations");
    declaration(labels);
  }
}

void Reader::declaration(const std::vector<std::string>& labels) {
  const std::string variable = name();
  if (word("alias")) {
    // Another name for a variable or parameter: a variable of its own would lose what flows through the old name.
    return fail("it renames a variable by ALIAS");
  }
  word("constant");
  if ((is_word("no") && is_word("scroll", 1)) || is_word("scroll") || is_word("cursor"))
    return cursor(variable, labels);
  const std::size_t from = at_;
  to({"default", "not", "collate"}, {";", ":=", "="});
  const std::string type = slice(from, at_);
  while (!failed() && (is_word("not") || is_word("collate"))) to_after_clause();
  if (is_word("default") || is_sign(":=") || is_sign("=")) {
    ++at_;
    Piece& out = value(until({}, {";"}));
    out.use = Piece::Use::targets;
    out.targets.push_back({variable});
    declare(variable, type, labels);
    // The target is the variable that begins here, the expression sees only those before it.
    out.visible.push_back(visible_.back());
  } else {
    declare(variable, type, labels);
  }
  need_sign(";");
}

void Reader::to_after_clause() {
  if (word("not")) return need_word("null");
  need_word("collate");
  name();
  while (sign(".")) name();
}

void Reader::cursor(const std::string& variable, const std::vector<std::string>& labels) {
  if (word("no")) need_word("scroll");
  word("scroll");
  need_word("cursor");
  const std::size_t before = visible_.size();
  if (is_sign("(")) return fail("a cursor of it takes arguments");
  if (!word("for") && !word("is")) return fail("a cursor of it is declared in a way that is not known");
  Piece& out = piece(Piece::Kind::query, until({}, {";"}));
  need_sign(";");
  declare(variable, "refcursor", labels, true);
  out.visible.assign(visible_.begin(), visible_.begin() + static_cast<std::ptrdiff_t>(before));
  out.visible.push_back(visible_.back());
  out.use = Piece::Use::targets;
  out.targets.push_back({variable});
}

void Reader::statements(Words ends, int depth) {
  while (!failed()) {
    if (here().kind == LG_TOKEN_END) return fail("it ends in the middle of a block");
    if (is_any(ends)) return;
    statement(depth);
  }
}

}  // namespace libguard::command::postgres::plpgsql
