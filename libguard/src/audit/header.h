#pragma once
// The first line of a segment, as readers see it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/line.h"
#include "audit/segment_file.h"

namespace libguard::audit {

struct SegmentHeader {
  std::int64_t version = 0;
  std::int64_t seq = 0;
  std::int64_t segment = 0;
  std::string stream;
  Position previous;    // what the writer continued from
  bool broken = false;  // the predecessor's end was not known to be durable
  std::string broken_reason;
};

// Empty for anything but a well-formed header.
[[nodiscard]] std::optional<SegmentHeader> read_header(std::string_view json);
// Of the file's first line, hash not checked; empty when the file has none.
[[nodiscard]] std::optional<SegmentHeader> header_of_file(const std::string& path);

// The header of the next segment of the same stream that has one: it says how far `files[index]` was known to be
// durable.
[[nodiscard]] std::optional<SegmentHeader> header_after(const std::string& directory,
                                                        const std::vector<SegmentFile>& files, std::size_t index);
// The last sequence number of a segment that its writer ever stood for, given the header after it.
[[nodiscard]] std::int64_t confirmed_max(const std::optional<SegmentHeader>& after);

}  // namespace libguard::audit
