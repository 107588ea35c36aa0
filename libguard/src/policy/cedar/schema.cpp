#include "policy/cedar/schema.h"

#include <set>
#include <vector>

#include "base/text.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {
namespace {

constexpr int kTypeDepthMax = 100;

// A type as written; names are resolved when the whole schema is known.
struct Written {
  enum class Kind { name, set, record } kind = Kind::name;
  std::string name;
  std::vector<Written> element;
  std::vector<std::pair<std::string, Written>> attributes;
};

struct WrittenEntity {
  std::string space;
  std::string name;
  Written attributes;
  std::optional<Written> tags;
};

struct WrittenAction {
  std::string space;
  std::vector<std::string> ids;
  Written context;
};

std::string qualified(const std::string& space, const std::string& name) {
  return space.empty() ? name : space + "::" + name;
}

}  // namespace

class SchemaParser {
 public:
  explicit SchemaParser(std::string_view source) : lexer_(source), token_(lexer_.next()) {}

  std::optional<Schema> run(std::string& error) {
    while (good_ && token_.kind != Tok::end) item();
    if (!good_) {
      error = "the schema is malformed at byte " + std::to_string(token_.start);
      return std::nullopt;
    }
    Schema schema;
    for (const WrittenEntity& entity : entities_) {
      SchemaEntity& out = schema.entities_[qualified(entity.space, entity.name)];
      out.attributes = resolve(entity.attributes, entity.space, 0);
      if (entity.tags) out.tags = resolve(*entity.tags, entity.space, 0);
    }
    for (const WrittenAction& action : actions_) {
      SchemaType context = resolve(action.context, action.space, 0);
      for (const std::string& id : action.ids)
        schema.contexts_[qualified(action.space, "Action") + '\0' + id] = context;
    }
    return schema;
  }

 private:
  void next() { token_ = lexer_.next(); }
  bool accept(Tok kind) {
    if (!good_ || token_.kind != kind) return false;
    next();
    return true;
  }
  bool accept_word(std::string_view word) {
    if (!good_ || token_.kind != Tok::identifier || token_.text != word) return false;
    next();
    return true;
  }
  void expect(Tok kind) {
    if (!accept(kind)) good_ = false;
  }
  // An identifier or a string.
  std::string name() {
    std::string out;
    if (token_.kind == Tok::text) {
      auto text = unescape(token_.text);
      if (!text)
        good_ = false;
      else
        out = std::move(*text);
    } else if (token_.kind == Tok::identifier) {
      out = token_.text;
    } else {
      good_ = false;
    }
    if (good_) next();
    return out;
  }
  std::string path() {
    std::string out = name();
    while (accept(Tok::path)) out += "::" + name();
    return out;
  }
  std::vector<std::string> names() {
    std::vector<std::string> out{name()};
    while (accept(Tok::comma)) out.push_back(name());
    return out;
  }

  void item() {
    while (accept(Tok::at)) {
      name();
      if (accept(Tok::open_paren)) {
        name();
        expect(Tok::close_paren);
      }
    }
    if (accept_word("namespace")) {
      if (!space_.empty()) good_ = false;
      space_ = path();
      expect(Tok::open_brace);
      while (good_ && token_.kind != Tok::close_brace && token_.kind != Tok::end) item();
      expect(Tok::close_brace);
      space_.clear();
    } else if (accept_word("entity")) {
      entity();
    } else if (accept_word("action")) {
      action();
    } else if (accept_word("type")) {
      std::string type_name = name();
      expect(Tok::assign);
      types_[qualified(space_, type_name)] = {space_, type(0)};
      expect(Tok::semicolon);
    } else {
      good_ = false;
    }
  }

  void skip_type_list() {
    if (!accept(Tok::open_bracket)) {
      path();
      return;
    }
    while (good_ && !accept(Tok::close_bracket)) {
      path();
      accept(Tok::comma);
    }
  }

  void entity() {
    WrittenEntity entity;
    entity.space = space_;
    entity.attributes.kind = Written::Kind::record;
    std::vector<std::string> declared = names();
    if (accept_word("enum")) skip_type_list();
    if (accept_word("in")) skip_type_list();
    bool assigned = accept(Tok::assign);
    if (assigned || token_.kind == Tok::open_brace) entity.attributes = type(0);
    if (accept_word("tags")) entity.tags = type(0);
    expect(Tok::semicolon);
    for (std::string& one : declared) {
      entity.name = std::move(one);
      entities_.push_back(entity);
    }
  }

  void action() {
    WrittenAction action;
    action.space = space_;
    action.context.kind = Written::Kind::record;
    action.ids = names();
    if (accept_word("in")) skip_type_list();
    if (accept_word("appliesTo")) {
      expect(Tok::open_brace);
      while (good_ && !accept(Tok::close_brace)) {
        std::string part = name();
        expect(Tok::colon);
        if (part == "context")
          action.context = type(0);
        else
          skip_type_list();
        accept(Tok::comma);
      }
    }
    expect(Tok::semicolon);
    actions_.push_back(std::move(action));
  }

  Written type(int depth) {
    Written out;
    if (depth > kTypeDepthMax) {
      good_ = false;
    } else if (accept(Tok::open_brace)) {
      out.kind = Written::Kind::record;
      while (good_ && !accept(Tok::close_brace)) attribute(out, depth);
    } else {
      out.name = path();
      if (out.name == "Set" && accept(Tok::less)) {
        out.kind = Written::Kind::set;
        out.element.push_back(type(depth + 1));
        expect(Tok::greater);
      }
    }
    return out;
  }

  void attribute(Written& record, int depth) {
    while (accept(Tok::at)) {
      name();
      if (accept(Tok::open_paren)) {
        name();
        expect(Tok::close_paren);
      }
    }
    std::string key = name();
    // `?` is no token of policies; it arrives as a bad one.
    if (token_.kind == Tok::bad && token_.text == "?") next();
    expect(Tok::colon);
    record.attributes.emplace_back(std::move(key), type(depth + 1));
    accept(Tok::comma);
  }

  SchemaType resolve(const Written& written, const std::string& space, int depth) {
    SchemaType out;
    // A type that contains itself ends here; it could describe no finite value.
    if (depth > kTypeDepthMax) return out;
    if (written.kind == Written::Kind::set) {
      out.kind = SchemaType::Kind::set;
      out.element = std::make_shared<const SchemaType>(resolve(written.element.front(), space, depth + 1));
    } else if (written.kind == Written::Kind::record) {
      out.kind = SchemaType::Kind::record;
      for (const auto& [name, type] : written.attributes) out.attributes[name] = resolve(type, space, depth + 1);
    } else {
      return resolve_name(written.name, space, depth);
    }
    return out;
  }

  SchemaType resolve_name(const std::string& name, const std::string& space, int depth) {
    SchemaType out;
    for (const std::string& candidate : {qualified(space, name), name}) {
      if (auto common = types_.find(candidate); common != types_.end()) {
        return resolve(common->second.second, common->second.first, depth + 1);
      }
      for (const WrittenEntity& entity : entities_) {
        if (qualified(entity.space, entity.name) != candidate) continue;
        out.kind = SchemaType::Kind::entity;
        return out;
      }
    }
    std::string plain = name.starts_with("__cedar::") ? name.substr(9) : name;
    if (plain == "ipaddr" || plain == "decimal" || plain == "datetime" || plain == "duration") {
      out.kind = SchemaType::Kind::extension;
      out.name = plain == "ipaddr" ? "ip" : plain;
    }
    return out;
  }

  Lexer lexer_;
  Token token_;
  bool good_ = true;
  std::string space_;
  std::vector<WrittenEntity> entities_;
  std::vector<WrittenAction> actions_;
  std::map<std::string, std::pair<std::string, Written>> types_;
};

const SchemaType* Schema::context_of(std::string_view action_type, std::string_view id) const {
  auto found = contexts_.find(std::string(action_type) + '\0' + std::string(id));
  return found == contexts_.end() ? nullptr : &found->second;
}

std::optional<Schema> parse_schema(std::string_view source, std::string& error) {
  if (!text::is_utf8(source)) {
    error = "the schema is not UTF-8";
    return std::nullopt;
  }
  return SchemaParser(source).run(error);
}

}  // namespace libguard::policy::cedar
