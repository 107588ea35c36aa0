#pragma once
// What the validator says of a policy.

#include <cstddef>
#include <string>

namespace libguard::policy::cedar {

struct Finding {
  // unknown_attribute, unknown_entity_type, unknown_action, impossible_action_application, unsafe_optional_attribute,
  // unsafe_tag_access, no_tags_allowed, unexpected_type, incompatible_types, extension_literal, empty_set_literal,
  // invalid_enum_id, wrong_number_of_arguments, too_complex; and impossible_policy, which is a warning.
  const char* code = "";
  std::size_t offset = 0;  // in the policy's text
  std::string message;     // a sentence without a full stop
  std::string help;        // what to do about it; may be empty
  bool warning = false;
};

}  // namespace libguard::policy::cedar
