#include "guard/policy_tools/bench.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "base/log.h"
#include "base/system_clock.h"
#include "base/text.h"
#include "guard/connection.h"
#include "guard/make_backend.h"
#include "libguard/error.h"
#include "policy/context_table.h"
#include "policy/vocabulary.h"
#include "policy/whole_schema.h"

namespace libguard::policy_tools {
namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path, std::size_t bytes_max) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error(ErrorKind::invalid, "policy_tools.file", text::visible(path) + ": no such file");
  if (fs::file_size(path, error) > bytes_max)
    throw Error(ErrorKind::invalid, "policy_tools.file", text::visible(path) + ": longer than the limit");
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) throw Error(ErrorKind::invalid, "policy_tools.file", text::visible(path) + ": cannot be read");
  return bytes;
}

std::vector<std::string> policy_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".cedar" && entry.is_regular_file(error)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw Error(ErrorKind::invalid, "policy_tools.file", text::visible(path) + ": holds no file *.cedar");
  return files;
}

bool is_config(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

[[noreturn]] void malformed(const std::string& sentence) {
  throw Error(ErrorKind::invalid, "request.malformed", sentence);
}

}  // namespace

BenchSpec spec_of(const Json& request) {
  BenchSpec spec;
  spec.config = text_of(request, "config", "guard.yaml");
  spec.live = flag_of(request, "live");
  auto catalogues = request.find("catalogues");
  if (catalogues == request.end() || catalogues->is_null()) return spec;
  if (!catalogues->is_object()) malformed("catalogues must be an object: connection -> file");
  for (const auto& [name, path] : catalogues->items()) {
    if (!path.is_string()) malformed("catalogues must be an object: connection -> file");
    spec.catalogues[name] = path.get<std::string>();
  }
  return spec;
}

Bench::Bench(const BenchSpec& spec) : config_(read_config(spec.config)) {
  for (const auto& [name, path] : spec.catalogues) {
    if (!config_.frame->connections.contains(name))
      throw Error(ErrorKind::invalid, "request.unknown_connection",
                  "guard.yaml has no connection \"" + text::visible(name) + "\" that a catalogue could be for");
  }
  for (const ConnectionConfig& connection : config_.connections) load_catalogue(connection, spec);
}

Bench::Bench(const Bench& other, std::vector<policy::PolicySource> sources)
    : config_(other.config_), meanings_(other.meanings_), why_not_(other.why_not_) {
  config_.policies = std::move(sources);
}

void Bench::load_catalogue(const ConnectionConfig& connection, const BenchSpec& spec) {
  std::shared_ptr<Catalogue> catalogue;
  if (auto file = spec.catalogues.find(connection.name); file != spec.catalogues.end()) {
    catalogue = std::make_shared<Catalogue>(catalogue_from_json_text(read_file(file->second, limits::kJsonBytesMax)));
    if (to_string(catalogue->dialect) != connection.driver)
      throw Error(ErrorKind::invalid, "catalogue.dialect",
                  text::visible(file->second) + " is the catalogue of another kind of database than connection " +
                      connection.name);
  } else if (spec.live) {
    try {
      Connection opened(connection, config_.frame, make_backend(connection, system_clock()));
      catalogue = std::make_shared<Catalogue>(*opened.meaning(opened.limits(Request{}))->catalogue);
    } catch (const Error& error) {
      why_not_[connection.name] = error.what();
      return;
    }
  } else {
    why_not_[connection.name] =
        "no catalogue was named; give the FILE of `libguard catalogue dump`, or ask the database";
    return;
  }
  catalogue->connection = connection.name;
  meanings_[connection.name] = {catalogue, command::make_understander(catalogue)};
}

const policy::Decider& Bench::decider() const {
  if (!decider_) decider_ = std::make_shared<const policy::Decider>(config_.policies, config_.frame);
  return *decider_;
}

const ContextReads& Bench::reads() const {
  if (reads_) return *reads_;
  using policy::cedar::Op;
  auto reads = std::make_shared<ContextReads>();
  policy::cedar::Names names(&decider().words().names);
  policy::Book book(config_.policies, names);
  for (const policy::BookPolicy& written : book.policies()) {
    const policy::cedar::Expression& body = written.parsed.body;
    std::vector<bool> by_name(body.nodes.size(), false);
    for (const policy::cedar::Node& node : body.nodes) {
      if ((node.op != Op::attribute && node.op != Op::has) || body.nodes[node.a].op != Op::variable) continue;
      if (body.nodes[node.a].detail != static_cast<std::uint8_t>(policy::cedar::Variable::context)) continue;
      by_name[node.a] = true;
      (*reads)[written.id].push_back(node.op == Op::attribute ? node.b : body.lists[node.b]);
    }
    for (std::size_t i = 0; i < body.nodes.size(); ++i) {
      bool whole = body.nodes[i].op == Op::variable && !by_name[i] &&
                   body.nodes[i].detail == static_cast<std::uint8_t>(policy::cedar::Variable::context);
      // It may look at anything, counters too.
      if (whole) (*reads)[written.id].push_back(static_cast<policy::cedar::Symbol>(policy::ContextName::first_counter));
    }
  }
  reads_ = std::move(reads);
  return *reads_;
}

std::shared_ptr<const Catalogue> Bench::catalogue(const std::string& connection) const {
  auto found = meanings_.find(connection);
  return found == meanings_.end() ? nullptr : found->second.catalogue;
}

std::string Bench::why_no_catalogue(const std::string& connection) const {
  auto found = why_not_.find(connection);
  return found == why_not_.end() ? std::string() : found->second;
}

std::shared_ptr<const Command> Bench::understand(const std::string& connection, const std::string& sql,
                                                 const std::vector<Value>& params) const {
  auto found = meanings_.find(connection);
  if (found != meanings_.end()) return found->second.understander->understand(sql, params);
  if (!config_.frame->connections.contains(connection))
    throw Error(ErrorKind::invalid, "request.unknown_connection",
                "guard.yaml has no connection \"" + text::visible(connection) + "\"");
  throw Error(ErrorKind::invalid, "policy_tools.no_catalogue",
              "what names mean on connection " + connection + " is not known: " + why_no_catalogue(connection));
}

Identity Bench::identity(const std::string& account, const std::string& user) const {
  auto of = [&](const std::string& name) -> const identity::AccountConfig* {
    for (const identity::AccountConfig& candidate : config_.identity.accounts) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  };
  const identity::AccountConfig* found = of(account);
  if (found == nullptr)
    throw Error(ErrorKind::invalid, "identity.unknown_account",
                "guard.yaml has no account \"" + text::visible(account) + "\"");
  Identity identity;
  identity.tenant = found->tenant;
  identity.account = found->name;
  identity.provider = found->provider;
  identity.subject = found->subject;
  identity.groups = config_.frame->accounts.at(found->name).groups;
  identity.human = found->human;
  identity.verified = true;
  if (user.empty()) return identity;
  ActsFor acts_for;
  acts_for.subject = user;
  if (const identity::AccountConfig* person = of(user)) {
    acts_for.account = person->name;
    acts_for.groups = config_.frame->accounts.at(person->name).groups;
  }
  identity.user = std::move(acts_for);
  return identity;
}

Bench bench_against(const Bench& base, const BenchSpec& spec, const std::string& path) {
  if (is_config(path)) {
    BenchSpec other = spec;
    other.config = path;
    std::erase_if(other.catalogues, [names = read_config(path).frame](const auto& one) {
      return !names->connections.contains(one.first);
    });
    return Bench(other);
  }
  std::vector<policy::PolicySource> sources;
  for (const policy::PolicySource& source : base.sources()) {
    if (source.name.starts_with("libguard:") || policy::is_own_schema(source) || policy::is_own_entities(source))
      sources.push_back(source);
  }
  for (const std::string& file : policy_files(path))
    sources.push_back({file, read_file(file, limits::kPolicyTextBytesMax)});
  return {base, std::move(sources)};
}

const char* word_of(Verdict verdict) noexcept {
  static constexpr const char* kWords[] = {"deny", "ask", "allow"};
  return kWords[static_cast<int>(verdict)];
}

Json to_json(const Decision& decision) {
  Json risk = Json::array(), stages = Json::array();
  for (const RiskPart& part : decision.risk_parts) risk.push_back({{"points", part.points}, {"why", part.why}});
  for (const Stage& stage : decision.stages)
    stages.push_back(
        {{"group", stage.group}, {"count", stage.count}, {"ttl_s", stage.ttl_s}, {"asked_by", stage.asked_by}});
  Json out{{"verdict", word_of(decision.verdict())},
           {"code", decision.code},
           {"reason", decision.reason},
           {"deciding", decision.deciding},
           {"erring", decision.erring},
           {"masked_classes", decision.masked_classes},
           {"rounds", decision.rounds},
           {"risk", decision.risk},
           {"risk_parts", std::move(risk)},
           {"stages", std::move(stages)}};
  if (decision.row_limit) out["row_limit"] = *decision.row_limit;
  return out;
}

std::string text_of(const Json& json, const char* name, const std::string& fallback) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_string()) malformed(std::string(name) + " must be text");
  return found->get<std::string>();
}

bool flag_of(const Json& json, const char* name, bool fallback) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_boolean()) malformed(std::string(name) + " must be true or false");
  return found->get<bool>();
}

std::int64_t number_of(const Json& json, const char* name, std::int64_t fallback) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_number_integer()) malformed(std::string(name) + " must be a whole number");
  return found->get<std::int64_t>();
}

std::vector<std::string> texts_of(const Json& json, const char* name) {
  std::vector<std::string> out;
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return out;
  if (!found->is_array()) malformed(std::string(name) + " must be a list of texts");
  for (const Json& one : *found) {
    if (!one.is_string()) malformed(std::string(name) + " must be a list of texts");
    out.push_back(one.get<std::string>());
  }
  return out;
}

Json read_request(std::string_view text, std::initializer_list<const char*> members) {
  JsonResult result = read_json(text);
  if (!result.value || !result.value->is_object()) malformed("a JSON object is expected here");
  for (const auto& [name, value] : result.value->items()) {
    if (std::none_of(members.begin(), members.end(), [&](const char* known) { return name == known; }))
      malformed("`" + text::visible(name) + "` is not known here");
  }
  return std::move(*result.value);
}

}  // namespace libguard::policy_tools
