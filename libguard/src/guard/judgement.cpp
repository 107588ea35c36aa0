#include "guard/judgement.h"

#include "base/last_seen.h"
#include "model/values.h"

namespace libguard {
namespace {

// What an agent says of a command may be long, and memory is paid for by each thread.
constexpr std::size_t kWordsBytesMax = 4 * 1024;

// A Question with what it speaks of.
struct Asked {
  std::uint64_t snapshot = 0;
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const Command> command;
  int hour = 0;
  std::string tool;
  std::string explanation;
  std::string purpose;
  std::vector<Hop> hops;

  // Connection, text and parameters are those of the command (may_be_kept).
  bool operator==(const Question& question) const {
    const Request& request = question.request;
    return command == question.command && snapshot == question.snapshot && hour == question.hour &&
           (identity == question.identity || *identity == *question.identity) && tool == request.tool &&
           explanation == request.explanation && purpose == request.purpose && hops == request.hops;
  }
};

// What stands for itself: no ticket, no arguments of a tool, and a command that holds all that was asked to run.
bool may_be_kept(const Question& question) {
  const Request& request = question.request;
  const Command& command = *question.command;
  return request.kind == RequestKind::sql && request.ticket.empty() && request.arguments.empty() &&
         request.connection == command.connection && request.text == command.text &&
         same_values(request.params, command.params);
}

using Kept = LastSeen<Asked, std::shared_ptr<Judgement>>;
Kept& kept() {
  thread_local Kept answers;
  return answers;
}

}  // namespace

std::shared_ptr<Judgement> judged_before(const Question& question) {
  if (!may_be_kept(question)) return nullptr;
  const std::shared_ptr<Judgement>* found = kept().find(question);
  return found != nullptr ? *found : nullptr;
}

bool remember(const Question& question, const std::shared_ptr<Judgement>& judgement) {
  const Request& request = question.request;
  if (judgement->decision.verdict() != Verdict::allow || !may_be_kept(question) ||
      request.explanation.size() + request.purpose.size() > kWordsBytesMax)
    return false;
  kept().keep({question.snapshot, question.identity, question.command, question.hour, request.tool, request.explanation,
               request.purpose, request.hops},
              judgement);
  return true;
}

}  // namespace libguard
