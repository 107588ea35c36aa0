/* Runs the core scanner with the settings of tree.c: see tokens.h. */
#include "command/postgres/tokens.h"

#include <stdio.h>
#include <string.h>

#include "command/postgres/arena.h"
#include "pg_query.h"
#include "pg_query_internal.h"
#include <postgres.h>
#include "lib/stringinfo.h"
#include "gramparse.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/memutils.h"

/* A text of 64 KiB cannot hold more. */
enum { kTokensMax = 70000 };

typedef struct Filling {
  LgArena* arena;
  LgToken* items;
  uint32_t capacity;
  uint32_t count;
} Filling;

static void* take(LgArena* arena, size_t bytes) {
  void* taken = lg_arena_take(arena, bytes);
  if (taken == NULL) ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg_internal("no memory")));
  return taken;
}

static void add(Filling* filling, int start, enum LgTokenKind kind, const char* text) {
  if (filling->count == filling->capacity) {
    uint32_t wider = filling->capacity == 0 ? 64 : filling->capacity * 2;
    if (wider > kTokensMax * 2) ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg_internal("too long")));
    LgToken* items = take(filling->arena, sizeof(LgToken) * wider);
    if (filling->count > 0) memcpy(items, filling->items, sizeof(LgToken) * filling->count);
    filling->items = items;
    filling->capacity = wider;
  }
  size_t bytes = strlen(text);
  char* copy = take(filling->arena, bytes + 1);
  memcpy(copy, text, bytes + 1);
  filling->items[filling->count++] = (LgToken){(uint32_t)start, (uint32_t)kind, {(uint32_t)bytes, copy}};
}

static void add_sign(Filling* filling, int start, int token) {
  switch (token) {
    case TYPECAST:
      add(filling, start, LG_TOKEN_SIGN, "::");
      return;
    case DOT_DOT:
      add(filling, start, LG_TOKEN_SIGN, "..");
      return;
    case COLON_EQUALS:
      add(filling, start, LG_TOKEN_SIGN, ":=");
      return;
    case EQUALS_GREATER:
      add(filling, start, LG_TOKEN_SIGN, "=>");
      return;
    case LESS_EQUALS:
      add(filling, start, LG_TOKEN_SIGN, "<=");
      return;
    case GREATER_EQUALS:
      add(filling, start, LG_TOKEN_SIGN, ">=");
      return;
    case NOT_EQUALS:
      add(filling, start, LG_TOKEN_SIGN, "<>");
      return;
    default: {
      char sign[2] = {(char)(token > 0 && token < 128 ? token : '?'), 0};
      add(filling, start, LG_TOKEN_SIGN, sign);
    }
  }
}

static void add_token(Filling* filling, const char* sql, int start, int token, const core_YYSTYPE* value) {
  switch (token) {
    case IDENT:
      add(filling, start, sql[start] == '"' ? LG_TOKEN_QUOTED : LG_TOKEN_WORD, value->str);
      return;
    case SCONST:
      add(filling, start, LG_TOKEN_STRING, value->str);
      return;
    case UIDENT:
    case USCONST:
    case BCONST:
    case XCONST:
      add(filling, start, LG_TOKEN_RAW, "");
      return;
    case ICONST:
    case FCONST:
      add(filling, start, LG_TOKEN_NUMBER, "");
      return;
    case PARAM:
      add(filling, start, LG_TOKEN_PARAM, "");
      return;
    case Op:
      add(filling, start, LG_TOKEN_SIGN, value->str);
      return;
    default:
      break;
  }
  /* Key words have the codes above the characters and the other tokens; their value is their text. */
  for (int i = 0; i < ScanKeywords.num_keywords; i++) {
    if (ScanKeywordTokens[i] == token) {
      add(filling, start, LG_TOKEN_WORD, value->keyword);
      return;
    }
  }
  add_sign(filling, start, token);
}

static void scan(Filling* filling, const char* sql) {
  core_yy_extra_type extra;
  core_YYSTYPE value;
  YYLTYPE start = 0;
  core_yyscan_t scanner = scanner_init(sql, &extra, &ScanKeywords, ScanKeywordTokens);
  extra.return_comments = false;
  for (;;) {
    int token = core_yylex(&value, &start, scanner);
    if (token == 0) break;
    add_token(filling, sql, start, token, &value);
  }
  scanner_finish(scanner);
  add(filling, (int)strlen(sql), LG_TOKEN_END, "");
}

void lg_tokens_read(const char* sql, LgTokens* tokens) {
  memset(tokens, 0, sizeof *tokens);
  LgArena* arena = lg_arena_new();
  if (arena == NULL) {
    tokens->status = LG_NO_MEMORY;
    return;
  }
  tokens->arena = arena;
  Filling filling = {arena, NULL, 0, 0};
  lg_begin_thread();
  MemoryContext context = pg_query_enter_memory_context();
  PG_TRY();
  {
    backslash_quote = BACKSLASH_QUOTE_SAFE_ENCODING;
    standard_conforming_strings = true;
    escape_string_warning = false;
    scan(&filling, sql);
    tokens->items = filling.items;
    tokens->count = filling.count;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    FlushErrorState();
    tokens->status = LG_SYNTAX;
  }
  PG_END_TRY();
  pg_query_exit_memory_context(context);
}

void lg_tokens_free(LgTokens* tokens) {
  lg_arena_free((LgArena*)tokens->arena);
  memset(tokens, 0, sizeof *tokens);
}
