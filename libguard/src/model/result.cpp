#include "model/result.h"

namespace libguard {

void MaskedResult::into(Outcome& outcome) && {
  outcome.columns = std::move(columns_);
  outcome.rows = std::move(rows_);
  outcome.result = std::move(text_);
  outcome.truncated = truncated_;
}

}  // namespace libguard
