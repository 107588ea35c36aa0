#include "policy/policy_lines.h"

#include <algorithm>

#include "base/batch_line.h"
#include "policy/cedar/est_reader.h"
#include "policy/cedar/est_writer.h"
#include "policy/cedar/formatter.h"
#include "policy/cedar/library.h"
#include "policy/cedar/text_writer.h"

namespace libguard::policy {
namespace {

using namespace cedar;

// A line may hold a policy set as JSON, whose operators nest.
constexpr int kLineNestingMax = limits::kEstNestingMax;

Json line_error(const char* code, const std::string& message) {
  return {{"error", {{"code", code}, {"message", message}}}};
}

Json error_of(const Complaint& complaint) {
  Json error{{"code", complaint.code}, {"message", complaint.message}};
  if (complaint.line > 0) {
    error["line"] = complaint.line;
    error["column"] = complaint.column;
    error["excerpt"] = complaint.excerpt;
  }
  return error;
}

Json parse(const Json& line) {
  auto policies = line.find("policies");
  if (policies == line.end() || !policies->is_string())
    return line_error("batch.malformed", "`policies` must be a text of Cedar policies");
  Names names;
  Heap heap;
  Library library;
  if (auto complaint = library_of_text(policies->get_ref<const std::string&>(), names, heap, library))
    return {{"ok", false}, {"error", error_of(*complaint)}};
  const auto templates = std::count_if(library.policies.begin(), library.policies.end(),
                                       [](const NamedPolicy& policy) { return policy.parsed.is_template(); });
  return {{"ok", true},
          {"policies", static_cast<std::int64_t>(library.policies.size()) - templates},
          {"templates", templates}};
}

Json text_to_json(const Json& line, const std::string& text) {
  Names names;
  Heap heap;
  Library library;
  if (auto complaint = library_of_text(text, names, heap, library)) return {{"error", error_of(*complaint)}};
  if (auto links = line.find("links"); links != line.end() && !links->is_null()) {
    if (auto complaint = read_links(*links, names, heap, library)) return {{"error", error_of(*complaint)}};
  }
  if (auto complaint = check_library(library)) return {{"error", error_of(*complaint)}};
  auto est = to_est(library, names);
  if (!est) return line_error("policy.too_large", "the JSON form would be longer than 64 MiB");
  JsonResult read = read_json(*est, kLineNestingMax);
  if (!read.value) return line_error("policy.too_large", "the JSON form would be too deep or too long");
  return {{"json", std::move(*read.value)}};
}

// Ids go into `@id`, where the text has a place for them.
Json json_to_text(const Json& json) {
  Names names;
  Heap heap;
  Library library;
  if (auto complaint = library_of_est(json, names, heap, library)) return {{"error", error_of(*complaint)}};
  if (auto complaint = check_library(library)) return {{"error", error_of(*complaint)}};
  if (!library.links.empty())
    return line_error("policy.links", "a text cannot hold template links; keep the JSON form");
  std::string out;
  for (NamedPolicy& policy : library.policies) {
    if (policy.parsed.annotation("id") == nullptr)
      policy.parsed.annotations.insert(policy.parsed.annotations.begin(), {"id", policy.id});
    auto text = to_text(policy.parsed, names);
    if (!text) return line_error("policy.too_large", "the text would be longer than 64 MiB");
    out += *text + "\n";
  }
  return {{"policies", std::move(out)}};
}

Json convert(const Json& line) {
  auto json = line.find("json");
  if (json != line.end()) return json_to_text(*json);
  auto policies = line.find("policies");
  if (policies != line.end() && policies->is_string())
    return text_to_json(line, policies->get_ref<const std::string&>());
  return line_error("batch.malformed", "a line holds `policies` (a text) or `json` (a policy set)");
}

Json format(const Json& line) {
  auto policies = line.find("policies");
  if (policies == line.end() || !policies->is_string())
    return line_error("batch.malformed", "`policies` must be a text of Cedar policies");
  std::size_t width = limits::kFormatWidth;
  if (auto given = line.find("width"); given != line.end()) {
    if (!given->is_number_integer() || *given < limits::kFormatWidthMin || *given > limits::kFormatWidthMax)
      return line_error("batch.malformed", "`width` is a number of columns from 40 to 400");
    width = given->get<std::size_t>();
  }
  std::string out;
  if (auto complaint = format_policies(policies->get_ref<const std::string&>(), width, out))
    return {{"error", error_of(*complaint)}};
  return {{"policies", std::move(out)}};
}

std::string answer(std::string_view text, Json (*door)(const Json&)) {
  return answer_batch_line(text, kLineNestingMax, [&](const JsonResult& line) { return dump(door(*line.value)); });
}

}  // namespace

std::string parse_line(std::string_view line) { return answer(line, &parse); }
std::string convert_line(std::string_view line) { return answer(line, &convert); }
std::string format_line(std::string_view line) { return answer(line, &format); }

}  // namespace libguard::policy
