#pragma once
// The library never prints. What an operator should know goes to one sink, set once per process.

#include <functional>
#include <string>
#include <string_view>

namespace libguard {

enum class LogLevel { debug, info, warning, error };

// `sink` may be called from any thread, one call at a time; it must not throw (what it throws is dropped).
// Never holds a credential, a parameter or a row.
using LogSink = std::function<void(LogLevel, std::string_view message)>;
void set_log_sink(LogSink sink);
void log(LogLevel level, std::string_view message) noexcept;

}  // namespace libguard
