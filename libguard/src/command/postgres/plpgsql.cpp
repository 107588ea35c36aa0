#include "command/postgres/plpgsql.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"
#include "command/postgres/tokens.h"

namespace libguard::command::postgres::plpgsql {
namespace {

// Blocks in blocks; each costs a few hundred bytes of stack.
constexpr int kBlocksMax = 40;
constexpr std::size_t kPiecesMax = 4'000;

class Tokens {
 public:
  explicit Tokens(const std::string& text) { lg_tokens_read(text.c_str(), &tokens_); }
  ~Tokens() { lg_tokens_free(&tokens_); }
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;
  [[nodiscard]] bool good() const { return tokens_.status == LG_OK && tokens_.count > 0; }
  [[nodiscard]] std::size_t size() const { return tokens_.count; }
  [[nodiscard]] const LgToken& at(std::size_t i) const { return tokens_.items[std::min<std::size_t>(i, size() - 1)]; }

 private:
  LgTokens tokens_{};
};

std::string_view text_of(const LgToken& token) { return {token.text.start, token.text.bytes}; }

using Words = std::initializer_list<std::string_view>;

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text), tokens_(text) {}

  Body read() {
    if (!tokens_.good()) return fail("it cannot be split into words"), std::move(body_);
    options();
    block({}, 0);
    sign(";");
    if (!failed() && here().kind != LG_TOKEN_END) fail("something follows its last END");
    return std::move(body_);
  }

 private:
  // --- words
  [[nodiscard]] bool failed() const { return !body_.unread.empty(); }
  void fail(std::string_view why) {
    if (!failed()) body_.unread = why;
  }
  [[nodiscard]] const LgToken& here(std::size_t ahead = 0) const { return tokens_.at(at_ + ahead); }
  [[nodiscard]] bool is_word(std::string_view word, std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_WORD && text_of(here(ahead)) == word;
  }
  [[nodiscard]] bool is_any(Words words, std::size_t ahead = 0) const {
    return std::any_of(words.begin(), words.end(), [&](std::string_view each) { return is_word(each, ahead); });
  }
  [[nodiscard]] bool is_sign(std::string_view sign, std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_SIGN && text_of(here(ahead)) == sign;
  }
  [[nodiscard]] bool is_name(std::size_t ahead = 0) const {
    return here(ahead).kind == LG_TOKEN_WORD || here(ahead).kind == LG_TOKEN_QUOTED;
  }
  bool word(std::string_view wanted) {
    if (!is_word(wanted)) return false;
    ++at_;
    return true;
  }
  bool sign(std::string_view wanted) {
    if (!is_sign(wanted)) return false;
    ++at_;
    return true;
  }
  void need_word(std::string_view wanted) {
    if (!word(wanted)) fail("a word is missing where its grammar wants one");
  }
  void need_sign(std::string_view wanted) {
    if (!sign(wanted)) fail("a mark is missing where its grammar wants one");
  }
  std::string name() {
    if (!is_name()) fail("a name is missing where its grammar wants one");
    std::string found(text_of(here()));
    ++at_;
    return found;
  }
  [[nodiscard]] std::string slice(std::size_t from, std::size_t to) const {
    const std::size_t start = tokens_.at(from).start;
    const std::size_t end = tokens_.at(to).start;
    return end > start ? text_.substr(start, end - start) : std::string();
  }
  // Moves to the first of these outside of parentheses; what stands before it is skipped.
  void to(Words words, Words signs) {
    int depth = 0;
    while (!failed()) {
      const LgToken& token = here();
      if (token.kind == LG_TOKEN_END) return fail("it ends in the middle of a statement");
      if (depth == 0 && token.kind == LG_TOKEN_WORD && is_any(words)) return;
      if (token.kind == LG_TOKEN_SIGN) {
        const std::string_view mark = text_of(token);
        if (depth == 0 && std::find(signs.begin(), signs.end(), mark) != signs.end()) return;
        if (mark == "(" || mark == "[") ++depth;
        if (mark == ")" || mark == "]") --depth;
        if (depth < 0 || mark == ";") return fail("its parentheses do not match");
      }
      ++at_;
    }
  }
  std::string until(Words words, Words signs) {
    const std::size_t from = at_;
    to(words, signs);
    return slice(from, at_);
  }

  // --- pieces
  Piece& piece(Piece::Kind kind, std::string text) {
    if (body_.pieces.size() >= kPiecesMax) fail("it is too long");
    Piece& out = body_.pieces.emplace_back();
    out.kind = kind;
    out.text = std::move(text);
    out.visible = visible_;
    out.repeated = loops_ > 0;
    return out;
  }
  Piece& value(std::string text) { return piece(Piece::Kind::value, "SELECT " + std::move(text)); }
  void condition(std::string text) { piece(Piece::Kind::condition, "SELECT " + std::move(text)); }

  // --- structure
  void options() {
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

  std::vector<std::string> label() {
    std::vector<std::string> labels;
    while (!failed() && sign("<<")) {
      labels.push_back(name());
      need_sign(">>");
    }
    return labels;
  }

  void declare(std::string name, std::string type, const std::vector<std::string>& labels, bool cursor = false) {
    visible_.push_back(static_cast<int>(body_.variables.size()));
    body_.variables.push_back({std::move(name), std::move(type), labels, cursor});
  }

  void block(const std::vector<std::string>& labels, int depth) {
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

  void handlers(int depth) {
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

  void declarations(const std::vector<std::string>& labels) {
    while (!failed() && !is_word("begin") && !is_word("declare")) {
      if (is_sign("<<")) return fail("a label stands among its declarations");
      declaration(labels);
    }
  }

  void declaration(const std::vector<std::string>& labels) {
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

  void to_after_clause() {
    if (word("not")) return need_word("null");
    need_word("collate");
    name();
    while (sign(".")) name();
  }

  void cursor(const std::string& variable, const std::vector<std::string>& labels) {
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

  void statements(Words ends, int depth) {
    while (!failed()) {
      if (here().kind == LG_TOKEN_END) return fail("it ends in the middle of a block");
      if (is_any(ends)) return;
      statement(depth);
    }
  }

  // name, name.field, name[1]: what stands before := or =.
  [[nodiscard]] bool assigns() const {
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

  void assignment() {
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

  void statement(int depth) {
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

  void leave() {
    ++at_;
    if (is_name() && !is_word("when")) name();
    if (word("when")) condition(until({}, {";"}));
    need_sign(";");
  }

  void choice(int depth) {
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

  // CASE inside of an expression ends with END, that of the language with END CASE; both hold WHEN and THEN, so an
  // expression with a CASE of its own is given back to the grammar by counting.
  std::string until_word(std::string_view wanted) {
    const std::size_t from = at_;
    int cases = 0;
    int depth = 0;
    while (!failed()) {
      if (here().kind == LG_TOKEN_END || is_sign(";")) return fail("an expression of it has no end"), std::string();
      if (cases == 0 && depth == 0 && is_word(wanted)) return slice(from, at_);
      if (is_word("case")) ++cases;
      if (is_word("end")) --cases;
      if (is_sign("(") || is_sign("[")) ++depth;
      if (is_sign(")") || is_sign("]")) --depth;
      ++at_;
    }
    return {};
  }

  void selection(int depth) {
    // PL/pgSQL reads each WHEN as subject IN (...): so do we.
    const std::string subject = is_word("when") ? std::string() : until_word("when");
    while (!failed() && word("when")) {
      const std::string tests = until_word("then");
      condition(subject.empty() ? tests : "(" + subject + "\n) IN (" + tests + "\n)");
      need_word("then");
      statements({"when", "else", "end"}, depth);
    }
    if (word("else")) statements({"end"}, depth);
    need_word("end");
    need_word("case");
    need_sign(";");
  }

  void loop(const std::vector<std::string>& labels, int depth) {
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

  std::vector<Target> targets() {
    std::vector<Target> out;
    do {
      Target& target = out.emplace_back();
      target.push_back(name());
      while (!failed() && sign(".")) target.push_back(name());
    } while (!failed() && sign(","));
    return out;
  }

  void for_each() {
    std::vector<Target> into = targets();
    if (word("slice")) ++at_;
    need_word("in");
    need_word("array");
    Piece& out = value(until_word("loop"));
    out.use = Piece::Use::targets;
    out.targets = std::move(into);
  }

  void for_in(const std::vector<std::string>& labels) {
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

  [[nodiscard]] bool starts_query(std::size_t from) const {
    constexpr std::array<std::string_view, 13> kFirst = {"select", "with",   "values", "table", "insert",
                                                         "update", "delete", "merge",  "show",  "explain",
                                                         "call",   "fetch",  "("};
    return std::find(kFirst.begin(), kFirst.end(), text_of(tokens_.at(from))) != kFirst.end();
  }

  static std::string quoted(const std::string& name) {
    std::string out = "\"";
    for (char c : name) {
      if (c == '"') out += '"';
      out += c;
    }
    return out + "\"";
  }

  void declare_loop_record(const std::vector<Target>& into, const std::vector<std::string>& labels) {
    if (into.size() == 1 && into[0].size() == 1) declare(into[0][0], "record", labels);
  }

  void counted(std::size_t from, const std::vector<Target>& into, const std::vector<std::string>& labels) {
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

  void result() {
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

  void message() {
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

  void assertion() {
    condition(until({}, {";", ","}));
    if (sign(",")) value(until({}, {";"})).use = Piece::Use::shown;
    need_sign(";");
  }

  void diagnostics() {
    need_word("get");
    if (word("stacked")) body_.shows_errors = true;
    word("current");
    need_word("diagnostics");
    to({}, {";"});
    need_sign(";");
  }

  void open() {
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

  void fetch() {
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
  void dynamic(Piece::Use use) {
    dynamic_text({"into", "using"}, {";"}, use, {});
    need_sign(";");
  }

  void dynamic_text(Words words, Words signs, Piece::Use use, const std::vector<Target>& into) {
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
  void sql() {
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

  [[nodiscard]] bool before_is(std::string_view word) const {
    const LgToken& token = tokens_.at(at_ - 1);
    return token.kind == LG_TOKEN_WORD && text_of(token) == word;
  }

  const std::string& text_;
  Tokens tokens_;
  std::size_t at_ = 0;
  int loops_ = 0;
  std::vector<int> visible_;
  Body body_;
};

}  // namespace

Body read(const std::string& text) { return Reader(text).read(); }

std::string standard_text(const std::string& body) {
  Tokens tokens(body);
  if (!tokens.good() || tokens.size() < 3 || tokens.at(0).kind != LG_TOKEN_WORD) return {};
  if (text_of(tokens.at(0)) == "return") return "SELECT " + body.substr(tokens.at(1).start);
  const LgToken& last = tokens.at(tokens.size() - 2);
  const bool atomic = text_of(tokens.at(0)) == "begin" && text_of(tokens.at(1)) == "atomic" &&
                      last.kind == LG_TOKEN_WORD && text_of(last) == "end" && tokens.size() > 3;
  if (!atomic) return {};
  const std::size_t from = tokens.at(2).start;
  return body.substr(from, last.start - from);
}

std::unique_ptr<std::string> constant_text(const std::string& text) {
  Tokens tokens(text);
  if (!tokens.good()) return nullptr;
  auto value = std::make_unique<std::string>();
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const LgToken& token = tokens.at(i);
    const bool joins = i % 2 == 1;
    if (joins ? token.kind != LG_TOKEN_SIGN || text_of(token) != "||" : token.kind != LG_TOKEN_STRING) return nullptr;
    if (!joins) *value += text_of(token);
  }
  return tokens.size() >= 2 && tokens.size() % 2 == 0 ? std::move(value) : nullptr;
}

}  // namespace libguard::command::postgres::plpgsql
