#include "backend/postgres/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace libguard::backend::postgres {
namespace {

struct TypeRow {
  Oid oid;
  const char* name;
  Oid array;
  bool textual;
};

// pg_type.dat of PostgreSQL 15: these oids are fixed for ever.
constexpr std::array kTypes = {
    TypeRow{16, "bool", 1000, false},        TypeRow{17, "bytea", 1001, true},
    TypeRow{18, "char", 1002, true},         TypeRow{19, "name", 1003, true},
    TypeRow{20, "int8", 1016, false},        TypeRow{21, "int2", 1005, false},
    TypeRow{22, "int2vector", 1006, false},  TypeRow{23, "int4", 1007, false},
    TypeRow{24, "regproc", 1008, true},      TypeRow{25, "text", 1009, true},
    TypeRow{26, "oid", 1028, false},         TypeRow{27, "tid", 1010, false},
    TypeRow{28, "xid", 1011, false},         TypeRow{29, "cid", 1012, false},
    TypeRow{30, "oidvector", 1013, false},   TypeRow{114, "json", 199, true},
    TypeRow{142, "xml", 143, true},          TypeRow{600, "point", 1017, false},
    TypeRow{650, "cidr", 651, true},         TypeRow{700, "float4", 1021, false},
    TypeRow{701, "float8", 1022, false},     TypeRow{705, "unknown", 0, true},
    TypeRow{718, "circle", 719, false},      TypeRow{774, "macaddr8", 775, true},
    TypeRow{790, "money", 791, true},        TypeRow{829, "macaddr", 1040, true},
    TypeRow{869, "inet", 1041, true},        TypeRow{1033, "aclitem", 1034, true},
    TypeRow{1042, "bpchar", 1014, true},     TypeRow{1043, "varchar", 1015, true},
    TypeRow{1082, "date", 1182, false},      TypeRow{1083, "time", 1183, false},
    TypeRow{1114, "timestamp", 1115, false}, TypeRow{1184, "timestamptz", 1185, false},
    TypeRow{1186, "interval", 1187, false},  TypeRow{1266, "timetz", 1270, false},
    TypeRow{1560, "bit", 1561, true},        TypeRow{1562, "varbit", 1563, true},
    TypeRow{1700, "numeric", 1231, false},   TypeRow{2205, "regclass", 2210, true},
    TypeRow{2206, "regtype", 2211, true},    TypeRow{2249, "record", 2287, true},
    TypeRow{2278, "void", 0, false},         TypeRow{2950, "uuid", 2951, false},
    TypeRow{3220, "pg_lsn", 3221, false},    TypeRow{3614, "tsvector", 3643, true},
    TypeRow{3615, "tsquery", 3645, true},    TypeRow{3802, "jsonb", 3807, true},
    TypeRow{3904, "int4range", 3905, false}, TypeRow{3906, "numrange", 3907, false},
    TypeRow{3908, "tsrange", 3909, false},   TypeRow{3910, "tstzrange", 3911, false},
    TypeRow{3912, "daterange", 3913, false}, TypeRow{3926, "int8range", 3927, false},
    TypeRow{4072, "jsonpath", 4073, true},   TypeRow{5069, "xid8", 271, false},
};

const TypeRow* find(Oid type) noexcept {
  for (const TypeRow& row : kTypes) {
    if (row.oid == type || (row.array == type && type != 0)) return &row;
  }
  return nullptr;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number out{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

Value text_value(std::string_view cell) {
  // Only a damaged or SQL_ASCII server sends other bytes; as Bytes they are masked and shown, never mistaken for text.
  if (!text::is_utf8(cell)) return Bytes{std::string(cell)};
  return std::string(cell);
}

Value bytea(const char* cell) {
  std::size_t size = 0;
  unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(cell), &size);
  if (bytes == nullptr) return Null{};
  Bytes out{std::string(reinterpret_cast<const char*>(bytes), size)};
  PQfreemem(bytes);
  return out;
}

Value numeric(std::string_view cell) {
  bool finite = !cell.empty() && std::all_of(cell.begin(), cell.end(),
                                             [](char c) { return c == '-' || c == '.' || (c >= '0' && c <= '9'); });
  if (finite) return Decimal{std::string(cell)};
  if (auto special = number<double>(cell)) return *special;  // NaN, Infinity
  return text_value(cell);
}

}  // namespace

std::string type_name(Oid type) {
  const TypeRow* row = find(type);
  if (row == nullptr) return "oid:" + std::to_string(type);
  return row->oid == type ? row->name : std::string(row->name) + "[]";
}

bool is_textual(Oid type) noexcept {
  const TypeRow* row = find(type);
  return row == nullptr || row->textual;
}

Value decode(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return Null{};
  const char* start = PQgetvalue(result, row, column);
  std::string_view cell(start, static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case 16:
      return cell == "t";
    case 17:
      return bytea(start);
    case 20:
    case 21:
    case 23:
    case 26:
      if (auto integer = number<std::int64_t>(cell)) return *integer;
      return text_value(cell);
    case 700:
    case 701:
      if (auto real = number<double>(cell)) return *real;
      return text_value(cell);
    case 1700:
      return numeric(cell);
    default:
      return text_value(cell);
  }
}

std::int64_t row_bytes(const PGresult* result, int row) noexcept {
  std::int64_t bytes = 0;
  for (int column = 0; column < PQnfields(result); ++column) {
    bytes += static_cast<std::int64_t>(sizeof(Value)) + PQgetlength(result, row, column);
  }
  return bytes;
}

}  // namespace libguard::backend::postgres
