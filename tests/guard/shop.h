#pragma once
// A shop on SQLite in a folder of its own: the working set that the guard's tests open.

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "audit/reader.h"
#include "base/crypto.h"
#include "base/json.h"
#include "identity/authenticator.h"
#include "libguard/libguard.h"

namespace libguard::test {

inline constexpr const char* kShopSql = R"(
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, email TEXT, card TEXT, notes TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, total INTEGER, status TEXT, refunded_cents INTEGER DEFAULT 0);
INSERT INTO customers VALUES (1,'Ada','ada@example.com','4111111111111111','call ada@example.com'),(2,'Bo','bo@example.org','5500005555555559',NULL);
INSERT INTO orders VALUES (10,1,9950,'paid',0),(11,1,1500,'open',0),(12,2,4200,'paid',0);
)";

inline constexpr const char* kShopYaml = R"(version: 1
identity:
  providers:
    local: { kind: local, key: keys/issuer.ed25519 }
    people: { kind: local, public_key: keys/people.pub }
  accounts:
    support-crew: { match: { provider: local, subject: support-crew }, groups: [support], local: true }
    dana: { match: { provider: people, subject: dana }, groups: [finance], human: true }
    erin: { match: { provider: people, subject: erin }, groups: [support], human: true }
connections:
  shop: { driver: sqlite, path: shop.db, tags: [prod] }
data:
  pii.email: { columns: [shop/main.customers.email], show: label }
  pii.card: { columns: [shop/main.customers.card], show: "partial:last=4" }
facts:
  refund_cents: { assigned: shop/main.orders.refunded_cents }
policies: ["libguard:baseline", "policies/*.cedar"]
approvals: { store: state/approvals.db, wait_s: 0 }
audit: { directory: state/audit, responses: masked }
)";

inline constexpr const char* kShopPolicy = R"(
@id("support-connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("support-uses-tools") permit (principal in Group::"support", action == Action::"use", resource);
@id("support-reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");
@id("support-finds-by-email") permit (principal in Group::"support", action == Action::"match", resource == DataClass::"pii.email");
@id("support-refunds") permit (principal in Group::"support", action == Action::"update", resource == Table::"shop/main.orders")
when { context.bounded == "eq" && context.rows_bound <= 1 && ["status", "refunded_cents"].containsAll(context.columns_written) };
@id("support-deletes") permit (principal in Group::"support", action == Action::"delete", resource == Table::"shop/main.orders");
@id("big-refund-asks") @remedy("approval:group=finance,n=1,ttl=15m")
forbid (principal, action == Action::"update", resource == Table::"shop/main.orders")
when { context has refund_cents && context.refund_cents > 20000 }
unless { context.approvals >= 1 };
)";

class Shop {
 public:
  Shop() : folder_(std::filesystem::temp_directory_path() / ("lgshop-" + crypto::hex(crypto::random_bytes(6)))) {
    std::filesystem::create_directories(folder_ / "policies");
    std::filesystem::create_directories(folder_ / "keys");
    identity::write_issuer_key(path("keys/issuer.ed25519"), path("keys/issuer.pub"));
    identity::write_issuer_key(path("keys/people.ed25519"), path("keys/people.pub"));
    write("guard.yaml", kShopYaml);
    write("policies/support.cedar", kShopPolicy);
    sql(kShopSql);
  }
  ~Shop() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string config() const { return path("guard.yaml"); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = read(name);
    auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + from);
    write(name, text.replace(at, from.size(), to));
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::stringstream out;
    out << std::ifstream(path(name)).rdbuf();
    return out.str();
  }

  // As somebody beside the guard.
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    sqlite3_open(path("shop.db").c_str(), &db);
    char* why = nullptr;
    int answer = sqlite3_exec(db, text.c_str(), nullptr, nullptr, &why);
    std::string message = why != nullptr ? why : "";
    sqlite3_free(why);
    sqlite3_close(db);
    if (answer != SQLITE_OK) throw std::runtime_error(message);
  }
  [[nodiscard]] std::int64_t number(const std::string& text) const {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    sqlite3_open(path("shop.db").c_str(), &db);
    sqlite3_prepare_v2(db, text.c_str(), -1, &statement, nullptr);
    sqlite3_step(statement);
    std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
  }
  // A token that a person's own issuer signed; the guard holds only its public key.
  [[nodiscard]] std::string person(const std::string& subject) const {
    return identity::issue_with_key_file(path("keys/people.ed25519"), "libguard:people", "libguard", subject, "", 900,
                                         now_us(), "j-" + subject);
  }
  // Every byte that the guard wrote down.
  [[nodiscard]] std::string records() const {
    std::string out;
    for (const auto& entry : std::filesystem::directory_iterator(path("state/audit"))) {
      if (entry.path().extension() == ".key") continue;
      out += (std::stringstream() << std::ifstream(entry.path()).rdbuf()).str();
    }
    return out;
  }
  [[nodiscard]] audit::Verification verify() const { return audit::verify(path("state/audit")); }

 private:
  [[nodiscard]] static std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::filesystem::path folder_;
};

}  // namespace libguard::test
