// A mark of the process: good in it, in all of its threads, and in no fork of it.

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/process_mark.h"

using libguard::ProcessMark;

namespace {

int exit_code(pid_t child) {
  int status = -1;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a mark is good in its process and its threads") {
  const ProcessMark mark;
  CHECK(mark.here());
  bool elsewhere = false;
  std::thread([&] { elsewhere = mark.here() && ProcessMark().here(); }).join();
  CHECK(elsewhere);
}

TEST_CASE("no mark of a parent is good in a child, and none of a child in its children") {
  const ProcessMark parents;
  const pid_t child = ::fork();
  if (child == 0) {
    int wrong = parents.here() ? 1 : 0;
    const ProcessMark own;
    wrong += own.here() ? 0 : 2;
    wrong += parents.here() ? 4 : 0;  // a mark of the child does not make the parent's good again
    const pid_t grandchild = ::fork();
    if (grandchild == 0) ::_exit(own.here() || parents.here() || !ProcessMark().here() ? 1 : 0);
    wrong += exit_code(grandchild) == 0 ? 0 : 8;
    ::_exit(wrong);
  }
  CHECK(exit_code(child) == 0);
  CHECK(parents.here());
}

TEST_CASE("a fork past the C library is seen, too") {
  const ProcessMark mark;
  const auto child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child == 0) ::syscall(SYS_exit_group, mark.here() ? 1 : 0);
  CHECK(exit_code(child) == 0);
  CHECK(mark.here());
}
