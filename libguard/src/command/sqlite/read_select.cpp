// SELECT, VALUES, FROM and WITH.
#include "command/sqlite/reader.h"

namespace libguard::command::sqlite {

bool Reader::name_list(std::vector<std::string_view>& names) {
  if (!expect("(")) return false;
  do {
    if (!name(names.emplace_back())) return false;
  } while (accept(","));
  return expect(")");
}

bool Reader::with_clause(std::vector<Cte>& ctes) {
  if (!accept("WITH")) return true;
  (void)accept("RECURSIVE");
  do {
    Cte cte;
    if (!name(cte.name)) return false;
    if (next_is("(") && !name_list(cte.columns)) return false;
    if (!expect("AS")) return false;
    (void)accept("NOT");
    (void)accept("MATERIALIZED");
    if (!expect("(")) return false;
    cte.select = select();
    if (cte.select == nullptr || !expect(")")) return false;
    ctes.push_back(std::move(cte));
  } while (accept(","));
  return true;
}

Select* Reader::select() {
  Depth depth(*this);
  if (depth_ > kDepthMax) {
    fail();
    return nullptr;
  }
  Select& select = ast_.selects.emplace_back();
  if (!with_clause(select.ctes)) return nullptr;
  do {
    if (!core(select.cores.emplace_back())) return nullptr;
    if (accept("UNION")) {
      if (!accept("ALL")) select.only_union_all = false;
      continue;
    }
    if (!accept("INTERSECT") && !accept("EXCEPT")) break;
    select.only_union_all = false;
  } while (true);
  return select_tail(select) ? &select : nullptr;
}

bool Reader::select_tail(Select& select) {
  if (next_is("ORDER") && !order_by(select.order_by)) return false;
  return limit(select.limit, select.offset);
}

bool Reader::order_by(std::vector<Expr*>& terms) {
  if (!expect("ORDER") || !expect("BY")) return false;
  do {
    Expr* term = expression();
    if (term == nullptr) return false;
    terms.push_back(term);
    if (!accept("ASC")) (void)accept("DESC");
    if (accept("NULLS") && !accept("FIRST") && !expect("LAST")) return false;
  } while (accept(","));
  return true;
}

bool Reader::limit(Expr*& limit, Expr*& offset) {
  if (!accept("LIMIT")) return true;
  limit = expression();
  if (limit == nullptr) return false;
  if (!accept("OFFSET") && !accept(",")) return true;
  offset = expression();
  return offset != nullptr;
}

bool Reader::values(Core& core) {
  core.is_values = true;
  do {
    if (!expect("(") || !expressions(core.rows.emplace_back()) || !expect(")")) return false;
  } while (accept(","));
  return true;
}

bool Reader::core(Core& core) {
  if (accept("VALUES")) return values(core);
  if (!expect("SELECT")) return false;
  core.distinct = accept("DISTINCT");
  if (!core.distinct) (void)accept("ALL");
  if (!result_columns(core.columns)) return false;
  if (accept("FROM") && !from_clause(core.from)) return false;
  if (!maybe("WHERE", core.where)) return false;
  if (accept("GROUP") && (!expect("BY") || !expressions(core.group_by))) return false;
  if (!maybe("HAVING", core.having)) return false;
  return named_windows(core);
}

bool Reader::named_windows(Core& core) {
  if (!accept("WINDOW")) return true;
  do {
    std::string_view ignored;
    if (!name(ignored) || !expect("AS") || !expect("(") || !window_body(core.windows)) return false;
  } while (accept(","));
  return true;
}

bool Reader::result_columns(std::vector<ResultColumn>& columns) {
  do {
    ResultColumn& column = columns.emplace_back();
    if (accept("*")) {
      column.star = true;
      continue;
    }
    if (next_is_name() && next_is(".", 1) && next_is("*", 2)) {
      column.star = true;
      if (!name(column.table)) return false;
      at_ += 2;
      continue;
    }
    column.expr = expression();
    if (column.expr == nullptr || !alias(column.alias)) return false;
  } while (accept(","));
  return true;
}

// [AS] name; without AS no reserved word.
bool Reader::alias(std::string_view& alias) {
  bool as = accept("AS");
  const Token& token = peek();
  bool text = token.kind == TokenKind::string;
  if (!text && !next_is_name()) return !as || fail();
  alias = intern(token);
  ++at_;
  return true;
}

bool Reader::from_clause(std::vector<FromItem>& items) {
  if (!from_item(items.emplace_back())) return false;
  return join_tail(items);
}

bool Reader::join_tail(std::vector<FromItem>& items) {
  while (true) {
    bool natural = false;
    if (!accept(",")) {
      bool any = false;
      while (next_is("NATURAL") || next_is("LEFT") || next_is("RIGHT") || next_is("FULL") || next_is("OUTER") ||
             next_is("INNER") || next_is("CROSS")) {
        natural = natural || next_is("NATURAL");
        any = true;
        ++at_;
      }
      if (!accept("JOIN")) return !any || fail();
    }
    FromItem& item = items.emplace_back();
    if (!from_item(item)) return false;
    item.natural = natural;
    if (!maybe("ON", item.on)) return false;
    if (accept("USING") && !name_list(item.using_columns)) return false;
  }
}

bool Reader::from_item(FromItem& item) {
  Depth depth(*this);
  if (depth_ > kDepthMax) return fail();
  if (accept("(")) {
    if (next_is("SELECT") || next_is("WITH") || next_is("VALUES")) {
      item.select = select();
      if (item.select == nullptr) return false;
    } else if (!from_clause(item.joined)) {
      return false;
    }
    return expect(")") && alias(item.alias);
  }
  if (!qualified_name(item.schema, item.name)) return false;
  if (accept("(")) {
    item.call = true;
    if (!next_is(")") && !expressions(item.args)) return false;
    if (!expect(")")) return false;
  }
  return alias(item.alias) && indexed_by();
}

bool Reader::indexed_by() {
  if (next_is("NOT") && next_is("INDEXED", 1)) {
    at_ += 2;
    return true;
  }
  if (!accept("INDEXED")) return true;
  std::string_view ignored;
  return expect("BY") && name(ignored);
}

bool Reader::qualified_name(std::string_view& schema, std::string_view& table) {
  // A table may be named by a string in SQLite ('t'); such a name is not followed here.
  if (!name(table)) return false;
  if (!accept(".")) return true;
  schema = table;
  return name(table);
}

}  // namespace libguard::command::sqlite
