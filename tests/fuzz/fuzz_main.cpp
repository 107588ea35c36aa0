// libFuzzer's entry; the target is chosen at compile time (LIBGUARD_FUZZ_TARGET).
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  libguard::fuzz::LIBGUARD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
