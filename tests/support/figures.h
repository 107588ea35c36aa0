#pragma once
// Tests only: one line of the tables that `./run test oracle` prints. doctest's own report says what failed and where;
// these lines say how good the figure is.

#include <cstdio>
#include <string>

namespace libguard::test {

inline void figure(const std::string& what, const std::string& value, const std::string& wanted) {
  std::printf("| %-66s | %-26s | %-8s |\n", what.c_str(), value.c_str(), wanted.c_str());
  std::fflush(stdout);
}

// "3 of 40 (7.5 %)"
template <typename Part, typename Whole>
std::string share(Part part, Whole whole) {
  char text[64];
  std::snprintf(text, sizeof text, " (%.1f %%)",
                whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return std::to_string(part) + " of " + std::to_string(whole) + text;
}

}  // namespace libguard::test
