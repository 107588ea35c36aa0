#pragma once
// The built-in detectors. Extension kind: one file, one line in builtin.cpp, the contract suite
// (tests/masking/detector_contract_test.cpp).

#include <memory>
#include <vector>

#include "libguard/detector.h"

namespace libguard::masking {

// EMAIL_ADDRESS, CREDIT_CARD, US_SSN, JWT.
[[nodiscard]] std::vector<std::shared_ptr<const Detector>> builtin_detectors();

}  // namespace libguard::masking
