#pragma once
// How a command is written into the record: literals and parameters that may belong to classified columns, and
// detected values, become labels. The exact bytes live in the ticket until it is consumed, nowhere else.

#include <memory>
#include <string>
#include <string_view>

#include "libguard/outcome.h"
#include "libguard/request.h"
#include "masking/masker.h"
#include "model/command.h"
#include "model/frame.h"

namespace libguard {

struct RecordText {
  std::string command;
  std::string params_json;  // JSON array, or "" when there are none
  std::string digest;       // HMAC-SHA-256 over text and params: recognisable, not guessable
  bool whole = true;        // false: a detector broke, and something was withheld
};

// `command` may be null (authentication failed, a tool's arguments are in request.arguments).
[[nodiscard]] RecordText record_text(const Request& request, const std::shared_ptr<const Command>& command,
                                     const Frame& frame, const masking::Masker& masker, const std::string& digest_key);

// `facts` of the record (model/command_facts.h); "" for what was not understood, since policy was not asked then.
[[nodiscard]] std::string facts_text(const Request& request, const std::shared_ptr<const Command>& command,
                                     const masking::Masker& masker, std::int64_t decided_us);

// Scrubbed, or "<withheld>" when a detector breaks: an action must be recordable even then.
[[nodiscard]] std::string scrub_for_record(const masking::Masker& masker, std::string_view text);

// Is it, or does it hold, a text that was withheld?
[[nodiscard]] bool withheld(std::string_view text);

// The masked answer as the record keeps it: {"columns": [names], "rows": [[...]]} or the tool's masked text as a JSON
// string.
[[nodiscard]] std::string response_json(const Outcome& outcome);

}  // namespace libguard
