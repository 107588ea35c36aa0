#include "base/log.h"

#include <mutex>

namespace libguard {
namespace {
std::mutex mutex_of_sink;
LogSink& sink_of_process() {
  static LogSink sink;
  return sink;
}
}  // namespace

void set_log_sink(LogSink sink) {
  std::lock_guard lock(mutex_of_sink);
  sink_of_process() = std::move(sink);
}

void log(LogLevel level, std::string_view message) noexcept {
  try {
    std::lock_guard lock(mutex_of_sink);
    if (sink_of_process()) sink_of_process()(level, message);
  } catch (...) {
  }
}

}  // namespace libguard
