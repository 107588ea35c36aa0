#include "guard/connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "guard/own_grant.h"
#include "guard/several.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// True when the catalogue has "schema.table.column" ("*" = any column of the table).
bool knows(const Catalogue& catalogue, const std::string& column) {
  for (const CatalogueRelation& relation : catalogue.relations) {
    const std::string table = relation.schema + "." + relation.name + ".";
    if (!column.starts_with(table)) continue;
    const std::string rest = column.substr(table.size());
    auto same = [&](const CatalogueColumn& candidate) { return candidate.name == rest; };
    if (rest == "*" || std::any_of(relation.columns.begin(), relation.columns.end(), same)) return true;
  }
  return false;
}

// How long a refusal may go on for a reason that is gone.
constexpr std::chrono::seconds kConfirmedFor{1};

}  // namespace

Connection::Connection(ConnectionConfig config, std::shared_ptr<const Frame> frame,
                       std::unique_ptr<backend::Backend> backend)
    : config_(std::move(config)), frame_(std::move(frame)), backend_(std::move(backend)) {}

std::shared_ptr<const Meaning> Connection::meaning(const backend::ActionLimits& limits) {
  bool refresh = false;
  {
    std::lock_guard lock(mutex_);
    if (meaning_ && !stale_) return meaning_;
    refresh = std::exchange(stale_, false);
  }
  return load(limits, refresh);
}

std::shared_ptr<const Meaning> Connection::refresh(const backend::ActionLimits& limits) { return load(limits, true); }

bool Connection::outdated(const Catalogue& judged_by, backend::ActionLimits limits) noexcept {
  try {
    {
      std::lock_guard lock(mutex_);
      if (meaning_ && meaning_->catalogue->version != judged_by.version) return true;
      const auto now = std::chrono::steady_clock::now();
      if (now - confirmed_ < kConfirmedFor) return false;
      confirmed_ = now;  // others do not ask while we do
    }
    limits.deadline = Deadline::after(std::min(limits.deadline.left(), std::chrono::milliseconds(kConfirmedFor)));
    return load(limits, true)->catalogue->version != judged_by.version;
  } catch (const std::exception&) {
    return false;  // the refusal stands
  }
}

void Connection::forget() noexcept {
  std::lock_guard lock(mutex_);
  stale_ = true;
}

std::shared_ptr<const Meaning> Connection::load(const backend::ActionLimits& limits, bool refresh) {
  Grant grant = Pipeline::own_grant(config_.name, config_.tenant);
  const auto asked = std::chrono::steady_clock::now();
  auto catalogue = backend_->catalogue(grant, limits, refresh);
  {
    std::lock_guard lock(mutex_);
    confirmed_ = std::max(confirmed_, asked);
    if (meaning_ && meaning_->catalogue->version == catalogue->version) return meaning_;
  }
  check_names(*catalogue);
  auto fresh = std::make_shared<Meaning>();
  auto named = std::make_shared<Catalogue>(*catalogue);
  named->connection = config_.name;
  fresh->catalogue = named;
  fresh->understander = command::make_understander(std::move(named));
  std::lock_guard lock(mutex_);
  meaning_ = fresh;
  return fresh;
}

std::shared_ptr<const Command> Connection::understand(const Meaning& meaning, std::string_view text,
                                                      const std::vector<Value>& params) const {
  auto command = meaning.understander->understand(text, params);
  if (!config_.split_statements || !is_several(*command)) return command;
  return split_command(*command, *meaning.understander);
}

void Connection::check_names(const Catalogue& catalogue) const {
  auto check = [&](const std::string& what, const std::string& column) {
    if (knows(catalogue, column)) return;
    throw Error(ErrorKind::configuration, "config.unknown_column",
                what + " names " + config_.name + "/" + column +
                    ", which is not in the database; a protection that cannot be enforced is refused");
  };
  const std::string prefix = config_.name + "/";
  for (const auto& [name, data_class] : frame_->classes) {
    for (const std::string& column : data_class.columns) {
      if (column.starts_with(prefix)) check("data." + name, column.substr(prefix.size()));
    }
  }
  for (const Fact& fact : frame_->facts) {
    if (fact.connection == config_.name) check("facts." + fact.name, fact.column);
  }
}

backend::ActionLimits Connection::limits(const Request& request) const {
  std::int64_t span = std::min(request.deadline_ms.value_or(config_.deadline_ms), config_.deadline_ms);
  backend::ActionLimits limits{Deadline::after(std::chrono::milliseconds(std::max<std::int64_t>(span, 1))),
                               request.cancel};
  limits.rows_max = config_.rows_max;
  limits.bytes_max = config_.bytes_max;
  return limits;
}

}  // namespace libguard
