#pragma once
// What the code of the database's users does: bodies of functions and procedures, triggers, rules, policies, defaults,
// checks and domains, each read once by the same machinery as statements and kept for the life of the snapshot.
//
// 1. Reading never recurses from code into code: a body that calls another is read again when the other is known. Stack
//    depth is that of one statement, however long the chain of calls is.
// 2. The facts of a body hold what it does itself and the keys of what it runs; a statement takes in the closure of
//    keys (follow_code), so that cycles end and nothing is forgotten.
// 3. Whatever is not understood leaves the body unread: the statement then has a doubt that names it, and all columns
//    count as shown.
// 4. Within a cycle the value of a function counts as everything.

#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "command/postgres/facts.h"

namespace libguard::command::postgres {

struct Code {
  explicit Code(const Names& names) : facts(names) {}
  std::string unread;  // why; empty: it was read
  Facts facts;
  Sources result;                // what its value comes from, arguments aside
  std::vector<Sources> columns;  // of each column of its rows, when they are known one by one
  [[nodiscard]] bool read() const { return unread.empty(); }
};

class CodeStore {
 public:
  explicit CodeStore(const Names& names) : names_(names) {}
  // Null when it was not read yet. Thread-safe.
  [[nodiscard]] const Code* find(const CodeKey& key) const;
  // Reads these and everything that they need to be read. Thread-safe; needs the stack of one statement.
  void load(const std::set<CodeKey>& keys) const;
  [[nodiscard]] const Code& of(const CodeKey& key) const;

 private:
  std::unique_ptr<Code> read(const CodeKey& key) const;
  void store(const CodeKey& key, std::unique_ptr<Code> code) const;
  const Names& names_;
  mutable std::shared_mutex mutex_;
  mutable std::map<CodeKey, std::unique_ptr<Code>> codes_;
};

// Takes in everything that the text sets off, directly or through other code.
void follow_code(const Names& names, Facts& facts);
// A DO block: its facts join at once. Empty when it was read, else why not.
[[nodiscard]] std::string read_block(const Names& names, const std::string& text, Facts& facts);
// How policy and the record see a function.
[[nodiscard]] CalledFunction described(const CatalogueFunction& function, const Code* code);

}  // namespace libguard::command::postgres
