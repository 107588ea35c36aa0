#pragma once
// One expression of Cedar's JSON form as nodes, without recursion over its depth.

#include "policy/cedar/ast.h"
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "policy/cedar/json_reader.h"

namespace libguard::policy::cedar {

class EstExpressionReader {
 public:
  EstExpressionReader(Names& names, Heap& heap) : names_(names), values_(names, heap, nullptr) {}

  // Appends to `out`; nullopt after a failure, and then error() says why.
  [[nodiscard]] std::optional<NodeIndex> read(const Json& json, Expression& out);
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  // A node whose children are being read.
  struct Frame {
    Node node;
    std::vector<const Json*> children;
    std::vector<std::uint32_t> keys;  // of a record's children
    std::vector<NodeIndex> done;
    bool literal = false;  // a value: its children are values, too, not expressions
  };

  bool open(const Json& json);
  bool open_value(const Json& json);
  bool open_list(Op op, const Json& json, Frame& frame);
  bool open_record(const Json& json, Frame& frame);
  bool open_attribute(Op op, const Json& body, Frame& frame);
  bool open_like(const Json& body, Frame& frame);
  bool open_is(const Json& body, Frame& frame);
  bool open_word(const std::string& word, const Json& body, Frame& frame);
  bool open_extension(const Json& json, Frame& frame);
  bool children(const Json& body, std::initializer_list<const char*> names, Frame& frame);
  NodeIndex close(Frame& frame);
  bool variable(const Json& json, Frame& frame);
  bool fail(std::string message);

  Names& names_;
  JsonReader values_;
  Expression* out_ = nullptr;
  std::vector<Frame> frames_;
  int brackets_ = 0;  // open sets and records: values nest as deep, and comparing them recurses
  std::string error_;
};

}  // namespace libguard::policy::cedar
