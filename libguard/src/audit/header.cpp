#include "audit/header.h"

#include <limits>

#include "base/json.h"

namespace libguard::audit {
namespace {

const Json* member(const Json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

bool number(const Json& json, const char* name, std::int64_t& into) {
  const Json* found = member(json, name);
  if (found == nullptr || !found->is_number_integer()) return false;
  into = found->get<std::int64_t>();
  return into >= 0;
}

bool text(const Json& json, const char* name, std::string& into) {
  const Json* found = member(json, name);
  if (found == nullptr || !found->is_string()) return false;
  into = found->get<std::string>();
  return true;
}

}  // namespace

std::optional<SegmentHeader> read_header(std::string_view json) {
  JsonResult read = read_json(json);
  if (!read.value) return std::nullopt;
  SegmentHeader header;
  std::string type;
  const Json* stream = member(*read.value, "stream");
  const Json* previous = member(*read.value, "previous");
  bool whole = text(*read.value, "type", type) && type == "segment" && number(*read.value, "v", header.version) &&
               number(*read.value, "seq", header.seq) && number(*read.value, "segment", header.segment) &&
               stream != nullptr && text(*stream, "id", header.stream) && previous != nullptr &&
               number(*previous, "segment", header.previous.segment) && number(*previous, "seq", header.previous.seq) &&
               text(*previous, "hash", header.previous.hash);
  if (!whole) return std::nullopt;
  if (const Json* broken = member(*read.value, "broken")) {
    header.broken = text(*broken, "reason", header.broken_reason);
  }
  return header;
}

std::optional<SegmentHeader> header_of_file(const std::string& path) {
  LineReader reader(path);
  std::string_view line;
  if (reader.next(line) != LineReader::Got::line) return std::nullopt;
  auto parts = split_line(line);
  return parts ? read_header(parts->json) : std::nullopt;
}

std::optional<SegmentHeader> header_after(const std::string& directory, const std::vector<SegmentFile>& files,
                                          std::size_t index) {
  for (std::size_t next = index + 1; next < files.size() && files[next].stream == files[index].stream; ++next) {
    if (auto header = header_of_file(directory + "/" + files[next].name)) return header;
  }
  return std::nullopt;
}

std::int64_t confirmed_max(const std::optional<SegmentHeader>& after) {
  return after && after->broken ? after->previous.seq : std::numeric_limits<std::int64_t>::max();
}

}  // namespace libguard::audit
