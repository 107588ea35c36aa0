/* PostgreSQL's own lexer as a list of tokens: what finds the parts of a PL/pgSQL body. */
#ifndef LIBGUARD_COMMAND_POSTGRES_TOKENS_H
#define LIBGUARD_COMMAND_POSTGRES_TOKENS_H

#include <stdint.h>

#include "command/postgres/tree.h"

#ifdef __cplusplus
extern "C" {
#endif

enum LgTokenKind {
  LG_TOKEN_END,    /* the last one; stands at the end of the text */
  LG_TOKEN_WORD,   /* a key word or a bare identifier, folded to lower case */
  LG_TOKEN_QUOTED, /* "identifier" */
  LG_TOKEN_STRING, /* any spelling of a text constant, its value */
  LG_TOKEN_RAW,    /* U&'...' and the like, whose value is not worked out */
  LG_TOKEN_NUMBER,
  LG_TOKEN_PARAM, /* $1: its number as text is not kept */
  LG_TOKEN_SIGN   /* an operator or one mark of punctuation */
};

typedef struct LgToken {
  uint32_t start; /* byte offset */
  uint32_t kind;
  LgText text;
} LgToken;

typedef struct LgTokens {
  const LgToken* items;
  uint32_t count;
  void* arena;
  enum LgStatus status;
} LgTokens;

/* As lg_tree_parse: thread-safe, never raises; free with lg_tokens_free. */
void lg_tokens_read(const char* sql, LgTokens* tokens);
void lg_tokens_free(LgTokens* tokens);
/* For tree.c and tokens.c. */
void lg_begin_thread(void);

#ifdef __cplusplus
}
#endif
#endif
