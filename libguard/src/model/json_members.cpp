#include "model/json_members.h"

#include <algorithm>

#include "libguard/error.h"

namespace libguard {

JsonMembers::JsonMembers(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) throw Error(ErrorKind::invalid, "request.malformed", what_ + " must be a JSON object");
}

void JsonMembers::refuse(std::string_view name, std::string_view why) const {
  throw Error(ErrorKind::invalid, "request.malformed", what_ + "." + std::string(name) + " " + std::string(why));
}

const Json* JsonMembers::find(std::string_view name) {
  asked_.push_back(name);
  auto member = object_.find(name);
  return member == object_.end() || member->is_null() ? nullptr : &*member;
}

const Json* JsonMembers::array(std::string_view name, std::size_t count_max) {
  const Json* member = find(name);
  if (member == nullptr) return nullptr;
  if (!member->is_array()) refuse(name, "must be an array");
  if (member->size() > count_max) refuse(name, "has more than " + std::to_string(count_max) + " elements");
  return member;
}

void JsonMembers::text(std::string_view name, std::string& into, std::size_t bytes_max) {
  const Json* member = find(name);
  if (member == nullptr) return;
  if (!member->is_string()) refuse(name, "must be text");
  const auto& text = member->get_ref<const std::string&>();
  if (text.size() > bytes_max) refuse(name, "is longer than " + std::to_string(bytes_max) + " bytes");
  into = text;
}

void JsonMembers::texts(std::string_view name, std::vector<std::string>& into, std::size_t count_max,
                        std::size_t bytes_max) {
  const Json* member = array(name, count_max);
  if (member == nullptr) return;
  for (const Json& element : *member) {
    if (!element.is_string()) refuse(name, "must hold text only");
    if (element.get_ref<const std::string&>().size() > bytes_max) refuse(name, "holds a text that is too long");
    into.push_back(element.get<std::string>());
  }
}

void JsonMembers::boolean(std::string_view name, bool& into) {
  const Json* member = find(name);
  if (member == nullptr) return;
  if (!member->is_boolean()) refuse(name, "must be true or false");
  into = member->get<bool>();
}

bool JsonMembers::integer(std::string_view name, std::int64_t& into, std::int64_t min, std::int64_t max) {
  const Json* member = find(name);
  if (member == nullptr) return false;
  // An unsigned one is a positive number; past 63 bits it is past every max, too.
  bool fits = member->is_number_integer() &&
              (!member->is_number_unsigned() || member->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  if (!fits || member->get<std::int64_t>() < min || member->get<std::int64_t>() > max) {
    refuse(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  into = member->get<std::int64_t>();
  return true;
}

void JsonMembers::done() const {
  for (auto member = object_.begin(); member != object_.end(); ++member) {
    if (std::find(asked_.begin(), asked_.end(), member.key()) == asked_.end()) {
      throw Error(ErrorKind::invalid, "request.malformed",
                  what_ + " has a member that is not known; see docs/RECORD_FORMAT.md");
    }
  }
}

}  // namespace libguard
