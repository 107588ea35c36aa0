#include "approval/digest.h"

#include <bit>

#include "base/crypto.h"
#include "base/last_seen.h"

namespace libguard::approval {
namespace {

using crypto::FieldHash;

std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(count); }
std::int64_t flag(bool value) { return value ? 1 : 0; }

void add_hops(FieldHash& hash, const std::vector<Hop>& hops) {
  hash.field(number(hops.size()));
  for (const Hop& hop : hops) {
    hash.field(hop.kind)
        .field(hop.kind == "task" ? std::string_view{} : std::string_view(hop.name))
        .field(flag(hop.verified));
  }
}

void add_identity(FieldHash& hash, const Identity& identity) {
  hash.field(identity.tenant).field(identity.account).field(identity.provider).field(identity.subject);
  hash.field(flag(identity.verified)).field(flag(identity.user.has_value()));
  if (identity.user) {
    hash.field(identity.user->subject).field(identity.user->account).field(flag(identity.user->verified));
  }
  add_hops(hash, identity.chain);
}

// The tag keeps 1, 1.0, '1', x'31' and a decimal 1 apart.
void add_value(FieldHash& hash, const Value& value) {
  hash.field(number(value.index()));
  struct Visitor {
    FieldHash& hash;
    void operator()(const Null&) const {}
    void operator()(bool b) const { hash.field(flag(b)); }
    void operator()(std::int64_t n) const { hash.field(n); }
    void operator()(double d) const { hash.field(std::bit_cast<std::int64_t>(d)); }
    void operator()(const std::string& s) const { hash.field(s); }
    void operator()(const Bytes& b) const { hash.field(b.data); }
    void operator()(const Decimal& d) const { hash.field(d.digits); }
  };
  std::visit(Visitor{hash}, value);
}

void add_touch(FieldHash& hash, const Touch& touch) {
  hash.field(touch.action).field(touch.object).field(touch.oid).field(static_cast<std::int64_t>(touch.bound));
  hash.field(touch.rows_bound).field(number(touch.columns_written.size()));
  for (const std::string& column : touch.columns_written) hash.field(column);
  hash.field(flag(touch.system)).field(flag(touch.through_view));
}

void add_command(FieldHash& hash, const Command& command) {
  hash.field(command.connection).field(static_cast<std::int64_t>(command.dialect)).field(command.text);
  hash.field(static_cast<std::int64_t>(command.effect)).field(number(command.kinds.size()));
  for (const std::string& kind : command.kinds) hash.field(kind);
  hash.field(number(command.params.size()));
  for (const Value& value : command.params) add_value(hash, value);
}

void add_facts(FieldHash& hash, const Command& command) {
  hash.field(number(command.touches.size()));
  for (const Touch& touch : command.touches) add_touch(hash, touch);
  hash.field(number(command.functions.size()));
  for (const CalledFunction& function : command.functions) {
    hash.field(function.name).field(flag(function.safe)).field(std::string_view(&function.volatility, 1));
    hash.field(flag(function.security_definer));
  }
}

// What the names stand for; where nobody could tell that, everything that they could stand for.
void add_definitions(FieldHash& hash, const Command& command, const Decision& decision) {
  const bool known = !decision.definitions.empty();
  hash.field(known ? std::string_view("definitions") : std::string_view("catalogue"));
  hash.field(known ? decision.definitions : command.catalogue_version);
}

void add_decision(FieldHash& hash, const Decision& decision) {
  hash.field(decision.snapshot).field(decision.row_limit.value_or(kUnproven)).field(decision.rows_affected_max);
  hash.field(flag(decision.read_only)).field(number(decision.masked_classes.size()));
  for (const std::string& name : decision.masked_classes) hash.field(name);
  hash.field(number(decision.stages.size()));
  for (const Stage& stage : decision.stages) {
    hash.field(stage.group).field(static_cast<std::int64_t>(stage.count)).field(stage.asked_by);
  }
}

void add_action(FieldHash& hash, const Request& request) {
  hash.field(static_cast<std::int64_t>(request.kind))
      .field(request.tool)
      .field(request.arguments)
      .field(request.connection);
}

// What a digest is of, to be compared with.
struct Action {
  const Identity& identity;
  const Request& request;
  const std::shared_ptr<const Command>& command;
  const Decision& decision;
};

// Of an identity, what a digest is of (add_identity).
struct Who {
  explicit Who(const Identity& of)
      : tenant(of.tenant),
        account(of.account),
        provider(of.provider),
        subject(of.subject),
        verified(of.verified),
        user(of.user),
        chain(of.chain) {}
  bool operator==(const Identity& of) const {
    return tenant == of.tenant && account == of.account && provider == of.provider && subject == of.subject &&
           verified == of.verified && user == of.user && chain == of.chain;
  }

  std::string tenant, account, provider, subject;
  bool verified;
  std::optional<ActsFor> user;
  std::vector<Hop> chain;
};

// An action of SQL, kept.
struct Digested {
  std::shared_ptr<const Command> command;
  Who who{Identity{}};
  std::vector<Hop> hops;
  std::string tool, arguments, connection;
  std::string snapshot, definitions;
  std::optional<std::int64_t> row_limit;
  std::int64_t rows_affected_max = 0;
  bool read_only = false;
  std::set<std::string> masked_classes;
  std::vector<Stage> stages;

  bool operator==(const Action& to) const {
    const Request& request = to.request;
    const Decision& decision = to.decision;
    return command == to.command && snapshot == decision.snapshot && definitions == decision.definitions &&
           row_limit == decision.row_limit && rows_affected_max == decision.rows_affected_max &&
           read_only == decision.read_only && masked_classes == decision.masked_classes && stages == decision.stages &&
           tool == request.tool && connection == request.connection && hops == request.hops &&
           arguments == request.arguments && who == to.identity;
  }
};

}  // namespace

std::string digest_of(const Identity& identity, const Request& request, const Command& command,
                      const Decision& decision) {
  FieldHash hash;
  hash.field("libguard action digest 2");
  add_identity(hash, identity);
  add_hops(hash, request.hops);
  add_action(hash, request);
  add_command(hash, command);
  // Against one whole catalogue a text has one meaning; an approval is bound to the parts that it was shown.
  const bool meaning_is_given = decision.definitions.empty() && !command.catalogue_version.empty();
  hash.field(flag(meaning_is_given));
  if (!meaning_is_given) add_facts(hash, command);
  add_definitions(hash, command, decision);
  add_decision(hash, decision);
  return crypto::hex(hash.finish());
}

std::string digest_of(const Identity& identity, const Request& request, const std::shared_ptr<const Command>& command,
                      const Decision& decision) {
  thread_local LastSeen<Digested, std::string> seen;
  if (request.kind != RequestKind::sql) return digest_of(identity, request, *command, decision);
  if (const std::string* known = seen.find(Action{identity, request, command, decision})) return *known;
  std::string digest = digest_of(identity, request, *command, decision);
  seen.keep({command, Who(identity), request.hops, request.tool, request.arguments, request.connection,
             decision.snapshot, decision.definitions, decision.row_limit, decision.rows_affected_max,
             decision.read_only, decision.masked_classes, decision.stages},
            digest);
  return digest;
}

}  // namespace libguard::approval
