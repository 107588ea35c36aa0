#include "masking/detectors/detectors.h"

namespace libguard::masking {

std::vector<std::shared_ptr<const Detector>> builtin_detectors() {
  return {
      email_address_detector(),
      credit_card_detector(),
      us_ssn_detector(),
      jwt_detector(),
  };
}

}  // namespace libguard::masking
