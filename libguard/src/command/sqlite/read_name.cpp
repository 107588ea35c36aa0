// Names, calls and windows.
#include "command/sqlite/reader.h"

namespace libguard::command::sqlite {

Expr* Reader::name_or_call() {
  std::size_t first = at_;
  bool bare = peek().kind == TokenKind::name;
  bool double_quoted = peek().double_quoted;
  if (bare && next_is("(", 1)) {
    std::string_view function = peek().text;
    at_ += 2;
    return call(function, first);
  }
  std::string_view parts[3];
  if (!name(parts[0])) return nullptr;
  if (!bare && next_is("(")) {
    ++at_;
    return call(parts[0], first);
  }
  bool clock = bare && (same_name(parts[0], "CURRENT_DATE") || same_name(parts[0], "CURRENT_TIME") ||
                        same_name(parts[0], "CURRENT_TIMESTAMP"));
  if (clock && !next_is(".")) {
    Expr* node = make(Expr::Kind::call, first);
    node->name = parts[0];
    return finish(node);
  }
  int count = 1;
  while (count < 3 && accept(".")) {
    if (!name(parts[count++])) return nullptr;
  }
  Expr* node = make(Expr::Kind::column, first);
  node->name = parts[count - 1];
  if (count > 1) node->table = parts[count - 2];
  if (count > 2) node->schema = parts[0];
  node->double_quoted = count == 1 && double_quoted;
  return finish(node);
}

// After "name(".
Expr* Reader::call(std::string_view function, std::size_t first) {
  Expr* node = make(Expr::Kind::call, first);
  node->name = function;
  if (same_name(function, "RAISE")) {
    node->kind = Expr::Kind::raise;
    while (!at_end() && !next_is(")")) ++at_;
    return expect(")") ? finish(node) : nullptr;
  }
  if (accept("*")) {
    node->star = true;
  } else if (!next_is(")")) {
    node->distinct = accept("DISTINCT");
    if (!node->distinct) (void)accept("ALL");
    if (!expressions(node->children)) return nullptr;
    if (next_is("ORDER") && !order_by(node->extra)) return nullptr;
  }
  if (!expect(")") || !window(node)) return nullptr;
  return finish(node);
}

bool Reader::window(Expr* call) {
  if (next_is("FILTER") && next_is("(", 1)) {
    at_ += 2;
    if (!expect("WHERE")) return false;
    call->filter = expression();
    if (call->filter == nullptr || !expect(")")) return false;
  }
  if (!next_is("OVER")) return true;
  if (next_is("(", 1)) {
    call->over = true;
    at_ += 2;
    return window_body(call->extra);
  }
  // OVER w: the terms of named windows are tests of the whole query (Core::windows).
  ++at_;
  call->over = true;
  std::string_view ignored;
  return name(ignored);
}

// [base] [PARTITION BY ..] [ORDER BY ..] [frame] )
bool Reader::window_body(std::vector<Expr*>& terms) {
  if (next_is_name() && !next_is("PARTITION") && !next_is("ORDER") && !next_is("ROWS") && !next_is("RANGE") &&
      !next_is("GROUPS")) {
    ++at_;
  }
  if (accept("PARTITION") && (!expect("BY") || !expressions(terms))) return false;
  if (next_is("ORDER") && !order_by(terms)) return false;
  if (accept("ROWS") || accept("RANGE") || accept("GROUPS")) {
    bool between = accept("BETWEEN");
    if (!frame_bound()) return false;
    if (between && (!expect("AND") || !frame_bound())) return false;
    if (accept("EXCLUDE")) {
      while (!at_end() && !next_is(")")) ++at_;
    }
  }
  return expect(")");
}

bool Reader::frame_bound() {
  if (accept("UNBOUNDED") || (next_is("CURRENT") && next_is("ROW", 1))) {
    at_ += next_is("CURRENT") ? 1 : 0;
    ++at_;
    return true;
  }
  // A frame offset is a constant in SQLite; an expression with columns is refused by it.
  Expr* offset = binary(5);
  return offset != nullptr && (accept("PRECEDING") || accept("FOLLOWING") || fail());
}

}  // namespace libguard::command::sqlite
