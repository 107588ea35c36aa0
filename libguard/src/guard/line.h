#pragma once
// One line of a batch door: {id, sql, params?} in, one answer line out, echoing id; a bad line answers
// {"id", "error": {"code", "message"}}.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/value.h"
#include "model/catalogue.h"

namespace libguard {

struct Line {
  std::string sql;
  std::vector<Value> params;
};

// `answer` returns a JSON object; its Errors become the line's error. Never throws.
[[nodiscard]] std::string answer_line(std::string_view line, const std::function<std::string(const Line&)>& answer);

// Explains without a guard: `--dialect`, with or without the FILE of `catalogue dump`. Thread-safe; the catalogue is read
// once. Throws Error(invalid, "catalogue.malformed") when made.
class Explainer {
 public:
  Explainer(Dialect dialect, std::string_view catalogue_json);
  ~Explainer();
  [[nodiscard]] std::string explain(std::string_view line) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libguard
