#pragma once
// Work on a thread whose stack is the smallest that libguard promises to live with.

#include <doctest/doctest.h>
#include <pthread.h>

#include <cstddef>
#include <functional>

namespace libguard::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kSmallStackBytes = 4UL * 1024 * 1024;  // sanitizers make frames several times as large
#else
inline constexpr std::size_t kSmallStackBytes = 256UL * 1024;
#endif

inline void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, kSmallStackBytes) == 0);
  auto start = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, start, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace libguard::test
