// The door of the SQLite half: refuses what is no text, asks the cache, hands out shadows, fills in parameters.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/limits.h"
#include "base/text.h"
#include "command/last_filled.h"
#include "command/sqlite/facts.h"
#include "command/sqlite/sqlite.h"
#include "libguard/error.h"

namespace libguard::command::sqlite {
namespace {

// Longer texts are rare and are understood anew, so that the cache stays small.
constexpr std::size_t kCachedBytesMax = 8 * 1024;
// Queries in one statement: each may nest in SQLite's parser and in our analysis.
constexpr int kQueriesMax = 100;

struct Known {
  std::shared_ptr<const Command> command;
  std::vector<ParameterSlot> slots;
  LastFilled last;
};

// Texts of one catalogue; the least recently used goes first. Thread-safe.
class Cache {
 public:
  std::shared_ptr<const Known> find(std::string_view text) {
    std::lock_guard lock(mutex_);
    auto found = by_text_.find(text);
    if (found == by_text_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return *found->second;
  }

  void put(std::shared_ptr<const Known> known) {
    if (known->command->text.size() > kCachedBytesMax) return;
    std::lock_guard lock(mutex_);
    if (by_text_.count(known->command->text) != 0) return;
    order_.push_front(std::move(known));
    by_text_.emplace(order_.front()->command->text, order_.begin());
    if (order_.size() <= limits::kStatementCacheEntries) return;
    by_text_.erase(order_.back()->command->text);
    order_.pop_back();
  }

 private:
  using Order = std::list<std::shared_ptr<const Known>>;
  std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> by_text_;  // views into the commands of order_
};

bool digits_of(const Value& value, std::string& digits) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    digits = std::to_string(*integer);
    return true;
  }
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    digits = decimal->digits;
    return true;
  }
  const auto* real = std::get_if<double>(&value);
  if (real == nullptr || !std::isfinite(*real) || std::fabs(*real) >= 1e15) return false;
  char buffer[400];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, *real, std::chars_format::fixed);
  if (error != std::errc()) return false;
  digits.assign(buffer, end);
  return true;
}

void fill(Command& command, const ParameterSlot& slot) {
  AssignedValue& assigned = command.assigned[slot.assigned];
  auto index = static_cast<std::size_t>(slot.parameter - 1);
  if (index >= command.params.size() || !digits_of(command.params[index], assigned.digits)) return;
  if (slot.negative) {
    if (assigned.digits.front() == '-')
      assigned.digits.erase(0, 1);
    else
      assigned.digits.insert(0, 1, '-');
  }
  assigned.known = true;
}

std::shared_ptr<const Command> with_params(const Known& known, std::span<const Value> params) {
  if (params.empty() && known.slots.empty()) return known.command;
  if (auto last = known.last.find(params)) return last;
  auto command = std::make_shared<Command>(*known.command);
  command->params.assign(params.begin(), params.end());
  for (const ParameterSlot& slot : known.slots) fill(*command, slot);
  known.last.keep(command);
  return command;
}

bool refuse(Command& command, const char* code, const char* sentence) {
  command.not_understood_code = code;
  command.not_understood = sentence;
  return false;
}

bool is_readable(Command& command) {
  if (command.text.size() > limits::kCommandBytesMax)
    return refuse(command, "command.too_large", "the text is longer than 64 KiB");
  if (command.text.find('\0') != std::string::npos)
    return refuse(command, "command.parse", "the text holds a NUL byte");
  if (!text::is_utf8(command.text)) return refuse(command, "command.parse", "the text is not UTF-8");
  return true;
}

bool is_readable(Command& command, const Lexed& lexed) {
  if (!lexed.ok)
    return refuse(command, "command.parse", "the text holds an unclosed quote or a character that SQL does not know");
  int queries = 0;
  for (const Token& token : lexed.tokens) {
    queries += token.kind == TokenKind::name && same_name(token.text, "SELECT") ? 1 : 0;
  }
  if (lexed.too_deep || queries > kQueriesMax) {
    return refuse(command, "command.too_complex", "the statement is nested too deeply or holds too many queries");
  }
  return true;
}

void note_literals(Command& command, const Lexed& lexed) {
  for (const Token& token : lexed.tokens) {
    bool literal = token.kind == TokenKind::string || token.kind == TokenKind::blob ||
                   token.kind == TokenKind::integer || token.kind == TokenKind::decimal;
    if (literal) command.literals.push_back({token.start, token.end});
  }
  std::sort(command.literals.begin(), command.literals.end(),
            [](const LiteralSpan& a, const LiteralSpan& b) { return a.start < b.start; });
}

// Nothing of a refused statement is believed but its kinds and count.
Command refused(const Command& from) {
  Command out;
  out.text = from.text;
  out.connection = from.connection;
  out.catalogue_version = from.catalogue_version;
  out.kinds = from.kinds;
  out.statements = from.statements;
  out.destructive = from.destructive;
  out.runnable = false;
  out.not_runnable_code = out.not_understood_code = from.not_understood_code;
  out.not_runnable = out.not_understood = from.not_understood;
  return out;
}

class SqliteUnderstander final : public Understander {
 public:
  // `catalogue` may be empty of relations; `open`: then any name is a table.
  SqliteUnderstander(std::shared_ptr<const Catalogue> catalogue, bool open)
      : catalogue_(catalogue), pool_(std::move(catalogue)), open_(open) {
    std::unique_ptr<Shadow> shadow = pool_.take();
    schema_ = std::make_unique<Schema>(shadow->database(), *catalogue_);
    pool_.give_back(std::move(shadow));
  }

  [[nodiscard]] std::shared_ptr<const Command> understand(std::string_view sql,
                                                          std::span<const Value> params) const override {
    std::shared_ptr<const Known> known = sql.size() <= kCachedBytesMax ? cache_.find(sql) : nullptr;
    if (known == nullptr) {
      known = read(sql);
      cache_.put(known);
    }
    if (!known->command->understood || accepted(params)) return with_params(*known, params);
    auto command = std::make_shared<Command>(*known->command);
    refuse(*command, "command.parameters", "the values for the placeholders are too many or too large");
    return std::make_shared<Command>(refused(*command));
  }

 private:
  static bool accepted(std::span<const Value> params) {
    if (params.size() > limits::kParamsMax) return false;
    return std::all_of(params.begin(), params.end(), [](const Value& value) {
      const auto* text = std::get_if<std::string>(&value);
      const auto* bytes = std::get_if<Bytes>(&value);
      return (text == nullptr || text->size() <= limits::kParamBytesMax) &&
             (bytes == nullptr || bytes->data.size() <= limits::kParamBytesMax);
    });
  }

  std::shared_ptr<const Known> read(std::string_view sql) const {
    auto known = std::make_shared<Known>();
    auto command = std::make_shared<Command>();
    command->dialect = Dialect::sqlite;
    command->connection = catalogue_->connection;
    command->catalogue_version = catalogue_->version;
    // A text that is refused for its size is kept short: records and caches hold it.
    command->text = std::string(sql.substr(0, limits::kCommandBytesMax + 1));
    if (!is_readable(*command) || !facts(*command, *known)) *command = refused(*command);
    known->command = std::move(command);
    return known;
  }

  bool facts(Command& command, Known& known) const {
    Lexed lexed = lex(command.text);
    if (!is_readable(command, lexed)) return false;
    Schema open_schema;
    const Schema& schema = open_ ? open_schema : *schema_;
    std::unique_ptr<Shadow> shadow = pool_.take();
    bool understood =
        Facts(schema, open_ ? &open_schema : nullptr, *shadow, command.text, lexed, command, known.slots).run();
    pool_.give_back(std::move(shadow));
    if (!understood) known.slots.clear();
    if (understood) note_literals(command, lexed);
    return understood && command.understood;
  }

  std::shared_ptr<const Catalogue> catalogue_;
  mutable ShadowPool pool_;
  bool open_;
  std::unique_ptr<Schema> schema_;
  mutable Cache cache_;
};

}  // namespace
}  // namespace libguard::command::sqlite

namespace libguard::command {

std::unique_ptr<Understander> sqlite_understander(std::shared_ptr<const Catalogue> catalogue) {
  if (catalogue == nullptr || catalogue->dialect != Dialect::sqlite) {
    throw Error(ErrorKind::internal, "catalogue.dialect", "a catalogue of SQLite is needed to understand SQLite");
  }
  return std::make_unique<sqlite::SqliteUnderstander>(std::move(catalogue), false);
}

std::unique_ptr<Understander> sqlite_understander_without_catalogue() {
  return std::make_unique<sqlite::SqliteUnderstander>(std::make_shared<Catalogue>(), true);
}

}  // namespace libguard::command
