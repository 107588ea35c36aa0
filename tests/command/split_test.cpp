// Cutting a text at its semicolons.

#include <doctest/doctest.h>

#include "command/split.h"

using namespace libguard;
using Pieces = std::vector<std::string>;

TEST_CASE("statements are cut where both dialects end them") {
  for (Dialect dialect : {Dialect::postgres, Dialect::sqlite}) {
    CHECK(command::split(dialect, "") == Pieces{});
    CHECK(command::split(dialect, " ; ;-- x;\n;/* ; */") == Pieces{});
    CHECK(command::split(dialect, "SELECT 1") == Pieces{"SELECT 1"});
    CHECK(command::split(dialect, "SELECT ';'; SELECT \";\" -- ;\n;") == Pieces{"SELECT ';'", " SELECT \";\" -- ;\n"});
    CHECK(command::split(dialect, "SELECT 'it''s;';SELECT 2;") == Pieces{"SELECT 'it''s;'", "SELECT 2"});
  }
}

TEST_CASE("each dialect has its own hiding places") {
  CHECK(command::split(Dialect::postgres, "SELECT $a$;$b$;$a$; SELECT $1; SELECT 2") ==
        Pieces{"SELECT $a$;$b$;$a$", " SELECT $1", " SELECT 2"});
  CHECK(command::split(Dialect::postgres, "SELECT E'\\';'; SELECT 'a\\'; SELECT 2").size() == 3);
  CHECK(command::split(Dialect::postgres, "/* /* ; */ ; */ SELECT 1; x").size() == 2);
  CHECK(command::split(Dialect::postgres, "CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2); SELECT 3").size() ==
        2);
  CHECK(command::split(Dialect::sqlite, "/* /* ; */ SELECT 1; SELECT `;`, [;]").size() == 2);
}

TEST_CASE("no bytes are too strange") {
  for (const char* text : {"'", "\"", "$$", "$a$", "/*", "E'\\", "--", "(((;", ")));;", "$", "e'", "\xff;\xfe"}) {
    for (Dialect dialect : {Dialect::postgres, Dialect::sqlite}) (void)command::split(dialect, text);
  }
}
