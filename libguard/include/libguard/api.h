#pragma once
// What the shared library shows; everything else is hidden, the SQL grammar's C symbols included.
#define LIBGUARD_API __attribute__((visibility("default")))
