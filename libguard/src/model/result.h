#pragma once
// Rows on their way out. A RawResult comes from a backend and has no binding; only masking turns it into a
// MaskedResult, and only a MaskedResult can become an Outcome (promise 4).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libguard/outcome.h"
#include "libguard/value.h"

namespace libguard {

namespace masking {
class Masker;
}

struct RawColumn {
  std::string name;
  std::string type;     // "int4", "text", "jsonb"; SQLite: declared type of the origin or ""
  std::string origin;   // "schema.table.column" by the server's own word (RowDescription, column_origin_name); "" = an
                        // expression
  bool textual = true;  // may hold text that detectors must read (text, json, xml, unknown, SQLite any)
};

// Pulls rows one by one, so that streaming can come without moving a wall. Not thread-safe. `next` returns false at
// the end; throws Error(unavailable) when the deadline passes or the request is cancelled.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual bool next(Row& row) = 0;
  // True when the source stopped at its row or byte limit and there was more.
  [[nodiscard]] virtual bool truncated() const = 0;
};

// Rows that were read into memory under the limits.
class BufferedRows final : public RowSource {
 public:
  BufferedRows(std::vector<Row> rows, bool truncated) : rows_(std::move(rows)), truncated_(truncated) {}
  bool next(Row& row) override {
    if (at_ >= rows_.size()) return false;
    row = std::move(rows_[at_++]);
    return true;
  }
  [[nodiscard]] bool truncated() const override { return truncated_; }

 private:
  std::vector<Row> rows_;
  std::size_t at_ = 0;
  bool truncated_;
};

// Move-only. `text` is a tool's answer (kind tool); rows and text are never both there.
struct RawResult {
  std::vector<RawColumn> columns;
  std::unique_ptr<RowSource> rows;
  std::optional<std::string> text;
  std::int64_t affected = 0;
  std::string command_tag;
  std::int64_t backend_us = 0;  // time spent waiting for the backend
};

class MaskedResult {
 public:
  MaskedResult(MaskedResult&&) = default;
  MaskedResult& operator=(MaskedResult&&) = default;
  [[nodiscard]] const std::vector<OutcomeColumn>& columns() const noexcept { return columns_; }
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  // "pii.email|label" or "EMAIL_ADDRESS|label" -> number of cells or spans.
  [[nodiscard]] const std::map<std::string, std::int64_t>& counts() const noexcept { return counts_; }
  // Moves rows, columns and text into an outcome.
  void into(Outcome& outcome) &&;

 private:
  friend class masking::Masker;
  MaskedResult() = default;
  std::vector<OutcomeColumn> columns_;
  std::vector<Row> rows_;
  std::string text_;
  bool truncated_ = false;
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace libguard
