// A native service that asks its database through the guard: same policies, same records as the crews.
//
//   cmake -S . -B build -DCMAKE_PREFIX_PATH=/where/libguard/is/installed && cmake --build build
//   build/native_service guard.yaml shop support-crew "SELECT name, email FROM customers WHERE id = 1"

#include <libguard/libguard.h>

#include <iostream>

namespace {

struct Print {
  void operator()(const libguard::Null&) const { std::cout << "NULL"; }
  void operator()(bool value) const { std::cout << (value ? "true" : "false"); }
  void operator()(std::int64_t value) const { std::cout << value; }
  void operator()(double value) const { std::cout << value; }
  void operator()(const std::string& value) const { std::cout << value; }
  void operator()(const libguard::Bytes& value) const { std::cout << value.data.size() << " bytes"; }
  void operator()(const libguard::Decimal& value) const { std::cout << value.digits; }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: native_service guard.yaml connection account \"SQL\"\n";
    return 2;
  }
  try {
    auto guard = libguard::Guard::open(argv[1]);
    auto session = guard.session({.account = argv[3], .purpose = "nightly report"});
    libguard::Outcome outcome = session.query(argv[2], argv[4]);
    std::cout << libguard::to_string(outcome.state) << ' ' << outcome.code << ' ' << outcome.reason << '\n';
    for (const libguard::Row& row : outcome.rows) {
      for (const libguard::Value& value : row) {
        std::visit(Print{}, value);
        std::cout << '\t';
      }
      std::cout << '\n';
    }
    return outcome.completed() ? 0 : 1;
  } catch (const libguard::Error& error) {  // set-up only: a verdict is never an exception
    std::cerr << error.code() << ": " << error.what() << '\n';
    return 2;
  }
}
