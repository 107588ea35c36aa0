#include "backend/sqlite/failure.h"

#include <sqlite3.h>

#include <iterator>

#include "libguard/error.h"

namespace libguard::backend::sqlite {
namespace {

struct Known {
  int code;
  const char* name;
  const char* sentence;
};

constexpr Known kKnown[] = {
    {SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE", "a unique key already has this value"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY", "the primary key already has this value"},
    {SQLITE_CONSTRAINT_ROWID, "SQLITE_CONSTRAINT_ROWID", "the primary key already has this value"},
    {SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL", "a column that needs a value got none"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY",
     "a foreign key would refer to a row that does not exist, or a row is still referred to"},
    {SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK", "a check constraint refused a value"},
    {SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER", "a trigger refused the change"},
    {SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE", "a value does not have the type of its column"},
    {SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT", "a constraint refused the change"},
    {SQLITE_MISMATCH, "SQLITE_MISMATCH", "a value does not have the type that is needed"},
    {SQLITE_TOOBIG, "SQLITE_TOOBIG", "a value or the statement is too large"},
    {SQLITE_RANGE, "SQLITE_RANGE", "a parameter has no place in the statement"},
    {SQLITE_READONLY, "SQLITE_READONLY", "the database is read-only here and the statement would write"},
    {SQLITE_FULL, "SQLITE_FULL", "the disk is full; nothing was changed"},
    {SQLITE_NOMEM, "SQLITE_NOMEM", "there was not enough memory; nothing was changed"},
    {SQLITE_ERROR, "SQLITE_ERROR",
     "the statement does not fit the schema, its syntax is wrong, or a function refused its argument"},
    {SQLITE_INTERRUPT, "SQLITE_INTERRUPT", "the statement was interrupted"},
    {SQLITE_AUTH, "SQLITE_AUTH", "the statement would do something that is not permitted"},
    {SQLITE_MISUSE, "SQLITE_MISUSE", "the statement could not be run"},
};

struct Broken {
  int code;
  const char* name;
};

constexpr Broken kUnreachable[] = {{SQLITE_CANTOPEN, "SQLITE_CANTOPEN"}, {SQLITE_NOTADB, "SQLITE_NOTADB"},
                                   {SQLITE_CORRUPT, "SQLITE_CORRUPT"},   {SQLITE_IOERR, "SQLITE_IOERR"},
                                   {SQLITE_PERM, "SQLITE_PERM"},         {SQLITE_PROTOCOL, "SQLITE_PROTOCOL"},
                                   {SQLITE_NOLFS, "SQLITE_NOLFS"}};

// The extended code if it is known, else its primary one.
const Known* find(int extended) {
  for (int code : {extended, extended & 0xFF}) {
    for (const Known& known : kKnown) {
      if (known.code == code) return &known;
    }
  }
  return nullptr;
}

}  // namespace

std::string result_name(int extended) {
  if (const Known* known = find(extended)) return known->name;
  for (const Broken& broken : kUnreachable) {
    if (broken.code == (extended & 0xFF)) return broken.name;
  }
  if ((extended & 0xFF) == SQLITE_BUSY) return "SQLITE_BUSY";
  if ((extended & 0xFF) == SQLITE_LOCKED) return "SQLITE_LOCKED";
  return "SQLITE_ERROR";
}

void throw_unreachable(const char* sentence, int extended) {
  throw Error(ErrorKind::unavailable, "backend.unreachable", sentence)
      .with_sqlstate(extended == 0 ? "" : result_name(extended));
}

void throw_failure(int extended, const Watch& watch) {
  const int primary = extended & 0xFF;
  if (watch.stopped() == Stop::effect) {
    throw Error(
        ErrorKind::invalid, "backend.effect_exceeded",
        "the statement changes more rows than were permitted, triggers and cascades included; it was rolled back");
  }
  if (watch.stopped() != Stop::none) throw_stopped(watch.stopped());
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
    throw Error(ErrorKind::unavailable, "backend.busy",
                "another process keeps the database locked; nothing was changed, trying again may work")
        .with_sqlstate(result_name(extended));
  }
  if (primary == SQLITE_SCHEMA) {
    throw Error(ErrorKind::unavailable, "command.changed",
                "the schema changed under the statement; it is understood again");
  }
  for (const Broken& broken : kUnreachable) {
    if (broken.code == primary)
      throw_unreachable("the database file cannot be read or written, or is damaged", extended);
  }
  const Known* known = find(extended);
  throw Error(ErrorKind::invalid, "backend.sql_error",
              std::string("SQLite says no: ") + (known != nullptr ? known->sentence : "the statement failed"))
      .with_sqlstate(result_name(extended));
}

}  // namespace libguard::backend::sqlite
