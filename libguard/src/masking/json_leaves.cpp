#include "masking/json_leaves.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"

namespace libguard::masking {
namespace {

constexpr std::string_view kNumber = "+-.0123456789eE";
constexpr std::string_view kSpace = " \t\r\n";

// The token that starts with the quote at `at`, quotes included.
std::string_view quoted_at(std::string_view json, std::size_t at) {
  std::size_t end = at + 1;
  while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
  return json.substr(at, end + 1 - at);
}

std::string decoded(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
  return Json::parse(quoted).get<std::string>();
}

// The names of the members of the object whose first token is at `at`, but for those of objects in it.
std::set<std::string> names_from(std::string_view json, std::size_t at) {
  std::set<std::string> names;
  for (int depth = 1; at < json.size() && depth > 0; ++at) {
    const char c = json[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::string_view quoted = quoted_at(json, at);
    at += quoted.size() - 1;
    const std::size_t next = json.find_first_not_of(kSpace, at + 1);
    if (depth == 1 && next != std::string_view::npos && json[next] == ':') names.insert(decoded(quoted));
  }
  return names;
}

class Walk {
 public:
  Walk(std::string_view json, const LeafMasks& masks) : json_(json), masks_(masks) {}

  MaskedJson run() {
    out_.text.reserve(json_.size());
    for (std::size_t at = 0; at < json_.size();) at += token(at);
    return std::move(out_);
  }

 private:
  // An object or array that is open.
  struct Open {
    std::size_t start = 0;  // of what is in it
    bool object = false;
    bool name_is_next = false;
    std::string member;
    // Once a name had to be hidden: all names, and the last number of each text that stands for one.
    std::set<std::string> names = {};
    std::map<std::string, int> numbers = {};
  };

  [[nodiscard]] std::string_view member() const { return open_.empty() ? std::string_view() : open_.back().member; }

  // How long the token is.
  std::size_t token(std::size_t at) {
    const char c = json_[at];
    if (c == '"') return text(quoted_at(json_, at));
    if (c == '-' || (c >= '0' && c <= '9')) return number(at);
    if (kSpace.find(c) != std::string_view::npos) return 1;
    if (c == '{' || c == '[') open_.push_back({at + 1, c == '{', c == '{', std::string(member())});
    if (c == '}' || c == ']') open_.pop_back();
    if (c == ',' && !open_.empty()) open_.back().name_is_next = open_.back().object;
    out_.text += c;
    return 1;
  }

  std::size_t number(std::size_t at) {
    const std::size_t end = std::min(json_.find_first_not_of(kNumber, at), json_.size());
    const std::string_view digits = json_.substr(at, end - at);
    if (auto hidden = masks_.number(digits, member())) {
      out_.changed = true;
      append_json_string(out_.text, *hidden);
    } else {
      out_.text += digits;
    }
    return digits.size();
  }

  std::size_t text(std::string_view quoted) {
    std::string content = decoded(quoted);
    const bool is_name = !open_.empty() && open_.back().name_is_next;
    const bool hidden = is_name ? name(content) : masks_.text(content, member());
    out_.changed = out_.changed || hidden;
    append_json_string(out_.text, content);
    return quoted.size();
  }

  // Two hidden names may not fall on each other, or on another of the object, and lose a member.
  bool name(std::string& content) {
    Open& object = open_.back();
    object.name_is_next = false;
    object.member = content;
    if (!masks_.name(content)) return false;
    if (object.numbers.empty()) object.names = names_from(json_, object.start);
    int& number = object.numbers[content];
    auto unique = [&] { return number == 0 ? content : content + "#" + std::to_string(number + 1); };
    while (object.names.contains(unique())) ++number;
    content = unique();
    object.names.insert(content);
    return true;
  }

  std::string_view json_;
  const LeafMasks& masks_;
  std::vector<Open> open_;
  MaskedJson out_;
};

}  // namespace

MaskedJson mask_json_leaves(std::string_view json, const LeafMasks& masks) { return Walk(json, masks).run(); }

}  // namespace libguard::masking
