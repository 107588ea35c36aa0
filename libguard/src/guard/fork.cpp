// What a forked child may still do: nothing but say so. Its copies of sockets and SQLite handles belong to the parent.

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "guard/guard_state.h"

namespace libguard {
namespace {

std::mutex mutex_of_registry;
std::vector<std::weak_ptr<GuardState>>& registry() {
  static std::vector<std::weak_ptr<GuardState>> guards;
  return guards;
}

void before() { mutex_of_registry.lock(); }
void after_in_parent() { mutex_of_registry.unlock(); }

void after_in_child() {
  // Other threads are gone and may have held any lock of ours, so nothing here takes one but the registry's.
  for (const std::weak_ptr<GuardState>& weak : registry()) {
    std::shared_ptr<GuardState> guard = weak.lock();
    if (!guard) continue;
    guard->forked.store(true);
    if (guard->journal) guard->journal->abandon_after_fork();
    if (!guard->current) continue;
    for (const auto& [name, connection] : guard->current->connections) connection->backend().abandon_after_fork();
  }
  mutex_of_registry.unlock();
}

}  // namespace

void register_for_fork(const std::shared_ptr<GuardState>& state) {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(&before, &after_in_parent, &after_in_child); });
  std::lock_guard lock(mutex_of_registry);
  std::erase_if(registry(), [](const std::weak_ptr<GuardState>& weak) { return weak.expired(); });
  registry().push_back(state);
}

}  // namespace libguard
