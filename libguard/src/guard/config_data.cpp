#include <algorithm>

#include "guard/config_parts.h"
#include "libguard/error.h"
#include "masking/operator.h"

namespace libguard {
namespace {

// "shop/main.customers.email" or "shop/main.customers.*": the connection must exist, three parts must follow.
void check_column(const Section& section, const char* key, const std::string& column, const Frame& frame) {
  auto slash = column.find('/');
  auto dots = std::count(column.begin() + static_cast<std::ptrdiff_t>(slash == std::string::npos ? 0 : slash),
                         column.end(), '.');
  if (slash == std::string::npos || slash == 0 || dots != 2 || column.ends_with('.')) {
    section.fail(key, "config.column", "a column is written connection/schema.table.column");
  }
  if (!frame.connections.contains(column.substr(0, slash))) {
    section.fail(key, "config.unknown_reference", "no connection is called \"" + column.substr(0, slash) + "\"");
  }
}

void check_operator(const Section& section, const char* key, const std::string& spec) {
  try {
    masking::Operator probe(spec);
  } catch (const Error& error) {
    section.fail(key, error.code(), error.what());
  }
}

DataClass read_class(const std::string& name, const Section& section, const Frame& frame) {
  section.only({"columns", "show"});
  DataClass data_class;
  data_class.name = name;
  for (const std::string& column : section.list("columns")) {
    check_column(section, "columns", column, frame);
    data_class.columns.insert(column);
  }
  if (data_class.columns.empty())
    section.fail("columns", "config.rule_never_applies", "this class names no column, so it protects nothing");
  data_class.show = section.text("show", "redact");
  check_operator(section, "show", data_class.show);
  return data_class;
}

}  // namespace

void read_data(const Section& root, Config& config, Frame& frame) {
  for (const auto& [name, section] : root.section("data").entries()) {
    if (name != "detect") {
      frame.classes[name] = read_class(name, section, frame);
      continue;
    }
    section.only({"text", "show"});
    std::string text = section.text("text", "default");
    if (text != "default" && text != "off") section.fail("text", "config.choice", "use default or off");
    config.detect = text == "default";
    if (!config.detect) config.warnings.push_back("data.detect.text is off: only classified columns are masked");
    config.detect_show = section.text("show", "label");
    check_operator(section, "show", config.detect_show);
  }
}

void read_facts(const Section& root, Frame& frame) {
  for (const auto& [name, section] : root.section("facts").entries()) {
    section.only({"assigned", "scale"});
    std::string column = section.text("assigned");
    check_column(section, "assigned", column, frame);
    auto slash = column.find('/');
    frame.facts.push_back(
        {name, column.substr(0, slash), column.substr(slash + 1), static_cast<int>(section.number("scale", 0, 0, 18))});
  }
}

}  // namespace libguard
