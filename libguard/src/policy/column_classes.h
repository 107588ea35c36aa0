#pragma once
// classes_of (model/frame.h) as an index: the same answers without walking every class for every column.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/frame.h"

namespace libguard::policy {

// A set of data classes, by their place in Frame::classes.
using ClassSet = std::vector<bool>;

class ColumnClasses {
 public:
  explicit ColumnClasses(const Frame& frame);
  // Adds the classes of "schema.table.column" (".*" for a whole table) of this connection.
  void add(const std::string& connection, std::string_view column, ClassSet& out) const;
  [[nodiscard]] ClassSet none() const { return ClassSet(names_.size(), false); }
  [[nodiscard]] ClassSet all() const { return ClassSet(names_.size(), true); }
  [[nodiscard]] const std::string& name(std::size_t index) const { return *names_[index]; }

 private:
  struct Rule {
    std::string column;
    std::size_t data_class;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using Tables = std::unordered_map<std::string, std::vector<Rule>, TextHash, std::equal_to<>>;
  std::vector<const std::string*> names_;
  std::map<std::string, Tables> connections_;
};

}  // namespace libguard::policy
