#include "guard/yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard {
namespace {

[[noreturn]] void refuse(const std::string& file, int line, const std::string& path, const std::string& code,
                         const std::string& sentence) {
  std::string where = file + ":" + std::to_string(line + 1) + ": ";
  if (!path.empty()) where += path + ": ";
  throw Error(ErrorKind::configuration, code, where + sentence);
}

// Walks the events once before anything is built: no aliases, no tags, bounded nesting.
class StrictEvents final : public YAML::EventHandler {
 public:
  explicit StrictEvents(std::string file) : file_(std::move(file)) {}
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, "", anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string&) override {
    check(mark, tag, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check(mark, tag, anchor);
    if (++depth_ > limits::kNestingMax) refuse(file_, mark.line, "", "config.too_deep", "nested too deeply");
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse_alias(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(file_, mark.line, "", "config.tag", "YAML tags are not used here");
  }
  [[noreturn]] void refuse_alias(const YAML::Mark& mark) {
    refuse(file_, mark.line, "", "config.alias", "YAML anchors and aliases are not used here; write the value out");
  }
  std::string file_;
  int depth_ = 0;
};

}  // namespace

Section::Section(const YAML::Node& node, std::string file, std::string path)
    : node_(node), file_(std::move(file)), path_(std::move(path)) {
  if (node_.IsNull()) node_ = YAML::Node(YAML::NodeType::Map);
  if (!node_.IsMap()) fail_at(node_, path_, "config.type", "a mapping is expected here");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) fail_at(entry.first, path_, "config.type", "a key must be plain text");
    if (!seen.insert(entry.first.Scalar()).second) {
      std::string where = path_.empty() ? entry.first.Scalar() : path_ + "." + entry.first.Scalar();
      fail_at(entry.first, where, "config.duplicate_key", "this key occurs twice");
    }
  }
}

const Section& Section::only(std::initializer_list<const char*> keys) const {
  for (const auto& entry : node_) {
    const std::string& key = entry.first.Scalar();
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string hint = text::nearest(key, std::vector<std::string>(keys.begin(), keys.end()));
    std::string sentence = "unknown key";
    if (!hint.empty()) sentence += "; did you mean \"" + hint + "\"?";
    fail_at(entry.first, path_.empty() ? text::visible(key) : path_ + "." + text::visible(key), "config.unknown_key",
            sentence);
  }
  return *this;
}

YAML::Node Section::child(const char* key) const {
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool Section::has(const char* key) const { return child(key).IsDefined(); }

std::string Section::scalar(const YAML::Node& node, const std::string& path) const {
  if (!node.IsScalar()) fail_at(node, path, "config.type", "plain text is expected here");
  return node.Scalar();
}

std::string Section::text(const char* key) const {
  YAML::Node node = child(key);
  if (!node.IsDefined()) fail(key, "config.missing_key", "this key is required");
  std::string value = scalar(node, path_.empty() ? key : path_ + "." + key);
  if (value.empty()) fail(key, "config.empty", "this must not be empty");
  return value;
}

std::string Section::text(const char* key, const std::string& fallback) const {
  return has(key) ? text(key) : fallback;
}

std::int64_t Section::number(const char* key, std::int64_t fallback, std::int64_t least, std::int64_t most) const {
  if (!has(key)) return fallback;
  std::string value = text(key);
  std::int64_t out = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size() || out < least || out > most) {
    fail(key, "config.number",
         "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected");
  }
  return out;
}

bool Section::flag(const char* key, bool fallback) const {
  if (!has(key)) return fallback;
  std::string value = text(key);
  if (value != "true" && value != "false") fail(key, "config.flag", "true or false is expected");
  return value == "true";
}

std::vector<std::string> Section::list(const char* key) const {
  YAML::Node node = child(key);
  if (!node.IsDefined()) return {};
  std::string path = path_.empty() ? key : path_ + "." + key;
  if (!node.IsSequence()) fail_at(node, path, "config.type", "a list is expected here");
  std::vector<std::string> out;
  for (const auto& item : node) {
    std::string value = scalar(item, path);
    if (std::find(out.begin(), out.end(), value) != out.end())
      fail_at(item, path, "config.duplicate_item", "this list names one thing twice");
    out.push_back(std::move(value));
  }
  return out;
}

Section Section::section(const char* key) const {
  YAML::Node node = child(key);
  std::string path = path_.empty() ? key : path_ + "." + key;
  return Section(node.IsDefined() ? node : YAML::Node(YAML::NodeType::Map), file_, path);
}

std::vector<Section> Section::sections(const char* key) const {
  YAML::Node node = child(key);
  if (!node.IsDefined()) return {};
  std::string path = path_.empty() ? key : path_ + "." + key;
  if (!node.IsSequence()) fail_at(node, path, "config.type", "a list is expected here");
  std::vector<Section> out;
  for (const auto& item : node) out.emplace_back(item, file_, path + "[" + std::to_string(out.size()) + "]");
  return out;
}

std::vector<std::pair<std::string, Section>> Section::entries() const {
  std::vector<std::pair<std::string, Section>> out;
  for (const auto& entry : node_) {
    const std::string& name = entry.first.Scalar();
    std::string path = path_.empty() ? name : path_ + "." + name;
    if (name.empty() || name.size() > 200 || !text::is_utf8(name))
      fail_at(entry.first, path_, "config.name", "a name of 1 to 200 bytes is expected");
    out.emplace_back(name, Section(entry.second, file_, path));
  }
  return out;
}

void Section::fail(const char* key, const std::string& code, const std::string& sentence) const {
  YAML::Node node = child(key);
  fail_at(node.IsDefined() ? node : node_, path_.empty() ? key : path_ + "." + key, code, sentence);
}

void Section::fail_at(const YAML::Node& node, const std::string& path, const std::string& code,
                      const std::string& sentence) const {
  int line = node.IsDefined() ? node.Mark().line : 0;
  refuse(file_, line < 0 ? 0 : line, path, code, sentence);
}

Section read_yaml(const std::string& file, const std::string& bytes) {
  if (bytes.size() > limits::kConfigBytesMax) refuse(file, 0, "", "config.too_large", "the file is longer than 1 MiB");
  if (!text::is_utf8(bytes)) refuse(file, 0, "", "config.not_utf8", "the file is not UTF-8");
  if (bytes.find('\0') != std::string::npos) refuse(file, 0, "", "config.not_utf8", "the file holds a NUL byte");
  try {
    std::istringstream stream(bytes);
    YAML::Parser parser(stream);
    StrictEvents events(file);
    int documents = 0;
    while (parser.HandleNextDocument(events)) {
      if (++documents > 1) refuse(file, 0, "", "config.documents", "the file holds more than one YAML document");
    }
    if (documents == 0) refuse(file, 0, "", "config.empty", "the file is empty");
    return Section(YAML::Load(bytes), file, "");
  } catch (const YAML::Exception& error) {
    refuse(file, error.mark.line < 0 ? 0 : error.mark.line, "", "config.yaml",
           "this is not YAML: " + text::visible(error.msg));
  }
}

}  // namespace libguard
