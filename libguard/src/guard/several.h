#pragma once
// A text of several statements as one action (`multi_statement: split`): each statement is understood by itself and
// must stand by itself; they run one by one in one transaction, and any refusal or failure undoes all.

#include <memory>
#include <span>

#include "command/understander.h"

namespace libguard {

// True for a command that was understood and is refused for being several statements only.
[[nodiscard]] bool is_several(const Command& command) noexcept;

// `whole` is what `understander` said of the whole text. The result is runnable, with `parts`, or refused with a code
// and a sentence that names the statement. No statement may change what a later one means: whatever changes structure,
// privileges or the session stands last. Values are bound to one statement, so there may be none here.
[[nodiscard]] std::shared_ptr<const Command> split_command(const Command& whole,
                                                           const command::Understander& understander);

}  // namespace libguard
