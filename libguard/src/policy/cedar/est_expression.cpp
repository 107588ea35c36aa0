#include "policy/cedar/est_expression.h"

#include <algorithm>

#include "policy/cedar/est_words.h"
#include "policy/cedar/parser.h"

namespace libguard::policy::cedar {
namespace {

const Json* member(const Json& json, const char* name) {
  auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

const std::string* text_member(const Json& json, const char* name) {
  const Json* found = member(json, name);
  return found != nullptr && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

bool nests(const Node& node) { return node.op == Op::set || node.op == Op::record; }

}  // namespace

bool EstExpressionReader::fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

std::optional<NodeIndex> EstExpressionReader::read(const Json& json, Expression& out) {
  out_ = &out;
  frames_.clear();
  brackets_ = 0;
  if (!open(json)) return std::nullopt;
  for (;;) {
    Frame& frame = frames_.back();
    if (frame.done.size() < frame.children.size()) {
      const Json& child = *frame.children[frame.done.size()];
      if (!(frame.literal ? open_value(child) : open(child))) return std::nullopt;
      continue;
    }
    NodeIndex node = close(frame);
    frames_.pop_back();
    if (frames_.empty()) return node;
    frames_.back().done.push_back(node);
  }
}

bool EstExpressionReader::open(const Json& json) {
  if (!json.is_object() || json.size() != 1) return fail("an expression is an object with one member");
  const std::string& word = json.begin().key();
  if (word == "Value") return open_value(json.begin().value());
  Frame frame;
  if (!open_word(word, json.begin().value(), frame)) return false;
  if (nests(frame.node) && ++brackets_ > limits::kExpressionDepthMax)
    return fail("sets and records are nested too deeply");
  frames_.push_back(std::move(frame));
  return true;
}

bool EstExpressionReader::open_word(const std::string& word, const Json& body, Frame& frame) {
  if (word == "Var") return variable(body, frame);
  if (word == "Set") return open_list(Op::set, body, frame);
  if (word == "Record") return open_record(body, frame);
  if (word == "if-then-else") {
    frame.node.op = Op::condition;
    return children(body, {"if", "then", "else"}, frame);
  }
  if (word == ".") return open_attribute(Op::attribute, body, frame);
  if (word == "has") return open_attribute(Op::has, body, frame);
  if (word == "like") return open_like(body, frame);
  if (word == "is") return open_is(body, frame);
  if (const EstOperator* found = find_est_operator(word)) {
    frame.node.op = found->op;
    return found->binary ? children(body, {"left", "right"}, frame) : children(body, {"arg"}, frame);
  }
  const FunctionSpec* spec = find_function(word);
  if (spec == nullptr) return fail("`" + word.substr(0, 40) + "` is not an operator or a function");
  frame.node.detail = static_cast<std::uint8_t>(spec->function);
  if (!open_list(Op::call, body, frame)) return false;
  if (spec->method && frame.children.empty()) return fail("a method needs what it is called on");
  return true;
}

// `{"Value": v}`: a literal. Sets, records and extension values in it become the expressions that a text would have.
bool EstExpressionReader::open_value(const Json& json) {
  Frame frame;
  if (json.is_array()) {
    frame.node.op = Op::set;
    for (const Json& item : json) frame.children.push_back(&item);
  } else if (json.is_object() && json.contains("__extn")) {
    if (!open_extension(json, frame)) return false;
  } else if (json.is_object() && !json.contains("__entity")) {
    if (!open_record(json, frame)) return false;
  } else {
    auto value = values_.value(json);
    if (!value) return fail(values_.error());
    frame.node.value = *value;
  }
  if (nests(frame.node) && ++brackets_ > limits::kExpressionDepthMax)
    return fail("sets and records are nested too deeply");
  frame.literal = true;
  frames_.push_back(std::move(frame));
  return true;
}

bool EstExpressionReader::open_extension(const Json& json, Frame& frame) {
  const Json& body = json["__extn"];
  const std::string* name =
      json.size() == 1 && body.is_object() && body.size() == 2 ? text_member(body, "fn") : nullptr;
  const FunctionSpec* spec = name != nullptr ? find_function(*name) : nullptr;
  const Json* single = spec != nullptr ? member(body, "arg") : nullptr;
  const Json* several = spec != nullptr ? member(body, "args") : nullptr;
  if (single == nullptr && (several == nullptr || !several->is_array()))
    return fail("`__extn` is a known `fn` with `arg` or `args`");
  frame.node.op = Op::call;
  frame.node.detail = static_cast<std::uint8_t>(spec->function);
  if (single != nullptr) frame.children.push_back(single);
  if (several != nullptr) {
    for (const Json& item : *several) frame.children.push_back(&item);
  }
  if (spec->method && frame.children.empty()) return fail("a method needs what it is called on");
  return true;
}

bool EstExpressionReader::variable(const Json& json, Frame& frame) {
  frame.node.op = Op::variable;
  for (std::size_t i = 0; i < std::size(kVariableWords); ++i) {
    if (!json.is_string() || json.get_ref<const std::string&>() != kVariableWords[i]) continue;
    frame.node.detail = static_cast<std::uint8_t>(i);
    return true;
  }
  return fail("`Var` is principal, action, resource or context");
}

bool EstExpressionReader::children(const Json& body, std::initializer_list<const char*> names, Frame& frame) {
  if (!body.is_object() || body.size() != names.size()) return fail("an operator has the wrong members");
  for (const char* name : names) {
    const Json* child = member(body, name);
    if (child == nullptr) return fail(std::string("an operator lacks `") + name + "`");
    frame.children.push_back(child);
  }
  return true;
}

bool EstExpressionReader::open_list(Op op, const Json& json, Frame& frame) {
  frame.node.op = op;
  if (!json.is_array()) return fail("a set, and what a function is called with, is an array");
  for (const Json& item : json) frame.children.push_back(&item);
  return true;
}

bool EstExpressionReader::open_record(const Json& json, Frame& frame) {
  frame.node.op = Op::record;
  if (!json.is_object()) return fail("a record is an object");
  for (const auto& [key, item] : json.items()) {
    frame.keys.push_back(names_.symbol(key));
    frame.children.push_back(&item);
  }
  return true;
}

bool EstExpressionReader::open_attribute(Op op, const Json& body, Frame& frame) {
  frame.node.op = op;
  const std::string* name = body.is_object() && body.size() == 2 ? text_member(body, "attr") : nullptr;
  const Json* left = name != nullptr ? member(body, "left") : nullptr;
  if (left == nullptr) return fail("`.` and `has` have `left` and `attr`");
  frame.node.b = names_.symbol(*name);
  frame.children.push_back(left);
  return true;
}

bool EstExpressionReader::open_like(const Json& body, Frame& frame) {
  frame.node.op = Op::like;
  const Json* left = body.is_object() && body.size() == 2 ? member(body, "left") : nullptr;
  const Json* pattern = left != nullptr ? member(body, "pattern") : nullptr;
  if (pattern == nullptr || !pattern->is_array()) return fail("`like` has `left` and an array `pattern`");
  std::vector<std::string> pieces(1);
  for (const Json& element : *pattern) {
    const std::string* literal = element.is_object() && element.size() == 1 ? text_member(element, "Literal") : nullptr;
    if (literal != nullptr)
      pieces.back() += *literal;
    else if (element.is_string() && element.get_ref<const std::string&>() == "Wildcard")
      pieces.emplace_back();
    else
      return fail("a pattern is made of \"Wildcard\" and {\"Literal\": text}");
  }
  frame.node.b = static_cast<std::uint32_t>(out_->patterns.size());
  out_->patterns.push_back(std::move(pieces));
  frame.children.push_back(left);
  return true;
}

bool EstExpressionReader::open_is(const Json& body, Frame& frame) {
  const std::string* type = body.is_object() ? text_member(body, "entity_type") : nullptr;
  const Json* left = type != nullptr ? member(body, "left") : nullptr;
  const Json* container = left != nullptr ? member(body, "in") : nullptr;
  if (left == nullptr || body.size() != (container != nullptr ? 3U : 2U) || !is_type_name(*type))
    return fail("`is` has `left`, an `entity_type` that is a name, and perhaps `in`");
  frame.node.op = container != nullptr ? Op::is_in : Op::is;
  frame.node.b = names_.symbol(*type);
  frame.children.push_back(left);
  if (container != nullptr) frame.children.push_back(container);
  return true;
}

NodeIndex EstExpressionReader::close(Frame& frame) {
  Node& node = frame.node;
  if (nests(node)) --brackets_;
  if (nests(node) || node.op == Op::call) {
    node.b = static_cast<std::uint32_t>(out_->lists.size());
    node.c = static_cast<std::uint32_t>(frame.done.size());
    for (std::size_t i = 0; i < frame.done.size(); ++i) {
      if (node.op == Op::record) out_->lists.push_back(frame.keys[i]);
      out_->lists.push_back(frame.done[i]);
    }
    node.a = kNoNode;
  } else if (node.op == Op::has) {
    std::uint32_t name = node.b;
    node.b = static_cast<std::uint32_t>(out_->lists.size());
    node.c = 1;
    out_->lists.push_back(name);
    node.a = frame.done[0];
  } else if (node.op == Op::is_in) {
    node.a = frame.done[0];
    node.c = frame.done[1];
  } else if (!frame.done.empty()) {
    node.a = frame.done[0];
    if (frame.done.size() > 1) node.b = frame.done[1];
    if (frame.done.size() > 2) node.c = frame.done[2];
  } else {
    node.a = kNoNode;
  }
  out_->nodes.push_back(node);
  return static_cast<NodeIndex>(out_->nodes.size() - 1);
}

}  // namespace libguard::policy::cedar
