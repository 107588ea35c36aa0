// kind: env. For containers that offer nothing better: the process, and so the agent's code, can read the variable.

#include <cstdlib>
#include <utility>

#include "credentials/credential_source.h"
#include "libguard/error.h"

namespace libguard::credentials {
namespace {

class EnvSource final : public CredentialSource {
 public:
  explicit EnvSource(std::string variable) : variable_(std::move(variable)) {}

  Lease acquire(const Grant&) override {
    Lease lease;
    lease.secret = Secret(std::string(value()));
    lease.warning = warning();
    return lease;
  }

  std::string check() override {
    (void)value();
    return warning();
  }

 private:
  // Read anew each time: the variable may be rotated by whoever owns the process.
  const char* value() const {
    bool nameable = !variable_.empty() && variable_.find_first_of(std::string("=\0", 2)) == std::string::npos;
    const char* found = nameable ? std::getenv(variable_.c_str()) : nullptr;
    if (found == nullptr || *found == '\0') {
      throw Error(ErrorKind::configuration, "credential.missing",
                  "the environment variable " + variable_ + " is not set");
    }
    return found;
  }

  std::string warning() const {
    return "the credential is read from the environment variable " + variable_ +
           ", which everything in this process can read; prefer a file of mode 0600";
  }

  std::string variable_;
};

}  // namespace

std::unique_ptr<CredentialSource> env_source(std::string variable) {
  return std::make_unique<EnvSource>(std::move(variable));
}

}  // namespace libguard::credentials
