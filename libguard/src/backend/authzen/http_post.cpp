#include "backend/authzen/http_post.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "libguard/error.h"

namespace libguard::backend {
namespace {

constexpr std::size_t kAnswerBytesMax = 1024 * 1024;  // a decision is small; more is not one
constexpr std::size_t kIdleMax = 8;                   // handles kept with their connections

struct Handle {
  CURL* curl = nullptr;
  Handle() : curl(curl_easy_init()) {
    if (curl == nullptr) throw Error(ErrorKind::internal, "http.failed", "the HTTP library cannot be started");
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

struct Headers {
  curl_slist* list = nullptr;
  ~Headers() { curl_slist_free_all(list); }
  void add(const char* line) { list = curl_slist_append(list, line); }
};

std::size_t take(char* data, std::size_t, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + count > kAnswerBytesMax) return 0;  // libcurl ends the transfer
  body.append(data, count);
  return count;
}

int cancelled(void* token, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const CancelToken*>(token)->poll() ? 1 : 0;
}

const char* sentence_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "it did not answer in time";
    case CURLE_ABORTED_BY_CALLBACK:
      return "the action was cancelled while it was asked";
    case CURLE_WRITE_ERROR:
      return "its answer is longer than 1 MiB";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "its certificate could not be verified";
    default:
      return "it could not be reached";
  }
}

}  // namespace

struct HttpPost::State {
  std::string url;
  std::string ca_file;
  std::mutex mutex;
  std::vector<std::unique_ptr<Handle>> idle;

  std::unique_ptr<Handle> take_handle() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Handle>();
    auto handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(std::unique_ptr<Handle> handle) {
    std::lock_guard lock(mutex);
    if (idle.size() < kIdleMax) idle.push_back(std::move(handle));
  }
};

HttpPost::HttpPost(std::string url, std::string ca_file) : state_(std::make_unique<State>()) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(ErrorKind::internal, "http.failed", "the HTTP library cannot be started");
  state_->url = std::move(url);
  state_->ca_file = std::move(ca_file);
}

HttpPost::~HttpPost() = default;

HttpAnswer HttpPost::post(std::string_view body, std::string_view bearer, const Deadline& deadline,
                          const CancelToken& cancel) const {
  HttpAnswer answer;
  const long left_ms = static_cast<long>(std::max<std::int64_t>(deadline.left().count(), 1));
  auto handle = state_->take_handle();
  CURL* curl = handle->curl;
  curl_easy_reset(curl);
  Headers headers;
  headers.add("Content-Type: application/json");
  headers.add("Accept: application/json");
  headers.add("Expect:");
  curl_easy_setopt(curl, CURLOPT_URL, state_->url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
  if (!state_->ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, state_->ca_file.c_str());
  const std::string token(bearer);
  if (!token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &cancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<CancelToken*>(&cancel));
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  } else {
    answer.body.clear();
    answer.error = sentence_of(code);
  }
  curl_easy_reset(curl);  // forgets the token and everything that dies with this call
  state_->give_back(std::move(handle));
  return answer;
}

}  // namespace libguard::backend
