#pragma once
// A warehouse on a throw-away PostgreSQL, with functions, views and opinions, behind a guard.

#include <sys/stat.h>

#include <string>

#include "guard/shop.h"
#include "support/pg_cluster.h"

namespace libguard::test {

inline constexpr const char* kSchema = R"(
DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO guard_reader, guard_writer;
CREATE TABLE customers(id int PRIMARY KEY, name text, email text, ssn text, notes jsonb);
CREATE TABLE orders(id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, total numeric, status text, refunded_cents int DEFAULT 0);
INSERT INTO customers VALUES (1,'Ada','ada@example.com','536-90-4399','{"alt":"ada@example.net"}'),(2,'Bo','bo@example.org','212-45-6789',NULL);
INSERT INTO orders VALUES (10,1,99.50,'paid',0),(11,1,15.00,'open',0),(12,2,42.00,'paid',0);
CREATE VIEW customer_view AS SELECT id, name, email AS contact, ssn AS tax_ref FROM customers;
CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; RETURN 1; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guard_writer;
)";

inline constexpr const char* kPolicy = R"(
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"warehouse/public");
@id("finds-by-email") permit (principal in Group::"support", action == Action::"match", resource == DataClass::"pii.email");
@id("refunds") permit (principal in Group::"support", action == Action::"update", resource == Table::"warehouse/public.orders")
when { context.bounded == "eq" };
@id("deletes") permit (principal in Group::"support", action == Action::"delete", resource == Table::"warehouse/public.orders");
@id("big-refund-asks") @remedy("approval:group=finance,n=1,ttl=15m")
forbid (principal, action == Action::"update", resource == Table::"warehouse/public.orders")
when { context has refund_cents && context.refund_cents > 20000 }
unless { context.approvals >= 1 };
)";

class Warehouse {
 public:
  Warehouse() {
    pg_cluster()->exec(kSchema);
    shop_.write("password", PgCluster::kPassword);
    ::chmod(shop_.path("password").c_str(), 0600);
    shop_.replace("guard.yaml", "  shop: { driver: sqlite, path: shop.db, tags: [prod] }\n",
                  "  warehouse:\n    driver: postgres\n    host: " + pg_cluster()->host() +
                      "\n    port: " + std::to_string(PgCluster::kPort) +
                      "\n    database: postgres\n    tags: [prod]\n    rows_affected_max: 2\n    login:\n"
                      "      read: { role: guard_reader, credential: { kind: file, path: password } }\n"
                      "      write: { role: guard_writer, credential: { kind: file, path: password } }\n");
    shop_.replace("guard.yaml", "shop/main.customers.email", "warehouse/public.customers.email");
    shop_.replace("guard.yaml", "pii.card: { columns: [shop/main.customers.card], show: \"partial:last=4\" }",
                  "pii.ssn: { columns: [warehouse/public.customers.ssn], show: redact }");
    shop_.replace("guard.yaml", "shop/main.orders.refunded_cents", "warehouse/public.orders.refunded_cents");
    shop_.write("policies/support.cedar", kPolicy);
  }
  [[nodiscard]] const Shop& files() const { return shop_; }

 private:
  Shop shop_;
};

inline Session as_crew(const Guard& guard) { return guard.session({.account = "support-crew"}); }

inline std::string everything(const Outcome& outcome) {
  std::string out = outcome.reason + outcome.result;
  for (const Row& row : outcome.rows) {
    for (const Value& value : row) {
      if (const auto* text = std::get_if<std::string>(&value)) out += *text + "\n";
      if (const auto* bytes = std::get_if<Bytes>(&value)) out += bytes->data + "\n";
    }
  }
  return out;
}

}  // namespace libguard::test
