#include "guard/policy_tools/grid.h"

#include <algorithm>

#include "policy/context_table.h"
#include "policy/policy_loader.h"
#include "policy/vocabulary.h"

namespace libguard::policy_tools {
namespace {

constexpr std::size_t kNumbersMax = 12;  // values that are tried for a watched column

struct Table {
  std::string name;  // schema.table
  std::vector<std::string> columns;
};

class Grid {
 public:
  Grid(const Bench& first, const Bench& second, const std::function<bool(const GridCase&)>& visit)
      : first_(first), second_(second), visit_(visit) {
    for (const Bench* bench : {&first, &second}) {
      for (const auto& [name, account] : bench->frame().accounts) accounts_.insert(name);
      for (const auto& [name, one] : bench->frame().connections) connections_.insert(name);
      read_literals(*bench);
    }
    hours_ = reads(policy::ContextName::hour) ? std::vector<int>{0, 3, 6, 9, 12, 15, 18, 21, 23} : std::vector<int>{12};
  }

  void run() {
    for (const std::string& account : accounts_) {
      now_.account = account;
      for (const std::string& connection : connections_) {
        now_.connection = connection;
        if (!known(account, connection)) continue;
        for (const Table& table : tables(connection)) of_table(table);
        of_classes(connection);
        if (stopped_) return;
      }
      now_.connection.clear();
      for (const std::string& tool : tools_) of_tool(tool);
    }
  }

 private:
  [[nodiscard]] bool reads(policy::ContextName name) const {
    auto used = [&](const Bench& bench) {
      return bench.decider().policies().context_used[static_cast<std::size_t>(name)];
    };
    return used(first_) || used(second_);
  }

  // What only one of the two configurations has cannot be compared.
  [[nodiscard]] bool known(const std::string& account, const std::string& connection) const {
    auto has = [&](const Bench& bench) {
      return bench.frame().accounts.contains(account) && bench.frame().connections.contains(connection);
    };
    return has(first_) && has(second_);
  }

  void read_literals(const Bench& bench) {
    const policy::Vocabulary& words = bench.decider().words();
    policy::cedar::Names names(&words.names);
    policy::Book book(bench.sources(), names);
    for (const policy::BookPolicy& written : book.policies()) {
      for (const policy::cedar::Node& node : written.parsed.body.nodes) {
        if (node.op == policy::cedar::Op::literal && node.value.kind == policy::cedar::Kind::integer &&
            numbers_.size() < kNumbersMax)
          numbers_.insert(node.value.number);
      }
    }
    for (policy::EntityIndex i = 0; i < words.names.entity_count(); ++i) {
      if (words.names.type_of(i) == words.type(policy::Type::tool)) tools_.insert(std::string(words.names.id_of(i)));
      if (words.names.type_of(i) == words.type(policy::Type::table)) named_.insert(std::string(words.names.id_of(i)));
    }
  }

  [[nodiscard]] std::vector<Table> tables(const std::string& connection) const {
    std::vector<Table> out;
    auto catalogue = first_.catalogue(connection);
    if (!catalogue) catalogue = second_.catalogue(connection);
    if (catalogue) {
      for (const CatalogueRelation& relation : catalogue->relations) {
        if (relation.system || relation.schema.find('.') != std::string::npos) continue;
        Table table{relation.schema + "." + relation.name, {}};
        for (const CatalogueColumn& column : relation.columns) table.columns.push_back(column.name);
        out.push_back(std::move(table));
      }
      return out;
    }
    for (const std::string& id : named_) {
      auto slash = id.find('/');
      if (slash != std::string::npos && id.substr(0, slash) == connection) out.push_back({id.substr(slash + 1), {}});
    }
    return out;
  }

  void start(const char* action, const std::string& object, CommandEffect effect) {
    now_.action = action;
    now_.object = object;
    now_.detail.clear();
    now_.request = Request{};
    now_.request.connection = now_.connection;
    now_.command = Command{};
    now_.command.connection = now_.connection;
    now_.command.understood = true;
    now_.command.statements = 1;
    now_.command.effect = effect;
    now_.command.kinds = {action};
  }

  void say() {
    for (int hour : hours_) {
      now_.hour = hour;
      if (!stopped_ && !visit_(now_)) stopped_ = true;
    }
  }

  Touch& touch(const char* action, const Table& table) {
    Touch& out = now_.command.touches.emplace_back();
    out.action = action;
    out.object = table.name;
    out.bound = Bound::eq;
    return out;
  }

  void of_table(const Table& table) {
    start("select", table.name, CommandEffect::read);
    touch("select", table);
    say();
    start("insert", table.name, CommandEffect::write);
    touch("insert", table).rows_bound = 1;
    now_.command.touches.back().columns_written.insert(table.columns.begin(), table.columns.end());
    assign(table);
    say();
    for (const char* action : {"update", "delete"}) {
      for (auto [bound, rows, detail] : {std::tuple{Bound::eq, std::int64_t{1}, "names one row by key"},
                                         std::tuple{Bound::eq, std::int64_t{100}, "names 100 rows by key"},
                                         std::tuple{Bound::weak, kUnproven, "has a condition"},
                                         std::tuple{Bound::none, kUnproven, "has no WHERE"}}) {
        of_write(table, action, bound, rows, detail);
      }
    }
    for (auto [action, effect] : {std::pair{"ddl", CommandEffect::ddl}, std::pair{"dcl", CommandEffect::dcl},
                                  std::pair{"maintenance", CommandEffect::maintenance}}) {
      start(action, table.name, effect);
      touch(action, table);
      say();
    }
  }

  // Every column that policies may tell apart, one by one; else all at once.
  void of_write(const Table& table, const char* action, Bound bound, std::int64_t rows, const char* detail) {
    bool one_by_one = std::string_view(action) == "update" && reads(policy::ContextName::columns_written);
    std::vector<std::string> columns = one_by_one ? table.columns : std::vector<std::string>{};
    if (columns.empty()) columns.emplace_back();
    for (const std::string& column : columns) {
      for (std::int64_t value : values_of(table, column)) {
        start(action, table.name, CommandEffect::write);
        Touch& written = touch(action, table);
        written.bound = bound;
        written.rows_bound = rows;
        if (!column.empty()) {
          written.columns_written = {column};
          now_.command.assigned.push_back({table.name + "." + column, true, std::to_string(value)});
        } else if (std::string_view(action) == "update") {
          written.columns_written.insert(table.columns.begin(), table.columns.end());
          assign(table);
        }
        now_.detail = detail + (column.empty() ? std::string() : ", sets " + column);
        if (watched(table, column)) now_.detail += " to " + std::to_string(value);
        say();
      }
    }
  }

  void assign(const Table& table) {
    for (const std::string& column : table.columns)
      now_.command.assigned.push_back({table.name + "." + column, true, "1"});
  }

  [[nodiscard]] bool watched(const Table& table, const std::string& column) const {
    for (const Bench* bench : {&first_, &second_}) {
      for (const Fact& fact : bench->frame().facts) {
        if (fact.connection == now_.connection && fact.column == table.name + "." + column) return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::set<std::int64_t> values_of(const Table& table, const std::string& column) const {
    if (!watched(table, column)) return {1};
    std::set<std::int64_t> out{1};
    for (std::int64_t number : numbers_) {
      out.insert(number);
      if (number < INT64_MAX) out.insert(number + 1);
    }
    return out;
  }

  void of_classes(const std::string& connection) {
    std::map<std::string, std::string> columns;  // class -> one of its columns here
    for (const Bench* bench : {&first_, &second_}) {
      for (const auto& [name, data_class] : bench->frame().classes) {
        for (const std::string& column : data_class.columns) {
          if (column.starts_with(connection + "/")) columns.emplace(name, column.substr(connection.size() + 1));
        }
      }
    }
    for (const auto& [name, column] : columns) {
      for (const char* how : {"unmask", "match", "infer"}) {
        start(how, name, CommandEffect::read);
        touch("select", {column.substr(0, column.rfind('.')), {}});
        if (std::string_view(how) == "unmask")
          now_.command.reveals.push_back({column, {column}});
        else
          now_.command.tests.push_back({column, std::string_view(how) == "match"});
        now_.command.kinds = {"select"};
        say();
      }
    }
  }

  void of_tool(const std::string& tool) {
    start("use", tool, CommandEffect::opaque);
    now_.request.kind = RequestKind::tool;
    now_.request.tool = tool;
    now_.request.arguments = "{}";
    say();
  }

  const Bench& first_;
  const Bench& second_;
  const std::function<bool(const GridCase&)>& visit_;
  std::set<std::string> accounts_, connections_, tools_, named_;
  std::set<std::int64_t> numbers_;
  std::vector<int> hours_;
  GridCase now_;
  bool stopped_ = false;
};

}  // namespace

void for_each_case(const Bench& first, const Bench& second, const std::function<bool(const GridCase&)>& visit) {
  Grid(first, second, visit).run();
}

}  // namespace libguard::policy_tools
