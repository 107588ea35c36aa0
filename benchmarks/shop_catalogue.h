#pragma once
// A PostgreSQL catalogue of 40 tables and the join over three of them that the benchmarks understand.

#include <memory>
#include <string>
#include <vector>

#include "model/command.h"

namespace libguard::bench {

inline CatalogueRelation shop_table(const std::string& name, std::int64_t oid,
                                    const std::vector<std::string>& columns) {
  CatalogueRelation relation;
  relation.schema = "public";
  relation.name = name;
  relation.oid = oid;
  std::int16_t number = 0;
  for (const std::string& column : columns)
    relation.columns.push_back({column, column.ends_with("id") ? "int4" : "text", true, false, false, ++number, {}});
  relation.keys.push_back({{"id"}, true});
  return relation;
}

inline std::shared_ptr<const Catalogue> shop_catalogue() {
  auto out = std::make_shared<Catalogue>();
  out->dialect = Dialect::postgres;
  out->version = "1";
  out->server_version = "15.0";
  out->search_path = {"public"};
  out->relations.push_back(shop_table("customers", 20000, {"id", "name", "email", "region"}));
  out->relations.push_back(shop_table("orders", 20001, {"id", "customer_id", "status", "total"}));
  out->relations.push_back(shop_table("items", 20002, {"id", "order_id", "sku", "note"}));
  for (int i = 0; i < 37; ++i)
    out->relations.push_back(shop_table("table_" + std::to_string(i), 20010 + i, {"id", "name", "note"}));
  return out;
}

// Another text for each number.
inline std::string three_table_join(int number) {
  const std::string n = std::to_string(number);
  return "SELECT c.name, o.status, i.sku AS sku_" + n +
         " FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items i ON i.order_id = o.id "
         "WHERE c.id = $1 AND o.status <> 's" +
         n + "'";
}

}  // namespace libguard::bench
