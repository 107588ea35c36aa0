#include "guard/several.h"

#include <algorithm>
#include <utility>

#include "command/split.h"

namespace libguard {
namespace {

// Each one costs a round of policy; a page of statements is a script, and scripts are for people.
constexpr std::size_t kStatementsMax = 32;

using Parts = std::vector<std::shared_ptr<const Command>>;

std::shared_ptr<const Command> refused(const Command& whole, std::string code, std::string sentence) {
  auto command = std::make_shared<Command>(whole);
  command->runnable = false;
  command->not_runnable_code = std::move(code);
  command->not_runnable = std::move(sentence);
  return command;
}

// A SET that may run at all is of a plain setting, which changes no meaning.
bool changes_what_follows(const Command& command) {
  return command.effect != CommandEffect::read && command.effect != CommandEffect::write &&
         command.effect != CommandEffect::session;
}

// Why this statement cannot stand where it stands: code and sentence, or nothing.
std::pair<std::string, std::string> objection(const Command& part, bool last) {
  if (!part.understood) return {part.not_understood_code, part.not_understood};
  if (part.statements != 1) return {"command.multi_statement", "it could not be told from its neighbours"};
  if (!part.runnable) return {part.not_runnable_code, part.not_runnable};
  if (changes_what_follows(part) && !last) {
    return {
        "command.multi_statement",
        "it changes structure, privileges or the session, and what follows was understood without that change; send "
        "it alone, or as the last"};
  }
  return {};
}

// The rows that leave are those of the last statement that has any.
std::size_t answering(const Parts& parts) {
  for (std::size_t i = parts.size(); i-- > 0;) {
    if (parts[i]->returns_rows) return i;
  }
  return parts.size() - 1;
}

}  // namespace

bool is_several(const Command& command) noexcept {
  return command.understood && command.statements > 1 && command.parts.empty() &&
         command.not_runnable_code == "command.multi_statement";
}

std::shared_ptr<const Command> split_command(const Command& whole, const command::Understander& understander) {
  if (!whole.params.empty()) {
    return refused(whole, "command.multi_statement",
                   "values are bound to one statement; send statements with values one by one");
  }
  const std::vector<std::string> texts = command::split(whole.dialect, whole.text);
  if (texts.size() != static_cast<std::size_t>(whole.statements))
    return refused(whole, "command.multi_statement", "the statements could not be told apart; send them one by one");
  if (texts.size() > kStatementsMax)
    return refused(whole, "command.multi_statement", "these are more than 32 statements; send fewer at once");
  auto command = std::make_shared<Command>(whole);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto part = understander.understand(texts[i], {});
    if (auto [code, sentence] = objection(*part, i + 1 == texts.size()); !code.empty())
      return refused(whole, code, "statement " + std::to_string(i + 1) + ": " + sentence);
    command->parts.push_back(std::move(part));
  }
  command->answering = answering(command->parts);
  command->reveals = command->parts[command->answering]->reveals;
  command->returns_rows = command->parts[command->answering]->returns_rows;
  command->runnable = true;
  command->not_runnable.clear();
  command->not_runnable_code.clear();
  return command;
}

}  // namespace libguard
