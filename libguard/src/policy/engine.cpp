#include <algorithm>

#include "base/json.h"
#include "libguard/error.h"
#include "libguard/policy.h"
#include "policy/cedar/est_reader.h"
#include "policy/cedar/json_reader.h"
#include "policy/cedar/library.h"
#include "policy/cedar/machine.h"

namespace libguard {

using namespace policy::cedar;

struct PolicyEngine::State {
  Names names;
  Heap heap;
  Entities entities;
  PolicySet set;
};

namespace {

constexpr int kEntityNestingMax = 200;

[[noreturn]] void refuse(const Complaint& complaint) {
  throw Error(ErrorKind::configuration, complaint.code, complaint.sentence());
}

Json json_of(std::string_view text, const char* what, const char* code) {
  JsonResult read = read_json(text, kEntityNestingMax);
  if (!read.value) throw Error(ErrorKind::configuration, code, std::string(what) + " are not JSON: " + read.error);
  return std::move(*read.value);
}

void use_own_ids(Library& library) {
  for (NamedPolicy& policy : library.policies) {
    const std::string* own = policy.parsed.annotation("id");
    if (own != nullptr && !own->empty()) policy.id = *own;
  }
}

}  // namespace

struct PreparedRequest::State {
  explicit State(std::shared_ptr<const PolicyEngine::State> of)
      : engine(std::move(of)), names(&engine->names), hierarchy(engine->entities), machine(names, hierarchy) {}

  void run() { PolicySet::ask(slice, request, machine, found); }
  // An erring forbid denies.
  [[nodiscard]] bool denied() const {
    if (!found.forbids.empty()) return true;
    return std::any_of(found.errors.begin(), found.errors.end(),
                       [&](const auto& error) { return !engine->set.policies()[error.first].permit; });
  }
  bool replace(std::string_view name, const policy::cedar::Value& value) {
    for (auto& [symbol, old] : context.fields) {
      if (names.text(symbol) != name || old.kind != value.kind) continue;
      old = value;
      return true;
    }
    return false;
  }

  std::shared_ptr<const PolicyEngine::State> engine;
  Names names;
  Heap heap;
  Hierarchy hierarchy;
  Machine machine;
  Record context;
  EvalRequest request;
  std::vector<Candidate> slice;
  Answer found;
};

PreparedRequest::PreparedRequest(std::unique_ptr<State> state) : state_(std::move(state)) {}
PreparedRequest::PreparedRequest(PreparedRequest&&) noexcept = default;
PreparedRequest& PreparedRequest::operator=(PreparedRequest&&) noexcept = default;
PreparedRequest::~PreparedRequest() = default;

bool PreparedRequest::allowed() {
  state_->run();
  return !state_->found.permits.empty() && !state_->denied();
}

PolicyAnswer PreparedRequest::answer() {
  PolicyAnswer out;
  out.allowed = allowed();
  const auto& policies = state_->engine->set.policies();
  std::vector<PolicyIndex> deciding = state_->found.forbids;
  for (const auto& [policy, error] : state_->found.errors) {
    out.errors.push_back(policies[policy].id);
    if (!policies[policy].permit) deciding.push_back(policy);
  }
  if (deciding.empty()) deciding = state_->found.permits;
  for (PolicyIndex policy : deciding) out.reasons.push_back(policies[policy].id);
  std::sort(out.reasons.begin(), out.reasons.end());
  std::sort(out.errors.begin(), out.errors.end());
  return out;
}

bool PreparedRequest::set(std::string_view name, std::int64_t value) {
  return state_->replace(name, policy::cedar::Value::of(value));
}
bool PreparedRequest::set_flag(std::string_view name, bool value) {
  return state_->replace(name, policy::cedar::Value::of(value));
}
bool PreparedRequest::set_text(std::string_view name, std::string_view value) {
  return state_->replace(name, state_->heap.text(std::string(value)));
}

namespace {

template <typename State>
std::shared_ptr<const State> made(std::shared_ptr<State> state, Library library, std::string_view entities) {
  if (auto complaint = check_library(library)) refuse(*complaint);
  compile_library(std::move(library), state->heap, state->set);
  state->set.freeze();
  const Json json = json_of(entities, "the entities", "entities.malformed");
  JsonReader reader(state->names, state->heap, nullptr);
  if (!reader.entities(json, state->entities))
    throw Error(ErrorKind::configuration, "entities.malformed", "the entities cannot be used: " + reader.error());
  if (state->entities.has_cycle())
    throw Error(ErrorKind::configuration, "entities.cycle", "an entity is its own ancestor");
  return state;
}

}  // namespace

PolicyEngine PolicyEngine::from_text(std::string_view policies, std::string_view entities, std::string_view links) {
  auto state = std::make_shared<State>();
  Library library;
  if (auto complaint = library_of_text(policies, state->names, state->heap, library)) refuse(*complaint);
  use_own_ids(library);
  if (!links.empty()) {
    const Json json = json_of(links, "the links", "links.malformed");
    if (auto complaint = read_links(json, state->names, state->heap, library)) refuse(*complaint);
  }
  return PolicyEngine(made(std::move(state), std::move(library), entities));
}

PolicyEngine PolicyEngine::from_json(std::string_view policies, std::string_view entities) {
  auto state = std::make_shared<State>();
  Library library;
  if (auto complaint = library_of_est(policies, state->names, state->heap, library)) refuse(*complaint);
  return PolicyEngine(made(std::move(state), std::move(library), entities));
}

PreparedRequest PolicyEngine::prepare(std::string_view text) const {
  auto malformed = [](const std::string& why) { return Error(ErrorKind::invalid, "request.malformed", why); };
  JsonResult read = read_json(text, kEntityNestingMax);
  if (!read.value || !read.value->is_object())
    throw malformed("a request is a JSON object" + (read.error.empty() ? "" : ": " + read.error));
  auto state = std::make_unique<PreparedRequest::State>(state_);
  JsonReader reader(state->names, state->heap, nullptr);
  for (auto [part, target] :
       {std::pair{"principal", &state->request.principal}, std::pair{"action", &state->request.action},
        std::pair{"resource", &state->request.resource}}) {
    auto json = read.value->find(part);
    auto entity = json == read.value->end() ? std::nullopt : reader.uid(*json);
    if (!entity) throw malformed(std::string("`") + part + "` must be {\"type\", \"id\"}");
    target->entity = *entity;
    target->ancestors = state->hierarchy.ancestors(*entity);
  }
  auto context = read.value->find("context");
  const Record* record = reader.context(context == read.value->end() || context->is_null() ? nullptr : &*context,
                                        state->request.action.entity);
  if (record == nullptr) throw malformed("`context` cannot be used: " + reader.error());
  state->context = *record;
  state->request.context = &state->context;
  state_->set.slice(state->request, state->names, state->slice);
  return PreparedRequest(std::move(state));
}

PolicyAnswer PolicyEngine::ask(std::string_view request) const { return prepare(request).answer(); }

std::size_t PolicyEngine::size() const noexcept { return state_->set.policies().size(); }

}  // namespace libguard
