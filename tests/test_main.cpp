#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// libpqxx 6.4 loses the result of a query on a connection that broke under it (it asks for the client encoding, which
// throws, before anything owns the result): a few hundred bytes for each broken catalogue read, not ours to mend.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx\n"; }  // NOLINT: the sanitizer's own name
