#pragma once
// Strict reading of guard.yaml over yaml-cpp: every error names file, line and path, unknown and duplicate keys are
// refused, aliases too (one key must mean one thing, and expansion must be bounded).

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace libguard {

// A mapping with a name. Reading methods throw Error(configuration, "config.*").
class Section {
 public:
  Section(const YAML::Node& node, std::string file, std::string path);

  // Refuses keys outside this list, with the nearest known one as a hint.
  const Section& only(std::initializer_list<const char*> keys) const;
  [[nodiscard]] bool has(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] std::string text(const char* key, const std::string& fallback) const;
  [[nodiscard]] std::int64_t number(const char* key, std::int64_t fallback, std::int64_t least,
                                    std::int64_t most) const;
  [[nodiscard]] bool flag(const char* key, bool fallback) const;
  [[nodiscard]] std::vector<std::string> list(const char* key) const;          // absent: empty
  [[nodiscard]] Section section(const char* key) const;                        // absent: empty mapping
  [[nodiscard]] std::vector<Section> sections(const char* key) const;          // a sequence of mappings
  [[nodiscard]] std::vector<std::pair<std::string, Section>> entries() const;  // name -> mapping
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  [[noreturn]] void fail(const char* key, const std::string& code, const std::string& sentence) const;

 private:
  [[nodiscard]] YAML::Node child(const char* key) const;
  [[nodiscard]] std::string scalar(const YAML::Node& node, const std::string& path) const;
  [[noreturn]] void fail_at(const YAML::Node& node, const std::string& path, const std::string& code,
                            const std::string& sentence) const;
  YAML::Node node_;
  std::string file_;
  std::string path_;
};

// Reads the file's one document. Throws Error(configuration, "config.*").
[[nodiscard]] Section read_yaml(const std::string& file, const std::string& bytes);

}  // namespace libguard
