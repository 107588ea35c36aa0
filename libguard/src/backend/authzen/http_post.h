#pragma once
// One HTTP POST over libcurl, with everything that could surprise turned off: no redirects, no proxy from the
// environment, no cookies, a bounded answer, our own deadline. Connections are kept for the next call. Thread-safe.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libguard/cancel.h"

namespace libguard::backend {

struct HttpAnswer {
  long status = 0;  // 0: no answer; then `error` says why, without any text of the other side
  std::string body;
  std::string error;
};

class HttpPost {
 public:
  // `ca_file` may be empty: the system's.
  HttpPost(std::string url, std::string ca_file);
  ~HttpPost();
  HttpPost(const HttpPost&) = delete;
  HttpPost& operator=(const HttpPost&) = delete;

  // JSON in, JSON out. `bearer` may be empty. Never throws for what the other side does.
  [[nodiscard]] HttpAnswer post(std::string_view body, std::string_view bearer, const Deadline& deadline,
                                const CancelToken& cancel) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libguard::backend
