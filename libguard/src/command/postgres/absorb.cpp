// How the facts of code that runs behind a text join the text's own.
#include <algorithm>

#include "command/postgres/builtins.h"
#include "command/postgres/facts.h"

namespace libguard::command::postgres {
namespace {

void add(std::set<std::string>& into, const std::set<std::string>& from) { into.insert(from.begin(), from.end()); }

void add(std::vector<std::string>& into, const std::vector<std::string>& from) {
  for (const std::string& word : from) {
    if (std::find(into.begin(), into.end(), word) == into.end()) into.push_back(word);
  }
}

}  // namespace

void Facts::run(const CodeKey& key, CodeUse use) {
  auto [at, inserted] = running_.try_emplace(key);
  Running& running = at->second;
  if (inserted) {
    running.use = std::move(use);
  } else {
    running.use.planned = running.use.planned && use.planned;
    running.use.call = running.use.call || use.call;
  }
  ++running.times;
}

void Facts::absorb(const Facts& code, bool code_widely) {
  effect_ = std::max(effect_, code.effect_);
  add(behind.kinds, code.kinds_);
  add(behind.kinds, code.behind.kinds);
  add(behind.reads, code.reads_);
  add(behind.reads, code.behind.reads);
  add(behind.cascades, code.behind.cascades);
  add(behind.triggers, code.behind.triggers);
  add(behind.rules, code.behind.rules);
  add(behind.policies, code.behind.policies);
  add(behind.sequences, code.behind.sequences);
  add(behind.foreign, code.behind.foreign);
  add(writes_, code.writes_);
  doubts_.insert(code.doubts_.begin(), code.doubts_.end());
  functions_.insert(code.functions_.begin(), code.functions_.end());
  reasons_.insert(code.reasons_.begin(), code.reasons_.end());
  const bool before = widely;
  widely = widely || code_widely;
  for (const Touch& each : code.touches_) {
    Touch copy = each;
    copy.through_view = true;
    touch(std::move(copy));
  }
  widely = before;
  for (const auto& [id, tested] : code.tests_) {
    Tested& own = tests_[id];
    own.matches += tested.matches;
    own.infer = own.infer || tested.infer || code_widely;
  }
  error_reveals_.add(code.error_reveals_);
  carries_.add(code.carries_);
  for (const auto& [key, running] : code.running_) {
    run(key, {running.use.doubt, false, running.use.planned, false});
  }
  destructive = destructive || code.destructive;
  unsafe = unsafe || code.unsafe;
  packs_rows = packs_rows || code.packs_rows;
  if (code.transaction_control()) not_runnable(code.not_runnable_code_, code.not_runnable_);
}

void Facts::settle(const Sources& everything) {
  bool argument = false;
  auto own = [&](Sources& sources) {
    Sources kept;
    bool foreign = false;
    argument = false;
    for (ColumnId id : sources) {
      const std::uint32_t relation = relation_of(id);
      if (relation == kArguments) {
        argument = true;
      } else if (relation < names_.relation_count()) {
        kept.add(id);
      } else {
        foreign = foreign || !this->relation(relation).system;
      }
    }
    if (foreign) kept.add(everything);
    sources = kept;
  };
  own(error_reveals_);
  shows_arguments = argument;
  own(carries_);
  carries_arguments = argument;
  Sources tests;
  for (const auto& [id, tested] : tests_) tests.add(id);
  own(tests);
  tests_arguments = argument;
  FlatMap<ColumnId, Tested> kept;
  for (ColumnId id : tests) {
    const Tested* found = tests_.find(id);
    kept[id] = found != nullptr ? *found : Tested{0, true};
  }
  tests_ = std::move(kept);
  assigned_.clear();
  reveals_.clear();
}

void Facts::forget_mild() {
  std::erase_if(functions_, [](const CalledFunction& each) {
    constexpr std::string_view kOwn = "pg_catalog.";
    if (!each.name.starts_with(kOwn)) return false;
    return each.safe || is_mild(std::string_view(each.name).substr(kOwn.size()));
  });
}

bool Facts::calls(std::string_view function) const {
  return std::any_of(functions_.begin(), functions_.end(),
                     [&](const CalledFunction& each) { return each.name == function; });
}

bool Facts::has_extras() const {
  return std::any_of(extras_.begin(), extras_.end(), [](const Relation& relation) { return !relation.system; });
}

Sources Facts::tested() const {
  Sources all;
  for (const auto& [id, tested] : tests_) all.add(id);
  return all;
}

}  // namespace libguard::command::postgres
