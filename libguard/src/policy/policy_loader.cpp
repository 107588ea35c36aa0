#include "policy/policy_loader.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"
#include "policy/cedar/excerpt.h"
#include "policy/cedar/json_reader.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/schema_conformance.h"
#include "policy/cedar/validate/validator.h"
#include "policy/libguard_schema.h"
#include "policy/whole_schema.h"

namespace libguard::policy {
namespace {

using namespace cedar;

class Loader {
 public:
  explicit Loader(Vocabulary& vocabulary) : words_(vocabulary) {}

  void load(const PolicySource& source) {
    source_ = &source;
    if (is_own_schema(source)) {
      own_schemas_.push_back(&source);
      return;
    }
    if (is_own_entities(source)) {
      own_entities_.push_back(&source);
      return;
    }
    if (source.text.size() > libguard::limits::kPolicyTextBytesMax)
      fail(0, "policy.too_large", "the file is longer than the limit");
    EntityIndex known = words_.names.entity_count();
    ParseResult parsed = parse_policies(source.text, words_.names, out_.heap);
    if (parsed.error) fail(parsed.error->offset, "policy.syntax", parsed.error->message);
    for (EntityIndex entity = known; entity < words_.names.entity_count(); ++entity) check_entity(entity);
    for (ParsedPolicy& policy : parsed.policies) add(policy);
  }

  // Types are known once every policy has said which arguments of tools it asks for.
  LoadedPolicies take() {
    const Schema schema = checked_schema();
    check_against(schema);
    for (Pending& pending : pending_) compile_policy(pending.policy);
    read_own_entities(schema);
    words_.adopt_literals();
    for (const auto& [uid, own] : own_.all()) words_.entities.describe(uid, own.attributes, own.tags);
    out_.set.freeze();
    if (out_.context_used.size() < kContextNames) out_.context_used.resize(kContextNames, false);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::size_t offset, const char* code, const std::string& message) const {
    throw Error(ErrorKind::configuration, code, placed(offset, message) + "\n" + excerpt(source_->text, offset));
  }

  std::string placed(std::size_t offset, const std::string& message) const {
    Position at = position_of(source_->text, offset);
    return source_->name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
           text::visible(message);
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
    out_.reason_min = std::max(out_.reason_min, out_.notes.back().remedy.reason_min);
    collect_arguments(policy.body, words_.names, arguments_);
    pending_.push_back({source_, std::move(policy)});
  }

  void compile_policy(ParsedPolicy& policy) {
    std::string id = *policy.annotation("id");
    std::shared_ptr<const Program> condition;
    if (policy.body.root != kNoNode)
      condition = std::make_shared<const Program>(compile(std::move(policy.body), out_.heap));
    out_.set.add(
        {std::move(id), policy.permit, policy.principal, policy.action, policy.resource, std::move(condition)});
  }

  Schema checked_schema() {
    SchemaComplaint complaint;
    auto schema = whole_schema(own_schemas_, words_, arguments_, complaint);
    if (schema) return std::move(*schema);
    if (complaint.source == nullptr) throw Error(ErrorKind::configuration, "policy.schema", complaint.message);
    source_ = complaint.source;
    fail(complaint.offset, "policy.schema", complaint.message);
  }

  // What users say of accounts, connections and the like; memberships come from guard.yaml alone.
  void read_own_entities(const Schema& schema) {
    for (const PolicySource* source : own_entities_) {
      source_ = source;
      JsonResult json = read_json(source->text);
      if (!json.value) fail(0, "policy.entities", json.error);
      JsonReader reader(words_.names, out_.heap, &schema);
      EntityIndex before = words_.names.entity_count();
      if (!reader.entities(*json.value, own_)) fail(0, "policy.entities", reader.error());
      for (EntityIndex uid = before; uid < words_.names.entity_count(); ++uid) check_entity(uid);
    }
    Conformance conformance(schema, words_.names);
    for (const auto& [uid, entity] : own_.all()) {
      if (!entity.parents.empty())
        fail(0, "policy.entities",
             words_.names.display(uid) + ": what it is in comes from guard.yaml; leave `parents` empty");
      std::string wrong = conformance.entity(uid, entity, own_);
      if (!wrong.empty()) fail(0, "policy.entities", wrong);
    }
  }

  void check_against(const Schema& schema) {
    Validator validator(schema, words_.names);
    for (const Pending& pending : pending_) {
      source_ = pending.source;
      for (const Finding& finding : validator.check(pending.policy)) {
        std::string said = finding.message + (finding.help.empty() ? "" : "; " + finding.help);
        if (!finding.warning) fail(finding.offset, (std::string("policy.") + finding.code).c_str(), said);
        out_.warnings.push_back(placed(finding.offset, said));
      }
    }
  }

  PolicyNote note(const ParsedPolicy& policy) const {
    PolicyNote note;
    note.where = source_->name + ":" + std::to_string(position_of(source_->text, policy.offset).line);
    const std::string* reason = policy.annotation("reason");
    if (reason == nullptr) reason = policy.annotation("advice");
    if (reason != nullptr) note.reason = *reason;
    if (!policy.permit) note.budgets = budget_tests(policy.body);
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
    if (parsed->mask) note.masks = masked_by(policy, *parsed);
    note.remedy = std::move(*parsed);
    return note;
  }

  // A remedy that masks nothing would lift for nothing.
  std::set<std::string> masked_by(const ParsedPolicy& policy, const Remedy& remedy) const {
    std::set<std::string> out;
    std::vector<std::string> known;
    for (const auto& [name, anchor] : words_.data_classes()) known.push_back(name);
    if (remedy.classes.empty()) out.insert(known.begin(), known.end());
    for (const std::string& wanted : remedy.classes) {
      std::size_t before = out.size();
      for (const std::string& name : known) {
        if (name == wanted || name.starts_with(wanted + ".")) out.insert(name);
      }
      if (out.size() > before || out.contains(wanted)) continue;
      std::string near = text::nearest(wanted, known);
      fail(policy.offset, "policy.remedy",
           "@remedy: unknown-class: there is no data class \"" + wanted + "\"" +
               (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
    if (out.empty())
      fail(policy.offset, "policy.remedy", "@remedy: mask can never help, since guard.yaml has no data class");
    return out;
  }

  // For the sentence of a refusal only: which counters a condition holds against which number.
  static std::vector<BudgetTest> budget_tests(const Expression& body) {
    std::vector<BudgetTest> out;
    for (const Node& node : body.nodes) {
      if (node.op != Op::less && node.op != Op::less_equal && node.op != Op::greater && node.op != Op::greater_equal)
        continue;
      const Node* left = &body.nodes[node.a];
      const Node* right = &body.nodes[node.b];
      bool turned = left->op == Op::literal;  // 10 <= context.session_calls
      if (turned) std::swap(left, right);
      if (left->op != Op::attribute || !is_context(body, left->a)) continue;
      auto counter = counter_of(left->b);
      if (!counter || right->op != Op::literal || right->value.kind != Kind::integer) continue;
      bool excess = turned ? node.op == Op::less || node.op == Op::greater_equal
                           : node.op == Op::greater || node.op == Op::less_equal;
      std::int64_t limit = right->value.number;
      out.push_back({*counter, excess && limit < INT64_MAX ? limit + 1 : limit});
    }
    return out;
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

  struct Pending {
    const PolicySource* source;
    ParsedPolicy policy;
  };

  Vocabulary& words_;
  std::vector<Pending> pending_;
  std::set<std::string> arguments_;
  std::vector<const PolicySource*> own_schemas_;
  std::vector<const PolicySource*> own_entities_;
  Entities own_;
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
