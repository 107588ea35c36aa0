#pragma once
// One entry for each function that takes untrusted text. The same functions are fuzzed by libFuzzer (`./run fuzz`) and
// replayed over a corpus in the tests.

#include <cstdint>
#include <string_view>

namespace libguard::fuzz {

void json(std::string_view text);
void request(std::string_view text);
void policy_eval(std::string_view text);
void policy_text(std::string_view text);
void policy_json(std::string_view text);
void policy_schema(std::string_view text);
void policy_validate(std::string_view text);
void postgres(std::string_view text);
void sqlite(std::string_view text);
void mask(std::string_view text);
void token(std::string_view text);
void catalogue(std::string_view text);
void configuration(std::string_view text);
void log_line(std::string_view text);

struct Target {
  const char* name;
  void (*run)(std::string_view);
};
inline constexpr Target kTargets[] = {
    {"json", &json},
    {"request", &request},
    {"policy_eval", &policy_eval},
    {"policy_text", &policy_text},
    {"policy_json", &policy_json},
    {"policy_schema", &policy_schema},
    {"policy_validate", &policy_validate},
    {"postgres", &postgres},
    {"sqlite", &sqlite},
    {"mask", &mask},
    {"token", &token},
    {"catalogue", &catalogue},
    {"configuration", &configuration},
    {"log_line", &log_line},
};

}  // namespace libguard::fuzz
