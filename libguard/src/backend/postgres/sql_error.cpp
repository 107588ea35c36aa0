#include "backend/postgres/sql_error.h"

#include <array>
#include <cstring>

#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

struct Sentence {
  std::string_view state;  // five characters, or a class of two
  const char* text;
};

// The longest match wins, so the single states stand before the classes.
constexpr std::array kSentences = {
    Sentence{"22001", "a value is too long for its column"},
    Sentence{"22003", "a number is out of range for its type"},
    Sentence{"22007", "a date or time is not written in a form that the database reads"},
    Sentence{"22012", "a division by zero"},
    Sentence{"22021", "text is not in the encoding of the database"},
    Sentence{"22P02", "a value cannot be read as the type that is needed"},
    Sentence{"23502", "a column that needs a value got none"},
    Sentence{"23503", "a foreign key would refer to a row that does not exist, or a row is still referred to"},
    Sentence{"23505", "a unique key already has this value"},
    Sentence{"23514", "a check constraint refused a value"},
    Sentence{"25006", "the transaction is read-only and the statement would write"},
    Sentence{"25P02", "the transaction was already aborted"},
    Sentence{"40001", "another transaction changed the same rows; nothing was changed, trying again may work"},
    Sentence{"40P01", "a deadlock with another transaction; nothing was changed, trying again may work"},
    Sentence{"42501", "the login role has no privilege for this"},
    Sentence{"42601", "the database could not parse the statement"},
    Sentence{"42703", "a column does not exist"},
    Sentence{"42702", "a column name is ambiguous"},
    Sentence{"42804", "a value has another type than is needed here"},
    Sentence{"42883", "no function or operator takes arguments of these types"},
    Sentence{"42P01", "a table does not exist"},
    Sentence{"42P02", "a parameter is missing"},
    Sentence{"42P18", "the type of a parameter cannot be determined; add a cast such as $1::text"},
    Sentence{"53300", "the server has no connection left"},
    Sentence{"54001", "the statement is too complex for the server"},
    Sentence{"55P03", "a lock could not be had in time"},
    Sentence{"08", "the connection failed"},
    Sentence{"0A", "the database does not support this"},
    Sentence{"21", "a subquery gave more than one row where one was needed"},
    Sentence{"22", "a value is not valid for what is done with it"},
    Sentence{"23", "a constraint refused the change"},
    Sentence{"25", "the state of the transaction does not allow this"},
    Sentence{"40", "the transaction was rolled back; trying again may work"},
    Sentence{"42", "the statement does not fit the schema, or its syntax is wrong"},
    Sentence{"44", "the new row would not be visible through the view"},
    Sentence{"53", "the server is short of a resource"},
    Sentence{"54", "a limit of the server was passed"},
    Sentence{"55", "an object is in use or not in the state that is needed"},
    Sentence{"57", "the server stopped the statement"},
    Sentence{"58", "the server had a system error"},
    Sentence{"P0", "a function or trigger raised an error of its own"},
};

}  // namespace

std::string sqlstate_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  // A server of ill will could put anything here; only five letters and digits pass.
  if (state == nullptr || std::strlen(state) != 5) return "";
  for (const char* c = state; *c != '\0'; ++c) {
    if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z'))) return "";
  }
  return state;
}

bool ends_session(const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string state = sqlstate_of(result);
  return severity == nullptr || std::strcmp(severity, "FATAL") == 0 || std::strcmp(severity, "PANIC") == 0 ||
         state.starts_with("08") || state.starts_with("57P");
}

std::string sentence_of(std::string_view sqlstate) {
  for (const Sentence& sentence : kSentences) {
    if (!sqlstate.empty() && sqlstate.starts_with(sentence.state)) return sentence.text;
  }
  return "the database refused the statement";
}

void throw_sql_error(const PGresult* result, const Wait& wait) {
  std::string state = sqlstate_of(result);
  if (state == "57014") check(wait);
  if (state == "57014" || state == "55P03") {
    // Not our deadline yet, so the server's own time-out (which ends a little earlier) stopped it.
    throw Error(ErrorKind::unavailable, "backend.deadline",
                "the database stopped the statement: it or a lock took longer than the time that was left")
        .with_sqlstate(state);
  }
  if (ends_session(result)) {
    throw Error(ErrorKind::unavailable, "backend.unreachable", "the database ended the session").with_sqlstate(state);
  }
  throw Error(ErrorKind::invalid, "backend.sql_error", "PostgreSQL says no: " + sentence_of(state))
      .with_sqlstate(state);
}

}  // namespace libguard::backend::postgres
