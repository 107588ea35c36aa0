#pragma once
// What policy was asked about, as the record keeps it: names, bounds and counts, never a value. With it recorded
// history can be put before another policy set. docs/RECORD_FORMAT.md, `facts`.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/command.h"

namespace libguard {

namespace limits {
// Past this the facts are `{"cut":true}`: replay then says that it cannot know, and a record stays small.
inline constexpr std::size_t kFactsBytesMax = 16 * 1024;
}  // namespace limits

// A compact JSON object. Columns stand under their table: {"main.customers":["email","id"]}. `decided_us` is the time
// that policy judged by, since `hour` hangs on it. What is touched is left out where it is what `command.reads` names,
// each selected from: the record says that in `what`.
[[nodiscard]] std::string facts_json_text(const Command& command, std::int64_t decided_us);
// Of a tool call: the names of its arguments and nothing of what they hold.
[[nodiscard]] std::string tool_facts_json_text(const std::vector<std::string>& arguments, std::int64_t decided_us);

// A Command that policy judges as it judged the recorded one, but for what `assigned` columns were given: their values
// are "0", and whoever asks must not decide by them. Kinds and effect stand in the record's `what` and are not set.
struct RecordedFacts {
  Command command;
  std::set<std::string> assigned;  // "schema.table.column" whose value was known then and is not in the record
  std::set<std::string> arguments;
  std::int64_t decided_us = 0;
};
// Nullopt for facts that were cut or are not ours. Takes any JSON. `reads`: the record's `what.reads`.
[[nodiscard]] std::optional<RecordedFacts> facts_from_json(const Json& json, const std::vector<std::string>& reads);

// "read" -> CommandEffect::read; nullopt for another word.
[[nodiscard]] std::optional<CommandEffect> effect_from(std::string_view word) noexcept;
[[nodiscard]] std::optional<Bound> bound_from(std::string_view word) noexcept;

}  // namespace libguard
