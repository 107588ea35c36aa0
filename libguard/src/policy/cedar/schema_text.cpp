// The text form of schemas, by recursive descent over the tokens of policies. Only types nest, and they count.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_syntax.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kShownBytesMax = 40;

class SchemaTextParser {
 public:
  explicit SchemaTextParser(std::string_view source) : lexer_(source), token_(lexer_.next()) {}

  std::optional<WrittenSchema> run(SchemaError& error) {
    while (good_ && token_.kind != Tok::end) top_level();
    if (!rest_.entities.empty() || !rest_.actions.empty() || !rest_.commons.empty())
      schema_.namespaces.push_back(std::move(rest_));
    if (good_) return std::move(schema_);
    error = std::move(error_);
    return std::nullopt;
  }

 private:
  void next() { token_ = lexer_.next(); }
  bool at_word(std::string_view word) const { return token_.kind == Tok::identifier && token_.text == word; }
  bool accept(Tok kind) {
    if (!good_ || token_.kind != kind) return false;
    next();
    return true;
  }
  bool accept_word(std::string_view word) {
    if (!good_ || !at_word(word)) return false;
    next();
    return true;
  }
  bool accept_question() {
    if (!good_ || token_.kind != Tok::bad || token_.text != "?") return false;
    next();
    return true;
  }
  void expect(Tok kind, const char* what) {
    if (!accept(kind)) unexpected(what);
  }

  void fail(std::size_t offset, std::string message) {
    if (good_) error_ = {std::move(message), offset};
    good_ = false;
  }
  void unexpected(const char* wanted) {
    if (token_.kind == Tok::end) return fail(token_.start, std::string("the text ends early; expected ") + wanted);
    fail(token_.start, std::string("expected ") + wanted + ", found `" + shown(token_.text) + "`");
  }
  static std::string shown(std::string_view text) {
    std::string out = text::visible(text.substr(0, kShownBytesMax));
    return text.size() > kShownBytesMax ? out + "..." : out;
  }

  bool again(Tok separator) { return good_ && accept(separator); }

  // An identifier that may stand for a declared thing.
  WrittenName identifier(const char* what) {
    WrittenName out{std::string(token_.text), token_.start};
    if (token_.kind != Tok::identifier) {
      unexpected(what);
    } else if (is_reserved(token_.text) && token_.text != "__cedar") {
      fail(token_.start, "`" + out.name + "` is a reserved word");
    } else {
      next();
    }
    return out;
  }
  WrittenName declared(const char* what) {
    WrittenName out = identifier(what);
    if (out.name == "__cedar") fail(out.offset, "`__cedar` is reserved for Cedar's own types");
    return out;
  }
  std::string string() {
    auto text = unescape(token_.text);
    if (!text) {
      fail(token_.start, "the string holds an invalid escape");
      return {};
    }
    next();
    return std::move(*text);
  }
  // An identifier or a string: ids of actions, names of attributes.
  WrittenName name(const char* what) {
    if (token_.kind != Tok::text) return identifier(what);
    std::size_t offset = token_.start;
    return {string(), offset};
  }
  WrittenName path(const char* what) {
    WrittenName out = identifier(what);
    while (good_ && accept(Tok::path)) out.name += "::" + identifier("a name behind `::`").name;
    return out;
  }
  // `T` or `[T, U]`, which may be empty.
  std::vector<WrittenName> type_list() {
    std::vector<WrittenName> out;
    if (!accept(Tok::open_bracket)) {
      out.push_back(path("an entity type"));
      return out;
    }
    if (accept(Tok::close_bracket)) return out;
    do out.push_back(path("an entity type"));
    while (again(Tok::comma));
    expect(Tok::close_bracket, "`,` or `]`");
    return out;
  }

  WrittenAnnotations annotations() {
    WrittenAnnotations out;
    while (good_ && accept(Tok::at)) {
      std::size_t offset = token_.start;
      std::string key(token_.text);
      if (token_.kind != Tok::identifier) return unexpected("an annotation's name"), out;
      next();
      std::string value;
      if (accept(Tok::open_paren)) {
        if (token_.kind != Tok::text) return unexpected("an annotation's text"), out;
        value = string();
        expect(Tok::close_paren, "`)`");
      }
      if (std::any_of(out.begin(), out.end(), [&](const auto& known) { return known.first == key; }))
        fail(offset, "the annotation `" + shown(key) + "` is given twice");
      out.emplace_back(std::move(key), std::move(value));
    }
    return out;
  }

  void top_level() {
    WrittenAnnotations notes = annotations();
    if (!accept_word("namespace")) return declaration(rest_, std::move(notes));
    WrittenName called = path("a namespace");
    WrittenNamespace space;
    space.annotations = std::move(notes);
    space.name = std::move(called.name);
    space.offset = called.offset;
    if (("::" + space.name + "::").find("::__cedar::") != std::string::npos)
      fail(space.offset, "`__cedar` is reserved for Cedar's own types");
    if (!spaces_.insert(space.name).second)
      fail(space.offset, "the namespace `" + shown(space.name) + "` is written twice");
    expect(Tok::open_brace, "`{`");
    while (good_ && token_.kind != Tok::close_brace && token_.kind != Tok::end) {
      WrittenAnnotations inner = annotations();
      declaration(space, std::move(inner));
    }
    expect(Tok::close_brace, "`}` at the end of the namespace");
    schema_.namespaces.push_back(std::move(space));
  }

  void declaration(WrittenNamespace& space, WrittenAnnotations notes) {
    if (accept_word("entity"))
      entity(space, std::move(notes));
    else if (accept_word("action"))
      action(space, std::move(notes));
    else if (accept_word("type"))
      common(space, std::move(notes));
    else
      unexpected("`entity`, `action`, `type` or `namespace`");
  }

  void entity(WrittenNamespace& space, WrittenAnnotations notes) {
    WrittenEntity entity;
    entity.annotations = std::move(notes);
    do entity.names.push_back(declared("the name of an entity type"));
    while (again(Tok::comma));
    if (accept_word("enum")) {
      choices(entity);
    } else {
      if (accept_word("in")) entity.parents = type_list();
      bool shaped = accept(Tok::assign);
      if (shaped || token_.kind == Tok::open_brace) entity.shape = record(0);
      if (accept_word("tags")) entity.tags = type(0);
    }
    expect(Tok::semicolon, "`;` at the end of the entity type");
    space.entities.push_back(std::move(entity));
  }

  void choices(WrittenEntity& entity) {
    expect(Tok::open_bracket, "`[`");
    do {
      if (token_.kind != Tok::text) return unexpected("an id in quotes");
      entity.choices.push_back(string());
    } while (again(Tok::comma));
    expect(Tok::close_bracket, "`,` or `]`");
  }

  void action(WrittenNamespace& space, WrittenAnnotations notes) {
    WrittenAction action;
    action.annotations = std::move(notes);
    do action.names.push_back(name("the id of an action"));
    while (again(Tok::comma));
    if (accept_word("in")) action_parents(action);
    if (accept_word("appliesTo")) applies_to(action);
    if (accept_word("attributes")) {
      expect(Tok::open_brace, "`{`");
      expect(Tok::close_brace, "`}`; actions have no attributes");
    }
    expect(Tok::semicolon, "`;` at the end of the action");
    space.actions.push_back(std::move(action));
  }

  void action_parents(WrittenAction& action) {
    bool list = accept(Tok::open_bracket);
    do action.parents.push_back(action_name());
    while (list && again(Tok::comma));
    if (list) expect(Tok::close_bracket, "`,` or `]`");
  }

  // `read`, `"read"` or `Shop::Action::"read"`.
  WrittenActionName action_name() {
    WrittenActionName out;
    out.offset = token_.start;
    if (token_.kind == Tok::text) {
      out.id = string();
      return out;
    }
    std::string path = identifier("an action").name;
    if (token_.kind != Tok::path) {
      out.id = std::move(path);
      return out;
    }
    while (accept(Tok::path)) {
      if (token_.kind == Tok::text) {
        out.type = std::move(path);
        out.id = string();
        return out;
      }
      path += "::" + identifier("an action's id in quotes").name;
    }
    unexpected("an action's id in quotes");
    return out;
  }

  void applies_to(WrittenAction& action) {
    action.applies = true;
    bool context = false;
    std::size_t start = token_.start;
    expect(Tok::open_brace, "`{`");
    do {
      std::size_t offset = token_.start;
      bool principal = accept_word("principal");
      if (principal || accept_word("resource")) {
        types_of(principal ? action.principals : action.resources, offset, principal ? "principal" : "resource");
      } else if (accept_word("context")) {
        if (context) fail(offset, "`context` is given twice");
        context = true;
        expect(Tok::colon, "`:`");
        action.context = context_type();
      } else {
        unexpected("`principal`, `resource` or `context`");
      }
    } while (again(Tok::comma) && token_.kind != Tok::close_brace);
    expect(Tok::close_brace, "`,` or `}`");
    if (action.principals.empty()) fail(start, "`appliesTo` needs `principal`");
    if (action.resources.empty()) fail(start, "`appliesTo` needs `resource`");
  }

  void types_of(std::vector<WrittenName>& out, std::size_t offset, const char* which) {
    expect(Tok::colon, "`:`");
    if (!out.empty()) fail(offset, std::string("`") + which + "` is given twice");
    out = type_list();
    if (good_ && out.empty()) fail(offset, std::string("`") + which + "` names no entity type");
  }

  WrittenType context_type() {
    if (token_.kind == Tok::open_brace) return record(0);
    WrittenType out;
    WrittenName called = path("`{` or the name of a type");
    out.kind = WrittenType::Kind::common;
    out.name = std::move(called.name);
    out.offset = called.offset;
    return out;
  }

  void common(WrittenNamespace& space, WrittenAnnotations notes) {
    static constexpr std::string_view kTaken[] = {"Bool", "Boolean", "Entity", "Extension",
                                                  "Long", "Record",  "Set",    "String"};
    WrittenCommon common;
    common.annotations = std::move(notes);
    common.name = declared("the name of a type");
    if (std::find(std::begin(kTaken), std::end(kTaken), common.name.name) != std::end(kTaken))
      fail(common.name.offset, "`" + common.name.name + "` is Cedar's own; choose another name");
    expect(Tok::assign, "`=`");
    common.type = type(0);
    expect(Tok::semicolon, "`;` at the end of the type");
    space.commons.push_back(std::move(common));
  }

  WrittenType type(int depth) {
    if (token_.kind == Tok::open_brace) return record(depth);
    WrittenType out;
    out.offset = token_.start;
    bool maybe_set = at_word("Set");
    WrittenName called = path("a type");
    if (maybe_set && called.name == "Set" && accept(Tok::less)) {
      out.kind = WrittenType::Kind::set;
      if (too_deep(depth)) return out;
      out.element.push_back(type(depth + 1));
      expect(Tok::greater, "`>`");
      return out;
    }
    out.kind = WrittenType::Kind::name;
    out.name = std::move(called.name);
    return out;
  }

  bool too_deep(int depth) {
    if (depth >= limits::kTypeDepthMax) fail(token_.start, "the type is nested too deeply");
    return !good_;
  }

  WrittenType record(int depth) {
    WrittenType out;
    out.offset = token_.start;
    expect(Tok::open_brace, "`{`");
    if (too_deep(depth) || accept(Tok::close_brace)) return out;
    std::map<std::string, std::size_t> known;
    do {
      WrittenAttribute attribute = this->attribute(depth);
      auto [place, fresh] = known.emplace(attribute.name, out.attributes.size());
      // The last one counts, as in Cedar.
      if (fresh)
        out.attributes.push_back(std::move(attribute));
      else
        out.attributes[place->second] = std::move(attribute);
    } while (again(Tok::comma) && token_.kind != Tok::close_brace);
    expect(Tok::close_brace, "`,` or `}`");
    return out;
  }

  WrittenAttribute attribute(int depth) {
    WrittenAttribute out;
    out.annotations = annotations();
    out.name = name("the name of an attribute").name;
    out.required = !accept_question();
    expect(Tok::colon, "`:`");
    if (good_) out.type = type(depth + 1);
    return out;
  }

  Lexer lexer_;
  Token token_;
  bool good_ = true;
  SchemaError error_;
  WrittenSchema schema_;
  WrittenNamespace rest_;  // what stands outside every namespace
  std::set<std::string> spaces_;
};

}  // namespace

std::optional<WrittenSchema> read_schema_text(std::string_view source, SchemaError& error) {
  if (source.size() > limits::kSchemaBytesMax) {
    error = {"the schema is longer than the limit", 0};
    return std::nullopt;
  }
  if (!text::is_utf8(source)) {
    error = {"the schema is not UTF-8", 0};
    return std::nullopt;
  }
  return SchemaTextParser(source).run(error);
}

}  // namespace libguard::policy::cedar
