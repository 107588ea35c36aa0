#pragma once
// Reads the members of one JSON object strictly: each member is asked for by name and type, and `done` refuses what
// nobody asked for. Every failure is Error(invalid, "request.malformed") and names the member, never its value.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace libguard {

class JsonMembers {
 public:
  // `what` names the object in sentences: "request", "hops[2]".
  JsonMembers(const Json& object, std::string what);

  [[nodiscard]] const Json* find(std::string_view name);  // null when absent or JSON null
  [[nodiscard]] const Json* array(std::string_view name, std::size_t count_max);
  void text(std::string_view name, std::string& into, std::size_t bytes_max);
  void texts(std::string_view name, std::vector<std::string>& into, std::size_t count_max, std::size_t bytes_max);
  void boolean(std::string_view name, bool& into);
  // False when absent.
  bool integer(std::string_view name, std::int64_t& into, std::int64_t min, std::int64_t max);
  void done() const;
  [[noreturn]] void refuse(std::string_view name, std::string_view why) const;

 private:
  const Json& object_;
  std::string what_;
  std::vector<std::string_view> asked_;
};

}  // namespace libguard
