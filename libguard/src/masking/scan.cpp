#include "masking/scan.h"

#include <algorithm>

#include "libguard/error.h"
#include "masking/folded.h"

namespace libguard::masking {
namespace {

void run_all(std::string_view text, const Detectors& detectors, std::vector<Span>& spans) {
  for (const auto& detector : detectors) detector->find(text, spans);
}

// A detector of somebody else may answer anything; one that points outside of the text found something that it cannot
// name, and then nothing may leave.
void check_bounds(const std::vector<Span>& spans, std::size_t from, std::size_t size) {
  for (std::size_t i = from; i < spans.size(); ++i) {
    if (spans[i].start >= spans[i].end || spans[i].end > size) {
      throw Error(ErrorKind::internal, "masking.bad_span", "a detector answered a span that is not in its text");
    }
  }
}

}  // namespace

void resolve_overlaps(std::vector<Span>& spans) {
  if (spans.size() < 2) return;
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
  std::size_t kept = 0;
  std::size_t longest = spans[0].end - spans[0].start;
  for (std::size_t i = 1; i < spans.size(); ++i) {
    Span& last = spans[kept];
    std::size_t length = spans[i].end - spans[i].start;
    if (spans[i].start >= last.end) {
      if (++kept != i) spans[kept] = std::move(spans[i]);
      longest = length;
      continue;
    }
    last.end = std::max(last.end, spans[i].end);
    if (length > longest) {
      longest = length;
      last.entity = std::move(spans[i].entity);
    }
  }
  spans.resize(kept + 1);
}

void scan(std::string_view text, const Detectors& detectors, std::vector<Span>& spans) {
  spans.clear();
  if (text.empty()) return;
  run_all(text, detectors, spans);
  check_bounds(spans, 0, text.size());
  if (may_fold(text)) {
    Folded folded = fold(text);
    if (!folded.text.empty() && folded.text != text) {
      std::size_t from = spans.size();
      run_all(folded.text, detectors, spans);
      check_bounds(spans, from, folded.text.size());
      for (std::size_t i = from; i < spans.size(); ++i) {
        spans[i].end = folded.end[spans[i].end - 1];
        spans[i].start = folded.start[spans[i].start];
      }
    }
  }
  resolve_overlaps(spans);
}

}  // namespace libguard::masking
