#pragma once
// The bodies of records: everything of a line behind version and sequence number. Pure text, no I/O.

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/journal.h"
#include "audit/line.h"

namespace libguard::audit {

// Who the stream is: the same in each of its segment headers.
struct StreamName {
  std::string id;  // file name part: start time, pid, chance
  std::string host;
  std::int64_t pid = 0;
  std::string boot_id;
  std::int64_t started_us = 0;
};

// Why a segment does not simply continue the one before.
struct BrokenNote {
  std::int64_t segment = 0;
  std::string reason;  // "fdatasync: Input/output error"; empty: nothing is broken
};

[[nodiscard]] std::string header_body(const StreamName& stream, std::int64_t segment, const Position& previous,
                                      const BrokenNote& broken, std::int64_t at_us);
// `buffer`: whose memory is used.
[[nodiscard]] std::string intent_body(const ActionEntry& entry, std::int64_t at_us, std::string buffer = {});
[[nodiscard]] std::string outcome_body(const ActionEntry& entry, const OutcomeEntry& outcome, std::int64_t at_us,
                                       std::string buffer = {});
[[nodiscard]] std::string refusal_body(const ActionEntry& entry, const OutcomeEntry& outcome, std::int64_t at_us);
[[nodiscard]] std::string resolution_body(const Resolution& resolution, std::int64_t at_us);
[[nodiscard]] std::string event_body(std::string_view event, std::string_view body_json, std::int64_t at_us);
[[nodiscard]] std::string end_body(std::int64_t at_us);

}  // namespace libguard::audit
