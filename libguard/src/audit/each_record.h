#pragma once
// Every record of a directory that its writer stood for. What is no record is passed over: the chain is verify()'s
// business.

#include <functional>
#include <string>
#include <string_view>

#include "audit/line.h"

namespace libguard::audit {

using Visit = std::function<void(const RecordHead&, std::string_view json)>;

// In order of stream and number. Records whose writer never stood for them (the disk failed) were refused: not shown.
// False when the directory cannot be read.
bool for_each_record(const std::string& directory, const Visit& visit);

// Of one segment, up to `seq_max`.
void for_each_record(const std::string& path, std::int64_t seq_max, const Visit& visit);

}  // namespace libguard::audit
