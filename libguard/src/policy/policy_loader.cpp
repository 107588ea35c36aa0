#include "policy/policy_loader.h"

#include <map>

#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"
#include "policy/cedar/parser.h"

namespace libguard::policy {
namespace {

using namespace cedar;

class Loader {
 public:
  explicit Loader(Vocabulary& vocabulary) : words_(vocabulary) {}

  void load(const PolicySource& source) {
    source_ = &source;
    if (source.text.size() > libguard::limits::kPolicyTextBytesMax)
      fail(0, "policy.too_large", "the file is longer than the limit");
    EntityIndex known = words_.names.entity_count();
    ParseResult parsed = parse_policies(source.text, words_.names, out_.heap);
    if (parsed.error) fail(parsed.error->offset, "policy.syntax", parsed.error->message);
    for (EntityIndex entity = known; entity < words_.names.entity_count(); ++entity) check_entity(entity);
    for (ParsedPolicy& policy : parsed.policies) add(policy);
  }

  LoadedPolicies take() {
    words_.adopt_literals();
    out_.set.freeze();
    if (out_.context_used.size() < kContextNames) out_.context_used.resize(kContextNames, false);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::size_t offset, const char* code, const std::string& message) const {
    Position at = position_of(source_->text, offset);
    throw Error(ErrorKind::configuration, code,
                source_->name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                    text::visible(message));
  }

  void check_entity(EntityIndex entity) const {
    std::string complaint = words_.complaint(entity);
    if (complaint.empty()) return;
    auto at = source_->text.find("\"" + std::string(words_.names.id_of(entity)) + "\"");
    fail(at == std::string::npos ? 0 : at, "policy.unknown_entity", words_.names.display(entity) + ": " + complaint);
  }

  void add(ParsedPolicy& policy) {
    if (policy.is_template())
      fail(policy.offset, "policy.template", "a template cannot be linked from here; write the entity out");
    const std::string* id = policy.annotation("id");
    if (id == nullptr || id->empty()) fail(policy.offset, "policy.id_missing", "every policy needs an @id(\"...\")");
    auto [taken, fresh] = ids_.emplace(*id, source_->name);
    if (!fresh)
      fail(policy.offset, "policy.id_twice", "the id \"" + *id + "\" is taken by a policy of " + taken->second);
    check_types(policy);
    check_context(policy);
    out_.notes.push_back(note(policy));
    std::shared_ptr<const Program> condition;
    if (policy.body.root != kNoNode)
      condition = std::make_shared<const Program>(compile(std::move(policy.body), out_.heap));
    out_.set.add({*id, policy.permit, policy.principal, policy.action, policy.resource, std::move(condition)});
  }

  PolicyNote note(const ParsedPolicy& policy) const {
    PolicyNote note;
    note.where = source_->name + ":" + std::to_string(position_of(source_->text, policy.offset).line);
    const std::string* reason = policy.annotation("reason");
    if (reason == nullptr) reason = policy.annotation("advice");
    if (reason != nullptr) note.reason = *reason;
    const std::string* remedy = policy.annotation("remedy");
    if (remedy == nullptr) return note;
    if (policy.permit)
      fail(policy.offset, "policy.remedy", "a permit has nothing to remedy; @remedy belongs on a forbid");
    std::string error;
    auto parsed = parse_remedy(*remedy, error);
    if (!parsed) fail(policy.offset, "policy.remedy", "@remedy: " + error);
    for (const Stage& stage : parsed->stages) {
      std::string complaint = words_.complaint_about_group(stage.group);
      if (!complaint.empty()) fail(policy.offset, "policy.remedy", "@remedy: " + complaint);
    }
    note.remedy = std::move(*parsed);
    return note;
  }

  void check_type(const ParsedPolicy& policy, Symbol type) const {
    if (words_.is_type(type)) return;
    fail(policy.offset, "policy.unknown_type",
         "unknown-type: there is no entity type \"" + std::string(words_.names.text(type)) + "\"");
  }

  void check_types(const ParsedPolicy& policy) const {
    for (const Scope* scope : {&policy.principal, &policy.resource}) {
      if (scope->kind == ScopeKind::is || scope->kind == ScopeKind::is_in) check_type(policy, scope->type);
    }
    for (const Node& node : policy.body.nodes) {
      if (node.op == Op::is || node.op == Op::is_in) check_type(policy, node.b);
    }
  }

  // Which names of context a policy looks at. Bare `context` (compared, put into a set or record, passed on) looks at
  // all of them, and a permit could so read what only forbids may.
  void check_context(const ParsedPolicy& policy) {
    std::vector<bool> by_name(policy.body.nodes.size(), false);
    for (const Node& node : policy.body.nodes) {
      if ((node.op != Op::attribute && node.op != Op::has) || !is_context(policy.body, node.a)) continue;
      by_name[node.a] = true;
      Symbol name = node.op == Op::attribute ? node.b : policy.body.lists[node.b];
      use(name);
      if (policy.permit && only_narrows(name)) {
        fail(policy.offset, "policy.permit_reads_process",
             "context." + std::string(words_.names.text(name)) +
                 " is told by the process and may only be read by a forbid");
      }
    }
    for (NodeIndex node = 0; node < policy.body.nodes.size(); ++node) {
      if (!is_context(policy.body, node) || by_name[node]) continue;
      if (policy.permit)
        fail(policy.offset, "policy.permit_reads_process",
             "a permit may use context only as context.name or context has name");
      for (Symbol name = 0; name < kContextNames; ++name) use(name);
    }
  }

  static bool is_context(const Expression& body, NodeIndex node) {
    return body.nodes[node].op == Op::variable &&
           body.nodes[node].detail == static_cast<std::uint8_t>(Variable::context);
  }

  void use(Symbol name) {
    if (out_.context_used.size() <= name) out_.context_used.resize(name + 1, false);
    out_.context_used[name] = true;
  }

  Vocabulary& words_;
  const PolicySource* source_ = nullptr;
  LoadedPolicies out_;
  std::map<std::string, std::string> ids_;
};

}  // namespace

LoadedPolicies load_policies(const std::vector<PolicySource>& sources, Vocabulary& vocabulary) {
  Loader loader(vocabulary);
  for (const PolicySource& source : sources) loader.load(source);
  return loader.take();
}

}  // namespace libguard::policy
