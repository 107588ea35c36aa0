#include "masking/masker.h"

#include <atomic>

#include "libguard/error.h"
#include "masking/cell_masker.h"
#include "masking/column_rules.h"

namespace libguard::masking {
namespace {

std::vector<OutcomeColumn> outcome_columns(std::vector<RawColumn>& columns, const std::vector<ColumnRule>& rules) {
  std::vector<OutcomeColumn> out(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out[i].name = std::move(columns[i].name);
    out[i].type = std::move(columns[i].type);
    out[i].masked = rules[i].hide.has_value();
    out[i].data_class = rules[i].data_class;
    if (rules[i].hide) out[i].op = rules[i].hide->name();
  }
  return out;
}

}  // namespace

Masker::Masker(std::shared_ptr<const Frame> frame, std::vector<std::shared_ptr<const Detector>> detectors,
               const std::string& detect_show)
    : frame_(std::move(frame)), detectors_(std::move(detectors)), detect_show_(detect_show) {
  static std::atomic<std::uint64_t> last{0};
  id_ = ++last;
}

MaskedResult Masker::mask(RawResult&& raw, const Command& command, const MaskPlan& plan) const {
  std::vector<ColumnRule> rules = column_rules(raw.columns, command, plan, *frame_);
  return run(std::move(raw), rules);
}

MaskedResult Masker::mask_text(RawResult&& raw) const {
  std::vector<ColumnRule> rules(raw.columns.size());
  return run(std::move(raw), rules);
}

// Builds the whole answer before any of it can be seen: whatever throws on the way, nothing leaves.
MaskedResult Masker::run(RawResult&& raw, const std::vector<ColumnRule>& rules) const {
  MaskedResult result;
  CellMasker cells(detectors_, detect_show_, result.counts_);
  result.columns_ = outcome_columns(raw.columns, rules);
  std::vector<std::int64_t> hidden(rules.size(), 0);
  Row row;
  while (raw.rows != nullptr && raw.rows->next(row)) {
    if (row.size() != rules.size()) {
      throw Error(ErrorKind::internal, "masking.ragged_row",
                  "a row does not have as many values as the result has columns");
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      const ColumnRule& rule = rules[i];
      if (rule.hide) {
        if (rule.hide_null && std::holds_alternative<Null>(row[i])) row[i] = std::string();
        if (!std::holds_alternative<Null>(row[i])) ++hidden[i];
        row[i] = rule.hide->apply(row[i], rule.data_class);
      } else if (rule.detect && cells.mask(row[i], result.columns_[i].name, raw.columns[i].textual)) {
        result.columns_[i].masked = true;
        result.columns_[i].op = detect_show_.name();
      }
    }
    result.rows_.push_back(std::move(row));
    row.clear();
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (hidden[i] > 0) result.counts_[rules[i].data_class + "|" + rules[i].hide->name()] += hidden[i];
  }
  if (raw.rows != nullptr) result.truncated_ = raw.rows->truncated();
  if (raw.text) {
    result.text_ = std::move(*raw.text);
    cells.mask_text(result.text_);
  }
  return result;
}

std::string Masker::scrub(std::string_view text) const {
  std::map<std::string, std::int64_t> counts;
  std::string out(text);
  CellMasker(detectors_, detect_show_, counts).mask_text(out);
  return out;
}

}  // namespace libguard::masking
