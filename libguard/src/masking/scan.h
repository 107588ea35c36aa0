#pragma once
// All detectors over one text: as it is, and folded (folded.h) when that differs. Spans come back in order and without
// overlaps.

#include <memory>
#include <string_view>
#include <vector>

#include "masking/detector.h"

namespace libguard::masking {

using Detectors = std::vector<std::shared_ptr<const Detector>>;

// Appends to nothing: `spans` is cleared first and reused, so that a result of a million cells allocates once.
void scan(std::string_view text, const Detectors& detectors, std::vector<Span>& spans);

// Of overlapping spans the longest names the entity (then the earlier, then the detector listed first), and takes in
// what only the others covered: hiding half of a value is leaking the other half.
void resolve_overlaps(std::vector<Span>& spans);

}  // namespace libguard::masking
