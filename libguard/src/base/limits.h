#pragma once
// Every limit of the guard in one place, each with its reason. Units come last in the name.

#include <cstddef>
#include <cstdint>

namespace libguard::limits {

// A 100k-term chain takes the PostgreSQL grammar 80-205 ms; 64 KiB keeps any parse under about 20 ms.
inline constexpr std::size_t kCommandBytesMax = 64 * 1024;
// More placeholders than any hand-written statement; PostgreSQL's own wire limit is 65,535.
inline constexpr std::size_t kParamsMax = 1'000;
inline constexpr std::size_t kParamBytesMax = 1024 * 1024;
// Nesting of JSON, YAML, SQL expressions and Cedar text: recursion must fit a 256 KiB thread stack.
inline constexpr int kNestingMax = 100;
inline constexpr std::size_t kJsonBytesMax = 16 * 1024 * 1024;
inline constexpr std::size_t kConfigBytesMax = 1024 * 1024;
inline constexpr std::size_t kTokenBytesMax = 16 * 1024;
inline constexpr std::size_t kPolicyTextBytesMax = 64 * 1024 * 1024;
// Facts of one command: past these a statement is "not understood".
inline constexpr std::size_t kObjectsPerCommandMax = 500;
inline constexpr std::int64_t kRowsMax = 10'000;
inline constexpr std::int64_t kResultBytesMax = 16 * 1024 * 1024;
inline constexpr std::int64_t kRowsAffectedMax = 1'000;
inline constexpr std::int64_t kDeadlineMs = 10'000;
inline constexpr std::int64_t kDeadlineMsMax = 3'600'000;
inline constexpr std::int64_t kTokenLifetimeS = 900;
inline constexpr std::int64_t kClockLeewayS = 60;
inline constexpr int kRemedyRoundsMax = 4;
// One record is one line; a longer one would make the reader of a damaged file allocate without bound.
inline constexpr std::size_t kRecordBytesMax = 32 * 1024 * 1024;
inline constexpr std::size_t kSegmentBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kStatementCacheEntries = 256;
inline constexpr std::size_t kHopsMax = 16;
inline constexpr std::size_t kHopBytesMax = 4 * 1024;
// How often a wait looks at its cancel token: Ctrl-C must be felt within a second.
inline constexpr std::int64_t kPollIntervalMs = 50;

}  // namespace libguard::limits
