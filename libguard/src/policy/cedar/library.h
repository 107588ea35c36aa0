#pragma once
// Policies, templates and links under their ids: what a text or a JSON policy set says before it is compiled.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "policy/cedar/ast.h"
#include "policy/cedar/policy_set.h"

namespace libguard::policy::cedar {

struct NamedPolicy {
  std::string id;
  ParsedPolicy parsed;
};

// A template with its slots filled; `template_id` names a template of the same library.
struct Link {
  std::string template_id;
  std::string id;
  std::optional<EntityIndex> principal;
  std::optional<EntityIndex> resource;
};

struct Library {
  std::vector<NamedPolicy> policies;  // static ones and templates
  std::vector<Link> links;
};

// Why something cannot be used. `line` is 0 when there is no text to point at.
struct Complaint {
  std::string code;     // "policy.syntax"
  std::string message;  // one sentence without a full stop
  std::size_t line = 0;
  std::size_t column = 0;
  std::string excerpt = {};  // the line of the text with a caret below, made safe to show; may be empty
  // "line 3, column 7: <message>" and the excerpt below it.
  [[nodiscard]] std::string sentence() const;
};

// Cedar text; ids are Cedar's own, "policy0", "policy1", ... in text order, templates counted.
[[nodiscard]] std::optional<Complaint> library_of_text(std::string_view text, Names& names, Heap& heap, Library& out);
// `[{"template_id" | "templateId", "new_id" | "newId", "values": {"?principal": uid, "?resource": uid}}]`.
[[nodiscard]] std::optional<Complaint> read_links(const Json& links, Names& names, Heap& heap, Library& out);
// Ids are unique, every link names a template and fills exactly its slots.
[[nodiscard]] std::optional<Complaint> check_library(const Library& library);

// Compiles a checked library into `out` (not frozen), links last and in order; templates themselves decide nothing.
void compile_library(Library library, Heap& heap, PolicySet& out);

}  // namespace libguard::policy::cedar
