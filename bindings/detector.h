#pragma once
// A Python object with `.entity` and `.find(text) -> [(start, end)]` as a Detector.

#include <pybind11/pybind11.h>

#include <memory>

#include "libguard/detector.h"

namespace libguard::bindings {

[[nodiscard]] std::shared_ptr<const masking::Detector> python_detector(pybind11::object object);

}  // namespace libguard::bindings
