#pragma once
// The out-of-band cancel of PostgreSQL. libpq's PQcancel blocks without a deadline, so it runs in a helper thread that
// owns all it needs and may outlive the connection; the number of helpers is bounded.

#include <libpq-fe.h>

#include <chrono>

namespace libguard::backend::postgres {

// True when the server confirmed within `span` that the signal is on its way: from then on it can no longer hit a
// statement that is sent later. False: give the connection up. A span of zero only starts the helper.
bool cancel_request(PGconn* connection, std::chrono::milliseconds span) noexcept;

}  // namespace libguard::backend::postgres
