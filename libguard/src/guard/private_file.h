#pragma once
// Small files that only the owner may read, made once.

#include <string>

namespace libguard {

// Reads the file of exactly `size` bytes, or makes it from random bytes (0600, O_EXCL). Throws Error(configuration,
// "config.unsafe_file") when others may read it or its size is another.
[[nodiscard]] std::string load_or_make_private_file(const std::string& path, std::size_t size);

}  // namespace libguard
