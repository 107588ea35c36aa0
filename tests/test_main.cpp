#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// libpqxx 6.4 loses the result of a query on a connection that broke under it (it asks for the client encoding, which
// throws, before anything owns the result): a few hundred bytes for each broken catalogue read, not ours to mend.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {  // NOLINT: its own name
  return "leak:libpqxx\n";
}
