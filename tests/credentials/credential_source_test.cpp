// The contract suite of credential sources, run over every kind, then what is special to each kind.

#include "credentials/credential_source.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "backend/secret_door.h"
#include "support/permit_forge.h"

using namespace libguard;
using namespace libguard::credentials;

namespace {

// A directory of its own, gone at the end.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/lgcredXXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string reveal(CredentialSource& source) {
  Lease lease = source.acquire(PermitForge::grant());
  return std::string(backend::SecretDoor::read(lease.secret));
}

// The code of the Error that `act` throws, with a check that no sentence holds the secret.
std::string code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    return error.code();
  }
  return "";
}

struct Kind {
  const char* name;
  std::unique_ptr<CredentialSource> good;  // holds "hunter2"
  std::unique_ptr<CredentialSource> missing;
};

}  // namespace

TEST_CASE("promise 3: every kind of source gives the secret against a grant and none in an error") {
  Folder folder;
  ::setenv("LIBGUARD_TEST_SECRET", "hunter2", 1);
  Kind kinds[] = {
      {"file", file_source(folder.file("good", "hunter2\n")), file_source(folder.path() + "/absent")},
      {"env", env_source("LIBGUARD_TEST_SECRET"), env_source("LIBGUARD_TEST_ABSENT")},
  };
  for (Kind& kind : kinds) {
    CAPTURE(kind.name);
    CHECK(reveal(*kind.good) == "hunter2");
    CHECK(reveal(*kind.good) == "hunter2");  // not used up
    CHECK(code_of([&] { (void)kind.good->check(); }).empty());
    CHECK(code_of([&] { (void)kind.missing->acquire(PermitForge::grant()); }) == "credential.missing");
    CHECK(code_of([&] { (void)kind.missing->check(); }) == "credential.missing");
  }
  ::unsetenv("LIBGUARD_TEST_SECRET");
}

TEST_CASE("file: exactly one trailing newline is dropped") {
  Folder folder;
  CHECK(reveal(*file_source(folder.file("none", "hunter2"))) == "hunter2");
  CHECK(reveal(*file_source(folder.file("two", "hunter2\n\n"))) == "hunter2\n");
  CHECK(reveal(*file_source(folder.file("bytes", std::string("hun\0ter\xff", 8)))) == std::string("hun\0ter\xff", 8));
}

TEST_CASE("file: a file that others can reach is refused, by check as by acquire") {
  Folder folder;
  for (mode_t mode : {0644, 0640, 0660, 0604, 0602, 0700, 0500, 01600, 04600, 0200}) {
    CAPTURE(mode);
    auto source = file_source(folder.file("open", "hunter2", mode));
    std::string code = code_of([&] { (void)source->acquire(PermitForge::grant()); });
    CHECK((code == "credential.unsafe_file" || code == "credential.missing"));
    CHECK(code_of([&] { (void)source->check(); }) == code);
  }
  CHECK(reveal(*file_source(folder.file("readonly", "hunter2", 0400))) == "hunter2");
}

TEST_CASE("file: what is not a small regular file is refused and never hangs") {
  Folder folder;
  auto code = [](std::string path) {
    return code_of([&] { (void)file_source(std::move(path))->acquire(PermitForge::grant()); });
  };
  CHECK(code(folder.path()) == "credential.unsafe_file");
  std::string fifo = folder.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(code(fifo) == "credential.unsafe_file");
  CHECK(code("/dev/zero") == "credential.unsafe_file");
  CHECK(code(folder.file("huge", std::string(100'000, 'x'))) == "credential.unsafe_file");
  CHECK(code(folder.file("empty", "")) == "credential.unsafe_file");
  CHECK(code(folder.file("newline", "\n")) == "credential.unsafe_file");
  CHECK(code("") == "credential.missing");
  CHECK(code(std::string("/etc/passwd\0.key", 16)) == "credential.missing");
}

TEST_CASE("file: another user's file is refused even when we could read it") {
  if (::geteuid() != 0) return;  // only root can give a file away
  Folder folder;
  std::string path = folder.file("theirs", "hunter2");
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  CHECK(code_of([&] { (void)file_source(path)->acquire(PermitForge::grant()); }) == "credential.unsafe_file");
}

TEST_CASE("file: a rotated file is read anew; a link counts as the file that it leads to") {
  Folder folder;
  std::string path = folder.file("rotating", "hunter2");
  auto source = file_source(path);
  CHECK(reveal(*source) == "hunter2");
  (void)folder.file("rotating", "hunter3");
  CHECK(reveal(*source) == "hunter3");
  std::string link = folder.path() + "/link";
  std::filesystem::create_symlink(path, link);
  CHECK(reveal(*file_source(link)) == "hunter3");
  ::chmod(path.c_str(), 0644);
  CHECK(code_of([&] { (void)file_source(link)->acquire(PermitForge::grant()); }) == "credential.unsafe_file");
}

TEST_CASE("env: works with a warning, and refuses names that are none") {
  ::setenv("LIBGUARD_TEST_SECRET", "hunter2", 1);
  Lease lease = env_source("LIBGUARD_TEST_SECRET")->acquire(PermitForge::grant());
  CHECK(lease.warning.find("LIBGUARD_TEST_SECRET") != std::string::npos);
  CHECK(lease.warning.find("hunter2") == std::string::npos);
  ::setenv("LIBGUARD_TEST_SECRET", "", 1);
  CHECK(code_of([] { (void)env_source("LIBGUARD_TEST_SECRET")->acquire(PermitForge::grant()); }) ==
        "credential.missing");
  CHECK(code_of([] { (void)env_source("")->check(); }) == "credential.missing");
  CHECK(code_of([] { (void)env_source("A=B")->check(); }) == "credential.missing");
  ::unsetenv("LIBGUARD_TEST_SECRET");
}
