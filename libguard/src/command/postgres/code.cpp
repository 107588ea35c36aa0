#include "command/postgres/code.h"

#include <mutex>

#include "command/postgres/analysis.h"
#include "command/postgres/code_reader.h"

namespace libguard::command::postgres {
namespace {

// A body is read again when what it calls is known; more rounds than this mean that names change what they mean.
constexpr int kReadsMax = 4;
// Code that one statement may set off.
constexpr std::size_t kCodesMax = 2'000;
constexpr int kTextsMax = 16;

const CatalogueFunction* function_of(const Names& names, const CodeKey& key) {
  if (key.kind == CodeKey::Kind::function) return static_cast<const CatalogueFunction*>(key.what);
  if (key.kind != CodeKey::Kind::trigger) return nullptr;
  const auto all = names.functions_named(static_cast<const CatalogueTrigger*>(key.what)->function, {});
  return all.empty() ? nullptr : all.front();
}

void take_in(const Names& names, Facts& facts, const CodeKey& key, Facts::Running& running) {
  const bool again = running.taken > 0;
  ++running.taken;
  const Code& code = names.code()->of(key);
  if (const CatalogueFunction* function = function_of(names, key)) {
    CalledFunction seen = described(*function, &code);
    if (running.use.planned) seen.read = false;
    facts.function(std::move(seen));
  }
  if (!code.read()) {
    facts.doubt(running.use.doubt);
    facts.reason(running.use.doubt, "its code was not read: " + code.unread);
    facts.destructive = true;
    if (key.kind != CodeKey::Kind::function) facts.unsafe = true;
    if (running.use.call) facts.effect(CommandEffect::opaque);
    return;
  }
  if (!running.use.planned) facts.absorb(code.facts, again || !running.use.once || running.times > 1);
}

// SQL that a built-in function is given as text. A text that cannot be read changes nothing: the function itself is
// already counted as doing anything.
void take_in_text(const Names& names, Facts& facts, const std::string& text) {
  Facts inner(names);
  inner.in_code = true;
  if (read_text(names, text, inner).empty()) facts.absorb(inner, true);
}

}  // namespace

CalledFunction described(const CatalogueFunction& function, const Code* code) {
  CalledFunction out;
  out.name = function.schema + "." + function.name;
  out.volatility = function.volatility;
  out.security_definer = function.security_definer;
  out.language = function.language;
  out.strict = function.strict;
  out.read = code != nullptr && code->read();
  if (code != nullptr) out.unread = code->unread;
  if (out.read) out.runs_sql = code->facts.runs_statements ? 'y' : 'n';
  return out;
}

const Code* CodeStore::find(const CodeKey& key) const {
  std::shared_lock lock(mutex_);
  auto found = codes_.find(key);
  return found != codes_.end() ? found->second.get() : nullptr;
}

void CodeStore::store(const CodeKey& key, std::unique_ptr<Code> code) const {
  std::lock_guard lock(mutex_);
  codes_.try_emplace(key, std::move(code));  // of two threads that read it, the first one's stays
}

const Code& CodeStore::of(const CodeKey& key) const {
  if (const Code* code = find(key)) return *code;
  load({key});
  return *find(key);
}

void CodeStore::load(const std::set<CodeKey>& keys) const {
  struct Frame {
    CodeKey key;
    int reads = 0;
  };
  std::vector<Frame> open;
  std::set<CodeKey> opened;
  auto push = [&](const CodeKey& key) {
    if (find(key) == nullptr && opened.insert(key).second) open.push_back({key});
  };
  for (const CodeKey& key : keys) push(key);
  while (!open.empty()) {
    const CodeKey key = open.back().key;
    const int reads = ++open.back().reads;
    std::unique_ptr<Code> code = read(key);
    const std::size_t before = open.size();
    if (reads < kReadsMax && opened.size() < kCodesMax) {
      for (const CodeKey& needed : code->facts.missing()) push(needed);
    }
    // Nothing new is needed: known now, or open already, which is a cycle.
    if (open.size() != before) continue;
    store(key, std::move(code));
    open.pop_back();
  }
}

std::unique_ptr<Code> CodeStore::read(const CodeKey& key) const { return CodeReader(names_).read(key); }

void follow_code(const Names& names, Facts& facts) {
  if (names.code() == nullptr) return;
  int texts = 0;
  bool more = true;
  while (more && !facts.failed()) {
    more = false;
    while (!facts.texts.empty()) {
      const std::string text = std::move(facts.texts.back());
      facts.texts.pop_back();
      if (++texts <= kTextsMax) take_in_text(names, facts, text);
    }
    if (facts.running().size() > kCodesMax) {
      facts.fail("command.too_complex", "the command sets off more code than one command may");
      return;
    }
    for (auto& [key, running] : facts.running()) {
      // Once, and once more when it turns out to be set off from several places.
      const bool due = running.taken == 0 || (running.taken == 1 && running.use.once && running.times > 1);
      if (!due) continue;
      take_in(names, facts, key, running);
      more = true;
      break;
    }
  }
  // With another search path, set in the same statement, names in bodies mean something else.
  if (!facts.running().empty() && facts.calls("pg_catalog.set_config")) {
    facts.doubt("opaque_setting");
    facts.reason("opaque_setting", "the statement changes a setting and runs code whose names may depend on it");
  }
}

}  // namespace libguard::command::postgres
