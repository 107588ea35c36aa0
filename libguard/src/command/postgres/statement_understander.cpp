#include "command/postgres/statement_understander.h"

#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "command/postgres/analysis.h"
#include "command/postgres/code.h"
#include "command/postgres/generated.h"
#include "command/postgres/literals.h"
#include "command/postgres/views.h"

namespace libguard::command::postgres {
namespace {

struct ThreadEnd {
  ~ThreadEnd() { lg_thread_end(); }
};

// The parser keeps memory for each thread; it goes when the thread does.
void end_with_thread() {
  thread_local ThreadEnd end;
  (void)end;
}

void explain_parse(const Tree& tree, Facts& facts) {
  switch (tree.status()) {
    case LG_OK:
      return;
    case LG_SYNTAX:
      facts.fail("command.parse",
                 "this is not PostgreSQL: syntax error" +
                     (tree.position() > 0 ? " at character " + std::to_string(tree.position()) : std::string()));
      return;
    case LG_TOO_DEEP:
      facts.fail("command.too_deep", "the command nests too deeply to be understood; simplify it");
      return;
    case LG_UNKNOWN_NODE:
      facts.fail("command.unknown_node", "the command holds something that is not understood");
      return;
    case LG_NO_MEMORY:
      facts.fail("command.too_large", "there is no memory to understand this command");
      return;
  }
}

void check_text(std::string_view sql, Facts& facts) {
  if (sql.size() > limits::kCommandBytesMax) {
    facts.fail("command.too_large",
               "the command is longer than " + std::to_string(limits::kCommandBytesMax) + " bytes");
  } else if (sql.find('\0') != std::string_view::npos || !text::is_utf8(sql)) {
    facts.fail("command.encoding", "the command is not UTF-8 text");
  }
}

void analyse(const Tree& tree, const Names& names, Facts& facts) {
  const NodeList statements = tree.statements();
  if (statements.empty()) {
    facts.fail("command.empty", "there is no statement in the command");
    return;
  }
  for (std::size_t i = 0; i < statements.size() && !facts.failed(); ++i) {
    if (facts.meaning_changed) {
      facts.fail("command.session_meaning", "a SET before this statement changes how it is read; send it alone");
      return;
    }
    Analysis analysis(names, facts);
    analysis.statement(statements[i].node(F_stmt));
  }
  if (statements.size() > 1) {
    facts.not_runnable("command.multi_statement", "each action is one statement; send them one by one");
  }
  if (names.open_world()) facts.doubt("no_catalogue");
  Analysis(names, facts).unwritten_casts();
}

// What a value of a function comes from is known when its body has been read; so the text is read again then. Rounds
// that find still more bodies are rare, since a call means the same in each.
constexpr int kRoundsMax = 4;

void read_all(const Tree& tree, const Names& names, std::optional<Facts>& facts) {
  for (int round = 0;; ++round) {
    if (round > 0) facts.emplace(names);
    analyse(tree, names, *facts);
    const std::set<CodeKey> missing = facts->missing();
    if (missing.empty() || names.code() == nullptr || round == kRoundsMax) break;
    names.code()->load(missing);
  }
  follow_code(names, *facts);
}

}  // namespace

StatementUnderstander::StatementUnderstander(std::shared_ptr<const Catalogue> catalogue)
    : names_(std::move(catalogue)) {
  end_with_thread();
  read_generated(names_);
  read_views(names_);
  if (!names_.open_world()) {
    code_ = std::make_unique<CodeStore>(names_);
    names_.set_code(code_.get());
  }
}

StatementUnderstander::~StatementUnderstander() = default;

std::shared_ptr<Understood> StatementUnderstander::read(std::string_view sql, std::span<const Value> params) const {
  end_with_thread();
  std::optional<Facts> own(std::in_place, names_);
  check_text(sql, *own);
  auto understood = std::make_shared<Understood>();
  std::string text(sql);
  Tree tree(own->failed() ? std::string() : text, kTreeDepthMax);
  if (!own->failed()) explain_parse(tree, *own);
  if (!own->failed()) read_all(tree, names_, own);
  Facts& facts = *own;
  const std::vector<Assignment>& assignments = facts.assignments();  // which making the Command leaves alone
  auto command = std::make_shared<Command>();
  std::move(facts).into(*command, static_cast<int>(tree.statements().size()));
  command->text = std::move(text);
  if (command->understood) command->literals = literal_spans(sql);
  for (std::size_t i = 0; command->understood && i < assignments.size(); ++i) {
    if (assignments[i].param > 0) understood->slots.push_back({i, assignments[i].param});
  }
  understood->fill(*command, params);
  understood->command = std::move(command);
  return understood;
}

std::shared_ptr<const Command> StatementUnderstander::understand(std::string_view sql,
                                                                 std::span<const Value> params) const {
  std::shared_ptr<Understood> understood = cache_.find(sql);
  if (understood != nullptr) return understood->with(params);
  understood = read(sql, params);
  cache_.store(understood);
  return understood->command;
}

}  // namespace libguard::command::postgres
