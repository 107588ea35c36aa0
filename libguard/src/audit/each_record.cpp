#include "audit/each_record.h"

#include "audit/header.h"
#include "audit/segment_file.h"

namespace libguard::audit {

void for_each_record(const std::string& path, std::int64_t seq_max, const Visit& visit) {
  LineReader reader(path);
  std::string_view line;
  for (auto got = reader.next(line); got == LineReader::Got::line || got == LineReader::Got::too_long;
       got = reader.next(line)) {
    auto parts = got == LineReader::Got::line ? split_line(line) : std::nullopt;
    if (!parts) continue;
    auto head = read_head(parts->json);
    if (head && head->seq <= seq_max) visit(*head, parts->json);
  }
}

bool for_each_record(const std::string& directory, const Visit& visit) {
  auto files = list_segments(directory);
  if (!files) return false;
  for (std::size_t i = 0; i < files->size(); ++i) {
    for_each_record(directory + "/" + (*files)[i].name, confirmed_max(header_after(directory, *files, i)), visit);
  }
  return true;
}

}  // namespace libguard::audit
